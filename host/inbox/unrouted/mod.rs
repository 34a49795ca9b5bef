//! What Meta sent for numbers that no project had.

mod store;

use sqlx::types::chrono::{DateTime, Utc};

use super::envelope::split;
use super::store::{Inbox, InboxError};
use crate::projects::ProjectId;

/// Webhooks that are taken over at once.
const CHUNK: i64 = 200;

/// How much came too early for a project's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Missed {
    pub count: i64,
    /// Of these: too long to be kept, so that they cannot be taken over.
    pub too_long: i64,
    pub oldest_received_at: Option<DateTime<Utc>>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Events that the project has now.
    pub events: u64,
    /// Webhooks that were there already, since Meta had repeated them.
    pub duplicates: u64,
}

/// A webhook that no project got.
#[derive(sqlx::FromRow)]
pub(super) struct Unrouted {
    pub(super) unrouted_id: i64,
    pub(super) payload: String,
}

impl Inbox {
    /// What came for the project's number before it was connected.
    pub async fn missed(&self, project_id: ProjectId) -> Result<Missed, InboxError> {
        Ok(self.count_missed(project_id).await?)
    }

    /// Puts what came too early into the project's queues, oldest first.
    pub async fn adopt(&self, project_id: ProjectId) -> Result<Adopted, InboxError> {
        let mut adopted = Adopted::default();
        let mut after = 0;
        loop {
            let chunk = self.missed_after(project_id, after, CHUNK).await?;
            let Some(last) = chunk.last() else {
                return Ok(adopted);
            };
            after = last.unrouted_id;
            for missed in &chunk {
                // It was split when it came, so it is JSON.
                let pieces = split(&missed.payload).unwrap_or_default();
                let report = self.put(&pieces).await?;
                adopted.events += report.stored as u64;
                adopted.duplicates += report.duplicates as u64;
                // The number may have been taken away again meanwhile.
                if report.unrouted == 0 {
                    self.forget_missed(missed.unrouted_id).await?;
                }
            }
        }
    }
}
