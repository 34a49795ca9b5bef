//! What a bot gets of Meta: an answer that was held and looked at, or a medium that goes by.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::token::Filter;
use crate::rooms::Place;
use crate::whatsapp::client::GraphResponse;
use crate::whatsapp::inflight::Held;
use crate::whatsapp::media::{MediaBody, MediaError};

/// The body of an answer. What is held for it is counted until it is dropped, and so is a call that goes on.
pub struct AnswerBody {
    source: Source,
    /// Kept to be dropped.
    _held: Option<Held>,
    /// Likewise.
    _place: Option<Place>,
}

enum Source {
    Whole(Bytes),
    Pieces(Box<MediaBody>, Filter),
    End,
}

impl AnswerBody {
    pub(super) fn whole(answer: GraphResponse, held: Option<Held>) -> Response<Self> {
        let mut response = Response::new(Self {
            source: Source::Whole(answer.body),
            _held: held,
            _place: None,
        });
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    /// A medium; what of it is the token becomes the placeholder.
    pub(super) fn pieces(body: MediaBody, filter: Filter, (held, place): (Held, Place)) -> Self {
        Self {
            source: Source::Pieces(Box::new(body), filter),
            _held: Some(held),
            _place: Some(place),
        }
    }

    /// All of it.
    pub async fn bytes(self) -> Result<Bytes, MediaError> {
        Ok(self.collect().await?.to_bytes())
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = MediaError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, MediaError>>> {
        loop {
            let bytes = match &mut self.source {
                Source::End => return Poll::Ready(None),
                Source::Whole(bytes) => {
                    let bytes = std::mem::take(bytes);
                    self.source = Source::End;
                    bytes
                }
                Source::Pieces(body, filter) => match ready!(body.poll_piece(cx)) {
                    Some(Ok(piece)) => filter.pass(piece),
                    Some(Err(error)) => {
                        self.source = Source::End;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        let rest = filter.rest();
                        self.source = Source::End;
                        rest
                    }
                },
            };
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::End => true,
            Source::Whole(bytes) => bytes.is_empty(),
            Source::Pieces(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::End => SizeHint::with_exact(0),
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // The placeholder may be longer than what it stands for.
            Source::Pieces(..) => SizeHint::default(),
        }
    }
}
