//! How full the inbox is, for people: what waits, for how long, and whose it is.

mod store;

use sqlx::types::chrono::{DateTime, Utc};

use super::store::{Inbox, InboxError, QueueDepth};
use crate::projects::ProjectId;

/// The inbox at one moment.
#[derive(Clone, Debug)]
pub struct QueueSummary {
    pub depth: QueueDepth,
    /// Of what waits, what is in a queue with a message: somebody waits for an answer.
    pub live: i64,
    pub oldest_age_ms: Option<i64>,
    /// The projects with the most waiting, in order.
    pub projects: Vec<ProjectQueue>,
}

/// One project's part of the inbox.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ProjectQueue {
    pub project_id: ProjectId,
    pub name: String,
    /// Not done and not dead: the running ones too.
    pub pending: i64,
    pub live: i64,
    pub running: i64,
    /// Conversations that wait for a back-off or for a lease to run out.
    pub held: i64,
    pub oldest_received_at: Option<DateTime<Utc>>,
    pub oldest_age_ms: Option<i64>,
}

impl Inbox {
    /// The inbox of all projects, and those with the most waiting, or of one project.
    pub async fn summary(
        &self,
        project_id: Option<ProjectId>,
        projects: u32,
    ) -> Result<QueueSummary, InboxError> {
        let depth = self.depth(project_id).await?;
        let (live, oldest_age_ms) = self.live_and_age(project_id).await?;
        let projects = self.fullest_projects(project_id, projects).await?;
        Ok(QueueSummary {
            depth,
            live,
            oldest_age_ms,
            projects,
        })
    }
}
