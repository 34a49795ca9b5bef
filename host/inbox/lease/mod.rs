//! Leases: who may run which conversation's next event, and until when.
//!
//! A claim takes the oldest pending event of each of some conversations. It visits projects in
//! turn, beginning after the one that the last claim served, takes first from those with the fewest
//! runs, and no more from any than its share, so that a project with ten thousand waiting
//! conversations is one project like any other. The projects' rows are locked meanwhile: two hosts
//! that claim at once count each other's runs.

mod store;

use sqlx::types::chrono::{DateTime, Utc};

use super::model::{ClaimedEvent, RunId};
use crate::projects::ProjectId;

/// How much a claim may take.
#[derive(Clone, Debug)]
pub struct ClaimLimits<'a> {
    /// Who claims: shown to operators.
    pub owner: &'a str,
    pub events: u32,
    /// Runs that a project may have at once, on all hosts together.
    pub running_per_project: u32,
    /// When the leases run out unless they are extended.
    pub until: DateTime<Utc>,
    /// Where the last claim ended.
    pub after: Option<ProjectId>,
}

/// What a claim took.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    pub events: Vec<ClaimedEvent>,
    /// Where the next claim begins; `None` when this one took all there was to take.
    pub next: Option<ProjectId>,
}

/// A lease, as its holder knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    pub project_id: ProjectId,
    pub queue: String,
    pub run_id: RunId,
}

/// Somebody else may be running the event by now: how it ended here is not recorded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease of run `{0}` was lost")]
pub struct LeaseLost(pub RunId);

impl ClaimedEvent {
    pub fn lease(&self) -> Lease {
        Lease {
            project_id: self.project_id,
            queue: self.queue.clone(),
            run_id: self.run_id,
        }
    }
}
