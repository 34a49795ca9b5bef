//! Rows of sends as the outbox knows them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::OutboundMessage;
use super::sent::contact;
use crate::whatsapp::client::GraphResponse;
use crate::words::words;

words! {
    /// How far a send is.
    pub enum SendState: "state of a send" {
        /// A try is under way.
        Prepared = "prepared",
        /// Nobody knows whether it went out.
        Unsettled = "unsettled",
        /// It certainly did not go out.
        Released = "released",
        /// Meta took it.
        Sent = "sent",
        /// Meta refused it.
        Rejected = "rejected",
    }
}

words! {
    /// What told that a message went out.
    pub(super) enum KnownBy: "way to know of a send" {
        Answer = "answer",
        Status = "status",
    }
}

/// A row that was taken up, and how often: only the latest holder changes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub(super) send_id: i64,
    pub(super) tries: i32,
}

/// What a request found under its hash.
pub(super) enum Found {
    /// With the time for which its number must not send to its recipient.
    New(Lease, Option<Duration>),
    Known(Known),
}

/// A row that an earlier run, or another one of this event, has made.
pub(super) struct Known {
    pub(super) lease: Lease,
    pub(super) state: State,
}

pub(super) enum State {
    Prepared,
    /// With the time until it may be sent again.
    Unsettled(Duration),
    Released,
    Sent(GraphResponse),
    Rejected(GraphResponse),
}

/// How it is known that a message went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// By Meta's answer, to a message to this recipient.
    Answer(&'a str),
    Status,
}

impl Origin<'_> {
    pub(super) fn known_by(self) -> KnownBy {
        match self {
            Self::Answer(_) => KnownBy::Answer,
            Self::Status => KnownBy::Status,
        }
    }

    pub(super) fn recipient(&self) -> &str {
        match self {
            Self::Answer(recipient) => recipient,
            Self::Status => "",
        }
    }
}

/// What a status needs to know of its row.
pub(super) struct Watched {
    pub(super) project_id: Uuid,
    pub(super) phone_number_id: String,
    pub(super) is_sent: bool,
    pub(super) callback_data: Option<String>,
    /// As the bot addressed it, which Meta's answer repeats.
    pub(super) recipient: Option<String>,
}

pub(super) fn found(row: &PgRow) -> Result<Found, sqlx::Error> {
    let lease = Lease {
        send_id: row.try_get("send_id")?,
        tries: row.try_get("tries")?,
    };
    // One that was just made has none for whom it was made.
    let Some(state) = row.try_get::<Option<SendState>, _>("state")? else {
        let seconds: Option<f64> = row.try_get("pause_left")?;
        return Ok(Found::New(lease, seconds.and_then(time_left)));
    };
    let state = match state {
        SendState::Prepared => State::Prepared,
        SendState::Released => State::Released,
        SendState::Sent => State::Sent(response(row)?),
        SendState::Rejected => State::Rejected(response(row)?),
        SendState::Unsettled => {
            let seconds: Option<f64> = row.try_get("settle_in")?;
            let left = Duration::try_from_secs_f64(seconds.unwrap_or_default());
            State::Unsettled(left.unwrap_or_default())
        }
    };
    Ok(Found::Known(Known { lease, state }))
}

/// `None` for what is over.
pub(super) fn time_left(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|left| !left.is_zero())
}

fn response(row: &PgRow) -> Result<GraphResponse, sqlx::Error> {
    let status: i32 = row.try_get("response_status")?;
    let status = u16::try_from(status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok());
    let body: Vec<u8> = row.try_get("response_body")?;
    let content_type = HeaderValue::from_static("application/json");
    Ok(GraphResponse {
        status: status.unwrap_or(StatusCode::OK),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::from(body),
    })
}

fn message(row: &PgRow) -> Result<Value, sqlx::Error> {
    let text: Option<String> = row.try_get("request_body")?;
    Ok(text
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

fn recipient(message: &Value) -> Option<String> {
    let named = message.get("to").or_else(|| message.get("recipient"));
    named.and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn outbound(
    row: &PgRow,
    wamid: &str,
    answer: &[u8],
) -> Result<OutboundMessage, sqlx::Error> {
    let body = message(row)?;
    let kind = body
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("text")
        .to_owned();
    Ok(OutboundMessage {
        project_id: row.try_get("project_id")?,
        event_id: row.try_get("event_id")?,
        phone_number_id: row.try_get("phone_number_id")?,
        wamid: wamid.to_owned(),
        recipient: recipient(&body),
        wa_id: contact(answer, "wa_id"),
        kind,
        body,
        written_by: row.try_get("written_by")?,
    })
}

pub(super) fn watched(row: &PgRow) -> Result<Watched, sqlx::Error> {
    let answer: Option<Vec<u8>> = row.try_get("response_body")?;
    let answered = || contact(answer.as_deref()?, "input");
    Ok(Watched {
        project_id: row.try_get("project_id")?,
        phone_number_id: row.try_get("phone_number_id")?,
        is_sent: row.try_get("is_sent")?,
        callback_data: row.try_get("callback_data")?,
        recipient: recipient(&message(row)?).or_else(answered),
    })
}
