//! One log event per request, and the request's id in every error that a client sees.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, header::ALLOW};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use uuid::Uuid;

use super::error::ApiError;
use crate::causes::with_causes;

/// What the log, and who got an error, call a request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Wraps all routes. Names each request with an id of our own: one from outside is not to be
/// trusted.
pub async fn request_log(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("unmatched", MatchedPath::as_str);

    request
        .extensions_mut()
        .insert(RequestId(request_id.clone()));
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        ApiError::Internal(anyhow::anyhow!("a handler panicked")).into_response()
    });
    let error = response.extensions().get::<Arc<ApiError>>().cloned();
    if let Some(error) = &error {
        let allow = response.headers_mut().remove(ALLOW);
        response = error.respond(Some(request_id.clone()));
        if let Some(allow) = allow {
            response.headers_mut().insert(ALLOW, allow);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let line = Line {
        request_id: &request_id,
        method: &method,
        path,
        started,
    };
    line.write(response.status().as_u16(), error.as_deref());
    response
}

struct Line<'a> {
    request_id: &'a str,
    method: &'a Method,
    path: &'a str,
    started: Instant,
}

impl Line<'_> {
    fn write(&self, status: u16, error: Option<&ApiError>) {
        let Self {
            request_id,
            method,
            path,
            started,
        } = self;
        let duration_ms = started.elapsed().as_secs_f64() * 1_000.0;
        let code = error.map(ApiError::code);
        macro_rules! line {
            ($level:ident $(, $field:tt)*) => {
                tracing::$level!(
                    request.id = %request_id, %method, path, status, duration_ms, error.code = code,
                    $(error.chain = $field,)*
                    "{method} {path}: {status}"
                )
            };
        }
        match error {
            Some(error @ (ApiError::Internal(_) | ApiError::Unavailable(_))) => {
                let chain = with_causes(error);
                line!(error, chain)
            }
            // Load balancers ask every few seconds.
            None if matches!(*path, "/livez" | "/readyz") => line!(debug),
            _ => line!(info),
        }
    }
}
