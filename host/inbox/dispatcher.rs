//! Claims events and has them run, as many at once as there are slots.
//!
//! One task claims. It looks when something arrived or ended in this process, and every `poll` in
//! any case, for what other hosts stored, back-offs that are over and leases that ran out. Each
//! event runs in a task of its own (`running`). One more task extends the leases of all of them.
//!
//! The end: [`DispatcherHandle::drain`] stops claiming, waits, then frees what still runs. Dropping
//! the handle does the same without waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::lease::ClaimLimits;
use super::model::EventHandler;
use super::retry::RetryPolicy;
use super::running::Running;
use super::store::{Inbox, InboxError};
use crate::projects::ProjectId;

/// Claims in one round. Each sees many projects, and most often the first sees all.
const MAX_CLAIMS: u32 = 64;

/// How a dispatcher works.
#[derive(Clone, Debug)]
pub struct DispatcherSettings {
    /// Names this host to operators.
    pub owner: String,
    /// Runs at once on this host.
    pub max_running: u32,
    /// Runs at once of one project, on all hosts together.
    pub max_running_per_project: u32,
    /// How long a host may be silent before its events are given to another.
    pub lease: Duration,
    /// How often leases are extended: a third of `lease` or less.
    pub heartbeat: Duration,
    /// How often the inbox is looked at when nothing is heard.
    pub poll: Duration,
    pub retry: RetryPolicy,
}

impl DispatcherSettings {
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            max_running: 64,
            max_running_per_project: 16,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            poll: Duration::from_millis(500),
            retry: RetryPolicy::default(),
        }
    }
}

/// Starts dispatchers.
#[derive(Debug)]
pub struct Dispatcher;

/// A dispatcher at work.
pub struct DispatcherHandle {
    inbox: Inbox,
    running: Arc<Running>,
    runs: TaskTracker,
    stop: CancellationToken,
    claiming: JoinHandle<()>,
    beating: JoinHandle<()>,
    /// Stops and frees everything when the handle is dropped.
    _guards: [DropGuard; 2],
}

/// What became of the events that ran when draining began, or were claimed just then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainReport {
    pub finished: usize,
    /// Given back, to be run again by whoever claims them.
    pub released: usize,
}

impl Dispatcher {
    pub fn start(
        inbox: Inbox,
        handler: Arc<dyn EventHandler>,
        settings: DispatcherSettings,
    ) -> DispatcherHandle {
        let stop = CancellationToken::new();
        let abandon = CancellationToken::new();
        let guards = [stop.clone().drop_guard(), abandon.clone().drop_guard()];
        let running = Arc::new(Running::new(inbox.clone(), handler, settings, abandon));
        let runs = TaskTracker::new();
        let claiming = tokio::spawn(claim_until_stopped(
            running.clone(),
            runs.clone(),
            stop.clone(),
        ));
        let beating = tokio::spawn(beat_until_stopped(
            running.clone(),
            runs.clone(),
            stop.clone(),
        ));
        DispatcherHandle {
            inbox,
            running,
            runs,
            stop,
            claiming,
            beating,
            _guards: guards,
        }
    }
}

impl DispatcherHandle {
    /// Events that run on this host now.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Waits until a project has nothing pending and nothing running, here or on another host.
    pub async fn idle(&self, project_id: ProjectId) -> Result<(), InboxError> {
        self.inbox.idle(project_id).await
    }

    /// Claims nothing more, waits for what runs, and frees what still runs after `patience`.
    pub async fn drain(self, patience: Duration) -> DrainReport {
        let before = self.running.finished();
        self.stop.cancel();
        // It ends at its next look at `stop`. Should it have panicked, there is nothing to wait
        // for.
        let _ = self.claiming.await;
        self.runs.close();
        if tokio::time::timeout(patience, self.runs.wait())
            .await
            .is_err()
        {
            self.running.abandon();
            self.runs.wait().await;
        }
        let _ = self.beating.await;
        DrainReport {
            finished: self.running.finished() - before,
            released: self.running.released(),
        }
    }
}

async fn claim_until_stopped(running: Arc<Running>, runs: TaskTracker, stop: CancellationToken) {
    let settings = running.settings();
    let slots = Arc::new(Semaphore::new(settings.max_running as usize));
    let mut activity = running.inbox().activity.subscribe();
    let mut after = None;
    while !stop.is_cancelled() {
        activity.mark_unchanged();
        if let Err(error) = claim_round(&running, &runs, &slots, &mut after, &stop).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "events could not be claimed; trying again in {:?}",
                settings.poll
            );
            activity.mark_unchanged();
        }
        tokio::select! {
            () = stop.cancelled() => return,
            // The sender lives in `running`: it is not gone before this task is.
            _ = activity.changed() => {}
            () = tokio::time::sleep(settings.poll) => {}
        }
    }
}

/// Claims until all slots are taken, or until there is nothing to take.
async fn claim_round(
    running: &Arc<Running>,
    runs: &TaskTracker,
    slots: &Arc<Semaphore>,
    after: &mut Option<ProjectId>,
    stop: &CancellationToken,
) -> Result<(), InboxError> {
    let settings = running.settings();
    for _ in 0..MAX_CLAIMS {
        let free = slots.available_permits();
        if free == 0 {
            break;
        }
        let claims = running
            .inbox()
            .claim(&ClaimLimits {
                owner: &settings.owner,
                events: u32::try_from(free).unwrap_or(u32::MAX),
                running_per_project: settings.max_running_per_project,
                until: running.inbox().clock.now() + settings.lease,
                after: *after,
            })
            .await?;
        if stop.is_cancelled() {
            return running.give_back(claims.events).await;
        }
        for event in claims.events {
            // There is one for each: only this task takes slots.
            let Ok(slot) = slots.clone().try_acquire_owned() else {
                break;
            };
            runs.spawn(running.clone().run(event, slot));
        }
        *after = claims.next.or(*after);
        if claims.next.is_none() {
            break;
        }
    }
    Ok(())
}

async fn beat_until_stopped(running: Arc<Running>, runs: TaskTracker, stop: CancellationToken) {
    let mut beat = tokio::time::interval(running.settings().heartbeat);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let over = async {
        stop.cancelled().await;
        runs.wait().await;
    };
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return,
            _ = beat.tick() => running.extend_leases().await,
        }
    }
}
