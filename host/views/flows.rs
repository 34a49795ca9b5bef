//! Flows, what is wrong with them, and the key of their endpoints.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use crate::flows::Endpoint;
use crate::words::Told;

/// A project's Flow.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Flow)]
pub struct FlowView {
    /// What the project calls it: `flows/NAME.json`.
    pub name: String,
    /// Meta's id of it.
    pub flow_id: String,
    /// As Meta lists it: another name when that was taken in the account.
    pub meta_name: String,
    /// Meta's word: `DRAFT`, `PUBLISHED`, `DEPRECATED`, `THROTTLED`, `BLOCKED`.
    pub status: String,
    /// Meta's words.
    pub categories: Vec<String>,
    /// The version of its Flow JSON.
    pub json_version: Option<String>,
    /// Set when it has a data endpoint.
    pub data_api_version: Option<String>,
    /// Who answers its data requests.
    #[schema(value_type = Endpoint)]
    pub endpoint: Told<Endpoint>,
    pub endpoint_uri: Option<String>,
    /// The bot's route that gets its data requests as plain JSON, when this host answers them.
    pub route: Option<String>,
    /// The SHA-256 of the JSON that was uploaded last, in hexadecimal.
    pub json_sha256: Option<String>,
    /// Whether what was uploaded last is what was published.
    pub is_published_as_uploaded: bool,
    /// What Meta has against it.
    pub validation_errors: Vec<FlowProblem>,
    /// What last went wrong at the endpoint: Meta's word for it, or the host's.
    pub complaint: Option<String>,
    pub complained_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    /// When Meta last told of it.
    pub seen_at: Time,
}

/// Something that is wrong with a Flow's JSON.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowProblem {
    /// Meta's word for it.
    pub error: String,
    pub message: String,
    /// Where in the JSON, as in `screens[0].layout.children[2].text`.
    pub path: Option<String>,
    pub line_start: Option<i64>,
    pub line_end: Option<i64>,
    pub column_start: Option<i64>,
    pub column_end: Option<i64>,
    /// Meta takes it, but it is hardly meant.
    #[serde(default)]
    pub is_warning: bool,
}

/// What the local check says of Flow JSON.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowChecked {
    /// Whether nothing was found that Meta would refuse.
    pub is_good: bool,
    pub json_version: Option<String>,
    pub data_api_version: Option<String>,
    pub screens: Vec<String>,
    pub problems: Vec<FlowProblem>,
}

/// What became of a push.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowPushed {
    pub flow: FlowView,
    /// Whether Meta had none before.
    pub is_new: bool,
    /// What the local check found that is no error.
    pub warnings: Vec<FlowProblem>,
}

/// A Flow's JSON, as Meta has it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowJson {
    pub json: String,
}

/// Where a Flow can be tried without WhatsApp.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FlowPreview)]
pub struct PreviewView {
    pub preview_url: String,
    /// As Meta writes it.
    pub expires_at: Option<String>,
}

/// Numbers of a Flow's endpoint.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowMetric {
    pub name: Option<String>,
    pub granularity: Option<String>,
    /// As Meta has them.
    #[serde(default)]
    pub data_points: Vec<FlowMetricPoint>,
}

/// Numbers of one time.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowMetricPoint {
    /// As Meta writes it.
    pub timestamp: Option<String>,
    #[serde(default)]
    pub data: Vec<FlowMetricValue>,
}

/// A number.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowMetricValue {
    pub key: String,
    pub value: f64,
}

/// What a comparison with Meta brought.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FlowsSynced {
    /// Those that Meta has and the project had not.
    pub found: Vec<String>,
    /// Those that Meta has no more.
    pub gone: Vec<String>,
    /// How many others there are.
    pub seen: usize,
}

/// The key of a project's endpoint. Its private part is never shown.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FlowKey)]
pub struct FlowKeyView {
    /// PEM.
    pub public_key: String,
    /// The number that Meta has it for; null: Meta may not have it yet.
    pub phone_number_id: Option<String>,
    pub created_at: Time,
    pub registered_at: Option<Time>,
}
