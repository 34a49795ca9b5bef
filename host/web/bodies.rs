//! The two streams of a web request, and their limits.

use crate::capabilities::{OutboundBody, OutboundError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a client sends: an error, and the token cancelled, past the limit.
struct Incoming {
    body: axum::body::Body,
    left: usize,
    limit: usize,
    too_large: CancellationToken,
}

/// A request's body on its way to the bot.
pub(super) fn incoming(
    body: axum::body::Body,
    limit: usize,
    too_large: CancellationToken,
) -> OutboundBody {
    let left = limit;
    let body = Incoming {
        body,
        left,
        limit,
        too_large,
    };
    body.boxed_unsync()
}

/// A body that has been read.
pub(super) fn whole(body: Bytes) -> OutboundBody {
    http_body_util::Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Err(_)) => return Poll::Ready(Some(Err(OutboundError::ConnectionTerminated))),
            Some(Ok(frame)) => frame,
        };
        let size = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(match self.left.checked_sub(size) {
            Some(left) => {
                self.left = left;
                Ok(frame)
            }
            None => {
                self.too_large.cancel();
                let limit = self.limit as u64;
                Err(OutboundError::HttpRequestBodySize(Some(limit)))
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What the bot answers, as it comes.
///
/// When the bot fails in the middle the connection breaks off, so that nobody takes half an answer
/// for a whole one. When this is dropped before its end, whoever asked has gone.
pub(super) struct Outgoing {
    body: OutboundBody,
    limit: u64,
    sent: u64,
    /// What is still to come, when the bot said how much.
    left: Option<u64>,
    cut_off: Arc<AtomicBool>,
    gone: Option<DropGuard>,
}

/// Why an answer breaks off.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokenOff {
    #[error("the bot failed in the middle of its answer")]
    Failed,
    #[error("the bot's answer has more than {0} bytes")]
    TooLarge(u64),
    #[error("the bot's answer is not what it announced")]
    Misframed,
}

impl Outgoing {
    /// `has_body` says whether the answer may have one at all.
    pub(super) fn new(
        body: OutboundBody,
        has_body: bool,
        limit: u64,
        cut_off: Arc<AtomicBool>,
        gone: DropGuard,
    ) -> Self {
        let left = body.size_hint().exact();
        let mut outgoing = Self {
            body,
            limit,
            sent: 0,
            left,
            cut_off,
            gone: Some(gone),
        };
        if !has_body || outgoing.left == Some(0) || outgoing.body.is_end_stream() {
            outgoing.let_go();
        }
        outgoing
    }

    /// From here on nobody is missed.
    fn let_go(&mut self) {
        if let Some(gone) = self.gone.take() {
            gone.disarm();
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            Some(Err(_)) => return Poll::Ready(Some(Err(BrokenOff::Misframed))),
            None if self.gone.is_some() && self.cut_off.load(Ordering::Acquire) => {
                return Poll::Ready(Some(Err(BrokenOff::Failed)));
            }
            None => {
                self.let_go();
                return Poll::Ready(None);
            }
        };
        let size = frame.data_ref().map_or(0, Bytes::len) as u64;
        self.sent += size;
        if self.sent > self.limit {
            return Poll::Ready(Some(Err(BrokenOff::TooLarge(self.limit))));
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(size);
            // The server does not ask for what comes after the last byte.
            if *left == 0 {
                self.let_go();
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.gone.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
