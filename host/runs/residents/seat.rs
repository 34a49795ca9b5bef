//! A project's seat on this host, and the turns in it.

use super::ResidentSettings;
use crate::capabilities::Grants;
use crate::deploys::Serving;
use crate::sandbox::{Budget, Instance, Permit, RunError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct Seat {
    /// What sits here between events.
    pub(super) live: Arc<tokio::sync::Mutex<Option<Live>>>,
    marks: Mutex<Marks>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    /// When somebody last took or left the seat.
    pub(super) used: Option<Instant>,
    /// Until when the residency is certainly this host's.
    pub(super) held_until: Option<Instant>,
    /// Counts what ended instances from outside: one at work since before does not come back.
    pub(super) ended: u32,
}

pub(super) struct Live {
    instance: Instance,
    serving: Arc<Serving>,
    pub(super) born: Instant,
    pub(super) left: Instant,
    events: u32,
}

/// The right to use a project's resident instance.
pub(in crate::runs) struct Turn {
    pub(super) seat: Arc<Seat>,
    pub(super) room: OwnedMutexGuard<Option<Live>>,
    pub(super) settings: ResidentSettings,
    pub(super) ended: u32,
}

/// An instance at work, out of its seat. It goes before its turn does, so that who comes next finds its place free.
pub(in crate::runs) struct AtWork {
    live: Live,
    turn: Turn,
}

impl Seat {
    /// Ends what sits here, or will when its event is done; gives whether it is gone now.
    pub(super) fn end(&self) -> bool {
        self.marks().ended += 1;
        match self.live.clone().try_lock_owned() {
            Ok(mut room) => {
                room.take();
                true
            }
            Err(_) => false,
        }
    }

    pub(super) fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Whether an instance of this very version sits here. One of another ends.
    pub(in crate::runs) fn is_live(&mut self, serving: &Arc<Serving>) -> bool {
        let fits = |live: &Live| Arc::ptr_eq(&live.serving, serving);
        if !self.room.as_ref().is_some_and(fits) {
            self.room.take();
        }
        self.room.is_some()
    }

    /// The instance of the seat, armed for an event, or a new one with the permit.
    pub(in crate::runs) async fn begin(
        mut self: Box<Self>,
        serving: &Arc<Serving>,
        permit: Option<Permit>,
        budget: Budget,
        grants: Grants,
    ) -> Result<AtWork, RunError> {
        let live = match (self.room.take(), permit) {
            (Some(mut live), _) => {
                live.instance.rearm(budget, grants);
                live
            }
            (None, permit) => {
                let permit = match permit {
                    Some(permit) => permit,
                    None => serving.permit().await,
                };
                let bot = &serving.bot;
                let instance = Instance::start_with(permit, bot, budget, grants).await?;
                let now = Instant::now();
                Live {
                    instance,
                    serving: serving.clone(),
                    born: now,
                    left: now,
                    events: 0,
                }
            }
        };
        Ok(AtWork { turn: *self, live })
    }
}

impl AtWork {
    pub(in crate::runs) fn instance(&mut self) -> &mut Instance {
        &mut self.live.instance
    }

    /// Goes back into the seat, unless the instance has served its time.
    pub(in crate::runs) fn leave(self) {
        let Self { mut turn, mut live } = self;
        live.instance.disarm();
        live.events += 1;
        live.left = Instant::now();
        turn.seat.marks().used = Some(live.left);
        let most = live.serving.memory_bytes / 100 * turn.settings.memory_percent;
        let memory = live.instance.memory_bytes();
        let age = live.born.elapsed();
        let reason = if turn.seat.marks().ended != turn.ended {
            Some("the project changed")
        } else if live.events >= turn.settings.events {
            Some("its number of events")
        } else if age >= turn.settings.age {
            Some("its age")
        } else if memory > most {
            Some("its memory")
        } else {
            None
        };
        match reason {
            None => *turn.room = Some(live),
            Some(reason) => tracing::info!(
                project = &*live.serving.project_name,
                events = live.events,
                age_s = age.as_secs(),
                memory_bytes = memory,
                "a resident instance was ended: {reason}"
            ),
        }
    }
}
