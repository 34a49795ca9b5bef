//! A connection while somebody uses it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::state::Idle;
use super::{Slot, close_later};
use crate::postgres::client::{Client, TransactionStatus};
use crate::postgres::error::DbError;

/// A connection of one tenant. Dropping it gives it back, cleaned, or closes it.
pub struct Lease {
    /// Both are `None` only while dropping.
    client: Option<Client>,
    slot: Option<Slot>,
    opened: Instant,
    is_given_up: bool,
}

impl Lease {
    const CLEAN_UP_DEADLINE: Duration = Duration::from_secs(1);

    pub(super) fn new(slot: Slot, client: Client, opened: Instant) -> Self {
        Self {
            client: Some(client),
            slot: Some(slot),
            opened,
            is_given_up: false,
        }
    }

    /// Whether the connection is still the tenant's and the server has not closed it.
    pub(super) fn is_alive(&mut self) -> bool {
        let role = self.slot.as_ref().map(|slot| slot.key.role.clone());
        self.client.as_mut().is_some_and(|client| {
            Some(client.role()) == role.as_deref()
                && client.status() == TransactionStatus::Idle
                && client.is_alive()
        })
    }

    /// Closes the connection instead of giving it back.
    pub fn give_up(&mut self) {
        self.is_given_up = true;
    }
}

impl Deref for Lease {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client
            .as_ref()
            .expect("the client is there until the lease is dropped")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Client {
        self.client
            .as_mut()
            .expect("the client is there until the lease is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(client), Some(slot)) = (self.client.take(), self.slot.take()) else {
            return;
        };
        if self.is_given_up || !client.is_reusable() {
            slot.shared.slots().metrics.given_up_total += 1;
            close_later(client, Some(slot));
        } else if client.status() == TransactionStatus::Idle && !client.may_have_state() {
            give_back(slot, client, self.opened);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(clean_up(slot, client, self.opened));
        }
    }
}

/// Ends the transaction that was left open, and what else may have been left with it.
async fn clean_up(slot: Slot, mut client: Client, opened: Instant) {
    let cleaned: Result<(), DbError> = async {
        if client.status() != TransactionStatus::Idle {
            client.rollback(Lease::CLEAN_UP_DEADLINE).await?;
        }
        client
            .control("discard all", Lease::CLEAN_UP_DEADLINE)
            .await
            .map(drop)
    }
    .await;
    client.forget_state();
    if cleaned.is_ok() && client.is_reusable() && client.status() == TransactionStatus::Idle {
        give_back(slot, client, opened);
    } else {
        slot.shared.slots().metrics.given_up_total += 1;
        close_later(client, Some(slot));
    }
}

fn give_back(slot: Slot, client: Client, opened: Instant) {
    let shared = Arc::clone(&slot.shared);
    if opened.elapsed() > shared.config.max_age {
        close_later(client, Some(slot));
        return;
    }
    let refused = shared.slots().put(
        &slot.key,
        Idle {
            client,
            opened,
            since: Instant::now(),
        },
    );
    match refused {
        Some(idle) => close_later(idle.client, Some(slot)),
        None => slot.keep(),
    }
    shared.serve();
}
