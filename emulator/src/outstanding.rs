//! What the platform still has to do: the statuses and deliveries of the present epoch.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The time between two resets. Its tasks end with it.
#[derive(Debug)]
pub(crate) struct Epoch {
    pub(crate) ended: CancellationToken,
    statuses: AtomicUsize,
    deliveries: AtomicUsize,
    revision: watch::Sender<u64>,
}

/// How much is outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outstanding {
    /// Messages whose statuses are not all out.
    pub statuses: usize,
    /// Webhooks that are neither delivered nor given up.
    pub deliveries: usize,
}

/// What a task is busy with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Duty {
    Statuses,
    Delivery,
}

/// Counts as outstanding until it is dropped.
#[derive(Debug)]
pub(crate) struct OnDuty {
    epoch: Arc<Epoch>,
    duty: Duty,
}

impl Epoch {
    pub(crate) fn new(stopping: &CancellationToken, revision: watch::Sender<u64>) -> Self {
        Self {
            ended: stopping.child_token(),
            statuses: AtomicUsize::new(0),
            deliveries: AtomicUsize::new(0),
            revision,
        }
    }

    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    pub(crate) fn outstanding(&self) -> Outstanding {
        Outstanding {
            statuses: self.statuses.load(Ordering::SeqCst),
            deliveries: self.deliveries.load(Ordering::SeqCst),
        }
    }

    pub(crate) fn begin(self: &Arc<Self>, duty: Duty) -> OnDuty {
        self.count(duty).fetch_add(1, Ordering::SeqCst);
        OnDuty {
            epoch: self.clone(),
            duty,
        }
    }

    fn count(&self, duty: Duty) -> &AtomicUsize {
        match duty {
            Duty::Statuses => &self.statuses,
            Duty::Delivery => &self.deliveries,
        }
    }
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        self.epoch.count(self.duty).fetch_sub(1, Ordering::SeqCst);
        self.epoch.revision.send_modify(|revision| *revision += 1);
    }
}

/// A poisoned lock is taken as it is: nothing panics half-way through a change, and a test that
/// did must not take the other tests' requests with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
