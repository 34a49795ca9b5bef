//! Gives bots another image when their environment changed.
//!
//! The change is counted in the database (`projects::environments`). Whoever made it looks at once,
//! and every host looks now and then. The bot is booted with what the environment is now, and only
//! when it starts do its events see it: all of them, on every host, from the next claim on.

use super::making::{Code, Owner};
use super::{DeployError, Deploys};
use crate::news::Change;
use crate::projects::ProjectId;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often hosts look for what another one left undone.
const POLL: Duration = Duration::from_secs(5);
/// How many are looked at in one round.
const ROUND: i64 = 64;
/// How often files that nobody needs are looked for.
const SWEEP: Duration = Duration::from_secs(3600);

/// Renews until `stop`.
pub(super) async fn run(deploys: Deploys, stop: CancellationToken) {
    let mut swept: Option<tokio::time::Instant> = None;
    loop {
        if swept.is_none_or(|at| at.elapsed() > SWEEP) {
            swept = Some(tokio::time::Instant::now());
            if let Err(error) = deploys.sweep().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "files that nobody needs could not be removed"
                );
            }
        }
        let round = async {
            match deploys.projects.due_environments(ROUND).await {
                Ok(due) => {
                    for project_id in due {
                        deploys.renew_or_log(project_id).await;
                    }
                }
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "changed environments could not be looked for"
                ),
            }
            // Caches forget what was idle for long only when they are asked.
            deploys.bots.run_pending_tasks().await;
            tokio::select! {
                () = deploys.signals.environments.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        };
        tokio::select! {
            () = round => {}
            () = stop.cancelled() => return,
        }
    }
}

impl Deploys {
    /// To be called after a secret was changed: soon the bot runs with it.
    pub(crate) fn environment_changed(&self) {
        self.signals.environments.notify_one();
    }

    async fn renew_or_log(&self, project_id: ProjectId) {
        if let Err(error) = self.renew(project_id).await {
            tracing::warn!(
                project.id = %project_id,
                error = error.chain(),
                "a changed environment could not be tried: it is tried again"
            );
        }
    }

    /// Has the project's bot run with its secrets and its number as they are now.
    ///
    /// A bot that does not start with them goes on with those before, and the project says why.
    /// Fails only when the host could not try.
    pub async fn renew(&self, project_id: ProjectId) -> Result<(), DeployError> {
        loop {
            let Some(version) = self.projects.active_version(project_id).await? else {
                return Ok(());
            };
            let project = self.projects.by_id(project_id).await?;
            let now = self.environment_now(project_id).await?;
            let serves = self.projects.environment(project_id).await?;
            let is_same = serves.is_some_and(|serves| serves.fingerprint == now.fingerprint);
            if !is_same {
                let tenant = self.tenant(&project).await?;
                let owner = Owner {
                    project: &project,
                    tenant: &tenant,
                };
                let code = self.code_of(&version).await?;
                if let Code::Bundle(_) = code
                    && let Err(error) = self.bot(&owner, version.version_id, &code, &now).await
                {
                    if !error.is_authors() {
                        return Err(error);
                    }
                    let text = error.chain();
                    tracing::warn!(project.id = %project_id, "a bot does not start with its new environment; the one before serves");
                    self.projects
                        .refuse_environment(project_id, &now, &text)
                        .await?;
                    self.followed(project_id, Change::Renewal).await;
                    return Ok(());
                }
            }
            if self
                .projects
                .renew_environment(project_id, version.version_id, &now)
                .await?
            {
                if !is_same {
                    self.after_switch(project_id, &now.fingerprint).await;
                    tracing::info!(project.id = %project_id, "the bot runs with its new environment");
                }
                self.followed(project_id, Change::Renewal).await;
                return Ok(());
            }
            // Another version was switched to meanwhile, or a later environment.
        }
    }
}
