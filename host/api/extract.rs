//! Extractors whose refusals are problems with stable codes.

use std::time::Duration;

use axum::body;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

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

/// A body of bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it says what a body is")]
pub struct Bytes(Vec<u8>);

/// The id of an event or of a line, in a query or a path: [`ROW_ID`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowId(pub i64);

/// What a [`RowId`] looks like. Its parameters say so.
pub const ROW_ID: &str = "^[0-9]{1,18}$";

impl RowId {
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_id.then(|| text.parse().ok()).flatten().map(Self)
    }
}

impl<'de> Deserialize<'de> for RowId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("an id has 1 to 18 digits"))
    }
}

/// Reads a field that may be left out, but is not null.
pub fn not_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

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
                Err(not_found("not-found", reason(&error.body_text())))
            }
            Err(rejection) => Err(ApiError::Internal(anyhow::anyhow!(rejection.body_text()))),
        }
    }
}

/// Any body, bounded by the route's limit.
pub async fn bytes(request: Request, timeout: Duration) -> Result<body::Bytes, ApiError> {
    match tokio::time::timeout(timeout, body::Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::BodyCutOff),
        Err(_) => Err(ApiError::BodyTooSlow),
    }
}
