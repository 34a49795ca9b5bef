//! The platform: one shared object behind both listeners.
//!
//! The world (what exists) is behind one lock that is never held over an `await`. Whoever changes
//! it does so through [`Platform::edit`], which wakes the long polls and the writer of the state
//! file. Tasks (statuses, deliveries) belong to an [`Epoch`]; a reset ends one and starts another.

pub(crate) mod agenda;
pub(crate) mod kinds;
pub(crate) mod limits;
pub(crate) mod model;
pub(crate) mod store;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
pub(crate) mod world;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::faults::Faults;
use crate::outbox::Outbox;
use crate::outstanding::{Epoch, lock};
use crate::platform::limits::RateLimits;
use crate::platform::world::World;

/// The longest that a long poll may wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Everything that both listeners share.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) clock: Clock,
    pub(crate) graph_url: String,
    /// The key of the hashes in media URLs.
    pub(crate) media_key: String,
    pub(crate) history: usize,
    pub(crate) http: reqwest::Client,
    pub(crate) outbox: Outbox,
    /// Cancelled when the emulator shuts down.
    pub(crate) stopping: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Told that the clock was moved, or that something new will happen by itself.
    pub(crate) agenda: Notify,
    /// Told that the world changed since it was last written.
    pub(crate) unsaved: Notify,
    world: Mutex<World>,
    settings: Mutex<Settings>,
    faults: Mutex<Faults>,
    limits: Mutex<RateLimits>,
    rng: Mutex<StdRng>,
    epoch: Mutex<Arc<Epoch>>,
    revision: watch::Sender<u64>,
}

impl Platform {
    pub(crate) fn new(
        config: &Config,
        world: World,
        graph_url: String,
    ) -> Result<Self, reqwest::Error> {
        let (revision, _) = watch::channel(0);
        let stopping = CancellationToken::new();
        Ok(Self {
            clock: Clock::default(),
            graph_url,
            media_key: crate::ids::app_secret(),
            history: config.history.max(1),
            http: client()?,
            outbox: Outbox::new(config.history.max(1)),
            tasks: TaskTracker::new(),
            agenda: Notify::new(),
            unsaved: Notify::new(),
            world: Mutex::new(world),
            settings: Mutex::new(config.settings.clone()),
            faults: Mutex::default(),
            limits: Mutex::default(),
            rng: Mutex::new(StdRng::seed_from_u64(config.seed)),
            epoch: Mutex::new(Arc::new(Epoch::new(&stopping, revision.clone()))),
            revision,
            stopping,
        })
    }

    /// The world, to read.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// Changes the world.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let outcome = change(&mut self.world());
        self.unsaved.notify_one();
        self.announce();
        outcome
    }

    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        *lock(&self.settings) = settings;
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn limits(&self) -> MutexGuard<'_, RateLimits> {
        lock(&self.limits)
    }

    pub(crate) fn rng(&self) -> MutexGuard<'_, StdRng> {
        lock(&self.rng)
    }

    pub(crate) fn epoch(&self) -> Arc<Epoch> {
        lock(&self.epoch).clone()
    }

    /// Ends the tasks of the epoch and starts another.
    pub(crate) fn start_epoch(&self) {
        let next = Arc::new(Epoch::new(&self.stopping, self.revision.clone()));
        let last = std::mem::replace(&mut *lock(&self.epoch), next);
        last.end();
        self.announce();
    }

    /// A delay within the configured range for statuses.
    pub(crate) fn status_delay(&self) -> Duration {
        let range = lock(&self.settings).status_delay_ms;
        let delay_ms = self
            .rng()
            .random_range(range.min..=range.max.max(range.min));
        Duration::from_millis(delay_ms)
    }

    /// Wakes everybody who waits in [`Self::wait_for`].
    pub(crate) fn announce(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }

    /// Asks again after every change until there is an answer, the wait is over or the emulator
    /// stops.
    pub(crate) async fn wait_for<T>(
        &self,
        wait: Duration,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let mut revisions = self.revision.subscribe();
        let deadline = tokio::time::Instant::now() + wait.min(LONGEST_WAIT);
        loop {
            revisions.mark_unchanged();
            if let Some(answer) = probe() {
                return Some(answer);
            }
            tokio::select! {
                _ = revisions.changed() => {}
                () = tokio::time::sleep_until(deadline) => return None,
                () = self.stopping.cancelled() => return None,
            }
        }
    }
}

/// The client that calls callbacks.
///
/// Redirects are not followed and no proxy of the environment is used: a callback is exactly
/// where it was said to be.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("facebookexternalua")
        .build()
}
