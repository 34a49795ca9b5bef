//! Events as operators see them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::explain::MetaError;
use crate::inbox::{EventId, EventKind, RunId};

/// Where an event is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventState {
    Pending,
    Running,
    Done,
    Dead,
    /// Dead, and given up by a person.
    Discarded,
}

/// A word that is no state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state; use pending, running, done, dead or discarded")]
pub struct UnknownState(String);

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub state: Option<EventState>,
    pub kind: Option<EventKind>,
    /// A WhatsApp id, a user id, a group's id or a conversation's.
    pub contact: Option<String>,
    /// How the last run ended.
    pub outcome: Option<String>,
    /// What the last error contains, whatever its case.
    pub error: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// An event as it is stored, with its queue and its conversation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredEvent {
    pub event_id: EventId,
    pub kind: EventKind,
    pub state: String,
    pub dedupe_key: String,
    pub queue: String,
    pub attempts: i32,
    pub deferrals: i32,
    pub last_error: Option<String>,
    pub received_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub discarded_at: Option<DateTime<Utc>>,
    pub message_type: Option<String>,
    pub conversation_id: Option<Uuid>,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub group_id: Option<String>,
    pub name: Option<String>,
    /// Of its queue: the run that holds the lease, and until when.
    pub lease: Option<RunId>,
    pub ready_at: Option<DateTime<Utc>>,
    /// It failed, and lets later ones of its queue pass until then.
    pub not_before: Option<DateTime<Utc>>,
}

/// One attempt at an event.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredRun {
    pub run_id: RunId,
    pub event_id: EventId,
    pub attempt: i32,
    pub owner: String,
    pub version_id: Uuid,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub outcome: Option<String>,
    pub error: Option<String>,
    pub wall_us: Option<i64>,
    pub cpu_us: Option<i64>,
    pub memory_bytes: Option<i64>,
    pub host_calls: Option<i32>,
    pub sends: Option<i32>,
    pub response_status: Option<i32>,
    /// What the bot asked of Meta besides messages and was refused, last.
    pub refusal: Option<String>,
}

/// A message that an event sent, or tried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSend {
    pub send_id: i64,
    pub event_id: EventId,
    /// The run that made it last.
    pub attempt: i32,
    pub state: SendState,
    /// `text`, `template` and so on, of what Meta took.
    pub message_type: Option<String>,
    /// Whether it went to the one who wrote; absent where that is not known.
    pub is_to_customer: Option<bool>,
    pub response_status: Option<i32>,
    /// Why Meta refused it, for good or the last time.
    pub error: Option<MetaError>,
    /// Why it did not go out the last time, where Meta said nothing.
    pub setback: Option<String>,
    pub wamid: Option<String>,
    pub settle_by: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// What Meta reported of it, the furthest last.
    pub statuses: Vec<SendStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SendState {
    /// A try is under way.
    Prepared,
    /// Nobody knows whether it went out.
    Unsettled,
    /// It certainly did not go out.
    Released,
    /// Meta took it.
    Sent,
    /// Meta refused it.
    Rejected,
}

/// What Meta reported of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendStatus {
    pub status: String,
    pub at: DateTime<Utc>,
    pub error: Option<MetaError>,
}

/// What of a project decides whether its events run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProjectFacts {
    pub is_active: bool,
    pub has_version: bool,
    pub has_number: bool,
    /// Runs that may go on at once.
    pub max_running: Option<i32>,
    /// Runs that may begin in a minute.
    pub events_per_minute: Option<i32>,
}

/// The oldest pending event of a conversation, for which the others wait.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Head {
    pub queue: String,
    pub event_id: EventId,
    pub kind: EventKind,
    pub last_error: Option<String>,
}

impl StoredEvent {
    /// Where it is in its life.
    pub fn state(&self, runs: &[StoredRun], now: DateTime<Utc>) -> EventState {
        match self.state.as_str() {
            "done" if self.discarded_at.is_some() => EventState::Discarded,
            "done" => EventState::Done,
            "dead" => EventState::Dead,
            _ if self.running(runs).is_some() && self.ready_at.is_some_and(|at| at > now) => {
                EventState::Running
            }
            _ => EventState::Pending,
        }
    }

    /// The run that holds the lease, or held it last.
    pub(super) fn running<'a>(&self, runs: &'a [StoredRun]) -> Option<&'a StoredRun> {
        let lease = self.lease?;
        runs.iter()
            .find(|run| run.run_id == lease && run.ended_at.is_none())
    }

    /// The type of a message, the word of a status, the field of another change.
    pub fn type_word(&self) -> Option<String> {
        let key = &self.dedupe_key;
        match self.kind {
            EventKind::Message => self.message_type.clone(),
            EventKind::Status => key.split(':').nth(2).map(str::to_owned),
            EventKind::Other => key.split(':').nth(3).map(str::to_owned),
        }
        .filter(|word| !word.is_empty())
    }

    /// Who it came from, as far as it may be shown: the last four characters.
    pub fn masked_from(&self) -> Option<String> {
        let id = self.wa_id.as_ref().or(self.user_id.as_ref());
        let id = id.or(self.group_id.as_ref())?;
        let count = id.chars().count();
        let shown: String = id.chars().skip(count.saturating_sub(4)).collect();
        Some(format!("…{shown}"))
    }

    /// Who it came from.
    pub fn from(&self) -> Option<&str> {
        let id = self.wa_id.as_ref().or(self.user_id.as_ref());
        id.or(self.group_id.as_ref()).map(String::as_str)
    }
}

impl SendState {
    pub(super) fn of(word: &str) -> Self {
        match word {
            "unsettled" => Self::Unsettled,
            "released" => Self::Released,
            "sent" => Self::Sent,
            "rejected" => Self::Rejected,
            _ => Self::Prepared,
        }
    }
}

impl EventState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }
}

impl FromStr for EventState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        match text {
            "pending" => Ok(Self::Pending),
            "running" => Ok(Self::Running),
            "done" => Ok(Self::Done),
            "dead" => Ok(Self::Dead),
            "discarded" => Ok(Self::Discarded),
            _ => Err(UnknownState(text.chars().take(40).collect())),
        }
    }
}
