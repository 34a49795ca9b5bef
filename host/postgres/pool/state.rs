//! Who has which connection, who waits, and who is next. No waiting here, and no I/O.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Grant, Key};
use crate::postgres::client::Client;

/// What a pool does now and has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolMetrics {
    /// Places taken: idle, in use, being opened and being closed.
    pub total: usize,
    pub idle: usize,
    pub in_use: usize,
    pub waiting: usize,
    /// Calls of `acquire` that could not be served at once.
    pub waits_total: u64,
    pub connects_total: u64,
    pub evictions_total: u64,
    /// Connections that were closed because something in their last use was unusual.
    pub given_up_total: u64,
    /// Calls of `acquire` that were not served in time.
    pub exhausted_total: u64,
}

pub(super) struct Idle {
    pub(super) client: Client,
    pub(super) opened: Instant,
    pub(super) since: Instant,
}

/// One waiter's turn.
pub(super) struct Next {
    pub(super) key: Key,
    pub(super) sender: oneshot::Sender<Grant>,
    /// The connection to use, or else a new one may be opened.
    pub(super) idle: Option<Idle>,
    /// Had to make room.
    pub(super) evicted: Option<Idle>,
}

pub(super) struct Slots {
    max_total: usize,
    max_per_tenant: usize,
    total: usize,
    tenants: HashMap<Key, Connections>,
    /// Tenants with waiters, in the order of their turns.
    turns: VecDeque<Key>,
    pub(super) metrics: PoolMetrics,
}

#[derive(Default)]
struct Connections {
    /// Places taken, the idle ones included.
    taken: usize,
    /// The last used is the last.
    idle: Vec<Idle>,
    waiters: VecDeque<oneshot::Sender<Grant>>,
    /// Connections in use before this are not taken back.
    forgotten: Option<Instant>,
}

impl Slots {
    pub(super) fn new(max_total: usize, max_per_tenant: usize) -> Self {
        Self {
            max_total,
            max_per_tenant,
            total: 0,
            tenants: HashMap::new(),
            turns: VecDeque::new(),
            metrics: PoolMetrics::default(),
        }
    }

    pub(super) fn wait(&mut self, key: &Key, sender: oneshot::Sender<Grant>) {
        let connections = self.tenants.entry(key.clone()).or_default();
        let is_first = connections.waiters.is_empty();
        let is_served_at_once = is_first
            && (!connections.idle.is_empty()
                || (connections.taken < self.max_per_tenant && self.total < self.max_total));
        connections.waiters.push_back(sender);
        if is_first {
            self.turns.push_back(key.clone());
        }
        if !is_served_at_once {
            self.metrics.waits_total += 1;
        }
    }

    /// The first waiter, by turns, that can be served. Takes the place that it is given.
    pub(super) fn next(&mut self) -> Option<Next> {
        for _ in 0..self.turns.len() {
            let key = self.turns.pop_front()?;
            match self.serve(&key) {
                Some(next) => {
                    if self.has_waiters(&key) {
                        self.turns.push_back(key);
                    }
                    return Some(next);
                }
                // Keeps its turn for when something is free, after those that can be served now.
                None if self.has_waiters(&key) => self.turns.push_back(key),
                None => self.tidy(&key),
            }
        }
        None
    }

    fn serve(&mut self, key: &Key) -> Option<Next> {
        let connections = self.tenants.get_mut(key)?;
        // Those who gave up waiting.
        connections.waiters.retain(|sender| !sender.is_closed());
        if connections.waiters.is_empty() {
            return None;
        }
        let next = |sender, idle, evicted| Next {
            key: key.clone(),
            sender,
            idle,
            evicted,
        };
        if let Some(idle) = connections.idle.pop() {
            let sender = connections.waiters.pop_front()?;
            return Some(next(sender, Some(idle), None));
        }
        if connections.taken >= self.max_per_tenant {
            return None;
        }
        let evicted = if self.total < self.max_total {
            None
        } else {
            Some(self.evict()?)
        };
        self.total += 1;
        let connections = self.tenants.get_mut(key)?;
        connections.taken += 1;
        let sender = connections.waiters.pop_front()?;
        Some(next(sender, None, evicted))
    }

    /// Takes the connection that has been idle longest, and its place.
    fn evict(&mut self) -> Option<Idle> {
        let oldest = |connections: &Connections| connections.idle.first().map(|idle| idle.since);
        let (key, _) = self
            .tenants
            .iter()
            .filter_map(|(key, connections)| Some((key, oldest(connections)?)))
            .min_by_key(|(_, since)| *since)?;
        let key = key.clone();
        let idle = self.tenants.get_mut(&key)?.idle.remove(0);
        self.metrics.evictions_total += 1;
        self.free(&key);
        Some(idle)
    }

    /// Frees a place, of which the connection is closed or closing.
    pub(super) fn free(&mut self, key: &Key) {
        self.total = self.total.saturating_sub(1);
        if let Some(connections) = self.tenants.get_mut(key) {
            connections.taken = connections.taken.saturating_sub(1);
        }
        self.tidy(key);
    }

    /// Takes a connection back. Gives it out again when it must be closed.
    pub(super) fn put(&mut self, key: &Key, idle: Idle) -> Option<Idle> {
        let Some(connections) = self.tenants.get_mut(key) else {
            return Some(idle);
        };
        if connections.forgotten.is_some_and(|at| idle.opened <= at) {
            return Some(idle);
        }
        connections.idle.push(idle);
        None
    }

    /// The tenant's idle connections, whose places are free at once.
    pub(super) fn forget(&mut self, key: &Key) -> Vec<Idle> {
        let Some(connections) = self.tenants.get_mut(key) else {
            return Vec::new();
        };
        connections.forgotten = Some(Instant::now());
        let idle = std::mem::take(&mut connections.idle);
        for _ in &idle {
            self.free(key);
        }
        idle
    }

    /// Idle connections past their time, which keep their places.
    pub(super) fn take_old(&mut self, idle_time: Duration, max_age: Duration) -> Vec<(Key, Idle)> {
        let is_old =
            |idle: &mut Idle| idle.since.elapsed() > idle_time || idle.opened.elapsed() > max_age;
        self.tenants
            .iter_mut()
            .flat_map(|(key, connections)| {
                let old: Vec<Idle> = connections.idle.extract_if(.., is_old).collect();
                old.into_iter().map(|idle| (key.clone(), idle))
            })
            .collect()
    }

    pub(super) fn metrics(&self) -> PoolMetrics {
        let idle = self
            .tenants
            .values()
            .map(|connections| connections.idle.len())
            .sum();
        let waiting = self
            .tenants
            .values()
            .flat_map(|connections| &connections.waiters)
            .filter(|sender| !sender.is_closed())
            .count();
        PoolMetrics {
            total: self.total,
            idle,
            in_use: self.total.saturating_sub(idle),
            waiting,
            ..self.metrics
        }
    }

    fn has_waiters(&self, key: &Key) -> bool {
        self.tenants
            .get(key)
            .is_some_and(|connections| !connections.waiters.is_empty())
    }

    /// Forgets a tenant that has nothing and waits for nothing.
    fn tidy(&mut self, key: &Key) {
        let is_unused = self
            .tenants
            .get(key)
            .is_some_and(|connections| connections.taken == 0 && connections.waiters.is_empty());
        if is_unused {
            self.tenants.remove(key);
        }
    }
}
