//! Permits: instances are counted out before they are made, so that they never run out.
//!
//! Who comes when all are taken waits for its turn. Making images and trying new versions has a few
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
    _permit: Option<OwnedSemaphorePermit>,
}

/// The permits of a sandbox.
#[derive(Clone)]
pub(crate) struct Permits {
    events: Arc<Semaphore>,
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
    pub(super) fn new(instances: u32) -> Self {
        Self {
            events: Arc::new(Semaphore::new(instances as usize)),
            deploys: Arc::new(Semaphore::new(FOR_DEPLOYS as usize)),
            waiting: watch::Sender::new(0),
        }
    }

    pub(super) async fn get(&self, purpose: Purpose) -> Permit {
        let (semaphore, waits) = match purpose {
            Purpose::Event => (&self.events, true),
            Purpose::Deploy => (&self.deploys, false),
        };
        if let Ok(permit) = semaphore.clone().try_acquire_owned() {
            return Permit::of(permit);
        }
        let _waiting = waits.then(|| Waiting::begin(&self.waiting));
        match semaphore.clone().acquire_owned().await {
            Ok(permit) => Permit::of(permit),
            // Nobody closes it.
            Err(_) => Permit { _permit: None },
        }
    }
}

impl Permit {
    fn of(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _permit: Some(permit),
        }
    }
}

impl Sandbox {
    /// Instances that live now, those of deploys not counted.
    pub fn live_instances(&self) -> usize {
        let instances = self.settings.instances as usize;
        instances.saturating_sub(self.permits.events.available_permits())
    }

    /// How many wait for an instance, and changes of it: whoever keeps idle instances gives some up
    /// while it is not 0.
    pub fn waiting_for_instances(&self) -> watch::Receiver<usize> {
        self.permits.waiting.subscribe()
    }
}

impl Bot {
    /// Waits until there may be one more instance.
    pub async fn permit(&self, purpose: Purpose) -> Permit {
        self.sandbox.permits.get(purpose).await
    }
}
