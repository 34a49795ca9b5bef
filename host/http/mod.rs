//! The door: what Meta and load balancers ask for over HTTP.
//!
//! The webhook verifies, stores and answers; no bot runs before the answer is out. Errors
//! become responses in `error`, and each request is one line in the log, written by `request_log`.

mod error;
mod health;
mod listener;
mod request_log;
mod signature;
mod store;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;

pub use error::{ApiError, Problem};
pub use health::Health;
pub use listener::{ListenerLimits, MayHaveAll, serve};
pub use request_log::{RequestId, request_log};
pub use signature::{is_signed, sign, sign_as_before};
pub use webhook::WebhookSettings;

use crate::inbox::Inbox;

/// What the routes share.
#[derive(Clone)]
pub struct HttpState {
    pub inbox: Inbox,
    pub webhook: Arc<WebhookSettings>,
    pub health: Health,
}

/// Every route of the door.
pub fn router(state: HttpState) -> Router {
    let limit = DefaultBodyLimit::max(state.webhook.max_body_bytes);
    Router::new()
        .route(
            "/webhooks/whatsapp",
            get(webhook::handshake).post(webhook::receive),
        )
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(no_such_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(limit)
        .layer(from_fn(request_log))
        .with_state(state)
}

async fn no_such_route() -> ApiError {
    ApiError::NoSuchRoute
}

async fn wrong_method() -> ApiError {
    ApiError::WrongMethod
}
