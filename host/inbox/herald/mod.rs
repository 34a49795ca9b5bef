//! News between hosts: what one stores and cannot take itself, another takes at once.
//!
//! A host claims what it stores by itself, and needs nobody. Only when all its slots are taken, or
//! when it stops, does it call the others, by a NOTIFY of its own: no more than one in `PAUSE`,
//! because Postgres makes every commit with a NOTIFY wait for every other one. Who misses a call
//! finds the events by polling.

mod store;

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::store::Inbox;

/// The shortest time between two calls of one host.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a listener that lost its connection waits before the next.
const AGAIN: Duration = Duration::from_secs(5);

/// Calls other hosts, and hears them.
pub(super) struct Herald {
    inbox: Inbox,
    /// Names this host: nobody needs to hear itself.
    owner: String,
    needed: Notify,
}

impl Herald {
    pub(super) fn new(inbox: Inbox, owner: String) -> Self {
        let needed = Notify::new();
        Self {
            inbox,
            owner,
            needed,
        }
    }

    /// Nothing here can take what was stored last, if anything was.
    pub(super) fn cannot_take(&self) {
        if self.inbox.news.swap(false, Ordering::Relaxed) {
            self.needed.notify_one();
        }
    }

    pub(super) async fn call_until(&self, end: CancellationToken) {
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = self.needed.notified() => {}
            }
            if let Err(error) = self.call(&self.owner).await {
                tracing::debug!(%error, "other hosts could not be called: they find it by polling");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn listen_until(&self, end: CancellationToken) {
        loop {
            let ended = tokio::select! {
                () = end.cancelled() => return,
                ended = self.listen() => ended,
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "other hosts are not heard; listening again in {AGAIN:?}");
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    async fn listen(&self) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.inbox.pool).await?;
        listener.listen(store::CHANNEL).await?;
        loop {
            let call = listener.recv().await?;
            if call.payload() != self.owner {
                self.inbox.claimable.send_replace(());
            }
        }
    }
}
