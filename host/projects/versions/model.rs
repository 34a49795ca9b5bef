//! Versions, and how one differs from another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};

use crate::projects::model::{ProjectId, VersionId};
use crate::words::words;

/// The files that a version was built of: their names, with a digest of each.
pub type SourceFiles = BTreeMap<String, String>;

/// How many names of one kind a summary of changes has.
const MAX_NAMES: usize = 200;

/// A deploy of a bot, and what became of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Version {
    pub project_id: ProjectId,
    pub version_id: VersionId,
    /// 3 of v3.
    pub number: i32,
    pub kind: VersionKind,
    pub state: VersionState,
    /// Who deployed it, as they call their token.
    pub created_by: String,
    pub message: Option<String>,
    /// Names the artifact. The next two are known with it: once it is built.
    #[sqlx(rename = "component_sha256")]
    pub artifact_sha256: Option<String>,
    pub entry: Option<String>,
    pub webhook_path: Option<String>,
    #[sqlx(json)]
    pub notes: serde_json::Value,
    /// Of what was uploaded.
    pub source_sha256: Option<String>,
    pub source_bytes: Option<i64>,
    #[sqlx(json(nullable))]
    pub changes: Option<Changes>,
    /// Whether it is to serve as soon as it is ready.
    pub serves_when_ready: bool,
    /// Whether what its code reads by other names is linked before it is checked.
    pub takes_links: bool,
    /// How often a host began to build it.
    pub attempts: i32,
    /// Why it failed, in words for its author.
    pub error: Option<String>,
    /// Whether nothing in it may be what the bot said.
    pub error_is_hosts: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

words! {
    /// What was uploaded.
    pub enum VersionKind: "kind of version" {
        /// A bot's folder: the host builds it.
        Folder = "folder",
        /// A component that was built elsewhere.
        Component = "component",
    }
}

words! {
    /// How far a version is.
    pub enum VersionState: "state of a version" {
        /// Waits for a host.
        Queued = "queued",
        /// Its packages are installed, its code is bundled.
        Building = "building",
        /// It is booted, and asked for Meta's handshake.
        Checking = "checking",
        /// It serves, or can.
        Ready = "ready",
        Failed = "failed",
    }
}

/// What a version has that the one before had not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The number of the version that it is compared with.
    pub since: i32,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub removed: Vec<String>,
    /// How many names are left out of the lists.
    #[serde(default)]
    pub more: usize,
}

/// What became of a build that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switched {
    /// It serves.
    Serves,
    /// It can serve; nobody wants it to, or wants another one by now.
    Waits,
    /// Another host has the build: nothing was changed.
    LeaseLost,
}

impl VersionState {
    /// Whether nothing more will become of it by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }
}

impl Changes {
    /// What is different in `after`.
    pub fn between(since: i32, before: &SourceFiles, after: &SourceFiles) -> Self {
        let mut changes = Self {
            since,
            ..Self::default()
        };
        for (name, digest) in after {
            match before.get(name) {
                None => changes.added.push(name.clone()),
                Some(old) if old != digest => changes.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        changes.removed = gone.cloned().collect();
        for names in [
            &mut changes.added,
            &mut changes.changed,
            &mut changes.removed,
        ] {
            changes.more += names.len().saturating_sub(MAX_NAMES);
            names.truncate(MAX_NAMES);
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[(&str, &str)]) -> SourceFiles {
        let owned = names
            .iter()
            .map(|(name, digest)| ((*name).into(), (*digest).into()));
        owned.collect()
    }

    #[test]
    fn changes_are_told_by_name() {
        let before = files(&[("app.js", "1"), ("menu.js", "1"), ("old.js", "1")]);
        let after = files(&[("app.js", "2"), ("menu.js", "1"), ("new.js", "1")]);
        let changes = Changes::between(4, &before, &after);
        assert_eq!(changes.since, 4);
        assert_eq!(changes.added, ["new.js"]);
        assert_eq!(changes.changed, ["app.js"]);
        assert_eq!(changes.removed, ["old.js"]);
        assert_eq!(changes.more, 0);
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: SourceFiles = (0..250)
            .map(|n| (format!("{n:03}"), String::new()))
            .collect();
        let changes = Changes::between(1, &SourceFiles::new(), &names);
        assert_eq!((changes.added.len(), changes.more), (200, 50));
    }
}
