//! Builds what was deployed, in the background.
//!
//! Each host looks into the queue of builds (`projects::versions::builds`), takes the lease of one,
//! and extends it while it works. A host that stops gives its builds back; of one that is killed the
//! lease runs out.

mod log;
mod steps;

use super::bundling::Turn;
use super::{DeployError, Deploys};
use crate::leases;
use crate::news::Change;
use crate::projects::{BuildJob, ClaimedBuild};
use crate::words::LogLevel;
use futures::FutureExt as _;
use log::BuildLog;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a host that builds may be silent.
const LEASE: Duration = Duration::from_secs(15);
/// How often the queue is looked at when nothing is heard.
const POLL: Duration = Duration::from_secs(1);
/// How long a whole build may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Builds at once on one host: the bundler and the checks take whole processors.
pub(super) const AT_ONCE: usize = 2;
/// Builds at once, with those that wait for registries. A project has one at a time.
const UNDER_WAY: usize = 16;

/// Builds until `stop`; then what is being built is given back.
pub(super) async fn run(deploys: Deploys, stop: CancellationToken) {
    match deploys.confines_builds().await {
        Ok(Some(layers)) => tracing::info!("builds of uploads are confined by {layers}"),
        Ok(None) => {}
        Err(error) => {
            tracing::error!("{error}");
            return;
        }
    }
    let slots = Arc::new(Semaphore::new(UNDER_WAY));
    let builds = TaskTracker::new();
    loop {
        let free = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, deploys.processors.clone().acquire_owned().await)
        };
        // The semaphores are never closed.
        let (Ok(slot), Ok(processor)) = (tokio::select! {
            free = free => free,
            () = stop.cancelled() => break,
        }) else {
            break;
        };
        let owner = &deploys.settings.owner;
        let claim = deploys.projects.claim_build(owner, LEASE).await;
        if let Ok(ClaimedBuild {
            gave_up: Some(project_id),
            ..
        }) = claim
        {
            deploys.followed(project_id, Change::Build).await;
        }
        match claim.map(|claim| claim.job) {
            Ok(Some(job)) => {
                let (deploys, stop) = (deploys.clone(), stop.clone());
                let turn = Turn::new(deploys.processors.clone(), processor);
                builds.spawn(async move {
                    deploys.build(job, turn, &stop).await;
                    drop(slot);
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the queue of builds could not be read"
                );
            }
        }
        drop((slot, processor));
        tokio::select! {
            () = deploys.signals.builds.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => break,
        }
    }
    builds.close();
    builds.wait().await;
}

/// Why a build ended before it was done.
enum Ended {
    Done(Result<(), DeployError>),
    Panicked,
    TookTooLong,
    LeaseLost,
    Stopped,
}

impl Deploys {
    /// One build, from its claim to what is recorded of it.
    async fn build(&self, job: BuildJob, mut turn: Turn, stop: &CancellationToken) {
        let log = BuildLog::start(self.projects.clone(), self.news.clone(), &job);
        let give_up = Arc::new(AtomicBool::new(false));
        let steps = AssertUnwindSafe(self.steps(&job, &log, &mut turn, &give_up)).catch_unwind();
        let ended = tokio::select! {
            ended = tokio::time::timeout(PATIENCE, steps) => match ended {
                Ok(Ok(result)) => Ended::Done(result),
                Ok(Err(_)) => Ended::Panicked,
                Err(_) => Ended::TookTooLong,
            },
            () = leases::lost(LEASE, || self.projects.extend_build(&job, LEASE)) => Ended::LeaseLost,
            () = stop.cancelled() => Ended::Stopped,
        };
        give_up.store(true, Ordering::Relaxed);
        let recorded = self.record(&job, ended, &log).await;
        log.end().await;
        if let Err(error) = recorded {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                version.id = %job.version.version_id,
                "how a build ended could not be recorded: it is tried again"
            );
        }
        self.tidy_up(job.version.project_id).await;
        // There may be another one of this project.
        self.signals.builds.notify_one();
        // The last thing: who waits for the end of a build finds all of it done.
        self.followed(job.version.project_id, Change::Build).await;
    }

    async fn record(
        &self,
        job: &BuildJob,
        ended: Ended,
        log: &BuildLog,
    ) -> Result<(), crate::projects::ProjectError> {
        let number = job.version.number;
        match ended {
            Ended::Done(Ok(())) => {
                self.metrics.deploy("done");
                Ok(())
            }
            Ended::Done(Err(error)) if error.is_authors() || job.version.attempts >= 3 => {
                self.metrics.deploy("failed");
                let text = error.chain();
                log.flush().await;
                self.projects
                    .fail_build(job, &text, !error.quotes_bot())
                    .await
            }
            Ended::Done(Err(error)) => {
                let text = error.chain();
                tracing::error!(
                    error = text,
                    version.number = number,
                    "a build failed by no fault of the bot's"
                );
                log.say(
                    LogLevel::Warn,
                    &format!("the host could not go on, and begins anew: {text}"),
                );
                self.projects.retry_build(job, Duration::from_secs(5)).await
            }
            Ended::Panicked => {
                tracing::error!(version.number = number, "the host panicked in a build");
                let text = "the host failed while it built this version: its log says why";
                self.projects.fail_build(job, text, true).await
            }
            Ended::TookTooLong => {
                let minutes = PATIENCE.as_secs() / 60;
                let text = format!(
                    "the build was not done after {minutes} minutes: build a component elsewhere with `roost build`, and deploy that"
                );
                self.projects.fail_build(job, &text, true).await
            }
            Ended::LeaseLost => {
                tracing::warn!(
                    version.number = number,
                    "the lease of a build was lost: another host builds it"
                );
                Ok(())
            }
            Ended::Stopped => {
                log.say(
                    LogLevel::Info,
                    "this host stops: the build begins anew on the next that is there",
                );
                self.projects.release_build(job).await
            }
        }
    }
}
