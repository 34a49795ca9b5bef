//! Events as the API shows them.

use serde_json::value::RawValue;
use sqlx::types::chrono::{DateTime, Utc};

use crate::events::{EventReport, MetaError, SendStatus, StoredRun, StoredSend};
use crate::views::Time;
use crate::views::events::{EventDetail, EventView, MetaErrorView, RunView, SendView, StatusView};
use crate::views::logs::LogView;

impl From<EventReport> for EventView {
    fn from(report: EventReport) -> Self {
        view(&report)
    }
}

fn view(report: &EventReport) -> EventView {
    let event = &report.event;
    EventView {
        id: event.event_id.to_string(),
        kind: event.kind.into(),
        r#type: event.type_word(),
        state: report.state.into(),
        from: event.masked_from(),
        conversation_id: event.conversation_id.map(|id| id.to_string()),
        outcome: report.runs.last().and_then(|run| run.outcome.clone()),
        attempts: event.attempts,
        runs: report.runs.len(),
        sends: report.sends.len(),
        answer: report.explanation.answer.into(),
        why: report.explanation.sentence.clone(),
        last_error: event.last_error.clone(),
        received_at: Time(event.received_at),
        finished_at: event.finished_at.map(Time),
    }
}

/// An event with all that is known of it.
pub(super) fn detail(
    report: EventReport,
    log: Vec<LogView>,
    payload: Option<String>,
) -> EventDetail {
    let mut event = view(&report);
    if payload.is_some() {
        event.from = report.event.from().map(str::to_owned);
    }
    EventDetail {
        event,
        runs: report.runs.into_iter().map(RunView::from).collect(),
        sends: report.sends.into_iter().map(SendView::from).collect(),
        log,
        // It was JSON when it came.
        payload: payload.and_then(|text| RawValue::from_string(text).ok()),
    }
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
            state: send.state.into(),
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
