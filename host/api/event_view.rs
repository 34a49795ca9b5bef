//! Events as the API shows them.

use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::types::chrono::{DateTime, Utc};
use utoipa::ToSchema;

use super::Time;
use super::events::Kind;
use super::logs::LogView;
use crate::events::{
    Answer, EventReport, EventState, MetaError, SendState, SendStatus, StoredRun, StoredSend,
};

/// Something that woke a bot, or is about to.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventView {
    id: String,
    kind: Kind,
    /// The type of a message, the word of a status, the field of another change.
    r#type: Option<String>,
    state: EventState,
    /// Who it came from: the last four digits; null for a token without `people`.
    from: Option<String>,
    conversation_id: Option<String>,
    /// How the last run ended; null: there is none, or it goes on.
    outcome: Option<String>,
    /// Runs that count against the bot.
    attempts: i32,
    runs: usize,
    sends: usize,
    /// Whether the customer has an answer.
    answer: Answer,
    /// Why the customer did or did not get an answer, in one sentence.
    why: String,
    last_error: Option<String>,
    received_at: Time,
    finished_at: Option<Time>,
}

impl From<EventReport> for EventView {
    fn from(report: EventReport) -> Self {
        Self::of(&report)
    }
}

impl EventView {
    fn of(report: &EventReport) -> Self {
        let event = &report.event;
        Self {
            id: event.event_id.to_string(),
            kind: event.kind.into(),
            r#type: event.type_word(),
            state: report.state,
            from: event.masked_from(),
            conversation_id: event.conversation_id.map(|id| id.to_string()),
            outcome: report.runs.last().and_then(|run| run.outcome.clone()),
            attempts: event.attempts,
            runs: report.runs.len(),
            sends: report.sends.len(),
            answer: report.explanation.answer,
            why: report.explanation.sentence.clone(),
            last_error: event.last_error.clone(),
            received_at: Time(event.received_at),
            finished_at: event.finished_at.map(Time),
        }
    }
}

/// An event with all that is known of it.
#[derive(Serialize, ToSchema)]
pub(super) struct EventDetail {
    event: EventView,
    /// In order.
    runs: Vec<RunView>,
    /// In order.
    sends: Vec<SendView>,
    /// What the bot logged, oldest first; the last 200 lines. None for a token without `people`.
    log: Vec<LogView>,
    /// What came in, with the customer's words and number; absent unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    payload: Option<Box<RawValue>>,
}

impl EventDetail {
    pub(super) fn new(report: EventReport, log: Vec<LogView>, payload: Option<String>) -> Self {
        let mut event = EventView::of(&report);
        if payload.is_some() {
            event.from = report.event.from().map(str::to_owned);
        }
        Self {
            event,
            runs: report.runs.into_iter().map(RunView::from).collect(),
            sends: report.sends.into_iter().map(SendView::from).collect(),
            log,
            // It was JSON when it came.
            payload: payload.and_then(|text| RawValue::from_string(text).ok()),
        }
    }
}

/// One attempt at an event.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
struct RunView {
    id: String,
    /// Which of those that count against the bot.
    attempt: i32,
    host: String,
    version: String,
    started_at: Time,
    ended_at: Option<Time>,
    /// Null while it runs.
    outcome: Option<String>,
    error: Option<String>,
    /// How long it took, in milliseconds.
    wall_ms: Option<f64>,
    /// Time on a processor, in milliseconds.
    cpu_ms: Option<f64>,
    /// The instance's memory at its largest.
    memory_bytes: Option<i64>,
    host_calls: Option<i32>,
    sends: Option<i32>,
    /// What the bot answered to the webhook.
    response_status: Option<i32>,
    /// Which request to Meta, besides messages, was refused last, by whom and why.
    refusal: Option<String>,
}

impl From<StoredRun> for RunView {
    fn from(run: StoredRun) -> Self {
        let ms = |micros: i64| micros as f64 / 1_000.0;
        Self {
            id: run.run_id.to_string(),
            attempt: run.attempt,
            host: run.owner,
            version: run.version_id.to_string(),
            started_at: Time(run.started_at),
            ended_at: run.ended_at.map(Time),
            outcome: run.outcome,
            error: run.error,
            wall_ms: run.wall_us.map(ms),
            cpu_ms: run.cpu_us.map(ms),
            memory_bytes: run.memory_bytes,
            host_calls: run.host_calls,
            sends: run.sends,
            response_status: run.response_status,
            refusal: run.refusal,
        }
    }
}

/// A message that the bot sent, or tried to.
#[derive(Serialize, ToSchema)]
#[schema(as = Send)]
struct SendView {
    id: String,
    state: SendState,
    /// `text`, `template` and so on, of what Meta took.
    r#type: Option<String>,
    /// Whether it went to the customer who wrote; null where that is not known.
    is_to_customer: Option<bool>,
    /// Meta's id of the message, which holds the customer's number: null for a token without `people`.
    message_id: Option<String>,
    /// Why Meta refused it, for good or the last time.
    error: Option<MetaErrorView>,
    /// Why it did not go out the last time, where Meta said nothing.
    setback: Option<String>,
    /// When it counts as not sent, unless a status of Meta says otherwise.
    settle_by: Option<Time>,
    /// What Meta reported of it, the furthest last.
    statuses: Vec<StatusView>,
    created_at: Time,
    updated_at: Time,
}

/// What Meta said of a message that it refused or could not deliver.
#[derive(Serialize, ToSchema)]
#[schema(as = MetaError)]
struct MetaErrorView {
    code: i64,
    /// What it means.
    meaning: String,
    /// In Meta's words.
    message: Option<String>,
    details: Option<String>,
}

/// A status that Meta reported.
#[derive(Serialize, ToSchema)]
#[schema(as = SendStatus)]
struct StatusView {
    status: String,
    at: Time,
    error: Option<MetaErrorView>,
}

impl From<MetaError> for MetaErrorView {
    fn from(error: MetaError) -> Self {
        Self {
            code: error.code,
            meaning: error.meaning(),
            message: error.message,
            details: error.details,
        }
    }
}

impl From<SendStatus> for StatusView {
    fn from(status: SendStatus) -> Self {
        Self {
            status: status.status,
            at: Time(status.at),
            error: status.error.map(MetaErrorView::from),
        }
    }
}

impl From<StoredSend> for SendView {
    fn from(send: StoredSend) -> Self {
        let time = |at: Option<DateTime<Utc>>| at.map(Time);
        Self {
            id: send.send_id.to_string(),
            state: send.state,
            r#type: send.message_type,
            is_to_customer: send.is_to_customer,
            message_id: send.wamid,
            error: send.error.map(MetaErrorView::from),
            setback: send.setback,
            settle_by: time(send.settle_by),
            statuses: send.statuses.into_iter().map(StatusView::from).collect(),
            created_at: Time(send.created_at),
            updated_at: Time(send.updated_at),
        }
    }
}
