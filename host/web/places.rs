//! The places in which requests run, and who keeps others out of them.
//!
//! One client has at most half of a project's places. Who lets a bot wait, for a body or for somebody who reads its
//! answer, keeps a place for as long as nobody else wants it.

use crate::projects::ProjectId;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// A network of IPv6 is one client: whoever has it has all of its addresses.
const NETWORK: u128 = !0 << 64;

pub(super) struct Places {
    per_project: usize,
    all: Arc<Semaphore>,
    projects: Gates<ProjectId>,
    clients: Gates<(ProjectId, IpAddr)>,
}

impl Places {
    pub(super) fn new(per_project: usize, all: usize) -> Self {
        Self {
            per_project,
            all: Arc::new(Semaphore::new(all)),
            projects: Gates::default(),
            clients: Gates::default(),
        }
    }

    /// Waits for a place: one of the client's, one of the project's, and one of the host's.
    pub(super) async fn take(
        &self,
        project: ProjectId,
        client: IpAddr,
    ) -> Result<Place, AcquireError> {
        let half = self.per_project.div_ceil(2);
        let client = self.clients.gate((project, network(client)), half);
        let own = self.projects.gate(project, self.per_project);
        let gates = [client, own.clone(), self.all.clone()];
        let mut permits = Vec::with_capacity(gates.len());
        for gate in gates {
            permits.push(gate.acquire_owned().await?);
        }
        Ok(Place {
            _permits: permits,
            wanted: Wanted {
                gates: [own, self.all.clone()],
            },
        })
    }
}

fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & NETWORK).into(),
    }
}

/// Semaphores by name, as long as somebody holds them.
struct Gates<K>(Mutex<HashMap<K, Weak<Semaphore>>>);

impl<K> Default for Gates<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Gates<K> {
    fn gate(&self, key: K, places: usize) -> Arc<Semaphore> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&key).and_then(Weak::upgrade) {
            return gate;
        }
        // Nobody waits at a gate that nobody holds.
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::new(Semaphore::new(places));
        gates.insert(key, Arc::downgrade(&gate));
        gate
    }
}

/// The right to run; it ends when this is dropped.
pub(super) struct Place {
    _permits: Vec<OwnedSemaphorePermit>,
    wanted: Wanted,
}

impl Place {
    /// A clock for one side of a visitor, who may keep the place for so long while others wait.
    pub(super) fn clock(&self, patience: Duration) -> Clock {
        let interval = (patience / 4).max(Duration::from_millis(1));
        Clock {
            wanted: self.wanted.clone(),
            patience,
            interval,
            waited: Duration::ZERO,
            since: None,
            look: Box::pin(sleep(interval)),
        }
    }
}

/// Whether others wait, as far as free places tell.
#[derive(Clone)]
struct Wanted {
    gates: [Arc<Semaphore>; 2],
}

impl Wanted {
    fn is_wanted(&self) -> bool {
        self.gates.iter().any(|gate| gate.available_permits() == 0)
    }
}

/// How long a visitor let the bot wait, in all: who sends a byte now and then does not begin anew.
pub(super) struct Clock {
    wanted: Wanted,
    patience: Duration,
    interval: Duration,
    waited: Duration,
    since: Option<Instant>,
    look: Pin<Box<Sleep>>,
}

impl Clock {
    /// The visitor did what was waited for.
    pub(super) fn stop(&mut self) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
    }

    /// Runs while the visitor is waited for. Ready when that took too long and the place is wanted.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        loop {
            let waited = self.waited + since.elapsed();
            if waited >= self.patience && self.wanted.is_wanted() {
                return Poll::Ready(());
            }
            ready!(self.look.as_mut().poll(context));
            self.look.as_mut().reset(Instant::now() + self.interval);
        }
    }

    /// The same as a future.
    pub(super) async fn over(&mut self) {
        poll_fn(|context| self.poll_over(context)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use futures::FutureExt as _;
    use uuid::Uuid;

    const LONG: Duration = Duration::from_secs(3600);

    /// A place, if there is one now.
    fn take(places: &Places, project: u128, client: &str) -> Option<Place> {
        let project = ProjectId(Uuid::from_u128(project));
        let taken = places.take(project, client.parse().unwrap());
        taken.now_or_never().map(Result::unwrap)
    }

    #[test]
    fn one_client_has_half_of_a_projects_places() {
        let places = Places::new(4, 100);
        let _first = take(&places, 1, "2001:db8::1").unwrap();
        let second = take(&places, 1, "2001:db8::2").unwrap();
        assert!(take(&places, 1, "2001:db8::3").is_none());
        let _of_another = take(&places, 2, "2001:db8::3").unwrap();
        let _third = take(&places, 1, "203.0.113.9").unwrap();
        drop(second);
        assert!(take(&places, 1, "2001:db8::3").is_some());
    }

    #[test]
    fn all_projects_together_have_so_many_places() {
        let places = Places::new(4, 1);
        let first = take(&places, 1, "203.0.113.9").unwrap();
        assert!(take(&places, 2, "203.0.113.10").is_none());
        drop(first);
        assert!(take(&places, 2, "203.0.113.10").is_some());
    }

    #[tokio::test]
    async fn a_place_is_kept_until_others_want_it() {
        let places = Places::new(2, 100);
        let slow = take(&places, 1, "203.0.113.9").unwrap();
        let mut over = slow.clock(Duration::ZERO);
        let mut patient = slow.clock(LONG);
        assert!(over.over().now_or_never().is_none());
        over.stop();
        let _last = take(&places, 1, "203.0.113.10").unwrap();
        assert!(over.over().now_or_never().is_some());
        assert!(patient.over().now_or_never().is_none());
        // What was waited before counts.
        patient.stop();
        patient.waited += LONG;
        assert!(patient.over().now_or_never().is_some());
    }
}
