//! `POST /{PHONE_NUMBER_ID}/messages`: a message, or the mark that one was read.
//!
//! A message is first checked by itself ([`draft`]), then against the world ([`accept`]); what
//! becomes of it after the answer is the business of `statuses`.

mod accept;
mod content;
mod draft;
mod interactive;
mod read_mark;
mod template;

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;

use crate::error::GraphError;
use crate::faults::Fault;
use crate::graph::params::Object;
use crate::graph::send::accept::accept;
use crate::graph::send::draft::Draft;
use crate::graph::{Call, auth};
use crate::statuses;

/// Answers a send or a read mark.
pub(crate) async fn handle(call: &Call<'_>, number_id: &str) -> Result<Value, GraphError> {
    let root = Object::root(&call.request.params);
    if root.text("messaging_product")? != "whatsapp" {
        return Err(GraphError::parameter(
            "Param messaging_product must be one of {WHATSAPP}.",
        ));
    }
    if root.get("status").is_some() {
        return read_mark::mark(call, number_id, &root);
    }
    let fault = draw_faults(call).await;
    let forced_failure = match fault {
        Some(Fault::RateLimited { retry_after_s }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Err(GraphError::cloud(130429).answered(status, retry_after_s));
        }
        Some(Fault::ServerError) => return Err(GraphError::cloud(131000)),
        Some(Fault::TokenExpired) => return Err(auth::expired()),
        Some(Fault::CutBefore) => {
            call.cut.now();
            return Ok(Value::Null);
        }
        Some(Fault::FailedStatus { code }) => Some(code),
        _ => None,
    };
    let draft = Draft::read(&root)?;
    let accepted = accept(call, number_id, &draft, forced_failure)?;
    if fault == Some(Fault::CutAfter) {
        call.cut.now();
    }
    statuses::follow(call.platform, accepted.tracked, accepted.fate);
    Ok(accepted.answer)
}

/// Waits if the send is to be slow, and gives what else befalls it.
async fn draw_faults(call: &Call<'_>) -> Option<Fault> {
    let strike = |applies: fn(&Fault) -> bool| {
        let platform = call.platform;
        platform.faults().strike(&mut platform.rng(), applies)
    };
    let slowness = strike(|fault| matches!(fault, Fault::Slow { .. }));
    if let Some(Fault::Slow { delay_ms }) = slowness {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    strike(|fault| fault.is_about_sends() && !matches!(fault, Fault::Slow { .. }))
}
