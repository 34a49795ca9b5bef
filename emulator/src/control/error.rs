//! Errors of the control API as `application/problem+json`.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::inbound::ActError;
use crate::webhooks::handshake::HandshakeError;
use crate::wire::Problem;

/// Why a control call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("the control token is missing or wrong: send `Authorization: Bearer <token>`")]
    Unauthorized,
    #[error("there is no route `{0}`")]
    NoRoute(String),
    #[error("there is no {kind} `{id}`")]
    NotFound { kind: &'static str, id: String },
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Act(#[from] ActError),
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

impl ControlError {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::NoRoute(_) => (StatusCode::NOT_FOUND, "no-route"),
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::Act(error) => match error {
                ActError::NumberNotFound(_)
                | ActError::CustomerNotFound(_)
                | ActError::MessageNotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
                ActError::NoSuchChoice { .. } => (StatusCode::CONFLICT, "no-such-choice"),
                ActError::NoOpenFlow | ActError::NoFlow => (StatusCode::CONFLICT, "no-flow"),
                ActError::BadMedia(_) | ActError::Invalid(_) => {
                    (StatusCode::UNPROCESSABLE_ENTITY, "invalid")
                }
            },
            Self::Handshake(_) => (StatusCode::UNPROCESSABLE_ENTITY, "callback-not-verified"),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let problem = Problem {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: self.to_string(),
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, kind, axum::Json(problem)).into_response()
    }
}

impl From<JsonRejection> for ControlError {
    fn from(rejection: JsonRejection) -> Self {
        Self::Malformed(rejection.body_text())
    }
}

impl From<QueryRejection> for ControlError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Malformed(rejection.body_text())
    }
}
