//! The bound on what may wait for one project, so that no project fills the tables of all.
//!
//! Counting is cheap only while little waits. So each process keeps an estimate for each project:
//! what it counted last, and what it stored since. It counts again when the estimate reaches the
//! bound, and now and then in any case, for what other hosts did.

mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::inbox::store::{Inbox, InboxError};
use crate::projects::ProjectId;

/// How long an estimate is good.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// How long a full project is not counted again.
const FULL_FOR: Duration = Duration::from_secs(1);

/// What waits for each project, as far as this process knows.
#[derive(Clone, Default)]
pub(in crate::inbox) struct Waiting(Arc<Mutex<HashMap<ProjectId, Estimate>>>);

#[derive(Clone, Copy)]
struct Estimate {
    events: usize,
    counted_at: Instant,
}

impl Waiting {
    /// Counts what was stored.
    pub(super) fn add(&self, project_id: ProjectId, events: usize) {
        if let Some(estimate) = self.estimates().get_mut(&project_id) {
            estimate.events = estimate.events.saturating_add(events);
        }
    }

    fn of(&self, project_id: ProjectId) -> Option<Estimate> {
        self.estimates().get(&project_id).copied()
    }

    fn set(&self, project_id: ProjectId, estimate: Estimate) {
        self.estimates().insert(project_id, estimate);
    }

    fn estimates(&self) -> MutexGuard<'_, HashMap<ProjectId, Estimate>> {
        // Numbers cannot be half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// Whether a project's bound lets more events wait.
    pub(super) async fn has_room(&self, project_id: ProjectId) -> Result<(), InboxError> {
        let bound = self.limits.pending_per_project as usize;
        let estimate = match self.waiting.of(project_id) {
            Some(estimate) if estimate.is_good(bound) => estimate,
            _ => {
                let estimate = Estimate {
                    events: self.count_pending(project_id, bound).await?,
                    counted_at: Instant::now(),
                };
                self.waiting.set(project_id, estimate);
                estimate
            }
        };
        match estimate.events < bound {
            true => Ok(()),
            false => Err(InboxError::Full { bound }),
        }
    }
}

impl Estimate {
    fn is_good(self, bound: usize) -> bool {
        let good_for = if self.events < bound {
            GOOD_FOR
        } else {
            FULL_FOR
        };
        self.counted_at.elapsed() < good_for
    }
}
