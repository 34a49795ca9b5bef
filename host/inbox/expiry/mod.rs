//! Events that waited past their deadline: they end without a run, as `expired`.
//!
//! A status tells of a moment; an hour later nobody acts on it, and after a long standstill
//! thousands of them would keep what matters waiting. What the host itself keeps of them (the
//! message's status, the send that they settle) was written when they came.

mod store;

use super::store::{Inbox, InboxError};

/// Events that one statement ends.
const CHUNK: usize = 2_000;

impl Inbox {
    /// Ends what waited too long, and returns how many events that were.
    pub async fn expire(&self) -> Result<usize, InboxError> {
        let mut all = 0;
        loop {
            let expired = self.expire_some(CHUNK).await?;
            all += expired;
            if expired < CHUNK {
                break;
            }
        }
        if all > 0 {
            self.claimable.send_replace(());
            self.ended.send_replace(());
            tracing::warn!(
                events.expired = all,
                "{all} events waited past their deadline: they were not run"
            );
        }
        Ok(all)
    }
}
