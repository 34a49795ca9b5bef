//! Claims events and has them run, as many at once as there are slots.
//!
//! One task claims. It looks when something arrived in this process, when a run that ended lets
//! another begin, and every `poll` in any case, for back-offs that are over, leases that ran out and
//! calls that it missed (`herald`).
//! Each event runs in a task of its own (`running`). One more task extends the leases of all of
//! them, and one ends what waited too long, with an eye on the clock by which it did (`jumps`).
//!
//! Live events go first. When all slots are wanted, one start in eight is still a bulk one. One slot in
//! eight is for projects of which nothing runs: what takes long fills the others, and who writes to
//! somebody else's bot does not wait for it.
//!
//! The end: [`DispatcherHandle::drain`] stops claiming, waits, then frees what still runs. Dropping
//! the handle does the same without waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::herald::Herald;
use super::jumps::ClockWatch;
use super::lease::{ClaimLimits, Claims};
use super::model::EventHandler;
use super::retry::RetryPolicy;
use super::running::Running;
use super::store::{Inbox, InboxError};
use crate::projects::ProjectId;

/// Claims in one round. Each sees many projects, and most often the first sees all.
const MAX_CLAIMS: u32 = 64;

/// Projects that a claim looks at first: one for each free slot, within bounds. Looking at all of
/// them to fill one slot would cost more than the run.
const MIN_VISITS: u32 = 16;
const MAX_VISITS: u32 = 512;

/// While all slots are taken, how long a claim waits for more of them to become free: one claim for
/// several costs little more than for one.
const GATHER: Duration = Duration::from_millis(3);

/// Live starts before a bulk one may go first.
const LIVE_TO_BULK: u32 = 7;

/// Of so many slots one is kept for projects of which nothing runs.
const SLOTS_TO_KEPT: u32 = 8;

/// How often events that waited too long are looked for.
const EXPIRY: Duration = Duration::from_secs(5);

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
    /// Ends what is told between hosts, which goes on while runs end.
    silence: CancellationToken,
    /// Stops and frees everything when the handle is dropped.
    _guards: [DropGuard; 3],
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
        let silence = CancellationToken::new();
        let guards = [&stop, &abandon, &silence].map(|token| token.clone().drop_guard());
        let herald = Arc::new(Herald::new(inbox.clone(), settings.owner.clone()));
        let (calling, listening) = (herald.clone(), herald.clone());
        let (ends, too) = (silence.clone(), silence.clone());
        tokio::spawn(async move { calling.call_until(ends).await });
        tokio::spawn(async move { listening.listen_until(too).await });
        let lease = settings.lease;
        tokio::spawn(expire_until_stopped(inbox.clone(), lease, stop.clone()));
        let running = Arc::new(Running::new(inbox.clone(), handler, settings, abandon));
        let runs = TaskTracker::new();
        let claiming = tokio::spawn(
            Claiming {
                slots: Arc::new(Semaphore::new(running.settings().max_running as usize)),
                running: running.clone(),
                runs: runs.clone(),
                herald,
                after: None,
                live_starts: 0,
            }
            .until_stopped(stop.clone()),
        );
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
            silence,
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
        self.silence.cancel();
        DrainReport {
            finished: self.running.finished() - before,
            released: self.running.released(),
        }
    }
}

/// The task that claims.
struct Claiming {
    running: Arc<Running>,
    runs: TaskTracker,
    slots: Arc<Semaphore>,
    herald: Arc<Herald>,
    /// Where the last claim ended.
    after: Option<ProjectId>,
    /// Live starts that bulk is still owed its part of.
    live_starts: u32,
}

impl Claiming {
    async fn until_stopped(mut self, stop: CancellationToken) {
        let running = self.running.clone();
        let poll = running.settings().poll;
        let mut claimable = running.inbox().claimable.subscribe();
        while !stop.is_cancelled() {
            claimable.mark_unchanged();
            if let Err(error) = self.round(&stop).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "events could not be claimed; trying again in {poll:?}"
                );
                claimable.mark_unchanged();
            }
            let was_full = self.slots.available_permits() == 0;
            tokio::select! {
                () = stop.cancelled() => break,
                // The sender lives in `running`: it is not gone before this task is.
                _ = claimable.changed() => {}
                () = tokio::time::sleep(poll) => {}
            }
            if was_full {
                tokio::time::sleep(GATHER).await;
            }
        }
        self.herald.cannot_take();
    }

    /// Claims until all slots are taken, or until there is nothing to take.
    async fn round(&mut self, stop: &CancellationToken) -> Result<(), InboxError> {
        let mut visits = MIN_VISITS;
        for _ in 0..MAX_CLAIMS {
            let free = self.free_slots();
            if free == 0 {
                self.herald.cannot_take();
                break;
            }
            visits = visits.max(free).clamp(MIN_VISITS, MAX_VISITS);
            let ends = self.running.ends();
            let kept = self.running.settings().max_running / SLOTS_TO_KEPT;
            let (events, only_idle) = match free.saturating_sub(kept) {
                0 => (free, true),
                common => (common, false),
            };
            if only_idle {
                self.herald.cannot_take();
            }
            let claims = self.claim(events, visits, only_idle).await?;
            if stop.is_cancelled() {
                return self.running.give_back(claims.events).await;
            }
            for event in claims.events {
                // There is one for each: only this task takes slots.
                let Ok(slot) = self.slots.clone().try_acquire_owned() else {
                    break;
                };
                self.runs.spawn(self.running.clone().run(event, slot));
            }
            self.after = claims.next.or(self.after);
            if claims.is_held {
                self.running.wants_an_end();
            }
            if claims.next.is_none() {
                // What ended meanwhile may have made room, and was not told of.
                if claims.is_held && self.running.ends() != ends {
                    continue;
                }
                break;
            }
            // Nothing much was found among these: look further.
            visits = visits.saturating_mul(2);
        }
        Ok(())
    }

    /// When there are none, the next one that becomes free is told of.
    fn free_slots(&self) -> u32 {
        let mut free = self.slots.available_permits();
        if free == 0 {
            self.running.wants_an_end();
            free = self.slots.available_permits();
        }
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    async fn claim(
        &mut self,
        events: u32,
        visits: u32,
        only_idle: bool,
    ) -> Result<Claims, InboxError> {
        let settings = self.running.settings();
        let limits = ClaimLimits {
            owner: &settings.owner,
            events,
            bulk_first: self.live_starts / LIVE_TO_BULK,
            visits,
            running_per_project: settings.max_running_per_project,
            only_idle,
            lease: settings.lease,
            after: self.after,
        };
        let claims = self.running.inbox().claim(&limits).await?;
        let live = u32::try_from(claims.events.len())
            .unwrap_or(u32::MAX)
            .saturating_sub(claims.bulk);
        // What nobody claimed is not saved up: a slot's worth at most.
        self.live_starts = (self.live_starts + live)
            .saturating_sub(claims.bulk.saturating_mul(LIVE_TO_BULK))
            .min(LIVE_TO_BULK * settings.max_running.div_ceil(8));
        Ok(claims)
    }
}

async fn expire_until_stopped(inbox: Inbox, lease: Duration, stop: CancellationToken) {
    let mut watch = ClockWatch::default();
    let mut due = tokio::time::interval(EXPIRY);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = due.tick() => {}
        }
        let expired = async {
            // What stands in for the database's clock jumps as it likes.
            if inbox.clock.is_the_databases() {
                inbox
                    .look_at_clock(&mut watch, Instant::now(), lease)
                    .await?;
            }
            inbox.expire().await
        };
        if let Err(error) = expired.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "events that waited too long could not be ended; trying again in {EXPIRY:?}"
            );
        }
    }
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
