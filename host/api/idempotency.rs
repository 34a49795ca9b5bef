//! `Idempotency-Key`: a POST that is sent again does nothing again, and gets the same answer.
//!
//! Only answers that say that something was done are kept: a request that was refused changed
//! nothing, and is judged anew. The work goes on when its client is gone, so that the answer is
//! there when it asks again.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use sha2::{Digest, Sha256};

use super::Api;
use super::caller::Caller;
use super::error::{bad_request, conflict};
use super::extract;
use crate::access::{Answer, Claim, Claimed, HELD_FOR};
use crate::http::ApiError;
use crate::leases;

/// Bodies up to this are read before the key is looked up; longer ones are hashed as they pass.
const READ_FIRST: u64 = 64 * 1024;

/// Answers are JSON of this API; a longer one is not kept.
const LONGEST_ANSWER: usize = 1024 * 1024;

const READ_TIMEOUT: Duration = Duration::from_secs(10);

type Hash = Arc<Mutex<Sha256>>;

/// Looks at POSTs with a key; all others pass.
pub(super) async fn once(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(key) = request.headers().get("idempotency-key") else {
        return Ok(next.run(request).await);
    };
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let key = key.to_str().ok().filter(|key| is_key(key));
    let key = key.map(str::to_owned).ok_or_else(|| {
        bad_request(
            "bad-idempotency-key",
            "`Idempotency-Key` must be 1 to 200 visible ASCII characters; a UUID is a good one",
        )
    })?;
    let (request, hash) = watch(request).await?;
    match api.access.claim(caller.identity().token_id, &key).await? {
        Claimed::Busy => Err(conflict(
            "idempotency-key-in-use",
            "a request with this `Idempotency-Key` is under way; ask again when it has ended",
        )),
        Claimed::Answered(answer) => again(request, hash, answer).await,
        Claimed::Ours(claim) => {
            let work = tokio::spawn(work(api, claim, request, next, hash));
            work.await
                .map_err(|error| ApiError::Internal(anyhow::Error::new(error)))
        }
    }
}

fn is_key(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The request with a body whose hash is taken as it is read.
async fn watch(request: Request) -> Result<(Request, Hash), ApiError> {
    let mut hasher = Sha256::new();
    let uri = request.uri().to_string();
    hasher.update((uri.len() as u64).to_le_bytes());
    hasher.update(&uri);
    let hash = Arc::new(Mutex::new(hasher));
    let is_short = (request.body().size_hint().upper()).is_some_and(|bytes| bytes <= READ_FIRST);
    if is_short {
        let (parts, body) = request.into_parts();
        let body = extract::bytes(Request::new(body), READ_TIMEOUT).await?;
        update(&hash, &body);
        return Ok((Request::from_parts(parts, Body::from(body)), hash));
    }
    let watched = hash.clone();
    let request = request.map(|inner| {
        let hash = watched;
        Body::new(Watched { inner, hash })
    });
    Ok((request, hash))
}

async fn work(api: Api, claim: Claim, request: Request, next: Next, hash: Hash) -> Response {
    let mut running = std::pin::pin!(next.run(request));
    let response = tokio::select! {
        response = &mut running => response,
        () = leases::lost(HELD_FOR, || api.access.renew(&claim)) => {
            tracing::warn!("a request with an idempotency key took too long: another may do the same");
            // What was begun comes to its end all the same.
            running.await
        }
    };
    let is_json = (response.headers().get(header::CONTENT_TYPE))
        .is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !response.status().is_success() || !is_json {
        tell(api.access.release(&claim).await);
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = match to_bytes(body, LONGEST_ANSWER).await {
        Ok(body) => body,
        Err(error) => return ApiError::Internal(error.into()).into_response(),
    };
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let answer = Answer {
        request_hash: digest(&hash),
        status: parts.status.as_u16(),
        content_type: kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned),
        body: body.to_vec(),
    };
    tell(api.access.answered(&claim, &answer).await);
    Response::from_parts(parts, Body::from(body))
}

/// The request did what it was to do; that a repetition might do it again is for the log.
fn tell(result: Result<(), crate::access::AccessError>) {
    if let Err(error) = result {
        tracing::error!(%error, "an answer to a request with an idempotency key is not kept");
    }
}

async fn again(request: Request, hash: Hash, answer: Answer) -> Result<Response, ApiError> {
    let mut body = request.into_body();
    let rest = async {
        while let Some(frame) = body.frame().await {
            let _ = frame.map_err(|_| ApiError::BodyCutOff)?;
        }
        Ok::<(), ApiError>(())
    };
    let rest = tokio::time::timeout(READ_TIMEOUT, rest).await;
    rest.map_err(|_| ApiError::BodyTooSlow)??;
    // What was read first is in the hash already, and `Watched` put the rest there.
    if digest(&hash) != answer.request_hash {
        return Err(conflict(
            "idempotency-key-reused",
            "this `Idempotency-Key` was sent with another request; take a new key",
        ));
    }
    let status = StatusCode::from_u16(answer.status).map_err(|e| ApiError::Internal(e.into()))?;
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Some(kind) = answer.content_type
        && let Ok(kind) = HeaderValue::from_str(&kind)
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

fn update(hash: &Hash, bytes: &[u8]) {
    let mut hasher = hash.lock().unwrap_or_else(PoisonError::into_inner);
    hasher.update(bytes);
}

fn digest(hash: &Hash) -> [u8; 32] {
    let hasher = hash.lock().unwrap_or_else(PoisonError::into_inner);
    hasher.clone().finalize().into()
}

/// A body whose bytes go into a hash as they pass.
struct Watched {
    inner: Body,
    hash: Hash,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            update(&self.hash, bytes);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
