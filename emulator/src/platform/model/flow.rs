//! Flows, as an account has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A Flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    pub id: String,
    pub waba_id: String,
    pub name: String,
    pub categories: Vec<String>,
    pub status: FlowStatus,
    /// The text of its Flow JSON, as it was uploaded last.
    pub json: Option<String>,
    /// The text that customers get: what was published last.
    #[serde(default)]
    pub published_json: Option<String>,
    pub validation_errors: Vec<Value>,
    pub endpoint_uri: Option<String>,
    /// The app whose secret signs the requests to its endpoint.
    pub application_id: String,
    pub preview_token: String,
    pub preview_expires_at_ms: i64,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
    /// Requests to its endpoint that were made.
    #[serde(default)]
    pub requests: Vec<EndpointRequest>,
    /// When messages with it were sent, while it is throttled.
    #[serde(default)]
    pub sends_ms: Vec<i64>,
    /// The alerts about its endpoint that are on, by event, with their thresholds.
    #[serde(default)]
    pub alerts: BTreeMap<String, u64>,
}

/// One request to a Flow's endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointRequest {
    pub at_ms: i64,
    pub duration_ms: u64,
    /// What was wrong with it, in Meta's word.
    pub error: Option<String>,
    #[serde(default)]
    pub is_ping: bool,
}

/// How far a Flow has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FlowStatus {
    Draft,
    Published,
    Deprecated,
    Blocked,
    Throttled,
}

impl FlowStatus {
    /// Meta's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Published => "PUBLISHED",
            Self::Deprecated => "DEPRECATED",
            Self::Blocked => "BLOCKED",
            Self::Throttled => "THROTTLED",
        }
    }
}
