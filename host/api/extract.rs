//! Extractors whose refusals are problems with stable codes.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{bad_request, not_found, other, unprocessable};
use super::strict::Strict;
use crate::http::ApiError;

/// How long a body of JSON may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The body, as JSON. Derive `deny_unknown_fields` on what is in it: a field that is misspelt must
/// not be passed over.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

/// The query. Derive `deny_unknown_fields` on it, too.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

/// Parts of the path: a struct with a field for each that the handler wants.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = Json::<Value>::from_request(request, state);
        let value = match tokio::time::timeout(READ_TIMEOUT, json).await {
            Ok(Ok(Json(value))) => value,
            Ok(Err(rejection)) => return Err(json_refused(&rejection)),
            Err(_) => return Err(ApiError::BodyTooSlow),
        };
        serde_path_to_error::deserialize(Strict(value))
            .map(Self)
            .map_err(|error| unprocessable("bad-body", error))
    }
}

fn json_refused(rejection: &JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonSyntaxError(_) | JsonRejection::JsonDataError(_) => bad_request(
            "not-json",
            format!("the body is not JSON: {}", reason(&rejection.body_text())),
        ),
        JsonRejection::MissingJsonContentType(_) => other(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json-type",
            "the body must be JSON: send it with `Content-Type: application/json`",
        ),
        rejection if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => ApiError::BodyCutOff,
    }
}

/// What serde said, without what axum puts before it.
fn reason(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(_, reason)| reason)
}

/// 413.
pub fn too_large() -> ApiError {
    other(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "the body has more bytes than this address takes",
    )
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => Err(bad_request(
                "bad-query",
                format!("the query cannot be read: {}", reason(&error.body_text())),
            )),
            Err(rejection) => Err(bad_request("bad-query", rejection.body_text())),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            // An id that is none names nothing.
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(not_found("not-found", error.body_text()))
            }
            Err(rejection) => Err(ApiError::Internal(anyhow::anyhow!(rejection.body_text()))),
        }
    }
}

/// Any body, bounded by the route's limit.
pub async fn bytes(request: Request, timeout: Duration) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(timeout, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::BodyCutOff),
        Err(_) => Err(ApiError::BodyTooSlow),
    }
}
