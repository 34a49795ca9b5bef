//! The one place where an error turns into an HTTP response.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::inbox::InboxError;
use crate::inbox::envelope::NotSplit;

#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error(
        "`hub.mode` must be `subscribe` and `hub.challenge` must be there; \
         this address answers the verification request of a Meta app"
    )]
    BadHandshake,
    #[error(
        "`hub.verify_token` is not this host's; set the same verify token here and in the Meta app"
    )]
    WrongVerifyToken,
    #[error(
        "the signature is missing or wrong; X-Hub-Signature-256 must be made with the Meta app's secret"
    )]
    BadSignature,
    #[error("the body has more than {0} bytes")]
    BodyTooLarge(usize),
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    #[error("the body could not be read to its end")]
    BodyCutOff,
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error(transparent)]
    NotSplit(#[from] NotSplit),
    #[error("there is nothing at this address")]
    NoSuchRoute,
    #[error("this address does not know that method")]
    WrongMethod,
    /// What the admin API refuses, for a reason that a feature gave.
    #[error("{detail}")]
    Refused {
        status: StatusCode,
        code: &'static str,
        detail: String,
    },
    #[error("{0}")]
    NotReady(&'static str),
    #[error("{bound} events of this project wait already; try again when its bot has caught up")]
    TooManyWaiting { bound: usize },
    #[error("the database cannot be used now; try again")]
    Unavailable(#[source] anyhow::Error),
    /// Shown as `internal error`; the chain goes to the log only.
    #[error("internal error")]
    Internal(#[from] anyhow::Error),
}

/// What a client reads of an error (RFC 9457).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The status in words.
    pub title: String,
    /// The status of the response.
    pub status: u16,
    /// What programs branch on.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub detail: String,
    /// What the host's log calls the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ApiError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadHandshake
            | Self::BodyCutOff
            | Self::NotUtf8
            | Self::NotSplit(NotSplit::NotJson { .. }) => StatusCode::BAD_REQUEST,
            Self::WrongVerifyToken => StatusCode::FORBIDDEN,
            Self::BadSignature => StatusCode::UNAUTHORIZED,
            Self::BodyTooLarge(_) | Self::NotSplit(NotSplit::TooMuch) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoSuchRoute => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused { status, .. } => *status,
            Self::NotReady(_) | Self::TooManyWaiting { .. } | Self::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A word that does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadHandshake => "bad-handshake",
            Self::WrongVerifyToken => "wrong-verify-token",
            Self::BadSignature => "bad-signature",
            Self::BodyTooLarge(_) => "body-too-large",
            Self::BodyTooSlow => "body-too-slow",
            Self::BodyCutOff => "body-cut-off",
            Self::NotUtf8 => "not-utf-8",
            Self::NotSplit(NotSplit::NotJson { .. }) => "not-json",
            Self::NotSplit(NotSplit::TooMuch) => "too-much-at-once",
            Self::NoSuchRoute => "no-such-route",
            Self::WrongMethod => "wrong-method",
            Self::Refused { code, .. } => code,
            Self::NotReady(_) => "not-ready",
            Self::TooManyWaiting { .. } => "too-many-waiting",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The response, with the id that the log has too.
    pub fn respond(&self, request_id: Option<String>) -> Response {
        let status = self.status();
        let problem = Problem {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: self.code().to_owned(),
            detail: self.to_string(),
            request_id,
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, Json(problem)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = match self {
                Self::TooManyWaiting { .. } => "60",
                _ => "1",
            };
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if status == StatusCode::UNAUTHORIZED && matches!(self, Self::Refused { .. }) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<InboxError> for ApiError {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::Full { bound } => Self::TooManyWaiting { bound },
            InboxError::Unavailable(_) | InboxError::NoRoom(_) => Self::Unavailable(error.into()),
            InboxError::Database(_) => Self::Internal(error.into()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.respond(None);
        // The request log writes the chain, and the response again with the request's id.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
