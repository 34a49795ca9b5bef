//! Forgetting what is over: events with their runs, empty queues, and what no project got.
//!
//! `retention` says what is old enough and calls these again until nothing of it is left. A project that goes
//! takes all of its events along.

mod store;

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

pub use store::{forget_contact, forget_events, forget_project, forget_queues, forget_unrouted};

/// By what events are known to be of a contact that is erased.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    pub conversations: &'a [Uuid],
    /// Those that brought what they wrote in groups.
    pub events: &'a [i64],
    /// Of their conversations, and those of the statuses: all of them are held, and nothing runs.
    pub queues: &'a [String],
    /// The ids by which Meta names them.
    pub ids: &'a [String],
}

/// What became of a contact's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// These are gone.
    Gone(Vec<i64>),
    /// A change that names them waits, or runs: nothing is gone.
    Busy,
}

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
