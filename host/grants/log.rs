//! What a bot logs: kept for its project, and told in the host's own log.

use super::complaint::LastComplaint;
use crate::capabilities::{Level, LogSink};
use crate::logs::{LogWriter, Origin};
use crate::projects::{Redactor, Seam};
use crate::words::LogLevel;
use crate::workshop::Positions;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Hears what a build does.
pub(crate) type Say = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// A bot's log: kept for the project, and lines of the host's own log under the target `bot`. Clones
/// write one log.
#[derive(Clone)]
pub(crate) struct BotLog(Arc<Writing>);

struct Writing {
    into: LogOf,
    seam: Mutex<Seam<LogLevel>>,
}

/// Whose log that is, and where it goes.
pub(crate) struct LogOf {
    pub(crate) project: Arc<str>,
    pub(crate) event_id: i64,
    pub(crate) positions: Positions,
    pub(crate) redactor: Redactor,
    pub(crate) complaint: LastComplaint,
    pub(crate) kept: LogWriter,
    pub(crate) origin: Origin,
    /// Hears every line, too.
    pub(crate) say: Option<Say>,
}

impl BotLog {
    pub(crate) fn new(into: LogOf) -> Self {
        Self(Arc::new(Writing {
            into,
            seam: Mutex::default(),
        }))
    }

    /// Whose it is, and of which event.
    pub(crate) fn origin(&self) -> Origin {
        self.0.into.origin
    }

    /// The text without what is secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.into.redactor.redact(text).into_owned()
    }

    /// Writes what was held back: nothing follows that it could be the beginning of.
    pub(crate) fn end(&self) {
        self.0.end();
    }
}

impl LogSink for BotLog {
    fn worded<'a>(&self, message: &'a str) -> Cow<'a, str> {
        Cow::Owned(self.0.into.positions.rewrite(message))
    }

    fn write(&self, level: Level, message: &str) {
        let into = &self.0.into;
        // Held while they are written: lines stay in order.
        let mut seam = self.0.seam.lock().unwrap_or_else(PoisonError::into_inner);
        for (level, line) in seam.push(&into.redactor, level.into(), message.to_owned()) {
            into.line(level, &line);
        }
    }
}

impl Writing {
    fn end(&self) {
        let mut seam = self.seam.lock().unwrap_or_else(PoisonError::into_inner);
        for (level, line) in seam.end() {
            self.into.line(level, &line);
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.end();
    }
}

impl LogOf {
    fn line(&self, level: LogLevel, message: &str) {
        let (project, event) = (&*self.project, self.event_id);
        if level == LogLevel::Error {
            self.complaint.note(message);
        }
        self.kept.write(self.origin, level, message);
        if let Some(say) = &self.say {
            say(level, &format!("bot: {message}"));
        }
        // A line that begins at the margin would look like the host's own.
        let message = message.replace('\r', "").replace('\n', "\n    ");
        match level {
            LogLevel::Trace => tracing::trace!(target: "bot", project, event, "{message}"),
            LogLevel::Debug => tracing::debug!(target: "bot", project, event, "{message}"),
            LogLevel::Info => tracing::info!(target: "bot", project, event, "{message}"),
            LogLevel::Warn => tracing::warn!(target: "bot", project, event, "{message}"),
            LogLevel::Error => tracing::error!(target: "bot", project, event, "{message}"),
        }
    }
}
