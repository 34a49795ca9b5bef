//! Message templates, as an account has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A message template: one name in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub id: String,
    #[serde(default)]
    pub waba_id: String,
    pub name: String,
    /// For example `en_US`.
    pub language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED`, `ARCHIVED` and the like.
    pub status: String,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// In the form in which templates are created.
    pub components: Vec<Value>,
    /// What it was before Meta changed it.
    #[serde(default)]
    pub previous_category: Option<String>,
    /// What Meta says that it should be.
    #[serde(default)]
    pub correct_category: Option<String>,
    /// `NONE` unless it was rejected.
    #[serde(default)]
    pub rejected_reason: Option<String>,
    #[serde(default)]
    pub quality: Quality,
    #[serde(default)]
    pub message_send_ttl_seconds: Option<i64>,
    #[serde(default)]
    pub cta_url_link_tracking_opted_out: Option<bool>,
    #[serde(default)]
    pub library_template_name: Option<String>,
    #[serde(default)]
    pub created_at_ms: i64,
    /// When an approved version of it was edited.
    #[serde(default)]
    pub edits_ms: Vec<i64>,
    /// How often it was paused.
    #[serde(default)]
    pub pauses: u32,
    /// Which review it waits for: a decision about an earlier one comes too late.
    #[serde(default)]
    pub review: u32,
}

/// What customers think of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub score: String,
    pub at_ms: i64,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            score: "UNKNOWN".to_owned(),
            at_ms: 0,
        }
    }
}

impl Template {
    /// The components of a type, for example `BODY`; templates have them in capitals.
    pub(crate) fn components_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.components.iter().filter(move |component| {
            let word = component["type"].as_str().unwrap_or_default();
            word.eq_ignore_ascii_case(kind)
        })
    }

    /// Its buttons, in their order.
    pub(crate) fn buttons(&self) -> Vec<&Value> {
        let components = self.components_of("BUTTONS");
        let lists = components.filter_map(|component| component["buttons"].as_array());
        lists.flatten().collect()
    }
}
