//! What waits to run.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;

/// What waits to run.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueView {
    /// Events that are neither done nor dead, the running ones too.
    pub pending: i64,
    /// Of these, the ones of conversations in which a message waits.
    pub live: i64,
    pub running: i64,
    pub dead: i64,
    /// When the oldest pending event came.
    pub oldest_received_at: Option<Time>,
    pub oldest_age_ms: Option<i64>,
    /// The projects with the most waiting.
    pub projects: Vec<ProjectQueueView>,
}

/// A project's part of the queue.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ProjectQueue)]
pub struct ProjectQueueView {
    pub project_id: String,
    pub name: String,
    pub pending: i64,
    pub live: i64,
    pub running: i64,
    /// Conversations that wait for the next try of an event.
    pub held: i64,
    pub oldest_received_at: Option<Time>,
    pub oldest_age_ms: Option<i64>,
}
