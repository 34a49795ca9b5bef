//! What is to be built: a queue with leases, and the log of each build.
//!
//! One build of a project runs at a time, on any host. A host that is silent for longer than its
//! lease has lost the build, and another takes it up; after [`MAX_ATTEMPTS`] nobody does. Of several
//! that wait only the newest is built.

mod store;

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{SourceFiles, Version, VersionKind};
use crate::projects::model::ProjectId;
use crate::words::LogLevel;

/// How often a build is begun before it is given up.
pub(super) const MAX_ATTEMPTS: i32 = 3;

/// A deploy to record.
#[derive(Clone, Debug)]
pub struct NewBuild<'a> {
    pub kind: VersionKind,
    /// Who deploys, as they call their token.
    pub created_by: &'a str,
    pub message: Option<&'a str>,
    pub upload: &'a [u8],
    /// In lower-case hexadecimal.
    pub source_sha256: &'a str,
    /// Absent for a component.
    pub source_files: Option<&'a SourceFiles>,
    pub serves_when_ready: bool,
    /// Whether what its code reads by other names is linked to what the host knows.
    pub takes_links: bool,
}

/// A build that this host has the lease of.
#[derive(Clone, Debug)]
pub struct BuildJob {
    pub version: Version,
    pub upload: Vec<u8>,
    pub lease: Uuid,
}

/// What a look into the queue led to.
#[derive(Clone, Debug, Default)]
pub struct ClaimedBuild {
    pub job: Option<BuildJob>,
    /// The project of which others will not be built any more, if there are any.
    pub gave_up: Option<ProjectId>,
}

/// What a build led to.
#[derive(Clone, Debug)]
pub struct Built<'a> {
    /// What every host makes the bot of.
    pub artifact: &'a [u8],
    /// Of the artifact, in lower-case hexadecimal.
    pub artifact_sha256: &'a str,
    pub entry: &'a str,
    pub webhook_path: &'a str,
    pub notes: &'a serde_json::Value,
}

/// One line of a build's log.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LogLine {
    /// From 1.
    pub line: i32,
    pub level: LogLevel,
    pub text: String,
    pub at: DateTime<Utc>,
}
