//! `roost:bot/log`: the project's log, up to a budget for each event.

use super::bindings::roost::bot::log::{self, Level};
use crate::sandbox::RunState;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what a bot logs. Calls must return at once.
pub trait LogSink: Send + Sync {
    /// One entry, which may have several lines.
    fn write(&self, level: Level, message: &str);
}

/// Keeps nothing.
pub struct NoLog;

impl LogSink for NoLog {
    fn write(&self, _level: Level, _message: &str) {}
}

/// How many bytes one event may log.
const BYTES_PER_EVENT: usize = 64 << 10;

/// Passes on what fits the event's budget, and counts the rest.
struct LogBudget {
    sink: Arc<dyn LogSink>,
    left: usize,
    dropped: usize,
}

impl LogBudget {
    fn new(sink: Arc<dyn LogSink>) -> Self {
        Self {
            sink,
            left: BYTES_PER_EVENT,
            dropped: 0,
        }
    }

    fn write(&mut self, level: Level, message: &str) {
        if message.len() > self.left {
            self.dropped += message.len();
            self.left = 0;
            return;
        }
        self.left -= message.len();
        self.sink.write(level, message);
    }
}

impl Drop for LogBudget {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let note = format!(
                "{} more bytes were logged and left out: an event may log {BYTES_PER_EVENT}",
                self.dropped
            );
            self.sink.write(Level::Warn, &note);
        }
    }
}

/// An event's log: its bot's, and its standard output's.
#[derive(Clone)]
pub struct SharedLog(Arc<Mutex<LogBudget>>);

impl SharedLog {
    pub(super) fn new(sink: Arc<dyn LogSink>) -> Self {
        Self(Arc::new(Mutex::new(LogBudget::new(sink))))
    }

    pub(crate) fn write(&self, level: Level, message: &str) {
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        budget.write(level, message);
    }
}

impl log::Host for RunState {
    fn write(&mut self, level: Level, message: String) {
        self.grants.log.write(level, &message);
    }
}
