//! Connections of many tenants under one cap.
//!
//! A connection belongs to one tenant for life: it logged in as that tenant. The pool keeps few of each
//! and, when the cap is reached, closes the idle one that was used longest ago to make room for another
//! tenant. Tenants that wait are served in turns, one waiter each, so that a busy one cannot starve
//! others.
//!
//! What ends a connection: idle time, age, room for another tenant, anything unusual in its last use (a
//! dropped future, a deadline, a refused message), a word of the server that nobody asked for.
//!
//! Not here: what is sent over a connection (`client`, `database`).

mod lease;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

pub use lease::Lease;
pub use state::PoolMetrics;

use super::address::{Endpoint, Tenant};
use super::client::Client;
use super::error::DbError;
use super::login::Login;
use state::{Next, Slots};

#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// Connections in all. With several hosts their sum must stay below the server's own limit, and
    /// leave room for the control plane.
    pub max_total: usize,
    pub max_per_tenant: usize,
    pub idle_time: Duration,
    /// A connection is not used again past this age; its server process has grown by then.
    pub max_age: Duration,
    /// Logins under way at once: each makes the server fork.
    pub max_connecting: usize,
    /// From the call of `acquire` to a connection.
    pub acquire_deadline: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_total: 100,
            max_per_tenant: 2,
            idle_time: Duration::from_secs(60),
            max_age: Duration::from_secs(30 * 60),
            max_connecting: 8,
            acquire_deadline: Duration::from_secs(10),
        }
    }
}

/// Whose connections may be exchanged for one another: one role in one database of one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    endpoint: Endpoint,
    database: String,
    role: String,
}

impl Key {
    fn of(tenant: &Tenant) -> Self {
        Self {
            endpoint: tenant.cell.endpoint.clone(),
            database: tenant.cell.database.clone(),
            role: tenant.role().to_owned(),
        }
    }
}

/// Cheap to clone; all clones are one pool.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    config: PoolConfig,
    slots: Mutex<Slots>,
    connecting: Semaphore,
}

/// A place under the cap. Dropping it frees the place and serves who waits.
struct Slot {
    shared: Arc<Shared>,
    key: Key,
    is_kept: bool,
}

impl Slot {
    fn new(shared: &Arc<Shared>, key: Key) -> Self {
        Self {
            shared: Arc::clone(shared),
            key,
            is_kept: false,
        }
    }

    /// The place stays taken: its connection is idle now.
    fn keep(mut self) {
        self.is_kept = true;
    }
}

/// What a waiter is given. Whatever becomes of the waiter, dropping this gives it back.
enum Grant {
    Connect(Slot),
    Reuse(Box<Lease>),
}

impl Pool {
    /// Must be called within a Tokio runtime: a task of the pool closes idle connections.
    pub fn new(config: PoolConfig) -> Self {
        let shared = Arc::new(Shared {
            connecting: Semaphore::new(config.max_connecting),
            slots: Mutex::new(Slots::new(config.max_total, config.max_per_tenant)),
            config,
        });
        tokio::spawn(close_old(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// A connection of `tenant`, logged in as its role.
    ///
    /// Fails with `PoolExhausted` when none is free in time, with `Unavailable` when the server takes
    /// no login.
    ///
    /// Cancel safety: dropping the future gives back what it had.
    pub async fn acquire(&self, tenant: &Tenant) -> Result<Lease, DbError> {
        let deadline = Instant::now() + self.shared.config.acquire_deadline;
        let key = Key::of(tenant);
        loop {
            let grant = match timeout_at(deadline, self.shared.grant(&key)).await {
                Ok(grant) => grant,
                Err(_) => {
                    self.shared.slots().metrics.exhausted_total += 1;
                    return Err(DbError::PoolExhausted);
                }
            };
            match grant {
                Grant::Reuse(mut lease) => {
                    if lease.is_alive() {
                        return Ok(*lease);
                    }
                    lease.give_up();
                }
                Grant::Connect(slot) => {
                    let connected = timeout_at(deadline, self.shared.connect(tenant)).await;
                    let client = connected.unwrap_or_else(|_| {
                        Err(DbError::Unavailable("the login took too long".to_owned()))
                    })?;
                    return Ok(Lease::new(slot, client, Instant::now()));
                }
            }
        }
    }

    /// Closes the idle connections of a tenant, before it is dropped or moved. Those in use are closed
    /// when they are given back.
    pub async fn forget(&self, tenant: &Tenant) {
        let idle = self.shared.slots().forget(&Key::of(tenant));
        for connection in idle {
            connection.client.close().await;
        }
    }

    pub fn metrics(&self) -> PoolMetrics {
        self.shared.slots().metrics()
    }
}

impl Shared {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the tenant may use a connection or open one.
    async fn grant(self: &Arc<Self>, key: &Key) -> Grant {
        let (sender, receiver) = oneshot::channel();
        self.slots().wait(key, sender);
        self.serve();
        match receiver.await {
            Ok(grant) => grant,
            // The sender is dropped with the pool only, and `self` is the pool.
            Err(_) => std::future::pending().await,
        }
    }

    /// Gives out what is free, in turns, and closes what had to make room.
    fn serve(self: &Arc<Self>) {
        loop {
            // The lock is not held while a grant is sent: one that nobody takes is dropped, and
            // gives itself back under the same lock.
            let next = self.slots().next();
            let Some(Next {
                key,
                sender,
                idle,
                evicted,
            }) = next
            else {
                return;
            };
            if let Some(evicted) = evicted {
                close_later(evicted.client, None);
            }
            let slot = Slot::new(self, key);
            let grant = match idle {
                Some(idle) => Grant::Reuse(Box::new(Lease::new(slot, idle.client, idle.opened))),
                None => Grant::Connect(slot),
            };
            let _ = sender.send(grant);
        }
    }

    async fn connect(&self, tenant: &Tenant) -> Result<Client, DbError> {
        let _permit = self.connecting.acquire().await;
        let login = Login::for_tenant(tenant);
        let mut pause = Duration::from_millis(20);
        loop {
            match Client::connect(&login).await {
                Ok(client) => {
                    self.slots().metrics.connects_total += 1;
                    return Ok(client);
                }
                // The process of a connection that was just closed holds its place a moment longer.
                // Or the server is starting again.
                Err(DbError::Unavailable(reason))
                    if reason.contains("53300") || reason.contains("57P03") =>
                {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                Err(err) => return Err(err),
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        self.shared.slots().free(&self.key);
        self.shared.serve();
    }
}

/// Closes in the background. `slot` is freed once the server is done with the connection.
fn close_later(client: Client, slot: Option<Slot>) {
    // Without a runtime the socket is closed by dropping the client, which ends the session too.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            client.close().await;
            drop(slot);
        });
    }
}

/// Closes connections that were idle or alive for too long, until the pool is gone.
async fn close_old(shared: Weak<Shared>) {
    loop {
        let Some(pause) = shared.upgrade().map(|shared| shared.config.idle_time / 10) else {
            return;
        };
        sleep(pause.clamp(Duration::from_millis(10), Duration::from_secs(5))).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let old = shared
            .slots()
            .take_old(shared.config.idle_time, shared.config.max_age);
        for (key, idle) in old {
            close_later(idle.client, Some(Slot::new(&shared, key)));
        }
    }
}
