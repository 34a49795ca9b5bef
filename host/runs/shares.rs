//! Each project's part in the processors of this host, whatever its runs are.

use crate::projects::ProjectId;
use crate::sandbox::Share;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The shares of all projects. A project has one while it has runs, and for as long as what they used counts.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    shares: HashMap<ProjectId, Share>,
    /// How many were left when those that nobody needs were last taken out.
    left: usize,
}

impl Shares {
    pub(super) fn of(&self, project: ProjectId) -> Share {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = known.shares.get(&project) {
            return share.clone();
        }
        // Not each time: looking at all is for when there are many more.
        if known.shares.len() >= 2 * known.left {
            known.shares.retain(|_, share| share.is_in_use());
            known.left = known.shares.len();
        }
        known.shares.entry(project).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn runs_of_a_project_share_and_who_runs_nothing_is_forgotten() {
        let all = Shares::default();
        let project = |n| ProjectId(Uuid::from_u128(n));
        let first = all.of(project(1));
        assert!(first.is_in_use());
        drop(all.of(project(2)));

        let third = all.of(project(3));

        let known = all.0.lock().unwrap().shares.len();
        assert_eq!(known, 2, "the second one has no runs");
        drop((first, third));
    }
}
