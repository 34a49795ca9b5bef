//! Which dead events are to be run again or given up, as a body says it.

use serde::Deserialize;
use utoipa::openapi::{Object, OneOf, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::error::unprocessable;
use super::events::plain;
use super::{not_null, time_given};
use crate::events::EventFilter;
use crate::http::ApiError;
use crate::inbox::{EventKind, Outcome};

/// Which dead events: all of them, or those that have all of this in common.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeadEvents {
    #[serde(deserialize_with = "not_null")]
    all: Option<bool>,
    #[serde(deserialize_with = "not_null")]
    kind: Option<EventKind>,
    #[serde(deserialize_with = "not_null")]
    contact: Option<String>,
    #[serde(deserialize_with = "not_null")]
    outcome: Option<Outcome>,
    #[serde(deserialize_with = "not_null")]
    error: Option<String>,
    #[serde(deserialize_with = "not_null")]
    since: Option<String>,
    #[serde(deserialize_with = "not_null")]
    until: Option<String>,
}

/// All dead events.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it says what `DeadEvents` may be")]
struct AllDeadEvents {
    /// `true`: said, so that nobody means more than they say.
    #[schema(schema_with = only_true)]
    all: bool,
}

/// Dead events that have all of this in common.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
#[expect(dead_code, reason = "it says what `DeadEvents` may be")]
struct AlikeDeadEvents {
    #[schema(required = false)]
    kind: EventKind,
    /// Of this customer or conversation: a phone number, a user id, a group's or a conversation's id.
    #[schema(required = false, pattern = r"^[^\u0000]+$")]
    contact: String,
    /// How the last run ended, as in `timeout`.
    #[schema(required = false)]
    outcome: Outcome,
    /// What the last error contains, whatever its case.
    #[schema(required = false, pattern = r"^[^\u0000]+$")]
    error: String,
    /// Received at this time or later: RFC 3339.
    #[schema(required = false, format = DateTime)]
    since: String,
    /// Received before this time: RFC 3339.
    #[schema(required = false, format = DateTime)]
    until: String,
}

fn only_true() -> Object {
    let only = Object::builder().schema_type(Type::Boolean);
    only.enum_values(Some([true])).build()
}

impl PartialSchema for DeadEvents {
    fn schema() -> RefOr<Schema> {
        let either = OneOf::builder()
            .item(AllDeadEvents::schema())
            .item(AlikeDeadEvents::schema());
        either.into()
    }
}

impl ToSchema for DeadEvents {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AlikeDeadEvents::schemas(schemas);
    }
}

impl DeadEvents {
    /// The filter that it means. Refuses what means nothing, and what means two things.
    pub(super) fn filter(self) -> Result<EventFilter, ApiError> {
        let unfit = |error: ApiError| match error {
            ApiError::Refused { detail, .. } => unprocessable("bad-body", detail),
            other => other,
        };
        let text = |name: &str, text: Option<String>| match text {
            Some(text) if text.is_empty() => Err(unprocessable(
                "bad-body",
                format!("`{name}` is empty: leave it out"),
            )),
            text => plain(name, text).map_err(unfit),
        };
        let filter = EventFilter {
            state: None,
            kind: self.kind,
            contact: text("contact", self.contact)?,
            outcome: self.outcome,
            error: text("error", self.error)?,
            since: time_given("since", self.since.as_deref()).map_err(unfit)?,
            until: time_given("until", self.until.as_deref()).map_err(unfit)?,
        };
        match (self.all, filter == EventFilter::default()) {
            (Some(false), _) | (None, true) => Err(unprocessable(
                "no-filter",
                "say which dead events: `\"all\": true`, or one of kind, contact, outcome, error, since and until",
            )),
            (Some(true), false) => Err(unprocessable(
                "all-and-filter",
                "say either `\"all\": true` or what the events have in common, not both",
            )),
            _ => Ok(filter),
        }
    }
}
