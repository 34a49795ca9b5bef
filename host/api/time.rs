//! Times as the API shows them.

use serde::{Serialize, Serializer};
use sqlx::types::chrono::{DateTime, Utc};
use utoipa::ToSchema;

use super::error::bad_request;
use crate::http::ApiError;

/// A point in time: RFC 3339, in UTC, with microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T09:30:00.000000Z")]
pub struct Time(pub DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

impl Time {
    /// A time of a query, in RFC 3339.
    pub fn given(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, ApiError> {
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
}
