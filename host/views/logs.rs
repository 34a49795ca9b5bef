//! What bots log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use crate::words::{LogLevel, Told};

/// A line of a bot's log.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub struct LogView {
    pub id: String,
    #[schema(value_type = LogLevel)]
    pub level: Told<LogLevel>,
    pub at: Time,
    pub message: String,
    /// Null: logged while the bot was deployed or started.
    pub event_id: Option<String>,
    pub run_id: Option<String>,
    pub version_id: Option<String>,
}
