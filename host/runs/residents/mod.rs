//! Resident instances: one for each project that asks for it, which keeps its memory between events.
//!
//! A project has a *seat* on this host, and whoever sits in it has the instance to itself: events
//! and web requests of the project take turns. The instance leaves the seat for its event and comes
//! back only when all went well, so that whatever ends a run early (an error, a lost lease, a
//! client that went away) ends the instance with it. It is also ended by [`ResidentSettings`], by
//! whatever makes the host prepare the version anew (a deploy, a secret, a number: the seat compares
//! the [`crate::deploys::Serving`] it was made from), and when instances are scarce, the longest idle first.
//!
//! Between events nothing of an instance runs: its timers stand still, and what fell due meanwhile
//! runs when the next event begins. It has no grants then either.
//!
//! The memory is on one host: a row in `residency`, in force while the instance lives, keeps the
//! project's events there.

mod keeper;
mod seat;
mod store;

use crate::projects::ProjectId;
use seat::Seat;
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::ResidencyStore;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(super) use seat::{AtWork, Turn};

/// When a resident instance ends although nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidentSettings {
    /// Without an event for so long.
    pub idle: Duration,
    /// After so many events.
    pub events: u32,
    /// This long after its start.
    pub age: Duration,
    /// When its memory is more than so many hundredths of the budget after an event.
    pub memory_percent: usize,
    /// How long a host may be silent before another may take its residents' events.
    pub lease: Duration,
}

impl Default for ResidentSettings {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(10 * 60),
            events: 10_000,
            age: Duration::from_secs(60 * 60),
            memory_percent: 75,
            lease: Duration::from_secs(30),
        }
    }
}

/// The resident instances of this host. Clones share them.
#[derive(Clone)]
pub struct Residents(Arc<Inner>);

struct Inner {
    settings: ResidentSettings,
    store: ResidencyStore,
    seats: Mutex<HashMap<ProjectId, Arc<Seat>>>,
    /// Ends the keeper with the last clone.
    _keeper: DropGuard,
}

/// Why nobody may sit down.
#[derive(Debug, thiserror::Error)]
pub enum NoTurn {
    /// Others were in front for too long.
    #[error("the project's resident instance was busy for {0:?}: it handles one event at a time")]
    Busy(Duration),
    /// The project's memory is on another host.
    #[error("the project's resident instance lives on another host")]
    Elsewhere,
    /// Who has it could not be found out.
    #[error("it could not be found out where the project's resident instance lives")]
    Store(#[source] sqlx::Error),
}

impl Residents {
    /// No instances yet. `owner` names this host to the others.
    /// `waiting` counts who waits for an instance: while somebody does, idle residents end.
    pub fn new(
        pool: PgPool,
        owner: &str,
        waiting: watch::Receiver<usize>,
        settings: ResidentSettings,
    ) -> Self {
        let stop = CancellationToken::new();
        let store = ResidencyStore {
            pool,
            owner: owner.to_owned(),
            lease: settings.lease,
        };
        let inner = Arc::new(Inner {
            settings,
            store,
            seats: Mutex::default(),
            _keeper: stop.clone().drop_guard(),
        });
        tokio::spawn(keeper::keep(
            Arc::downgrade(&inner),
            settings,
            waiting,
            stop,
        ));
        Self(inner)
    }

    /// Waits for the project's turn.
    pub(super) async fn turn(
        &self,
        project: ProjectId,
        patience: Duration,
    ) -> Result<Turn, NoTurn> {
        let seat = self.0.seats().entry(project).or_default().clone();
        let waiting = tokio::time::timeout(patience, seat.live.clone().lock_owned());
        let room = waiting.await.map_err(|_| NoTurn::Busy(patience))?;
        let now = Instant::now();
        if seat.marks().held_until.is_none_or(|until| until <= now) {
            match self.0.store.hold(project).await {
                Ok(true) => {}
                Ok(false) => return Err(NoTurn::Elsewhere),
                Err(error) => return Err(NoTurn::Store(error)),
            }
            seat.marks().held_until = Some(now + self.0.settings.lease);
        }
        let ended = {
            let mut marks = seat.marks();
            marks.used = Some(now);
            marks.ended
        };
        Ok(Turn {
            seat,
            room,
            settings: self.0.settings,
            ended,
        })
    }

    /// Ends a project's instance, now or when its event is done: the next one starts anew.
    pub async fn end(&self, project: ProjectId) {
        let Some(seat) = self.0.seats().get(&project).cloned() else {
            return;
        };
        if seat.end() {
            seat.marks().held_until = None;
            self.0.release(&[project]).await;
        }
    }

    /// Ends all that are idle, and gives their residencies up.
    pub async fn stop(&self) {
        let projects: Vec<ProjectId> = self
            .0
            .all()
            .into_iter()
            .map(|(project, _)| project)
            .collect();
        for project in &projects {
            self.end(*project).await;
        }
    }
}

impl Inner {
    fn seats(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Seat>>> {
        // Nothing panics while it holds the lock.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<(ProjectId, Arc<Seat>)> {
        let seats = self.seats();
        seats.iter().map(|(id, seat)| (*id, seat.clone())).collect()
    }

    async fn release(&self, projects: &[ProjectId]) {
        if projects.is_empty() {
            return;
        }
        if let Err(error) = self.store.release(projects).await {
            tracing::warn!(%error, "residencies could not be given up: they run out by themselves");
        }
    }
}
