//! Bytes that the host holds for requests between one project's bots and Meta.
//!
//! A bot may have hundreds of requests under way, and read none of the answers. What is held for them
//! is let in under a budget of the project: who finds no room waits a while, then fails, and nothing
//! of another project waits with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::rooms::Rooms;

/// How many bytes there may be, and how long they are waited for.
#[derive(Debug, Clone)]
pub struct InFlightLimits {
    /// Of answers, for all runs of a project on this host.
    pub answers: u32,
    /// Of requests, likewise.
    pub requests: u32,
    /// How long one waits for room.
    pub patience: Duration,
}

impl Default for InFlightLimits {
    fn default() -> Self {
        Self {
            answers: 64 << 20,
            requests: 64 << 20,
            patience: Duration::from_secs(10),
        }
    }
}

/// What is free again from this many bytes on is worth giving back to the kernel.
const PEAK_BYTES: usize = 16 << 20;

/// Peaks that follow on one another are one.
const SETTLED: Duration = Duration::from_secs(1);

/// The budgets of all projects.
#[derive(Clone)]
pub(super) struct InFlight {
    answers: Budgets,
    requests: Budgets,
}

/// Budgets of one kind.
#[derive(Clone)]
struct Budgets {
    rooms: Rooms,
    bytes: u32,
    patience: Duration,
    peaks: Peaks,
}

/// A project's budget. Clones are the same one.
#[derive(Clone)]
pub(super) struct Room {
    free: Arc<Semaphore>,
    bytes: u32,
    patience: Duration,
    peaks: Peaks,
}

/// Bytes that are counted until this is dropped.
pub struct Held {
    permit: Option<OwnedSemaphorePermit>,
    room: Room,
}

/// There was no room for a while.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// What happens after many bytes were held: the memory goes back.
#[derive(Clone)]
struct Peaks {
    after: fn(),
    settled: Duration,
    is_due: Arc<AtomicBool>,
}

impl InFlight {
    /// `after` is called some time after many bytes were held, from a thread that may wait.
    pub(super) fn new(limits: &InFlightLimits, after: fn()) -> Self {
        let peaks = Peaks {
            after,
            settled: SETTLED,
            is_due: Arc::default(),
        };
        let budgets = |bytes: u32| Budgets {
            rooms: Rooms::new(bytes as usize),
            bytes,
            patience: limits.patience,
            peaks: peaks.clone(),
        };
        Self {
            answers: budgets(limits.answers),
            requests: budgets(limits.requests),
        }
    }

    /// Room for answers to a project.
    pub(super) fn answers(&self, project_id: Uuid) -> Room {
        self.answers.of(project_id)
    }

    /// Room for requests of a project.
    pub(super) fn requests(&self, project_id: Uuid) -> Room {
        self.requests.of(project_id)
    }
}

impl Budgets {
    fn of(&self, project_id: Uuid) -> Room {
        Room {
            free: self.rooms.of(project_id),
            bytes: self.bytes,
            patience: self.patience,
            peaks: self.peaks.clone(),
        }
    }
}

impl Room {
    /// Waits for room for so many bytes; for all there is, when they are more.
    pub(super) async fn take(&self, bytes: usize) -> Result<Held, Full> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.bytes);
        let permit = self.free.clone().acquire_many_owned(bytes);
        match tokio::time::timeout(self.patience, permit).await {
            Ok(Ok(permit)) => Ok(Held {
                permit: Some(permit),
                room: self.clone(),
            }),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }
}

impl Held {
    /// Gives back what is more than so many bytes.
    pub fn keep(&mut self, bytes: usize) {
        let Some(permit) = &mut self.permit else {
            return;
        };
        let rest = permit.num_permits().saturating_sub(bytes);
        drop(permit.split(rest));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Room {
            bytes, free, peaks, ..
        } = &self.room;
        let used = (*bytes as usize).saturating_sub(free.available_permits());
        drop(self.permit.take());
        if used >= PEAK_BYTES {
            peaks.note();
        }
    }
}

impl Peaks {
    fn note(&self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.is_due.swap(true, Ordering::Relaxed) {
            return;
        }
        let Self {
            after,
            settled,
            is_due,
        } = self.clone();
        runtime.spawn(async move {
            tokio::time::sleep(settled).await;
            is_due.store(false, Ordering::Relaxed);
            // Whether it ran to its end, nobody waits for.
            let _ = tokio::task::spawn_blocking(after).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test]
    async fn a_project_has_one_budget_and_its_own() {
        let limits = InFlightLimits {
            answers: 100,
            requests: 100,
            patience: Duration::ZERO,
        };
        let all = InFlight::new(&limits, || {});
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let held = all.answers(one).take(60).await.unwrap();
        assert_eq!(all.answers(one).take(60).await.err(), Some(Full));
        assert!(all.answers(other).take(60).await.is_ok());
        assert!(all.requests(one).take(60).await.is_ok());
        drop(held);
        assert!(all.answers(one).take(60).await.is_ok());
    }

    static CALLS: AtomicUsize = AtomicUsize::new(0);

    #[tokio::test]
    async fn memory_goes_back_once_after_a_peak() {
        let limits = InFlightLimits::default();
        let mut all = InFlight::new(&limits, || {
            CALLS.fetch_add(1, Ordering::Relaxed);
        });
        all.answers.peaks.settled = Duration::ZERO;
        let room = all.answers(Uuid::nil());
        drop(room.take(1 << 20).await.unwrap());
        assert!(!all.answers.peaks.is_due.load(Ordering::Relaxed));
        for _ in 0..3 {
            drop(room.take(PEAK_BYTES).await.unwrap());
        }
        assert!(all.answers.peaks.is_due.load(Ordering::Relaxed));
        while CALLS.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!all.answers.peaks.is_due.load(Ordering::Relaxed));
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    }
}
