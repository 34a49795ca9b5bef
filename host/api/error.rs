//! What features say, as the admin API's problems.
//!
//! A feature's error becomes an [`ApiError`] here or in the file of its resource: one `From`, one
//! line for each variant. A code never changes once it was released.

use axum::http::StatusCode;

use crate::access::AccessError;
use crate::http::ApiError;
use crate::projects::{NameError, ProjectError, SettingError};

fn refused(status: StatusCode, code: &'static str, detail: impl ToString) -> ApiError {
    ApiError::Refused {
        status,
        code,
        detail: detail.to_string(),
    }
}

/// 400: the address, the query or a header is not as documented.
pub fn bad_request(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::BAD_REQUEST, code, detail)
}

/// 401: nobody knows who asks.
pub fn unauthorized(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::UNAUTHORIZED, code, detail)
}

/// 403: the token may not do that.
pub fn forbidden(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::FORBIDDEN, code, detail)
}

/// 404: what the address names is not there, or the token may not know of it.
pub fn not_found(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::NOT_FOUND, code, detail)
}

/// 409: it cannot be done in the state that things are in.
pub fn conflict(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::CONFLICT, code, detail)
}

/// 422: it is well-formed, and cannot mean anything.
pub fn unprocessable(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

/// 502: Meta cannot be asked, or did not answer.
pub fn bad_gateway(code: &'static str, detail: impl ToString) -> ApiError {
    refused(StatusCode::BAD_GATEWAY, code, detail)
}

/// 415 and the other statuses of requests that no handler saw.
pub(super) fn other(status: StatusCode, code: &'static str, detail: impl ToString) -> ApiError {
    refused(status, code, detail)
}

/// What the control database said.
pub fn database(error: sqlx::Error) -> ApiError {
    match &error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => ApiError::Unavailable(error.into()),
        sqlx::Error::Database(said) => match said.code().as_deref() {
            // A NUL character, which Postgres keeps in no text.
            Some("22021" | "22P05") => unprocessable(
                "invalid-text",
                "a text has a character that cannot be stored, such as NUL; remove it",
            ),
            // Shutting down, starting up, too many clients, read-only after a failover.
            Some("57P01" | "57P02" | "57P03" | "53300" | "25006") => {
                ApiError::Unavailable(error.into())
            }
            _ => ApiError::Internal(error.into()),
        },
        _ => ApiError::Internal(error.into()),
    }
}

impl From<ProjectError> for ApiError {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::NotFound(_) => not_found("project-not-found", error),
            ProjectError::NameTaken(_) => conflict("name-taken", error),
            ProjectError::Going(_) => conflict("project-going", error),
            ProjectError::NotGoing(_) => conflict("project-not-going", error),
            ProjectError::Gone(_) => conflict("project-gone", error),
            ProjectError::NumberTaken(_) => conflict("number-taken", error),
            ProjectError::VersionNotReady { .. } => conflict("version-not-ready", error),
            ProjectError::Secret(error) => error.into(),
            ProjectError::Setting(error) => error.into(),
            ProjectError::PlacementTaken { .. } | ProjectError::Vault(_) => {
                Self::Internal(error.into())
            }
            ProjectError::Database(error) => database(error),
        }
    }
}

impl From<SettingError> for ApiError {
    fn from(error: SettingError) -> Self {
        unprocessable("bad-setting", error)
    }
}

impl From<NameError> for ApiError {
    fn from(error: NameError) -> Self {
        unprocessable("bad-project-name", error)
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NoSuchToken(_) => not_found("token-not-found", error),
            AccessError::ProjectGone => not_found("project-not-found", error),
            AccessError::Vault(_) => Self::Internal(error.into()),
            AccessError::Database(error) => database(error),
        }
    }
}
