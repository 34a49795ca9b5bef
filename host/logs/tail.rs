//! A project's log, live: the lines of all hosts, each once.
//!
//! Lines of several hosts become visible in another order than that of their numbers. So numbers that
//! were seen just now do not yet mark how far the reader is: what is below them may still come.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::types::chrono::Utc;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::store::LogStore;
use super::{LogFilter, LogLine};
use crate::projects::ProjectId;

/// How often the log is looked at when this process stores nothing.
const POLL: Duration = Duration::from_millis(500);

/// An insert takes far less.
const SETTLED: Duration = Duration::from_secs(10);

/// Lines that are read at once.
const PAGE: i64 = 500;

/// The end of a project's log.
pub struct Tail {
    store: LogStore,
    project: ProjectId,
    filter: LogFilter,
    /// Nothing new comes up to here.
    floor: i64,
    /// What was seen above it.
    seen: BTreeSet<i64>,
    /// The newest line of the project at some time, whether or not the filter lets it through.
    mark: (i64, Instant),
    news: watch::Receiver<()>,
}

impl Tail {
    pub(super) fn new(store: LogStore, project: ProjectId, filter: LogFilter, after: i64) -> Self {
        let news = store.news().subscribe();
        Self {
            store,
            project,
            filter,
            floor: after,
            seen: BTreeSet::new(),
            mark: (after, Instant::now()),
            news,
        }
    }

    /// Waits for lines, and gives them.
    ///
    /// Cancel safety: nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Vec<LogLine>, sqlx::Error> {
        loop {
            self.news.mark_unchanged();
            let seen = self.seen.iter().copied().collect();
            let lines = self
                .store
                .after(self.project, &self.filter, self.floor, seen, PAGE)
                .await?;
            self.raise_floor(&lines).await?;
            let new = lines.iter().map(|line| line.log_id);
            let floor = self.floor;
            self.seen.extend(new.filter(|id| *id > floor));
            if !lines.is_empty() {
                return Ok(lines);
            }
            // The sender lives in `store`.
            let _ = timeout(POLL, self.news.changed()).await;
        }
    }

    /// Leaves behind what is old enough, so that no look goes over the same lines for ever.
    async fn raise_floor(&mut self, lines: &[LogLine]) -> Result<(), sqlx::Error> {
        let (newest, at) = self.mark;
        if lines.len() >= PAGE as usize {
            // Catching up. These are in order, and nothing comes between old ones any more.
            let old = Utc::now() - 6 * SETTLED;
            let last = lines.iter().rfind(|line| line.at < old);
            self.floor = last.map_or(self.floor, |line| line.log_id);
        } else if at.elapsed() >= SETTLED {
            // What was there at the mark has been looked for since, and found.
            self.floor = self.floor.max(newest);
            self.mark = (self.store.newest(self.project).await?, Instant::now());
        }
        self.seen = self.seen.split_off(&(self.floor + 1));
        Ok(())
    }
}
