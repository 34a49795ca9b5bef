//! Events, runs and how runs end.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Serialize;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::conversations::StatusUpdate;
use crate::projects::{ProjectId, VersionId};
use crate::words::words;

/// Names an event. Events of one queue run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct EventId(pub i64);

/// Names one attempt at an event. It is also the fencing token: who does not hold it any more can
/// no longer settle the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct RunId(pub Uuid);

words! {
    /// What kind of thing came in.
    pub enum EventKind: "kind of event" {
        /// A customer wrote.
        Message = "message",
        /// Meta reports of a message that was sent.
        Status = "status",
        /// Any other change, with its value as it came.
        Other = "other",
    }
}

words! {
    /// What the row of an event says of it.
    pub enum RowState: "state of an event's row" {
        /// It waits, or runs.
        Pending = "pending",
        /// Nothing more becomes of it.
        Done = "done",
        /// It failed for good, and is kept.
        Dead = "dead",
    }
}

words! {
    /// How a run ended, as it is recorded.
    pub enum Outcome: "outcome of a run" {
        /// The bot is done with the event.
        Done = "done",
        /// The bot said that it does not want the event.
        Declined = "declined",
        /// The bot said that it failed, or threw.
        BotThrew = "bot-threw",
        /// The bot answered with another status than 200 to 299.
        BadStatus = "bad-status",
        /// The bot crashed.
        Trap = "trap",
        /// It ran out of time.
        Timeout = "timeout",
        /// It ran out of memory.
        OutOfMemory = "out-of-memory",
        /// Nothing can come of another run.
        Rejected = "rejected",
        /// The host could not run it.
        HostUnavailable = "host-unavailable",
        /// There was no version to run it with.
        NotDeployed = "not-deployed",
        /// It failed while a message has to wait.
        SendWaits = "send-waits",
        /// It waited past its deadline, and was not run.
        Expired = "expired",
        /// A person had the conversation, so it was not run.
        Person = "person",
        /// The host was stopped, and gave it back.
        Released = "released",
        /// The host disappeared, or lost the lease.
        Lost = "lost",
    }
}

words! {
    /// Which of its conversation's events it runs after.
    pub enum Lane: "lane of events" {
        Messages = "messages",
        /// They wait while a message runs, and no message waits for them.
        Statuses = "statuses",
        /// Of no conversation.
        Changes = "changes",
    }
}

/// What is waited for, and what is not: the column `priority` of a queue.
///
/// A queue is live when somebody waits for an answer to one of its events. It is bulk when all of
/// them are statuses or other changes, asked for again by an operator, or tried again. They are stored
/// as numbers, so that the more urgent of two is the lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[repr(i16)]
pub(super) enum Priority {
    Live = 0,
    Bulk = 1,
}

/// An event that this host holds the lease of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ClaimedEvent {
    pub project_id: ProjectId,
    pub event_id: EventId,
    pub run_id: RunId,
    /// The version that served when the event was claimed.
    pub version_id: VersionId,
    /// Of the project, at the same time: what the version is run with.
    pub generation: i64,
    pub queue: String,
    pub kind: EventKind,
    /// What the bot gets: an envelope with this message, status or change alone.
    pub payload: String,
    /// From 1. Runs that the host could not do are not counted.
    pub attempt: i32,
    /// How often the host could not do it.
    pub deferrals: i32,
    /// Those of the attempts whose host disappeared.
    pub lost: i32,
    pub received_at: DateTime<Utc>,
    /// The span that stored it, or that runs it now; absent while tracing is off.
    pub traceparent: Option<String>,
}

/// What runs an event: the bot, behind its sandbox.
///
/// Cancel safety: the future is dropped when the lease is lost or when draining takes too long.
pub trait EventHandler: Send + Sync + 'static {
    fn handle(&self, event: ClaimedEvent) -> BoxFuture<'_, RunOutcome>;
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum RunOutcome {
    Done(RunReport),
    /// The bot said with its status, which is in the report, that it does not want the event.
    Declined(RunReport),
    /// `reason` is for the bot's author: no message text, no phone numbers.
    Failed {
        reason: String,
        kind: FailureKind,
        report: RunReport,
    },
}

/// What a run used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    pub wall: Duration,
    pub cpu: Duration,
    pub memory_bytes: u64,
    pub host_calls: u32,
    pub sends: u32,
    pub response_status: Option<u16>,
    /// What the bot asked of Meta besides messages and was refused, last.
    pub refusal: Option<String>,
    /// The sends for which the event waits because nobody knows whether they went out.
    pub unsettled: Vec<i64>,
}

/// Why a run failed, as far as it decides what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The bot said so, or threw.
    BotThrew,
    /// The bot answered with another status than 200 to 299.
    BadStatus,
    Trap,
    Timeout,
    OutOfMemory,
    /// Nothing can come of another run: the event is dead at once.
    Rejected,
    /// The host could not run it: no fault of the bot's.
    HostUnavailable,
    /// There is no version to run it with. It waits for one.
    NotDeployed,
    /// It failed while a message has to wait: for a limit of Meta, for a failure to pass, or for
    /// news of its outcome. No fault of the bot's. Zero: nobody knows how long.
    SendWaits(Duration),
}

/// Hears of changes of accounts before they are put in the inbox.
pub trait AccountListener: Send + Sync + 'static {
    /// Takes note of a change: what `field` of which `account` says `payload`, an envelope with nothing else in it.
    /// `key` tells it from all others, and is the same when Meta repeats it.
    ///
    /// Called before the change is stored, once for all projects and outside any transaction; again when storing
    /// fails and Meta repeats the webhook. On an error nothing is stored.
    fn hear<'a>(
        &'a self,
        account: &'a str,
        field: &'a str,
        payload: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>>;
}

/// Hears of statuses before they are put in the inbox.
pub trait StatusSink: Send + Sync + 'static {
    /// Settles the send that a status is about. Called for statuses that carry callback data.
    ///
    /// Called before the status is stored and outside any transaction, so it may use connections of
    /// its own; again when storing fails and Meta repeats the webhook. On an error nothing is
    /// stored.
    fn settle<'a>(
        &'a self,
        project_id: ProjectId,
        update: &'a StatusUpdate,
    ) -> BoxFuture<'a, Result<Settled, sqlx::Error>>;

    /// Whether it is known by now of one of these sends whether it went out.
    ///
    /// Asked when it is written down that their event waits for them: a status that came while the
    /// run ended found no event that waited.
    fn is_any_settled<'a>(&'a self, sends: &'a [i64]) -> BoxFuture<'a, Result<bool, sqlx::Error>>;
}

/// Whose send a status is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The bot gets the status as it came.
    Foreign,
    /// The host's: the bot gets its own callback data in place of the host's, or none.
    Ours {
        callback_data: Option<String>,
        /// The event that waited for this status.
        waiting: Option<EventId>,
    },
}

/// Hears of statuses and does nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoSink;

impl StatusSink for NoSink {
    fn settle<'a>(
        &'a self,
        _: ProjectId,
        _: &'a StatusUpdate,
    ) -> BoxFuture<'a, Result<Settled, sqlx::Error>> {
        Box::pin(async { Ok(Settled::Foreign) })
    }

    fn is_any_settled<'a>(&'a self, _: &'a [i64]) -> BoxFuture<'a, Result<bool, sqlx::Error>> {
        Box::pin(async { Ok(false) })
    }
}

impl FailureKind {
    /// As runs record it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::BotThrew => Outcome::BotThrew,
            Self::BadStatus => Outcome::BadStatus,
            Self::Trap => Outcome::Trap,
            Self::Timeout => Outcome::Timeout,
            Self::OutOfMemory => Outcome::OutOfMemory,
            Self::Rejected => Outcome::Rejected,
            Self::HostUnavailable => Outcome::HostUnavailable,
            Self::NotDeployed => Outcome::NotDeployed,
            Self::SendWaits(_) => Outcome::SendWaits,
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
