//! How projects and their numbers stand, as people see it.

use super::steps::{REMOVAL_STEPS, Step, StepName, StepState};
use super::{Lifecycle, LifecycleError, store};
use crate::projects::{
    NumberReport, Project, ProjectError, ProjectId, ProjectStatus, WishedNumber,
};
use crate::words::words;
use sqlx::types::chrono::{DateTime, Utc};

words! {
    /// In one word, what a project is.
    #[schema(as = ProjectStatus)]
    pub enum State: "status of a project" {
        Provisioning = "provisioning",
        Active = "active",
        Paused = "paused",
        /// Its provisioning waits for somebody.
        Failed = "failed",
        Deleting = "deleting",
    }
}

/// How a project stands, with each step.
#[derive(Clone, Debug)]
pub struct Standing {
    pub state: State,
    /// The step that runs or waits; else the one that failed.
    pub step: Option<StepName>,
    /// Of that step.
    pub error: Option<String>,
    /// When everything of it goes.
    pub delete_after: Option<DateTime<Utc>>,
    /// Whether a version of it serves.
    pub serves: bool,
    pub steps: Vec<Step>,
}

impl Standing {
    /// The first step that failed for good: it says why, and waits for somebody.
    pub fn failed(&self) -> Option<&Step> {
        let mut steps = self.steps.iter();
        steps.find(|step| step.state == StepState::Failed)
    }
}

/// A number and what is still to be done about it.
#[derive(Clone, Debug)]
pub struct NumberStanding {
    /// The number whose webhooks are the project's.
    pub number: Option<NumberReport>,
    /// The number that it is to have.
    pub wished: Option<WishedNumber>,
    /// The steps of connecting it.
    pub steps: Vec<Step>,
}

impl Lifecycle {
    /// How a project stands.
    pub async fn standing(&self, project_id: ProjectId) -> Result<Standing, LifecycleError> {
        let project = self.parts().projects.by_id(project_id).await?;
        let steps = self.steps(project_id).await?;
        let removes = |step: &&Step| {
            REMOVAL_STEPS.contains(&step.step) == project.delete_after.is_some()
                || step.step == StepName::NumberRelease
        };
        let open = steps
            .iter()
            .filter(removes)
            .find(|step| !step.state.is_over());
        let failed = steps
            .iter()
            .filter(removes)
            .find(|s| s.state == StepState::Failed);
        let shown = failed.or(open);
        Ok(Standing {
            state: state_of(&project, failed.is_some()),
            step: shown.map(|step| step.step),
            error: shown.and_then(|step| step.error.clone()),
            delete_after: project.delete_after,
            serves: project.active_version.is_some(),
            steps,
        })
    }

    /// The steps of a project, in order.
    pub async fn steps(&self, project_id: ProjectId) -> Result<Vec<Step>, LifecycleError> {
        let steps = store::steps(&self.parts().pool, project_id).await;
        Ok(steps.map_err(ProjectError::from)?)
    }
}

/// A project's state in one word. `is_failed` says whether a step of it has failed.
pub fn state_of(project: &Project, is_failed: bool) -> State {
    match (project.delete_after, project.status, project.provisioned_at) {
        (Some(_), _, _) => State::Deleting,
        (None, ProjectStatus::Suspended, _) => State::Paused,
        (None, ProjectStatus::Active, Some(_)) => State::Active,
        (None, ProjectStatus::Active, None) if is_failed => State::Failed,
        (None, ProjectStatus::Active, None) => State::Provisioning,
    }
}
