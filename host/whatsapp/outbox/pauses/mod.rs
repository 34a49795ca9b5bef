//! Pauses: a limit of Meta that one send hit, for all that share it, on all hosts.
//!
//! A pause has a beginning and an end by the database's clock. Each further refusal makes it longer,
//! and a message that goes out ends the series.

mod store;

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use uuid::Uuid;

use crate::whatsapp::client::GraphResponse;

/// A send that met a limit.
pub(super) struct Refused<'a> {
    pub(super) project_id: Uuid,
    pub(super) number: &'a str,
    pub(super) recipient: &'a str,
}

/// What Meta said when it refused, as the answer to a send that is held back, and how long to wait.
fn held_back(status: i32, body: Vec<u8>, left: Duration) -> GraphResponse {
    let status = u16::try_from(status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok());
    let content_type = HeaderValue::from_static("application/json");
    // Rounded up: a second too early would be refused again.
    let seconds = left.as_secs() + 1;
    GraphResponse {
        status: status.unwrap_or(StatusCode::TOO_MANY_REQUESTS),
        headers: HeaderMap::from_iter([
            (header::CONTENT_TYPE, content_type),
            (header::RETRY_AFTER, HeaderValue::from(seconds)),
        ]),
        body: body.into(),
    }
}
