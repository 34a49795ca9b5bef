//! What bots log, kept for those who run them.
//!
//! ```text
//!  a bot's console ──▶ LogWriter::write ──▶ a bounded queue ──▶ one insert for many lines
//!                        caps of the hour     full: dropped and counted
//! ```
//!
//! Writing never waits and never fails: a line that cannot be kept is counted, and the project's log
//! says later how many are missing. Lines are in the database a tenth of a second after they were
//! written. Reading is by pages ([`LogStore::list`]) or live ([`LogStore::follow`]), which sees the
//! lines of all hosts.
//!
//! Not here: what one event may log (`capabilities::LogBudget`), and how long lines are kept
//! (`retention`).

mod hours;
mod store;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::inbox::{EventId, RunId};
use crate::projects::{ProjectId, VersionId};

pub use hours::LogLimits;
pub use store::LogStore;
pub use tail::Tail;
pub use writer::LogWriter;

/// How much a line matters.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

/// A word that is no level.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no level; use trace, debug, info, warn or error")]
pub struct UnknownLevel(String);

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub project_id: ProjectId,
    /// Absent for what a bot logs while it is deployed or started.
    pub event_id: Option<EventId>,
    pub run_id: Option<RunId>,
    pub version_id: Option<VersionId>,
}

/// A line that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub log_id: i64,
    pub event_id: Option<EventId>,
    pub run_id: Option<Uuid>,
    pub version_id: Option<Uuid>,
    pub level: LogLevel,
    pub at: DateTime<Utc>,
    pub message: String,
}

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// This level and those above it.
    pub level: Option<LogLevel>,
    pub event_id: Option<EventId>,
    /// What the line contains, whatever its case.
    pub text: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl LogLevel {
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// As the database has it, so that levels compare.
    fn number(self) -> i16 {
        self as i16
    }

    fn of(number: i16) -> Self {
        match number {
            0 => Self::Trace,
            1 => Self::Debug,
            3 => Self::Warn,
            4 => Self::Error,
            _ => Self::Info,
        }
    }
}

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        match text.to_ascii_lowercase().as_str() {
            "trace" => Ok(Self::Trace),
            "debug" => Ok(Self::Debug),
            "info" | "log" => Ok(Self::Info),
            "warn" | "warning" => Ok(Self::Warn),
            "error" => Ok(Self::Error),
            _ => Err(UnknownLevel(text.chars().take(40).collect())),
        }
    }
}
