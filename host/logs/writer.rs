//! Lines on their way into the database: taken at once, stored many at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::types::chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::Origin;
use super::hours::{Admission, Hours, LogLimits, hour};
use super::store::LogStore;
use crate::inbox::Clock;
use crate::telemetry::Metrics;
use crate::words::LogLevel;

/// How long lines wait for others to be stored with.
const GATHER: Duration = Duration::from_millis(100);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Lines of one insert.
const BATCH: usize = 1_000;

/// How long storing is tried while the database is away.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest that one waits for lines to be stored.
const FLUSH: Duration = Duration::from_secs(5);

/// Takes lines. Clones are the same writer.
#[derive(Clone)]
pub struct LogWriter(Arc<Writer>);

struct Writer {
    queue: mpsc::Sender<Item>,
    /// Bytes in the queue.
    queued: Arc<AtomicUsize>,
    hours: Mutex<Hours>,
    limits: LogLimits,
    clock: Clock,
    metrics: Metrics,
}

enum Item {
    Line(NewLine),
    /// Answered when all lines before it are stored.
    Flush(oneshot::Sender<()>),
}

/// A line that is not stored yet.
#[derive(Clone, Debug)]
pub(super) struct NewLine {
    pub(super) origin: Origin,
    pub(super) level: LogLevel,
    pub(super) at: DateTime<Utc>,
    pub(super) message: String,
}

/// The task that stores.
struct Storing {
    queue: mpsc::Receiver<Item>,
    queued: Arc<AtomicUsize>,
    store: LogStore,
    metrics: Metrics,
    /// Tells who follows logs in this process that there is something new.
    news: watch::Sender<()>,
}

impl LogWriter {
    /// Must be called within a Tokio runtime: a task stores the lines.
    pub fn start(store: &LogStore, limits: LogLimits, clock: Clock, metrics: Metrics) -> Self {
        let (sender, queue) = mpsc::channel(limits.queue_lines.max(1));
        let queued = Arc::new(AtomicUsize::new(0));
        let storing = Storing {
            queue,
            queued: queued.clone(),
            store: store.clone(),
            metrics: metrics.clone(),
            news: store.news().clone(),
        };
        tokio::spawn(storing.run());
        Self(Arc::new(Writer {
            queue: sender,
            queued,
            hours: Mutex::default(),
            limits,
            clock,
            metrics,
        }))
    }

    /// Keeps a line, if there is room. Returns at once.
    pub fn write(&self, origin: Origin, level: LogLevel, message: &str) {
        let now = self.0.clock.told().unwrap_or_else(Utc::now);
        let admission = self
            .0
            .hours
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admit(origin.project_id, message.len(), now, &self.0.limits);
        let note = |message| NewLine {
            origin,
            level: LogLevel::Warn,
            at: now,
            message,
        };
        match admission {
            Admission::Keep => {}
            Admission::KeepAfter(lost) => {
                let missing = note(format!(
                    "{lost} lines are missing here: they came faster than the host could store them"
                ));
                if !self.push(missing) {
                    self.lost(origin, lost);
                }
            }
            Admission::Full => {
                self.0.metrics.log_dropped("hour-full", 1);
                let end = hour(now) + HOUR;
                let full = note(format!(
                    "the project has logged {} lines or {} MiB within an hour: what it logs is left \
                     out until {}",
                    self.0.limits.lines_per_hour,
                    self.0.limits.bytes_per_hour >> 20,
                    end.format("%H:%M UTC")
                ));
                self.push(full);
                return;
            }
            Admission::Drop => {
                self.0.metrics.log_dropped("hour-full", 1);
                return;
            }
        }
        let line = NewLine {
            origin,
            level,
            at: now,
            message: message.replace('\0', ""),
        };
        if !self.push(line) {
            self.0.metrics.log_dropped("queue-full", 1);
            self.lost(origin, 1);
        }
    }

    /// Waits until what was written before is stored, for some seconds at most.
    pub async fn flush(&self) {
        let (done, stored) = oneshot::channel();
        let flushed = async {
            if self.0.queue.send(Item::Flush(done)).await.is_ok() {
                let _ = stored.await;
            }
        };
        let _ = tokio::time::timeout(FLUSH, flushed).await;
    }

    /// Whether there is room for it.
    fn push(&self, line: NewLine) -> bool {
        let bytes = line.message.len();
        let before = self.0.queued.fetch_add(bytes, Ordering::Relaxed);
        let is_kept = before + bytes <= self.0.limits.queue_bytes
            && self.0.queue.try_send(Item::Line(line)).is_ok();
        if !is_kept {
            self.0.queued.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_kept
    }

    /// Lines that the project's log tells of when there is room again.
    fn lost(&self, origin: Origin, lines: u64) {
        let mut hours = self.0.hours.lock().unwrap_or_else(PoisonError::into_inner);
        hours.lost(origin.project_id, lines);
    }
}

impl Storing {
    /// Stores until all writers are gone and nothing is left.
    async fn run(mut self) {
        let mut items = Vec::new();
        while self.queue.recv_many(&mut items, BATCH).await > 0 {
            self.gather(&mut items).await;
            let (mut lines, mut waiting) = (Vec::new(), Vec::new());
            for item in items.drain(..) {
                match item {
                    Item::Line(line) => lines.push(line),
                    Item::Flush(done) => waiting.push(done),
                }
            }
            let bytes = lines.iter().map(|line| line.message.len()).sum();
            if !lines.is_empty() {
                self.store(&lines).await;
            }
            self.queued.fetch_sub(bytes, Ordering::Relaxed);
            for done in waiting {
                let _ = done.send(());
            }
        }
    }

    /// Waits a little for more, unless somebody waits for what there is.
    async fn gather(&mut self, items: &mut Vec<Item>) {
        let until = Instant::now() + GATHER;
        let is_waited_for = |items: &[Item]| items.iter().any(|i| matches!(i, Item::Flush(_)));
        while items.len() < BATCH && !is_waited_for(items) {
            let room = BATCH - items.len();
            match timeout_at(until, self.queue.recv_many(items, room)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    async fn store(&self, lines: &[NewLine]) {
        let until = Instant::now() + PATIENCE;
        let mut pause = GATHER;
        loop {
            match self.store.insert(lines).await {
                Ok(()) => {
                    self.metrics.log_stored(lines.len());
                    self.news.send_replace(());
                    return;
                }
                Err(error) if Instant::now() + pause < until => {
                    tracing::debug!(%error, "bots' logs could not be stored; trying again");
                    sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => {
                    tracing::error!(%error, lines = lines.len(), "lines of bots' logs are lost");
                    self.metrics.log_dropped("not-stored", lines.len() as u64);
                    return;
                }
            }
        }
    }
}
