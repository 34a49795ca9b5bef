//! Forgetting what is over: events with their runs, empty queues, and what no project got.
//!
//! `retention` says what is old enough and calls these again until nothing of it is left. A project that goes
//! takes all of its events along.

mod store;

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

pub use store::{forget_events, forget_project, forget_queues, forget_unrouted};

/// What is old enough to be forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Old<'a> {
    /// It was over by then.
    pub before: DateTime<Utc>,
    pub projects: &'a [Uuid],
    /// Whether it is of these projects, or of all others.
    pub is_theirs: bool,
    /// The most that goes at once.
    pub most: i64,
}
