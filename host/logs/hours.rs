//! How much a project may log in an hour, and in all.

use std::collections::HashMap;

use sqlx::types::chrono::{DateTime, Utc};

use crate::projects::ProjectId;

/// How much is kept of what a project logs.
#[derive(Clone, Debug)]
pub struct LogLimits {
    /// Lines of a project within an hour, on one host.
    pub lines_per_hour: u64,
    /// Bytes of a project within an hour, on one host.
    pub bytes_per_hour: u64,
    /// Lines of a project in all; the oldest go first.
    pub lines: i64,
    /// Bytes of a project in all; the oldest go first.
    pub bytes: i64,
    /// Lines that wait to be stored, of all projects.
    pub queue_lines: usize,
    /// Bytes that wait to be stored, of all projects.
    pub queue_bytes: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            lines_per_hour: 50_000,
            bytes_per_hour: 16 << 20,
            lines: 500_000,
            bytes: 128 << 20,
            queue_lines: 20_000,
            queue_bytes: 32 << 20,
        }
    }
}

/// What projects logged within the hour, and what is missing in their logs.
#[derive(Debug, Default)]
pub(super) struct Hours(HashMap<ProjectId, Hour>);

#[derive(Debug, Default)]
struct Hour {
    begin: DateTime<Utc>,
    lines: u64,
    bytes: u64,
    is_full: bool,
    /// Lines that the queue had no room for, and that the log does not tell of yet.
    lost: u64,
}

/// What to do with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Keep,
    /// Keep it, and say before it how many are missing.
    KeepAfter(u64),
    /// Leave it out, and say so: it is the first.
    Full,
    /// Leave it out.
    Drop,
}

/// Projects of which nothing was heard for so many others are forgotten.
const MAX_PROJECTS: usize = 20_000;

impl Hours {
    pub(super) fn admit(
        &mut self,
        project: ProjectId,
        bytes: usize,
        now: DateTime<Utc>,
        limits: &LogLimits,
    ) -> Admission {
        let begin = hour(now);
        if self.0.len() >= MAX_PROJECTS {
            self.0.retain(|_, hour| hour.begin == begin);
        }
        let hour = self.0.entry(project).or_default();
        if hour.begin != begin {
            *hour = Hour {
                begin,
                lost: hour.lost,
                ..Hour::default()
            };
        }
        if hour.is_full {
            return Admission::Drop;
        }
        hour.lines += 1;
        hour.bytes += bytes as u64;
        if hour.lines > limits.lines_per_hour || hour.bytes > limits.bytes_per_hour {
            hour.is_full = true;
            return Admission::Full;
        }
        match std::mem::take(&mut hour.lost) {
            0 => Admission::Keep,
            lost => Admission::KeepAfter(lost),
        }
    }

    /// Lines that were admitted and found no room.
    pub(super) fn lost(&mut self, project: ProjectId, lines: u64) {
        self.0.entry(project).or_default().lost += lines;
    }
}

/// The full hour before a time.
pub(super) fn hour(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = now.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(3600), 0).unwrap_or(now)
}
