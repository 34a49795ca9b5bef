//! Bodies that stop at a limit.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::EgressLimits;
use super::connections::Reading;
use super::error::EgressError;

/// A bot's body on its way out.
pub(super) struct RequestBody<B> {
    inner: Pin<Box<B>>,
    left: u64,
    limit: u64,
}

impl<B: Body> RequestBody<B> {
    /// Fails when the body says beforehand that it is too long.
    pub(super) fn new(body: B, limit: u64) -> Result<Self, EgressError> {
        match body.size_hint().lower() > limit {
            true => Err(EgressError::RequestTooLong(limit)),
            false => Ok(Self {
                inner: Box::pin(body),
                left: limit,
                limit,
            }),
        }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        let this = &mut *self;
        Poll::Ready(match ready!(this.inner.as_mut().poll_frame(cx)) {
            None => None,
            Some(Err(error)) => Some(Err(EgressError::RequestBody(error.into().to_string()))),
            Some(Ok(frame)) => match charge(&mut this.left, &frame) {
                true => Some(Ok(frame)),
                false => Some(Err(EgressError::RequestTooLong(this.limit))),
            },
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer. Its connection is at work until the body is at its end, or is dropped.
pub struct StreamingBody {
    inner: Incoming,
    /// Absent when there is nothing more to read.
    reading: Option<Reading>,
    left: u64,
    limit: u64,
    between_bytes: Duration,
    idle: Pin<Box<Sleep>>,
    end: Pin<Box<Sleep>>,
}

impl StreamingBody {
    /// Fails when the answer says beforehand that it is too long.
    pub(super) fn new(
        inner: Incoming,
        reading: Reading,
        limits: &EgressLimits,
        ends_at: Instant,
    ) -> Result<Self, EgressError> {
        let limit = limits.max_response_bytes;
        if inner.size_hint().lower() > limit {
            return Err(EgressError::ResponseTooLong(limit));
        }
        let between_bytes = limits.between_bytes;
        let idle = Box::pin(tokio::time::sleep(between_bytes));
        let end = Box::pin(tokio::time::sleep_until(ends_at));
        Ok(Self {
            inner,
            reading: Some(reading),
            left: limit,
            limit,
            between_bytes,
            idle,
            end,
        })
    }

    fn poll_in_time(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        // The end comes first: a server that always has a byte ready must not outlast it.
        if self.end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(EgressError::ReadTimeout)));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            ready!(self.idle.as_mut().poll(cx));
            return Poll::Ready(Some(Err(EgressError::ReadTimeout)));
        };
        self.idle
            .as_mut()
            .reset(Instant::now() + self.between_bytes);
        Poll::Ready(match frame {
            None => None,
            Some(Err(error)) => Some(Err(EgressError::from_client(&error))),
            Some(Ok(frame)) => match charge(&mut self.left, &frame) {
                true => Some(Ok(frame)),
                false => Some(Err(EgressError::ResponseTooLong(self.limit))),
            },
        })
    }
}

impl Body for StreamingBody {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        let polled = ready!(self.poll_in_time(cx));
        if !matches!(polled, Some(Ok(_))) {
            self.reading = None;
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Takes a frame's length from what is left. False when it is too long.
fn charge(left: &mut u64, frame: &Frame<Bytes>) -> bool {
    let length = frame.data_ref().map_or(0, |data| data.remaining() as u64);
    match left.checked_sub(length) {
        Some(rest) => *left = rest,
        None => return false,
    }
    true
}
