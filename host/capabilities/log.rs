//! `roost:bot/log`: the project's log, up to a budget for each event.

use super::bindings::roost::bot::log::{self, Level};
use crate::sandbox::RunState;
use crate::words::LogLevel;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what a bot logs. Calls must return at once.
pub trait LogSink: Send + Sync {
    /// An entry as it is to be written, which is what counts. By default as it came.
    fn worded<'a>(&self, message: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(message)
    }

    /// One entry, which may have several lines.
    fn write(&self, level: Level, message: &str);
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
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
        // What does not fit as it came is not worded: that takes time.
        let message = match self.fits(message) {
            true => self.sink.worded(message),
            false => Cow::Borrowed(message),
        };
        match self.fits(&message) {
            true => {
                self.left -= message.len() + BYTES_AROUND;
                self.sink.write(level, &message);
            }
            false => {
                self.dropped += message.len() + BYTES_AROUND;
                self.left = 0;
            }
        }
    }

    fn fits(&self, message: &str) -> bool {
        message.len() + BYTES_AROUND <= self.left
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

    /// Words each entry ten times as long.
    #[derive(Default)]
    struct Longer {
        kept: Kept,
        worded: Mutex<usize>,
    }

    impl LogSink for Longer {
        fn worded<'a>(&self, message: &'a str) -> Cow<'a, str> {
            *self.worded.lock().unwrap() += 1;
            Cow::Owned(message.repeat(10))
        }

        fn write(&self, level: Level, message: &str) {
            self.kept.write(level, message);
        }
    }

    #[test]
    fn an_entry_counts_as_it_is_written_and_is_worded_while_there_is_room() {
        let sink = Arc::new(Longer::default());
        let log = SharedLog::new(sink.clone());
        for _ in 0..1000 {
            log.write(Level::Info, &"x".repeat(1000));
        }
        drop(log);
        let lines = sink.kept.0.lock().unwrap();
        assert_eq!(lines.len(), 6 + 1);
        assert_eq!(*sink.worded.lock().unwrap(), 6 + 1);
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
