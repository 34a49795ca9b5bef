//! Permits: instances are counted out before they are made, and so is their memory, so that neither
//! runs out.
//!
//! An instance counts with what its budget lets it use. Who comes when all is taken waits for its turn. Making images and trying new versions has a few
//! instances of its own: a deploy waits for no event, and no event for a deploy.

use super::{Bot, Sandbox};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Instances that only deploys take, besides those of the settings.
pub(super) const FOR_DEPLOYS: u32 = 4;

/// What an instance is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An event, or a request to a bot's own routes.
    Event,
    /// An image, a handshake, a check.
    Deploy,
}

/// The right to have one instance, until it is dropped.
#[derive(Debug)]
pub struct Permit {
    _permits: [Option<OwnedSemaphorePermit>; 2],
}

/// The permits of a sandbox.
#[derive(Clone)]
pub(crate) struct Permits {
    events: Arc<Semaphore>,
    /// MiB that the budgets of events' instances may come to.
    memory: Arc<Semaphore>,
    memory_mib: u32,
    deploys: Arc<Semaphore>,
    waiting: watch::Sender<usize>,
}

/// Counts one who waits, for as long as it does.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn begin(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|waiting| *waiting += 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl Permits {
    pub(super) fn new(instances: u32, memory_bytes: u64) -> Self {
        let memory_mib = u32::try_from(memory_bytes >> 20).unwrap_or(u32::MAX).max(1);
        Self {
            events: Arc::new(Semaphore::new(instances as usize)),
            memory: Arc::new(Semaphore::new(memory_mib as usize)),
            memory_mib,
            deploys: Arc::new(Semaphore::new(FOR_DEPLOYS as usize)),
            waiting: watch::Sender::new(0),
        }
    }

    /// For an instance whose budget has so much memory.
    pub(super) async fn get(&self, purpose: Purpose, memory_bytes: usize) -> Permit {
        if purpose == Purpose::Deploy {
            let permit = self.deploys.clone().acquire_owned().await.ok();
            return Permit {
                _permits: [permit, None],
            };
        }
        // One that asks for more than there is gets what there is, alone.
        let mib = u32::try_from(memory_bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
        let mib = mib.min(self.memory_mib);
        if let Ok(memory) = self.memory.clone().try_acquire_many_owned(mib)
            && let Ok(permit) = self.events.clone().try_acquire_owned()
        {
            return Permit {
                _permits: [Some(permit), Some(memory)],
            };
        }
        let _waiting = Waiting::begin(&self.waiting);
        // Nobody closes them: each ends with a permit.
        let memory = self.memory.clone().acquire_many_owned(mib).await.ok();
        let permit = self.events.clone().acquire_owned().await.ok();
        Permit {
            _permits: [permit, memory],
        }
    }
}

impl Sandbox {
    /// How many wait for an instance, and changes of it: whoever keeps idle instances gives some up
    /// while it is not 0.
    pub fn waiting_for_instances(&self) -> watch::Receiver<usize> {
        self.permits.waiting.subscribe()
    }
}

impl Bot {
    /// Waits until there may be one more instance, with so much memory.
    pub async fn permit(&self, purpose: Purpose, memory_bytes: usize) -> Permit {
        self.sandbox.permits.get(purpose, memory_bytes).await
    }
}
