//! Meta's webhook: the handshake, and the POST that is stored before it is answered.
//!
//! 200 means stored: in the inbox, or as unrouted when no project has the number. Everything else
//! makes Meta repeat the POST, which is what we want when the database is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use subtle::ConstantTimeEq;

use super::HttpState;
use super::error::ApiError;
use super::signature::{HEADER, is_signed};
use crate::inbox::envelope::{Piece, split};
use crate::projects::{Accepted, Secret};
use crate::telemetry::{Span, SpanKind, Tracer};

/// How often a log is told of signatures that do not fit: anybody can post them.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// What the Meta app and this host agreed on.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Two while it is being changed, as the app's secret.
    pub verify_tokens: Accepted,
    pub app_secrets: Accepted,
    /// Meta sends up to 3 MB.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub read_timeout: Duration,
    /// When the log was told that a signature does not fit.
    told: Arc<Mutex<Option<Instant>>>,
}

impl WebhookSettings {
    /// With what never changes.
    pub fn new(verify_token: Secret, app_secrets: Vec<Secret>) -> Self {
        Self::of(Accepted::new([verify_token]), Accepted::new(app_secrets))
    }

    /// With what may change.
    pub fn of(verify_tokens: Accepted, app_secrets: Accepted) -> Self {
        Self {
            verify_tokens,
            app_secrets,
            max_body_bytes: 3 * 1024 * 1024,
            read_timeout: Duration::from_secs(10),
            told: Arc::default(),
        }
    }

    /// Says that a signature does not fit, unless that was said just now.
    fn tell_of_signature(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|at| at.elapsed() > TOLD_EVERY) {
            *told = Some(Instant::now());
            tracing::warn!(
                "a webhook is refused, because none of this host's app secrets made its signature: if it is Meta's, \
                 give the secret of its app with ROOST_APP_SECRETS or `roost rotate app-secret`"
            );
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
    let accepted = state.webhook.verify_tokens.now();
    let is_ours = accepted.iter().any(|expected| {
        let expected = expected.expose().as_bytes();
        !expected.is_empty() && bool::from(token.as_bytes().ct_eq(expected))
    });
    match is_ours {
        true => Ok(challenge.to_owned()),
        false => Err(ApiError::WrongVerifyToken),
    }
}

/// Verifies, splits and stores.
pub(super) async fn receive(
    State(state): State<HttpState>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let started = Instant::now();
    let telemetry = state.inbox.telemetry();
    let mut span = telemetry
        .tracer
        .root("POST /webhooks/whatsapp", SpanKind::Server);
    let stored = store(&state, request, &span).await;
    let result = stored.as_ref().map_or_else(ApiError::code, |()| "ok");
    telemetry.metrics.webhook(result, started.elapsed());
    span.set("http.request.method", "POST");
    span.set("http.route", "/webhooks/whatsapp");
    let status = stored
        .as_ref()
        .map_or_else(ApiError::status, |()| StatusCode::OK);
    span.set("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.fail(result);
    }
    stored.map(|()| status)
}

async fn store(state: &HttpState, request: Request, span: &Span) -> Result<(), ApiError> {
    let signature = header(request.headers());
    let body = read(&state.webhook, request).await?;
    if !is_signed(&state.webhook.app_secrets.now(), &signature, &body) {
        state.webhook.tell_of_signature();
        return Err(ApiError::BadSignature);
    }
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::NotUtf8)?;
    let mut pieces = split(text).inspect_err(|error| {
        tracing::warn!(
            body.bytes = body.len(),
            "a webhook with Meta's signature is refused, and nothing of it is stored: {error}"
        );
    })?;
    let telemetry = state.inbox.telemetry();
    let _storing = traced(&telemetry.tracer, span, &mut pieces);
    let report = state.inbox.put(&pieces).await?;
    telemetry.metrics.pieces("stored", report.stored);
    telemetry.metrics.pieces("duplicate", report.duplicates);
    telemetry.metrics.pieces("unrouted", report.unrouted);
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
    Ok(())
}

/// A span for storing each piece, in which its event goes on. One event is one trace: where a POST
/// has several, each begins its own and points to the POST's.
fn traced(tracer: &Tracer, webhook: &Span, pieces: &mut [Piece]) -> Vec<Span> {
    let Some(webhook) = webhook.traceparent() else {
        return Vec::new();
    };
    let is_alone = pieces.len() == 1;
    let spans = pieces.iter_mut().map(|piece| {
        let mut span = tracer.child("event.store", is_alone.then_some(webhook.as_str()));
        if !is_alone {
            span.link(Some(&webhook));
        }
        span.set("roost.event_kind", piece.content.kind().word());
        piece.traceparent = span.traceparent();
        span
    });
    spans.collect()
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
