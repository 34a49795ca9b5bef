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

/// What a line counts besides its text: about what the host writes around it.
const BYTES_AROUND: usize = 64;

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
        let bytes = message.len() + BYTES_AROUND;
        if bytes > self.left {
            self.dropped += bytes;
            self.left = 0;
            return;
        }
        self.left -= bytes;
        self.sink.write(level, message);
    }
}

impl Drop for LogBudget {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let note = format!(
                "{} more bytes were logged and left out: an event may log {BYTES_PER_EVENT}, and a line counts {BYTES_AROUND} \
                 besides its text",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    impl LogSink for Kept {
        fn write(&self, _level: Level, message: &str) {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }

    #[test]
    fn lines_count_however_short_they_are() {
        for (line, kept) in [("", 1024), ("x", 1008), (&"x".repeat(1000), 61)] {
            let sink = Arc::new(Kept::default());
            let log = SharedLog::new(sink.clone());
            for _ in 0..100_000 {
                log.write(Level::Info, line);
            }
            drop(log);
            let lines = sink.0.lock().unwrap();
            assert_eq!(lines.len(), kept + 1, "`{line}`");
            assert!(lines[kept].contains("more bytes were logged and left out"));
        }
    }
}
