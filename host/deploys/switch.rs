//! Which version serves: another one, or the one before.

use super::making::Owner;
use super::{Deploys, SwitchError};
use crate::news::Change;
use crate::projects::{
    Environment, Fingerprint, Project, ProjectError, ProjectId, Version, VersionId, VersionState,
};

/// What a switch did.
#[derive(Clone, Debug)]
pub struct SwitchedTo {
    /// What served before, if anything did and it is still kept.
    pub from: Option<Version>,
    /// What serves now.
    pub to: Version,
}

impl Deploys {
    /// Has another version serve. It is made ready first; when it does not start nothing changes.
    pub async fn activate(
        &self,
        project_id: ProjectId,
        number: i32,
    ) -> Result<SwitchedTo, SwitchError> {
        let project = self.projects.by_id(project_id).await?;
        let from = self.projects.active_version(project_id).await?;
        let to = self.projects.version_numbered(project_id, number).await?;
        let to = to.ok_or(SwitchError::NoVersion(number))?;
        if to.state != VersionState::Ready {
            let state = to.state;
            return Err(SwitchError::NotReady { number, state });
        }
        if project.active_version == Some(to.version_id) {
            return Err(SwitchError::Serves(number));
        }
        let environment = self.environment_serving(project_id).await?;
        self.start_with(&project, &to, &environment).await?;
        self.projects
            .activate(project_id, to.version_id, &environment)
            .await?;
        self.after_switch(project_id, &environment.fingerprint)
            .await;
        Ok(SwitchedTo { from, to })
    }

    /// Has the version before serve again, or the one with that number.
    pub async fn roll_back(
        &self,
        project_id: ProjectId,
        to: Option<i32>,
    ) -> Result<SwitchedTo, SwitchError> {
        if let Some(number) = to {
            return self.activate(project_id, number).await;
        }
        match self.projects.version_before_active(project_id).await? {
            Some(before) => self.activate(project_id, before.number).await,
            None => Err(SwitchError::NothingBefore(
                match self.projects.active_version(project_id).await? {
                    Some(_) => "no older one is ready",
                    None => "the project serves none yet",
                },
            )),
        }
    }

    /// Makes sure that a version starts, and has it ready for its first event.
    async fn start_with(
        &self,
        project: &Project,
        version: &Version,
        environment: &Environment,
    ) -> Result<(), SwitchError> {
        let number = version.number;
        let does_not = |source| SwitchError::DoesNotStart { number, source };
        let tenant = self.tenant(project).await.map_err(does_not)?;
        let code = self
            .code_of(version)
            .await
            .map_err(|error| does_not(error.into()))?;
        let owner = Owner {
            project,
            tenant: &tenant,
        };
        let made = self.bot(&owner, version.version_id, &code, environment);
        made.await.map_err(does_not)?;
        Ok(())
    }

    /// What follows when another version or environment serves: what waited for it runs, and what
    /// was secret in the one before goes, out of memory too.
    pub(super) async fn after_switch(&self, project_id: ProjectId, serves: &Fingerprint) {
        self.followed(project_id, Change::Version).await;
        // What changed while it was being made is not in it.
        self.signals.environments.notify_one();
        match self.projects.versions(project_id).await {
            Ok(versions) => {
                let ids: Vec<_> = versions.iter().map(|version| version.version_id).collect();
                self.files.forget_images(&ids, serves);
                match self.projects.active_version(project_id).await {
                    Ok(active) => {
                        let active = active.map(|version| version.version_id);
                        self.release(&ids, active, Some(serves)).await;
                    }
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "versions that serve no more stay in memory until they were idle for a while"
                    ),
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "images of an environment that serves no more stay until the next start"
            ),
        }
    }

    /// Drops what is ready of these versions, but for the one that serves and its environment. Runs
    /// that are under way keep what they have until they end.
    pub(super) async fn release(
        &self,
        versions: &[VersionId],
        serves: Option<VersionId>,
        with: Option<&Fingerprint>,
    ) {
        let gone =
            |version_id: &VersionId| versions.contains(version_id) && Some(*version_id) != serves;
        let stale: Vec<_> = self
            .bots
            .iter()
            .filter(|(key, _)| {
                let other = with.is_some_and(|with| key.1 != *with);
                gone(&key.0) || (Some(key.0) == serves && other)
            })
            .map(|(key, _)| (*key).clone())
            .collect();
        for key in &stale {
            self.bots.invalidate(key).await;
        }
        self.latest().retain(|version_id, _| !gone(version_id));
        let stale: Vec<_> = self.serving.iter().map(|(key, _)| *key).collect();
        for key in stale.iter().filter(|key| gone(&key.0)) {
            self.serving.invalidate(key).await;
        }
        self.give_back().await;
    }

    /// Has the caches drop what they let go, and the allocator give it to the kernel.
    pub(super) async fn give_back(&self) {
        self.serving.run_pending_tasks().await;
        self.bots.run_pending_tasks().await;
        crate::memory::trim();
    }

    /// Deletes versions beyond those that are kept.
    pub(super) async fn tidy_up(&self, project_id: ProjectId) {
        let keep = self.settings.keep_versions;
        let pruned = async {
            if self.projects.prune_versions(project_id, keep).await? > 0 {
                self.projects.prune_artifacts().await?;
            }
            Ok::<_, ProjectError>(())
        };
        if let Err(error) = pruned.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old versions could not be deleted: the next deploy tries again"
            );
        }
    }

    /// Removes files that no version needs any more.
    pub(super) async fn sweep(&self) -> Result<(), ProjectError> {
        self.projects.prune_artifacts().await?;
        self.files.sweep_images(&self.projects.images().await?);
        let here = self.files.artifacts();
        let named = self.projects.named_artifacts(&here).await?;
        for digest in here.iter().filter(|digest| !named.contains(digest)) {
            self.files.remove_artifact(digest);
        }
        Ok(())
    }
}
