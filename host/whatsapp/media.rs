//! Media on its way from Meta to a bot: piece by piece, as fast as the bot reads.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokio::time::{Instant, Sleep};

/// Why a medium ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// It is longer than a host lets through.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// Meta stopped sending.
    #[error("the answer did not go on for a while")]
    Late,
    /// The connection broke.
    #[error("the answer was cut off")]
    Cut,
}

/// The body of an answer that is not held.
pub struct MediaBody {
    inner: reqwest::Body,
    left: usize,
    limit: usize,
    between_bytes: Duration,
    idle: Pin<Box<Sleep>>,
    /// Whether somebody waits for the next piece; while nobody reads, Meta is not late.
    is_awaited: bool,
}

impl MediaBody {
    /// Fails when the answer says beforehand that it is too long.
    pub(super) fn new(
        inner: reqwest::Body,
        limit: usize,
        between_bytes: Duration,
    ) -> Result<Self, MediaError> {
        if inner.size_hint().lower() > limit as u64 {
            return Err(MediaError::TooLong(limit));
        }
        Ok(Self {
            inner,
            left: limit,
            limit,
            between_bytes,
            idle: Box::pin(tokio::time::sleep(between_bytes)),
            is_awaited: false,
        })
    }

    /// The next piece; none at the end.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, MediaError>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
                if !self.is_awaited {
                    self.is_awaited = true;
                    let late = Instant::now() + self.between_bytes;
                    self.idle.as_mut().reset(late);
                }
                ready!(self.idle.as_mut().poll(cx));
                return Poll::Ready(Some(Err(MediaError::Late)));
            };
            self.is_awaited = false;
            let piece = match frame {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(MediaError::Cut))),
                // Trailers say nothing to bots.
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            if piece.is_empty() {
                continue;
            }
            return Poll::Ready(Some(match self.left.checked_sub(piece.len()) {
                Some(left) => {
                    self.left = left;
                    Ok(piece)
                }
                None => Err(MediaError::TooLong(self.limit)),
            }));
        }
    }
}
