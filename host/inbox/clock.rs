//! The one clock that leases, back-offs and arrivals are told by.

use std::sync::Arc;

use sqlx::types::chrono::{DateTime, Utc};

/// The database's clock. All hosts have the same one, so that theirs may differ, and jump, without
/// any effect on who holds what until when.
#[derive(Clone)]
pub struct Clock(Option<Told>);

type Told = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

impl Clock {
    pub fn database() -> Self {
        Self(None)
    }

    /// One that stands in for the database's, and moves when a test says so.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(now)))
    }

    pub(super) fn is_the_databases(&self) -> bool {
        self.0.is_none()
    }

    /// What statements take for the time: nothing, for that of their own beginning. They say
    /// `coalesce($n, statement_timestamp())`.
    pub fn told(&self) -> Option<DateTime<Utc>> {
        self.0.as_ref().map(|now| now())
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.told() {
            Some(now) => write!(f, "Clock({now})"),
            None => f.write_str("Clock(database)"),
        }
    }
}
