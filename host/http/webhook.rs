//! Meta's webhook: the handshake, and the POST that is stored before it is answered.
//!
//! 200 means stored: in the inbox, or as unrouted when no project has the number. Everything else
//! makes Meta repeat the POST, which is what we want when the database is away.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use subtle::ConstantTimeEq;

use super::HttpState;
use super::error::ApiError;
use super::signature::{HEADER, is_signed};
use crate::inbox::envelope::split;
use crate::projects::Secret;

/// What the Meta app and this host agreed on.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    pub verify_token: Secret,
    /// The Meta app's secret; two while it is being changed.
    pub app_secrets: Vec<Secret>,
    /// Meta sends up to 3 MB.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub read_timeout: Duration,
}

impl WebhookSettings {
    pub fn new(verify_token: Secret, app_secrets: Vec<Secret>) -> Self {
        Self {
            verify_token,
            app_secrets,
            max_body_bytes: 3 * 1024 * 1024,
            read_timeout: Duration::from_secs(10),
        }
    }
}

/// Answers with the challenge when the verify token is ours.
pub(super) async fn handshake(
    State(state): State<HttpState>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<String, ApiError> {
    let Ok(Query(query)) = query else {
        return Err(ApiError::BadHandshake);
    };
    let get = |name| query.get(name).map(String::as_str);
    let (Some("subscribe"), Some(challenge)) = (get("hub.mode"), get("hub.challenge")) else {
        return Err(ApiError::BadHandshake);
    };
    let token = get("hub.verify_token").unwrap_or_default();
    let expected = state.webhook.verify_token.expose();
    if bool::from(token.as_bytes().ct_eq(expected.as_bytes())) && !expected.is_empty() {
        Ok(challenge.to_owned())
    } else {
        Err(ApiError::WrongVerifyToken)
    }
}

/// Verifies, splits and stores.
pub(super) async fn receive(
    State(state): State<HttpState>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let signature = header(request.headers());
    let body = read(&state.webhook, request).await?;
    if !is_signed(&state.webhook.app_secrets, &signature, &body) {
        return Err(ApiError::BadSignature);
    }
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::NotUtf8)?;
    let report = state.inbox.put(&split(text)?).await?;
    if report.unrouted > 0 {
        tracing::warn!(
            events.unrouted = report.unrouted,
            "{} changes came for numbers that no project has; they are kept in `unrouted`",
            report.unrouted
        );
    }
    tracing::debug!(
        events.stored = report.stored,
        events.duplicate = report.duplicates,
        "stored a webhook"
    );
    Ok(StatusCode::OK)
}

fn header(headers: &HeaderMap) -> String {
    let value = headers.get(HEADER).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

async fn read(settings: &WebhookSettings, request: Request) -> Result<Bytes, ApiError> {
    let body = Bytes::from_request(request, &());
    match tokio::time::timeout(settings.read_timeout, body).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(ApiError::BodyTooLarge(settings.max_body_bytes))
        }
        Ok(Err(_)) => Err(ApiError::BodyCutOff),
        Err(_) => Err(ApiError::BodyTooSlow),
    }
}
