//! Events as operators see them.

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::explain::MetaError;
use crate::inbox::{EventId, EventKind, Outcome, RowState, RunId};
use crate::whatsapp::SendState;
use crate::words::{Told, words};

words! {
    /// Where an event is in its life.
    pub enum EventState: "state of an event" {
        Pending = "pending",
        Running = "running",
        Done = "done",
        Dead = "dead",
        /// Given up by a person.
        Discarded = "discarded",
    }
}

words! {
    /// What Meta reports of a message.
    pub enum DeliveryStatus: "status of a message" {
        Sent = "sent",
        Delivered = "delivered",
        Read = "read",
        /// Of a voice message: it was listened to.
        Played = "played",
        Failed = "failed",
    }
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub state: Option<EventState>,
    pub kind: Option<EventKind>,
    /// A WhatsApp id, a user id, a group's id or a conversation's.
    pub contact: Option<String>,
    /// How the last run ended.
    pub outcome: Option<Outcome>,
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
    pub state: RowState,
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
    /// Absent while it runs.
    pub outcome: Option<Told<Outcome>>,
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

/// What Meta reported of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendStatus {
    pub status: Told<DeliveryStatus>,
    pub at: DateTime<Utc>,
    pub error: Option<MetaError>,
}

/// What of a project decides whether its events run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProjectFacts {
    pub is_active: bool,
    pub has_version: bool,
    pub has_number: bool,
    /// Since when Meta refuses the number's token.
    pub token_refused_at: Option<DateTime<Utc>>,
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
        match self.state {
            RowState::Done if self.discarded_at.is_some() => EventState::Discarded,
            RowState::Done => EventState::Done,
            RowState::Dead => EventState::Dead,
            RowState::Pending
                if self.running(runs).is_some() && self.ready_at.is_some_and(|at| at > now) =>
            {
                EventState::Running
            }
            RowState::Pending => EventState::Pending,
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

impl StoredRun {
    /// Whether it ended so.
    pub(super) fn ended_as(&self, outcome: Outcome) -> bool {
        self.outcome.as_ref().is_some_and(|ended| ended.is(outcome))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::DeliveryStatus;
    use crate::words::tests::{migrations, quoted};

    #[test]
    fn the_database_ranks_the_statuses_that_are_known() {
        let texts = migrations();
        let rank = texts
            .iter()
            .rev()
            .find_map(|text| text.split_once("function message_status_rank("));
        let (_, rank) = rank.unwrap();
        let (rank, _) = rank.split_once("end;").unwrap();
        let known = DeliveryStatus::ALL.map(|status| status.word().to_owned());
        assert_eq!(quoted(rank), BTreeSet::from(known));
    }
}
