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

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::inbox::{EventId, RunId};
use crate::projects::{ProjectId, VersionId};
use crate::words::LogLevel;

pub use hours::LogLimits;
pub use store::{LogStore, forget_contact};
pub use tail::Tail;
pub use writer::LogWriter;

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
