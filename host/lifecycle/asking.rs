//! What is asked of numbers: connecting one, taking it away, waiting for it.

use super::standing::NumberStanding;
use super::steps::{NUMBER_STEPS, StepName, StepState};
use super::{Lifecycle, LifecycleError, check, store};
use crate::news::Change;
use crate::projects::{ProjectId, WishedNumber};
use std::time::Duration;

impl Lifecycle {
    /// Writes down which number a project is to have. Its steps are done in the background; the
    /// number before it stays until Meta has shown the new one.
    pub async fn connect_number(
        &self,
        project_id: ProjectId,
        number: &WishedNumber,
    ) -> Result<(), LifecycleError> {
        check(number)?;
        let wished = self
            .parts()
            .projects
            .wish_number(project_id, number, async |conn| {
                store::want(conn, project_id, &NUMBER_STEPS, None).await
            });
        wished.await?;
        self.tell(project_id);
        Ok(())
    }

    /// Takes a project's number away at once, and tells Meta in the background.
    pub async fn disconnect_number(
        &self,
        project_id: ProjectId,
        deregister: bool,
    ) -> Result<(), LifecycleError> {
        let projects = &self.parts().projects;
        let had_number = projects
            .let_number_go(project_id, deregister, async |conn, had_number| {
                let note = "the number was disconnected";
                store::skip(conn, project_id, &NUMBER_STEPS, note).await?;
                if had_number {
                    store::want(conn, project_id, &[StepName::NumberRelease], None).await?;
                }
                Ok(())
            })
            .await?;
        if !had_number {
            let name = projects.by_id(project_id).await?.name;
            return Err(LifecycleError::NoNumber(name));
        }
        self.changed(project_id, Change::NumberGone).await;
        self.tell(project_id);
        Ok(())
    }

    /// The number of a project, and what is still to be done about it.
    pub async fn number(&self, project_id: ProjectId) -> Result<NumberStanding, LifecycleError> {
        let projects = &self.parts().projects;
        let mut steps = self.steps(project_id).await?;
        steps.retain(|step| {
            NUMBER_STEPS.contains(&step.step) || step.step == StepName::NumberRelease
        });
        Ok(NumberStanding {
            number: projects.number_report(project_id).await?,
            wished: projects.wished_number(project_id).await?,
            steps,
        })
    }

    /// Waits until nothing more happens to a project's number by itself, or `patience` is over.
    pub async fn number_settles(
        &self,
        project_id: ProjectId,
        patience: Duration,
    ) -> Result<NumberStanding, LifecycleError> {
        let mut news = self.parts().news.listen();
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let standing = self.number(project_id).await?;
            let mut steps = standing.steps.iter();
            let is_failed = standing
                .steps
                .iter()
                .any(|step| step.state == StepState::Failed);
            if is_failed || steps.all(|step| step.state.is_over()) {
                return Ok(standing);
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(standing);
            }
            let told = news.of(project_id, &[Change::Step]);
            // The last look is at the deadline.
            let _ = tokio::time::timeout_at(deadline, told).await;
        }
    }
}
