//! A project's right to two long calculations at once on this host, whatever its runs are.

use crate::projects::ProjectId;
use crate::sandbox::TwoAtOnce;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The rights of all projects. A project has one while it has runs.
#[derive(Clone, Default)]
pub(super) struct ByProject(Arc<Mutex<HashMap<ProjectId, TwoAtOnce>>>);

impl ByProject {
    pub(super) fn of(&self, project: ProjectId) -> TwoAtOnce {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&project) {
            return known.clone();
        }
        all.retain(|_, known| known.is_shared());
        all.entry(project).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn runs_of_a_project_share_and_who_runs_nothing_is_forgotten() {
        let all = ByProject::default();
        let project = |n| ProjectId(Uuid::from_u128(n));
        let first = all.of(project(1));
        assert!(first.is_shared());
        drop(all.of(project(2)));

        let third = all.of(project(3));

        let known = all.0.lock().unwrap().len();
        assert_eq!(known, 2, "the second one has no runs");
        drop((first, third));
    }
}
