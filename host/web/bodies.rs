//! The two streams of a web request, and their limits.

use super::forged::Watch;
use super::places::Clock;
use super::refusal::Refusal;
use crate::capabilities::{OutboundBody, OutboundError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The first of a request's body, and what is to come, if anything is.
pub(super) struct Ahead {
    frames: VecDeque<Frame<Bytes>>,
    rest: Option<axum::body::Body>,
    bytes: usize,
}

impl Ahead {
    /// Nothing of it yet.
    pub(super) fn of(body: axum::body::Body) -> Self {
        Self {
            frames: VecDeque::new(),
            rest: Some(body),
            bytes: 0,
        }
    }

    /// Reads until there are so many bytes, or all. An instance that waits for a body is one that nobody else has:
    /// so it begins when the body is here.
    ///
    /// Fails when it does not come in time.
    pub(super) async fn read(&mut self, bytes: usize, patience: Duration) -> Result<(), Refusal> {
        let reading = async {
            while self.bytes < bytes
                && let Some(rest) = &mut self.rest
            {
                match rest.frame().await {
                    None => self.rest = None,
                    Some(Ok(frame)) => {
                        self.bytes += frame.data_ref().map_or(0, Bytes::len);
                        self.frames.push_back(frame);
                    }
                    Some(Err(_)) => return Err(Refusal::CutOff),
                }
            }
            Ok(())
        };
        let read = tokio::time::timeout(patience, reading).await;
        read.unwrap_or(Err(Refusal::SlowBody(patience)))
    }

    /// All of it, if it has no more than so many bytes.
    pub(super) async fn whole(
        mut self,
        bytes: usize,
        patience: Duration,
    ) -> Result<Bytes, Refusal> {
        self.read(bytes.saturating_add(1), patience).await?;
        if self.bytes > bytes {
            return Err(Refusal::TooLarge(bytes));
        }
        let mut whole = Vec::with_capacity(self.bytes);
        let frames = self.frames.into_iter();
        for data in frames.filter_map(|frame| frame.into_data().ok()) {
            whole.extend_from_slice(&data);
        }
        Ok(whole.into())
    }
}

impl Body for Ahead {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            self.bytes -= frame.data_ref().map_or(0, Bytes::len);
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let here = self.bytes as u64;
        let rest = self.rest.as_ref().map(Body::size_hint);
        let rest = rest.unwrap_or_else(|| SizeHint::with_exact(0));
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(here + upper);
        }
        hint.set_lower(here + rest.lower());
        hint
    }
}

/// Why the bot does not get the rest of a request's body: for whoever waits for the answer.
#[derive(Clone, Default)]
pub(super) struct Stopped {
    is_stopped: CancellationToken,
    why: Arc<Mutex<Option<Refusal>>>,
}

impl Stopped {
    fn stop(&self, why: Refusal) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.is_stopped.cancel();
    }

    /// Waits until the body was stopped.
    pub(super) async fn why(&self) -> Refusal {
        self.is_stopped.cancelled().await;
        let why = self
            .why
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        why.unwrap_or(Refusal::CutOff)
    }
}

/// What a client sends. What is too much, or in Meta's name, is stopped, and the bot gets an error.
struct Incoming {
    body: Ahead,
    watch: Watch,
    clock: Clock,
    left: usize,
    limit: usize,
    stopped: Stopped,
}

/// A request's body on its way to the bot.
pub(super) fn incoming(
    body: Ahead,
    watch: Watch,
    clock: Clock,
    limit: usize,
    stopped: Stopped,
) -> OutboundBody {
    let left = limit;
    let body = Incoming {
        body,
        watch,
        clock,
        left,
        limit,
        stopped,
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
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                ready!(self.clock.poll_over(context));
                self.stopped.stop(Refusal::Crowded);
                return Poll::Ready(Some(Err(OutboundError::ConnectionTerminated)));
            }
        };
        self.clock.stop();
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(_)) => return Poll::Ready(Some(Err(OutboundError::ConnectionTerminated))),
            Some(Ok(frame)) => frame,
        };
        let size = frame.data_ref().map_or(0, Bytes::len);
        let Some(left) = self.left.checked_sub(size) else {
            let limit = self.limit;
            self.stopped.stop(Refusal::TooLarge(limit));
            let error = OutboundError::HttpRequestBodySize(Some(limit as u64));
            return Poll::Ready(Some(Err(error)));
        };
        self.left = left;
        if let Some(data) = frame.data_ref()
            && let Err(refusal) = self.watch.see(data)
        {
            self.stopped.stop(refusal);
            return Poll::Ready(Some(Err(OutboundError::ConnectionTerminated)));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How many pieces of an answer wait for a reader: of at most 64 KiB each, mostly.
const PIECES: usize = 16;

/// An answer that waits here for its reader: the instance that made it goes on.
///
/// A reader who takes nothing for a while gets no more, sooner when the place is wanted; the run is told with
/// `gone` then.
pub(super) fn relayed(
    mut body: OutboundBody,
    patience: Duration,
    mut clock: Clock,
    gone: CancellationToken,
) -> OutboundBody {
    if body.is_end_stream() {
        return body;
    }
    let hint = body.size_hint();
    let (pieces, taken) = mpsc::channel(PIECES);
    let is_whole = Arc::new(AtomicBool::new(false));
    let relayed = Relayed {
        taken,
        hint,
        is_whole: is_whole.clone(),
    };
    tokio::spawn(async move {
        loop {
            let piece = tokio::select! {
                piece = body.frame() => piece,
                () = pieces.closed() => return,
            };
            let Some(piece) = piece else { break };
            let sent = tokio::select! {
                biased;
                sent = pieces.send(piece) => sent,
                () = clock.over() => return gone.cancel(),
                () = tokio::time::sleep(patience) => return gone.cancel(),
            };
            clock.stop();
            if sent.is_err() {
                return;
            }
        }
        is_whole.store(true, Ordering::Release);
    });
    relayed.boxed_unsync()
}

struct Relayed {
    taken: mpsc::Receiver<Result<Frame<Bytes>, OutboundError>>,
    hint: SizeHint,
    /// Whether all of it came here.
    is_whole: Arc<AtomicBool>,
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = OutboundError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutboundError>>> {
        match ready!(self.taken.poll_recv(context)) {
            None if !self.is_whole.load(Ordering::Acquire) => {
                Poll::Ready(Some(Err(OutboundError::ConnectionTerminated)))
            }
            piece => Poll::Ready(piece),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
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
