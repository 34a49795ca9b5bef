//! Templates, and what Meta says of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Time;
use crate::templates::{Standing, What};
use crate::words::Told;

/// A template in one language.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Template)]
pub struct TemplateView {
    /// Meta's id of it in this language.
    pub id: String,
    pub name: String,
    pub language: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    pub category: String,
    /// Meta's word: `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED` and others.
    pub status: String,
    /// What that means, and what to do.
    pub told: Option<String>,
    /// Meta's word for why it was rejected.
    pub rejected_reason: Option<String>,
    /// `GREEN`, `YELLOW` or `RED`; null while Meta has not seen enough.
    pub quality: Option<String>,
    /// What it was before Meta changed its category.
    pub previous_category: Option<String>,
    /// What Meta will make of its category.
    pub correct_category: Option<String>,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    pub message_send_ttl_seconds: Option<i32>,
    /// As Meta has them.
    #[schema(value_type = Vec<Object>)]
    pub components: Vec<Value>,
    /// When Meta listed it last, or told of it.
    pub seen_at: Time,
}

/// A page of templates.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TemplatePage {
    pub items: Vec<TemplateView>,
    /// The `cursor` of the next page; null: this is the last one.
    pub next_cursor: Option<String>,
    /// When all of them were compared with Meta.
    pub synced_at: Option<Time>,
    /// Why that failed since.
    pub sync_error: Option<String>,
}

/// What became of a template.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = TemplateChange)]
pub struct ChangeView {
    pub id: String,
    pub name: String,
    pub language: String,
    #[schema(value_type = What)]
    pub what: Told<What>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// A sentence, with what to do.
    pub told: String,
    pub at: Time,
}

/// What was deleted.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TemplatesDeleted {
    /// In how many languages it was there.
    pub deleted: usize,
}

/// What comparing with Meta brought.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TemplatesSynced {
    /// The project's templates.
    pub templates: usize,
    /// How much of the account's was different from what was known.
    pub changed: usize,
}

/// Written templates, compared with what Meta has.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TemplatePlan {
    /// In the order in which they were given.
    pub items: Vec<PlannedView>,
}

/// A written template, compared with what Meta has.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = PlannedTemplate)]
pub struct PlannedView {
    pub name: String,
    pub language: String,
    #[schema(value_type = Standing)]
    pub standing: Told<Standing>,
    /// What is different, or wrong, each with its place.
    pub why: Vec<String>,
    /// Its status at Meta, if it is there.
    pub status: Option<String>,
}
