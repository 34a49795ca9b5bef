//! `/metrics`: numbers for Prometheus. They name no customer, and a project only when its host was
//! told to, so that a scraper needs no token: who can reach this listener may read them.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Api;
use crate::http::ApiError;
use crate::telemetry::Metrics;

pub(super) async fn scrape(State(api): State<Api>) -> Result<Response, ApiError> {
    let text = api.host.scrape().render().await;
    let text = text.map_err(|error| ApiError::Internal(error.into()))?;
    Ok(([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], text).into_response())
}
