//! Leases: who may run which conversation's next event, and until when.
//!
//! A claim takes the oldest pending event of each of some queues, in three steps:
//!
//! 1. `walk` visits projects in turn, beginning after the one that the last claim served, so that a
//!    project with ten thousand waiting conversations is one project like any other.
//! 2. `room` asks how many more runs each may begin: its cap less what runs, and what its rate
//!    leaves. The projects' rows are locked meanwhile: two hosts that claim at once count each
//!    other's runs.
//! 3. `store` takes live queues before bulk ones, except for bulk's share, and from those projects
//!    first that have the fewest runs.

mod room;
mod store;
mod walk;

use std::time::Duration;

use sqlx::types::chrono::{DateTime, Utc};

use super::model::{ClaimedEvent, Priority, RunId};
use crate::projects::ProjectId;

/// How much a claim may take.
#[derive(Clone, Debug)]
pub struct ClaimLimits<'a> {
    /// Who claims: shown to operators.
    pub owner: &'a str,
    pub events: u32,
    /// Of these, how many bulk events come before live ones: what keeps bulk from waiting for ever.
    pub bulk_first: u32,
    /// Projects to look at; no more than the events are worth, because each costs a look.
    pub visits: u32,
    /// Runs that a project without a cap of its own may have at once, on all hosts together.
    pub running_per_project: u32,
    /// Serves only projects of which nothing runs, with one run each.
    pub only_idle: bool,
    /// When the leases run out unless they are extended.
    pub lease: Duration,
    /// Where the last claim ended.
    pub after: Option<ProjectId>,
}

/// What a claim took.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    pub events: Vec<ClaimedEvent>,
    /// How many of them are bulk.
    pub bulk: u32,
    /// Where the next claim begins; `None` when this one took all there was to take.
    pub next: Option<ProjectId>,
    /// Whether a project may have more to do that its room held back.
    pub is_held: bool,
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

/// What the statements of one claim share.
struct Claiming<'a, 'b> {
    limits: &'a ClaimLimits<'b>,
    /// The time, when it is not the database's.
    told: Option<DateTime<Utc>>,
}

impl ClaimLimits<'_> {
    /// What is taken in turn, and how much of it at most.
    fn turns(&self) -> [(Priority, usize); 3] {
        let all = self.events as usize;
        [
            (Priority::Bulk, all.min(self.bulk_first as usize)),
            (Priority::Live, all),
            (Priority::Bulk, all),
        ]
    }
}

impl ClaimedEvent {
    pub fn lease(&self) -> Lease {
        Lease {
            project_id: self.project_id,
            queue: self.queue.clone(),
            run_id: self.run_id,
        }
    }
}
