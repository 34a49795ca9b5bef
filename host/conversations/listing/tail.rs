//! A project's conversations, live: each as it is after a change, whichever host made it.
//!
//! Changes of several hosts become visible in another order than that of their numbers. So numbers that were seen
//! just now do not yet mark how far the follower is: what is below them may still come.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::types::chrono::Utc;
use tokio::time::Instant;

use super::ConversationCard;
use crate::conversations::store::ConversationStore;
use crate::news::{Change, Listener};
use crate::projects::ProjectId;

/// How often it is looked when nobody tells news.
const POLL: Duration = Duration::from_millis(500);

/// A change becomes visible in far less.
const SETTLED: Duration = Duration::from_secs(10);

/// Conversations that are read at once.
const PAGE: i64 = 200;

/// The end of a project's list of conversations.
pub struct ConversationTail {
    store: ConversationStore,
    project: ProjectId,
    /// Nothing new comes up to here.
    floor: i64,
    /// What was seen above it.
    seen: BTreeSet<i64>,
    /// The newest change at some time.
    mark: (i64, Instant),
    news: Option<Listener>,
}

impl ConversationTail {
    pub(super) fn new(store: ConversationStore, project: ProjectId, after: i64) -> Self {
        let news = store.news().map(|news| news.listen());
        Self {
            store,
            project,
            floor: after,
            seen: BTreeSet::new(),
            mark: (after, Instant::now()),
            news,
        }
    }

    /// Waits for conversations that were changed, and gives them.
    ///
    /// Cancel safety: nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Vec<ConversationCard>, sqlx::Error> {
        loop {
            let seen = self.seen.iter().copied().collect();
            let changed = self
                .store
                .touched_after(self.project, self.floor, seen, PAGE)
                .await?;
            self.raise_floor(&changed).await?;
            let floor = self.floor;
            let new = changed.iter().map(|card| card.touched);
            self.seen.extend(new.filter(|touched| *touched > floor));
            if !changed.is_empty() {
                return Ok(changed);
            }
            match &mut self.news {
                Some(news) => {
                    news.of(self.project, &[Change::Conversation]).await;
                }
                None => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Leaves behind what is old enough, so that no look goes over the same for ever.
    async fn raise_floor(&mut self, changed: &[ConversationCard]) -> Result<(), sqlx::Error> {
        let (newest, at) = self.mark;
        if changed.len() >= PAGE as usize {
            // Catching up. These are in order, and nothing comes between old ones any more.
            let old = Utc::now() - 6 * SETTLED;
            let is_old = |card: &&ConversationCard| card.touched_at.is_none_or(|at| at < old);
            let last = changed.iter().rfind(is_old);
            self.floor = last.map_or(self.floor, |card| card.touched);
        } else if at.elapsed() >= SETTLED {
            // What was there at the mark has been looked for since, and found.
            self.floor = self.floor.max(newest);
            self.mark = (self.store.last_touch(self.project).await?, Instant::now());
        }
        self.seen = self.seen.split_off(&(self.floor + 1));
        Ok(())
    }
}
