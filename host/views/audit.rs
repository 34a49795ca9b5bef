//! The audit log.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// A change that somebody asked for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AuditRecord {
    pub id: String,
    pub at: Time,
    /// The token's name, or `root`.
    pub actor: String,
    /// Null: the token that the host was started with.
    pub token_id: Option<Uuid>,
    /// The operation's id in this document.
    pub action: String,
    pub project_id: Option<Uuid>,
    /// What the project was called then.
    pub project: Option<String>,
    /// What the address named, besides the project.
    #[schema(value_type = Object)]
    pub target: Value,
    /// What was changed.
    #[schema(value_type = Option<Object>)]
    pub changed: Option<Value>,
    /// What the host's log calls the request.
    pub request_id: String,
    /// The status of the answer; null: it is not answered, or the host died before it was.
    pub status: Option<i32>,
    /// Of the problem, when it was refused.
    pub code: Option<String>,
    pub duration_ms: Option<i32>,
}
