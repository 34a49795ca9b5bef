//! Tokens of the API.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use crate::access::Scope;
use crate::words::Told;

/// A token, without its text.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    pub id: String,
    pub name: String,
    /// How its text begins.
    pub prefix: String,
    #[schema(value_type = Scope)]
    pub scope: Told<Scope>,
    /// Whether it shows what people wrote, who they are, and what bots log.
    pub people: bool,
    /// The id of the only project it is for; null: all projects.
    pub project_id: Option<String>,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    /// To the minute.
    pub last_used_at: Option<Time>,
}

/// A token that was just made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MadeToken {
    #[serde(flatten)]
    pub view: TokenView,
    /// Its text. It is shown now and never again.
    pub token: String,
}
