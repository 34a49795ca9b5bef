//! A version, as the API shows it.

use crate::api::Caller;
use crate::projects::{Project, Version};
use crate::views::Time;
use crate::views::versions::{ChangesView, VersionView};

/// A version, as a caller may see it.
pub(super) fn shown(caller: &Caller, project: &Project, version: Version) -> VersionView {
    let error = shown_error(caller, &version);
    let note = |name: &str| version.notes.get(name).cloned().unwrap_or_default();
    VersionView {
        id: version.version_id.to_string(),
        name: format!("v{}", version.number),
        number: version.number,
        kind: version.kind.into(),
        state: version.state.into(),
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
        artifact_sha256: version.artifact_sha256,
        error,
        created_at: Time(version.created_at),
        started_at: version.started_at.map(Time),
        finished_at: version.finished_at.map(Time),
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
