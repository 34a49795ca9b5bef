//! Versions: deploys of a bot, and the logs of their builds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use crate::projects::{VersionKind, VersionState};
use crate::words::{LogLevel, Told};

/// A deploy of a bot, and what became of it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Version)]
pub struct VersionView {
    pub id: String,
    /// As people call it: `v3`.
    pub name: String,
    pub number: i32,
    #[schema(value_type = VersionKind)]
    pub kind: Told<VersionKind>,
    #[schema(value_type = VersionState)]
    pub state: Told<VersionState>,
    /// Whether it is the one that serves.
    pub active: bool,
    /// Whether it is to serve as soon as it is ready.
    pub serves_when_ready: bool,
    /// The token that deployed it.
    pub created_by: String,
    pub message: Option<String>,
    /// The file that starts the bot.
    pub entry: Option<String>,
    /// The route that takes webhooks.
    pub webhook_path: Option<String>,
    /// Why that route.
    pub webhook_because: Option<String>,
    /// Whether two boots led to one image. If not, its top level keeps the time or random values.
    pub same_twice: Option<bool>,
    /// What is different from the files of the version that served before.
    pub changes: Option<ChangesView>,
    /// Of what was uploaded.
    pub source_sha256: Option<String>,
    pub source_bytes: Option<i64>,
    /// Of what every host makes the bot of.
    pub artifact_sha256: Option<String>,
    /// Why it failed. What a bot said in it is shown to tokens with `people`.
    pub error: Option<String>,
    pub created_at: Time,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
}

/// Files by name, against another version.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = VersionChanges)]
pub struct ChangesView {
    /// The version that it is compared with.
    pub since: String,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub removed: Vec<String>,
    /// How many names are left out of the lists.
    pub more: usize,
}

/// Lines of a build's log.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct VersionLog {
    pub items: Vec<VersionLogLine>,
    /// `after` for the lines that follow.
    pub next_after: i32,
    /// The state of the version. In `ready` and `failed` the log is at its end once a page is empty.
    #[schema(value_type = VersionState)]
    pub state: Told<VersionState>,
    /// Why it failed. What a bot said in it is shown to tokens with `people`.
    pub error: Option<String>,
}

/// A line of a build's log.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct VersionLogLine {
    /// From 1.
    pub line: i32,
    #[schema(value_type = LogLevel)]
    pub level: Told<LogLevel>,
    pub text: String,
    pub at: Time,
}

/// What a switch did.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Switched {
    /// What served before.
    pub from: Option<VersionView>,
    /// What serves now.
    pub to: VersionView,
}
