//! The steps of one build, in order.

use super::super::bundling::{BundlingError, Turn};
use super::super::checks::Care;
use super::super::making::{Code, Owner};
use super::super::{DeployError, Deploys, Say, upload};
use super::log::BuildLog;
use crate::build::{Confined, artifact};
use crate::projects::{BuildJob, Built, Switched, VersionKind};
use crate::words::LogLevel;
use crate::workshop::WorkshopError;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How long npm or the bundler may run.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

impl Deploys {
    pub(super) async fn steps(
        &self,
        job: &BuildJob,
        log: &BuildLog,
        turn: &mut Turn,
        give_up: &Arc<AtomicBool>,
    ) -> Result<(), DeployError> {
        let started = Instant::now();
        let voices = log.voices();
        let say = &voices.host;
        let version = &job.version;
        let code = match version.kind {
            VersionKind::Folder => match self.bundle(job, say, turn).await {
                Err(DeployError::Bundling(BundlingError::NotConfined(_)))
                    if self.settings.is_local =>
                {
                    self.bundle_here(job, say, give_up).await?
                }
                code => code?,
            },
            VersionKind::Component => {
                say(
                    LogLevel::Info,
                    &format!("a component of {} KiB", job.upload.len().div_ceil(1024)),
                );
                Code::read(job.upload.clone()).await?
            }
        };
        self.projects.begin_checks(job).await?;
        let project = self.projects.by_id(version.project_id).await?;
        let tenant = self.provision(&project).await?;
        let owner = Owner {
            project: &project,
            tenant: &tenant,
        };
        if version.takes_links {
            let links = self.take_offers(version.project_id, &code).await?;
            if !links.is_empty() {
                let links = links.join(", ");
                say(
                    LogLevel::Info,
                    &format!("linked to what this host knows: {links}"),
                );
            }
        }
        let environment = self.environment_now(version.project_id).await?;
        let checked = self
            .check(&owner, &code, &environment, self.care(), &voices)
            .await?;
        // What came by itself is kept as it came: packing it again would only take time.
        let artifact = match artifact::is_alone(&job.upload) {
            true => job.upload.clone(),
            false => code.artifact().await?,
        };
        let digest = hex::encode(Sha256::digest(&artifact));
        self.files.keep_artifact(&digest, &artifact);
        if let Some(image) = &checked.image {
            let (version_id, fingerprint) = (version.version_id, &environment.fingerprint);
            self.files.keep_image(version_id, fingerprint, image);
        }
        // Ready before it serves: the first event does not wait for the compiler.
        let key = (version.version_id, environment.fingerprint.clone());
        self.bots.insert(key, checked.bot.clone()).await;
        let built = Built {
            artifact: &artifact,
            artifact_sha256: &digest,
            entry: code.entry(),
            webhook_path: &checked.webhook.path,
            notes: &checked.notes(&code),
        };
        // The last line before the end is known: who follows the log stops at a final state.
        let took = started.elapsed().as_millis();
        say(LogLevel::Info, &format!("built and checked in {took} ms"));
        log.flush().await;
        let switched = self
            .projects
            .finish_build(job, &built, &environment)
            .await?;
        if switched == Switched::Serves {
            self.after_switch(version.project_id, &environment.fingerprint)
                .await;
        }
        tracing::info!(
            project.id = %version.project_id,
            version.number,
            took_ms = took as u64,
            "built v{}: {}",
            version.number,
            match switched {
                Switched::Serves => "it serves",
                Switched::Waits => "it can serve",
                Switched::LeaseLost => "too late",
            }
        );
        Ok(())
    }

    /// Whoever saves a file waits for it to be live.
    fn care(&self) -> Care {
        match self.settings.is_local {
            true => Care::Quick,
            false => Care::Thorough,
        }
    }

    /// Unpacks a folder and makes its bundle, confined.
    async fn bundle(
        &self,
        job: &BuildJob,
        say: &Say,
        turn: &mut Turn,
    ) -> Result<Code, DeployError> {
        upload::kind(&job.upload)?;
        let (upload, builds) = (job.upload.clone(), self.files.builds());
        Code::read(self.bundling.bundle(upload, &builds, say, turn).await?).await
    }

    /// The same in this process: on the author's own machine, where nothing confines.
    async fn bundle_here(
        &self,
        job: &BuildJob,
        say: &Say,
        give_up: &Arc<AtomicBool>,
    ) -> Result<Code, DeployError> {
        upload::kind(&job.upload)?;
        let folder = self.files.build_folder()?;
        let (upload, into) = (job.upload.clone(), folder.path().to_owned());
        let unpacking = tokio::task::spawn_blocking(move || upload::unpack(&upload, &into));
        let source = match unpacking.await {
            Ok(source) => source?,
            // The task is never aborted: it can only have panicked.
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        say(
            LogLevel::Info,
            &format!(
                "a folder of {} files, {} KiB",
                source.files.len(),
                source.bytes.div_ceil(1024)
            ),
        );
        for (what, count) in &source.left_out {
            let advice = match *what {
                ".env" => ": its variables are set with `roost secrets import`",
                "node_modules" => ": packages are installed here",
                _ => "",
            };
            say(
                LogLevel::Info,
                &format!("left out {count} files of `{what}`{advice}"),
            );
        }
        let confined = Confined {
            patience: PATIENCE,
            stop: give_up.clone(),
            registries: self.settings.bundling.registries.clone(),
            way: None,
        };
        let progress = {
            let say = say.clone();
            move |step: &str| say(LogLevel::Info, step)
        };
        let bundle = self
            .workshop
            .bundle_upload(folder.path(), progress, confined)
            .await
            .map_err(|error| WorkshopError::Build(error.below(folder.path())))?;
        say(
            LogLevel::Info,
            &format!(
                "entry {} ({})",
                bundle.entry.path, bundle.entry.chosen_because
            ),
        );
        for warning in &bundle.warnings {
            say(LogLevel::Warn, &warning.to_string());
        }
        Ok(Code::Bundle(Arc::new(self.workshop.artifact(bundle))))
    }
}
