//! A version, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{Caller, Time};
use crate::projects::{Project, Version, VersionKind, VersionState};

/// A deploy of a bot, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Version)]
pub(super) struct VersionView {
    id: String,
    /// As people call it: `v3`.
    name: String,
    number: i32,
    kind: VersionKind,
    state: VersionState,
    /// Whether it is the one that serves.
    active: bool,
    /// Whether it is to serve as soon as it is ready.
    serves_when_ready: bool,
    /// The token that deployed it.
    created_by: String,
    message: Option<String>,
    /// The file that starts the bot.
    entry: Option<String>,
    /// The route that takes webhooks.
    webhook_path: Option<String>,
    /// Why that route.
    webhook_because: Option<String>,
    /// Whether two boots led to one image. If not, its top level keeps the time or random values.
    same_twice: Option<bool>,
    /// What is different from the files of the version that served before.
    changes: Option<ChangesView>,
    /// Of what was uploaded.
    source_sha256: Option<String>,
    source_bytes: Option<i64>,
    /// Of what every host makes the bot of.
    artifact_sha256: Option<String>,
    /// Why it failed. What a bot said in it is shown to tokens with `people`.
    error: Option<String>,
    created_at: Time,
    started_at: Option<Time>,
    finished_at: Option<Time>,
}

/// Files by name, against another version.
#[derive(Serialize, ToSchema)]
#[schema(as = VersionChanges)]
pub(super) struct ChangesView {
    /// The version that it is compared with.
    since: String,
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
    /// How many names are left out of the lists.
    more: usize,
}

impl VersionView {
    pub(super) fn new(caller: &Caller, project: &Project, version: Version) -> Self {
        let error = shown_error(caller, &version);
        let note = |name: &str| version.notes.get(name).cloned().unwrap_or_default();
        Self {
            id: version.version_id.to_string(),
            name: format!("v{}", version.number),
            number: version.number,
            kind: version.kind,
            state: version.state,
            active: project.active_version == Some(version.version_id),
            serves_when_ready: version.serves_when_ready,
            webhook_because: note("webhook").as_str().map(str::to_owned),
            same_twice: note("same_twice").as_bool(),
            created_by: version.created_by,
            message: version.message,
            entry: version.entry,
            webhook_path: version.webhook_path,
            changes: version.changes.map(|changes| ChangesView {
                since: format!("v{}", changes.since),
                added: changes.added,
                changed: changes.changed,
                removed: changes.removed,
                more: changes.more,
            }),
            source_sha256: version.source_sha256,
            source_bytes: version.source_bytes,
            artifact_sha256: version.component_sha256,
            error,
            created_at: Time(version.created_at),
            started_at: version.started_at.map(Time),
            finished_at: version.finished_at.map(Time),
        }
    }
}

/// Why a version failed, as a caller may see it.
pub(super) fn shown_error(caller: &Caller, version: &Version) -> Option<String> {
    let error = version.error.clone()?;
    Some(match version.error_is_hosts {
        true => error,
        false => caller.shown(error),
    })
}
