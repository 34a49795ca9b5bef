//! The audit log: a row before each change, completed after it.

mod store;

use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::projects::ProjectId;

/// A change that somebody asked for.
#[derive(Clone, Debug)]
pub struct NewAuditEntry<'a> {
    pub actor: &'a str,
    /// `None`: the root token.
    pub token_id: Option<super::TokenId>,
    /// The operation's id in the OpenAPI document.
    pub action: &'a str,
    /// What the address named.
    pub target: &'a Value,
    pub request_id: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub struct AuditOutcome {
    pub status: u16,
    /// Of the problem, when there was one.
    pub code: Option<String>,
    pub project_id: Option<ProjectId>,
    pub project_name: Option<String>,
    pub note: Option<Value>,
    pub duration_ms: i32,
}

/// A change as it is listed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AuditEntry {
    pub audit_id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub token_id: Option<Uuid>,
    pub action: String,
    pub project_id: Option<Uuid>,
    pub project_name: Option<String>,
    #[sqlx(json)]
    pub target: Value,
    #[sqlx(json(nullable))]
    pub note: Option<Value>,
    pub request_id: String,
    /// `None`: it runs, or its host died.
    pub status: Option<i32>,
    pub code: Option<String>,
    pub duration_ms: Option<i32>,
}
