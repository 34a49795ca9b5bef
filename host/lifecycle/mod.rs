//! A project from its making to its end, and its number at Meta: what is asked for is written down
//! and answered at once, and done in the background.
//!
//! What is done are *steps* (`steps`): rows that any host claims with a lease (`machine`), so that a
//! host that dies leaves nothing undone. Each step may be done again (`work`, `number`, `removal`).
//! What fails for good says why in a sentence and waits for somebody; everything else is tried again.
//! `follow` tells each change as it happens, whichever host makes it. `export` writes down all that
//! a project has.

mod asking;
mod examine;
pub mod export;
mod follow;
mod machine;
mod number;
mod removal;
mod standing;
pub mod steps;
mod store;
mod tokens;
mod work;

use crate::changes::Changes;
use crate::deploys::Deploys;
use crate::news::{Change, Newsroom};
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

pub use follow::News;
pub use machine::MachineHandle;
pub use standing::{NumberStanding, Standing, State, state_of};
use steps::{NUMBER_STEPS, REMOVAL_STEPS};
pub use steps::{Step, StepChange, StepName, StepState};
pub use tokens::{TokenClerk, Tokens};

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
    #[error("{0}")]
    BadProfile(String),
    /// Meta refused it; with what to do.
    #[error("{0}")]
    Refused(String),
    /// A later try may succeed.
    #[error("{0}")]
    Later(String),
}

/// What lifecycles are made of.
pub struct LifecycleParts {
    pub projects: ProjectStore,
    pub deploys: Deploys,
    /// Sees to what follows what is done here.
    pub changes: Changes,
    /// Tells of steps, here and on other hosts.
    pub news: Newsroom,
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
    parts: Arc<LifecycleParts>,
}

impl Lifecycle {
    /// From its parts. Nothing happens in the background before [`Self::start`].
    pub fn new(parts: LifecycleParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    fn parts(&self) -> &LifecycleParts {
        &self.parts
    }

    /// Steps of a project changed, or are to be done: whoever does or follows them looks.
    fn tell(&self, project_id: ProjectId) {
        self.parts.news.tell(project_id, Change::Step);
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
        self.tell(project.project_id);
        Ok(project)
    }

    /// Has failed steps tried again. Returns how many there were.
    pub async fn retry(&self, project_id: ProjectId) -> Result<u64, LifecycleError> {
        self.parts().projects.by_id(project_id).await?;
        let again = store::retry_failed(&self.parts().pool, project_id).await;
        self.tell(project_id);
        Ok(again.map_err(ProjectError::from)?)
    }

    /// A version of a project serves, or failed: whether its provisioning waits for that is looked
    /// at now.
    async fn look_for_deploy(&self, project_id: ProjectId) {
        match store::look_for_deploy(&self.parts().pool, project_id).await {
            Ok(true) => self.tell(project_id),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "a provisioning that waits for a deploy sees it a little later");
            }
        }
    }

    /// Waits until nothing more happens to a project by itself, and says how it stands then.
    ///
    /// *Cancel safety*: it changes nothing.
    pub async fn settles(&self, project_id: ProjectId) -> Result<Standing, LifecycleError> {
        let mut news = self.parts().news.listen();
        loop {
            let standing = self.standing(project_id).await?;
            if follow::is_over(&standing) {
                return Ok(standing);
            }
            news.of(project_id, &[Change::Step]).await;
        }
    }

    /// Its events are kept from now on, and wait.
    pub async fn pause(&self, project_id: ProjectId) -> Result<(), LifecycleError> {
        self.set_status(project_id, ProjectStatus::Suspended).await
    }

    /// What waited is run, in its order.
    pub async fn resume(&self, project_id: ProjectId) -> Result<(), LifecycleError> {
        self.set_status(project_id, ProjectStatus::Active).await
    }

    async fn set_status(
        &self,
        project_id: ProjectId,
        status: ProjectStatus,
    ) -> Result<(), LifecycleError> {
        let projects = &self.parts().projects;
        projects.pause_or_resume(project_id, status).await?;
        self.changed(project_id, Change::Status).await;
        Ok(())
    }

    /// Has done what follows a change that is committed.
    async fn changed(&self, project_id: ProjectId, change: Change) {
        self.parts().changes.follow(project_id, change).await;
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
        self.changed(project_id, Change::Status).await;
        self.tell(project_id);
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
        self.changed(project_id, Change::Status).await;
        self.tell(project_id);
        Ok(has_number)
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
