//! Times in queries.

use sqlx::types::chrono::{DateTime, Utc};

use super::error::bad_request;
use crate::http::ApiError;

/// A time of a query, in RFC 3339.
pub fn time_given(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    // A `+` that was not encoded arrives as a space.
    let parsed = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    let time = parsed.map(|time| time.to_utc());
    time.map(Some).map_err(|_| {
        bad_request(
            "bad-time",
            format!("`{name}` is no time; use RFC 3339, as in 2026-01-31T09:30:00Z"),
        )
    })
}
