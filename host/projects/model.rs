//! Projects and what belongs to them, as the rest of the host knows them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::words::{Lifetime, words};

/// Names a project. Time-ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ProjectId(pub Uuid);

/// Names a version of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct VersionId(pub Uuid);

/// What people call a project: also a label of its host name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ProjectName(String);

/// Why a text cannot name a project.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` cannot name a project; use 1 to 40 lower-case letters, digits and hyphens, \
     beginning with a letter and not ending with a hyphen"
)]
pub struct NameError(String);

/// Text that must not be shown. Reading it takes a call that can be searched for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// One bot and what it owns.
#[derive(Clone, Debug)]
pub struct Project {
    pub project_id: ProjectId,
    pub name: ProjectName,
    pub status: ProjectStatus,
    pub placement: Option<Placement>,
    /// An operator's choice of the route that gets events; else the version's holds.
    pub webhook_path: Option<String>,
    /// An operator's choice of how long instances live; else the version's holds.
    pub instance: Option<Lifetime>,
    /// What an instance may use of memory, in MiB, where an operator said so.
    pub memory: Option<i32>,
    /// What its bot does not reach, and what alone it reaches, as an administrator wrote it.
    pub egress_deny: Vec<String>,
    pub egress_only: Vec<String>,
    pub active_version: Option<VersionId>,
    /// Why the bot did not start with its last environment, while the one before serves.
    pub environment_error: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Absent until its first provisioning is over.
    pub provisioned_at: Option<DateTime<Utc>>,
    /// When everything of it goes, if it is being deleted.
    pub delete_after: Option<DateTime<Utc>>,
}

words! {
    /// Whether a project's events run.
    pub enum ProjectStatus: "status of a project" {
        /// Its events are run.
        Active = "active",
        /// Its events are kept, and wait.
        Suspended = "suspended",
    }
}

/// Where the schema of a project's bot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    pub database: String,
    pub schema: String,
    pub role: String,
}

/// What the bot believes to be its Meta app's; only this host uses them.
#[derive(Clone, Debug)]
pub struct ProjectKeys {
    pub verify_token: Secret,
    pub app_secret: Secret,
}

/// A project's WhatsApp number, with the token that sends from it.
#[derive(Clone, Debug)]
pub struct Number {
    pub phone_number_id: String,
    pub waba_id: String,
    pub display_phone_number: String,
    pub token: Secret,
}

/// What a webhook is routed by.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct NumberRoute {
    pub project_id: ProjectId,
    pub phone_number_id: String,
    pub waba_id: String,
    pub display_phone_number: String,
}

impl ProjectId {
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl VersionId {
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ProjectName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.chars().all(allowed);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
