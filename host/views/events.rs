//! Events, with their runs and their sends.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Time;
use super::logs::LogView;
use crate::events::{Answer, DeliveryStatus, EventState, SendState};
use crate::inbox::{EventKind, Outcome};
use crate::words::Told;

/// Something that woke a bot, or is about to.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    pub id: String,
    #[schema(value_type = EventKind)]
    pub kind: Told<EventKind>,
    /// The type of a message, the word of a status, the field of another change.
    pub r#type: Option<String>,
    #[schema(value_type = EventState)]
    pub state: Told<EventState>,
    /// Who it came from: the last four digits; null for a token without `people`.
    pub from: Option<String>,
    pub conversation_id: Option<String>,
    /// How the last run ended; null: there is none, or it goes on.
    #[schema(value_type = Option<Outcome>)]
    pub outcome: Option<Told<Outcome>>,
    /// Runs that count against the bot.
    pub attempts: i32,
    pub runs: usize,
    pub sends: usize,
    /// Whether the customer has an answer.
    #[schema(value_type = Answer)]
    pub answer: Told<Answer>,
    /// Why the customer did or did not get an answer, in one sentence.
    pub why: String,
    pub last_error: Option<String>,
    pub received_at: Time,
    pub finished_at: Option<Time>,
}

/// An event with all that is known of it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EventDetail {
    pub event: EventView,
    /// In order.
    pub runs: Vec<RunView>,
    /// In order.
    pub sends: Vec<SendView>,
    /// What the bot logged, oldest first; the last 200 lines. None for a token without `people`.
    pub log: Vec<LogView>,
    /// What came in, with the customer's words and number; absent unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Box<RawValue>>,
}

/// One attempt at an event.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Run)]
pub struct RunView {
    pub id: String,
    /// Which of those that count against the bot.
    pub attempt: i32,
    pub host: String,
    pub version: String,
    pub started_at: Time,
    pub ended_at: Option<Time>,
    /// Null while it runs.
    #[schema(value_type = Option<Outcome>)]
    pub outcome: Option<Told<Outcome>>,
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub wall_ms: Option<f64>,
    /// Time on a processor, in milliseconds.
    pub cpu_ms: Option<f64>,
    /// The instance's memory at its largest.
    pub memory_bytes: Option<i64>,
    pub host_calls: Option<i32>,
    pub sends: Option<i32>,
    /// What the bot answered to the webhook.
    pub response_status: Option<i32>,
    /// Which request to Meta, besides messages, was refused last, by whom and why.
    pub refusal: Option<String>,
}

/// A message that the bot sent, or tried to.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Send)]
pub struct SendView {
    pub id: String,
    #[schema(value_type = SendState)]
    pub state: Told<SendState>,
    /// `text`, `template` and so on, of what Meta took.
    pub r#type: Option<String>,
    /// Whether it went to the customer who wrote; null where that is not known.
    pub is_to_customer: Option<bool>,
    /// Meta's id of the message, which holds the customer's number: null for a token without `people`.
    pub message_id: Option<String>,
    /// Why Meta refused it, for good or the last time.
    pub error: Option<MetaErrorView>,
    /// Why it did not go out the last time, where Meta said nothing.
    pub setback: Option<String>,
    /// When it counts as not sent, unless a status of Meta says otherwise.
    pub settle_by: Option<Time>,
    /// What Meta reported of it, the furthest last.
    pub statuses: Vec<StatusView>,
    pub created_at: Time,
    pub updated_at: Time,
}

/// What Meta said of a message that it refused or could not deliver.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = MetaError)]
pub struct MetaErrorView {
    pub code: i64,
    /// What it means.
    pub meaning: String,
    /// In Meta's words.
    pub message: Option<String>,
    pub details: Option<String>,
}

/// A status that Meta reported.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = SendStatus)]
pub struct StatusView {
    /// `sent`, `delivered`, `read`, `played` or `failed`, or another word of Meta's.
    #[schema(value_type = String)]
    pub status: Told<DeliveryStatus>,
    pub at: Time,
    pub error: Option<MetaErrorView>,
}

/// How many events were replayed or given up.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub struct EventCount {
    pub events: u64,
}

/// What came for a number before a project had it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MissedView {
    pub webhooks: i64,
    /// Of these: too long to be kept, so that they cannot be taken over.
    pub too_long: i64,
    pub oldest_received_at: Option<Time>,
}

/// What became of webhooks that came too early.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub struct AdoptedView {
    /// Events that the project has now.
    pub events: u64,
    /// Those that were there already, since Meta had repeated them.
    pub duplicates: u64,
}
