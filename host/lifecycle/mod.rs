//! A project from its making to its end, and its number at Meta: what is asked for is written down
//! and answered at once, and done in the background.
//!
//! What is done are *steps* (`steps`): rows that any host claims with a lease (`machine`), so that a
//! host that dies leaves nothing undone. Each step may be done again (`work`, `number`, `removal`).
//! What fails for good says why in a sentence and waits for somebody; everything else is tried again.
//! `follow` tells each change as it happens, whichever host makes it. `export` writes down all that
//! a project has.

mod asking;
pub mod export;
mod follow;
mod machine;
mod number;
mod removal;
mod standing;
pub mod steps;
mod store;
mod work;

use crate::deploys::Deploys;
use crate::inbox::{Inbox, InboxError};
use crate::postgres::{Cell, Server};
use crate::projects::{
    NewProject, Project, ProjectError, ProjectId, ProjectName, ProjectStatus, ProjectStore,
    WishedNumber,
};
use crate::whatsapp::onboarding::Onboarding;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub use follow::News;
pub use machine::MachineHandle;
pub use standing::{NumberStanding, Standing, State, state_of};
use steps::{NUMBER_STEPS, REMOVAL_STEPS};
pub use steps::{Step, StepChange, StepName, StepState};

/// How long a deleted project can be restored, unless the host is told otherwise.
pub const DELETE_GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Why something that was asked for cannot be.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("`{0}` is no id of Meta's: it has digits only; it is not the phone number itself")]
    NoMetaId(String),
    #[error("the token is empty, or is not one line of plain text")]
    NoToken,
    #[error("the PIN of two-step verification has six digits")]
    NoPin,
    #[error("project `{0}` has no number")]
    NoNumber(ProjectName),
}

/// What lifecycles are made of.
pub struct LifecycleParts {
    pub projects: ProjectStore,
    pub deploys: Deploys,
    pub inbox: Inbox,
    pub onboarding: Onboarding,
    pub cell: Cell,
    pub server: Server,
    pub pool: PgPool,
    /// Artifacts and images.
    pub data: PathBuf,
    /// How long a deleted project can be restored.
    pub delete_grace: Duration,
}

/// Everything that happens to projects. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

struct Shared {
    parts: LifecycleParts,
    /// Changes when a step of this process did, or somebody asked for something.
    activity: watch::Sender<()>,
}

impl Lifecycle {
    /// From its parts. Nothing happens in the background before [`Self::start`].
    pub fn new(parts: LifecycleParts) -> Self {
        let shared = Shared {
            parts,
            activity: watch::Sender::new(()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    fn parts(&self) -> &LifecycleParts {
        &self.shared.parts
    }

    fn wake(&self) {
        self.shared.activity.send_replace(());
    }

    /// Writes a project down. Its steps are done in the background.
    ///
    /// Fails with [`ProjectError::NameTaken`] and with what is wrong in what was given.
    pub async fn create(&self, new: &NewProject) -> Result<Project, LifecycleError> {
        if let Some(number) = &new.number {
            check(number)?;
        }
        let project = self
            .parts()
            .projects
            .make(new, async |conn, project_id| {
                store::want(conn, project_id, &[StepName::Database], None).await?;
                match new.number {
                    Some(_) => store::want(conn, project_id, &NUMBER_STEPS, None).await?,
                    None => {
                        let note = "no number was given; connect one at any time";
                        store::skip(conn, project_id, &NUMBER_STEPS, note).await?;
                    }
                }
                store::want(
                    conn,
                    project_id,
                    &[StepName::Secrets, StepName::FirstDeploy],
                    None,
                )
                .await
            })
            .await?;
        self.wake();
        Ok(project)
    }

    /// Has failed steps tried again. Returns how many there were.
    pub async fn retry(&self, project_id: ProjectId) -> Result<u64, LifecycleError> {
        self.parts().projects.by_id(project_id).await?;
        let again = store::retry_failed(&self.parts().pool, project_id).await;
        self.wake();
        Ok(again.map_err(ProjectError::from)?)
    }

    /// Something was deployed: provisioning that waits for that goes on.
    pub async fn deployed(&self, project_id: ProjectId) -> Result<(), LifecycleError> {
        let hurried = store::hurry(&self.parts().pool, project_id).await;
        self.wake();
        Ok(hurried.map_err(ProjectError::from)?)
    }

    /// Its events are kept from now on, and wait.
    pub async fn pause(&self, project_id: ProjectId) -> Result<(), LifecycleError> {
        let projects = &self.parts().projects;
        Ok(projects
            .pause_or_resume(project_id, ProjectStatus::Suspended)
            .await?)
    }

    /// What waited is run, in its order.
    pub async fn resume(&self, project_id: ProjectId) -> Result<(), LifecycleError> {
        let projects = &self.parts().projects;
        projects
            .pause_or_resume(project_id, ProjectStatus::Active)
            .await?;
        woken(self.parts().inbox.wake(project_id).await);
        Ok(())
    }

    /// The bot stops, and Meta is told; everything goes when the grace period is over, or as soon as
    /// possible. Returns when.
    pub async fn delete(
        &self,
        project_id: ProjectId,
        at_once: bool,
    ) -> Result<DateTime<Utc>, LifecycleError> {
        let grace = if at_once {
            Duration::ZERO
        } else {
            self.parts().delete_grace
        };
        let projects = &self.parts().projects;
        let delete_after = projects
            .delete_after(project_id, grace, async |conn, going| {
                if going.had_number {
                    store::want(conn, project_id, &[StepName::NumberRelease], None).await?;
                }
                store::want(conn, project_id, &REMOVAL_STEPS, Some(going.delete_after)).await
            })
            .await?;
        self.wake();
        Ok(delete_after)
    }

    /// Undoes a deletion. Returns whether a number is being connected again.
    pub async fn restore(&self, project_id: ProjectId) -> Result<bool, LifecycleError> {
        let restored = self
            .parts()
            .projects
            .restore(project_id, async |conn, has_number| {
                store::unwant(conn, project_id, &REMOVAL_STEPS).await?;
                if has_number {
                    store::want(conn, project_id, &NUMBER_STEPS, None).await?;
                }
                Ok(())
            });
        let has_number = restored.await?;
        woken(self.parts().inbox.wake(project_id).await);
        self.wake();
        Ok(has_number)
    }
}

fn woken(woken: Result<(), InboxError>) {
    if let Err(error) = woken {
        tracing::warn!(%error, "waiting events are found at the next look into the inbox");
    }
}

/// What cannot be right is said before anything is written down.
fn check(number: &WishedNumber) -> Result<(), LifecycleError> {
    for id in [&number.phone_number_id, &number.waba_id] {
        let is_id = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        if !is_id {
            return Err(LifecycleError::NoMetaId(id.chars().take(60).collect()));
        }
    }
    let token = number.token.expose();
    if token.is_empty() || token.len() > 4_096 || !token.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(LifecycleError::NoToken);
    }
    let is_pin = |pin: &str| pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit());
    match &number.pin {
        Some(pin) if !is_pin(pin.expose()) => Err(LifecycleError::NoPin),
        _ => Ok(()),
    }
}
