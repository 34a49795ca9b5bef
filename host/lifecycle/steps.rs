//! The named steps of a project's life, and how they stand.

use crate::projects::ProjectId;
use serde::Serialize;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// A step: what is done, once it is done, needs not be done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "kebab-case")]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum StepName {
    /// The project's role and schema.
    Database,
    /// Whether the token can read the number, and both belong where they should.
    NumberCheck,
    /// Subscribing the Meta app to the number's account.
    NumberSubscribe,
    /// Registering the number for the Cloud API.
    NumberRegister,
    /// Whether everything is in place at Meta.
    NumberVerify,
    /// Whether the project's secrets open.
    Secrets,
    /// The first version that serves.
    FirstDeploy,
    /// Telling Meta that a number is the project's no longer.
    NumberRelease,
    /// Dropping role and schema.
    DropSchema,
    /// Deleting artifacts and images.
    DropFiles,
    /// Deleting every row.
    Forget,
}

/// Steps that wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub(super) enum Chain {
    Provision,
    /// By itself, also while a project is being deleted.
    Release,
    /// Once the grace period is over.
    Removal,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum StepState {
    /// For the steps before it, for its next try, or for what it needs.
    Waiting,
    Running,
    Done,
    /// Somebody has to change something, and ask for it again.
    Failed,
    /// Not needed.
    Skipped,
}

/// A step of one project.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Step {
    pub step: StepName,
    pub state: StepState,
    pub attempts: i32,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// What went wrong in the last attempt, and what to do.
    pub error: Option<String>,
    /// What was found, or why it was left out.
    pub note: Option<String>,
    /// When it is tried again.
    pub next_try_at: Option<DateTime<Utc>>,
}

/// A step took another state.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StepChange {
    /// Grows.
    pub change_id: i64,
    pub step: StepName,
    pub state: StepState,
    pub attempts: i32,
    pub error: Option<String>,
    pub note: Option<String>,
    pub next_try_at: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
}

/// A step that this host runs now.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct ClaimedStep {
    pub(super) project_id: ProjectId,
    pub(super) step: StepName,
    pub(super) attempts: i32,
    pub(super) lease: Uuid,
}

/// How an attempt at a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StepEnd {
    Done(Option<String>),
    Skipped(String),
    /// What it needs is not there yet; not an attempt.
    Later(Duration, String),
    /// A later attempt may succeed.
    Retry(String, Option<Duration>),
    Failed(String),
}

/// The steps of connecting a number, in order.
pub(super) const NUMBER_STEPS: [StepName; 4] = [
    StepName::NumberCheck,
    StepName::NumberSubscribe,
    StepName::NumberRegister,
    StepName::NumberVerify,
];

pub(super) const REMOVAL_STEPS: [StepName; 3] =
    [StepName::DropSchema, StepName::DropFiles, StepName::Forget];

impl StepName {
    /// In the order in which they are run.
    pub const ALL: [Self; 11] = [
        Self::Database,
        Self::NumberCheck,
        Self::NumberSubscribe,
        Self::NumberRegister,
        Self::NumberVerify,
        Self::Secrets,
        Self::FirstDeploy,
        Self::NumberRelease,
        Self::DropSchema,
        Self::DropFiles,
        Self::Forget,
    ];

    /// As the API and the command line write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::NumberCheck => "number-check",
            Self::NumberSubscribe => "number-subscribe",
            Self::NumberRegister => "number-register",
            Self::NumberVerify => "number-verify",
            Self::Secrets => "secrets",
            Self::FirstDeploy => "first-deploy",
            Self::NumberRelease => "number-release",
            Self::DropSchema => "drop-schema",
            Self::DropFiles => "drop-files",
            Self::Forget => "forget",
        }
    }

    pub(super) fn chain(self) -> Chain {
        match self {
            Self::NumberRelease => Chain::Release,
            Self::DropSchema | Self::DropFiles | Self::Forget => Chain::Removal,
            _ => Chain::Provision,
        }
    }

    /// Its place among [`Self::ALL`].
    pub(super) fn position(self) -> i16 {
        let place = Self::ALL.iter().position(|step| *step == self);
        place.and_then(|n| i16::try_from(n).ok()).unwrap_or(0)
    }

    /// Attempts before it counts as failed. What removes a project is never given up.
    pub(super) fn max_attempts(self) -> i32 {
        match self.chain() {
            Chain::Removal => i32::MAX,
            Chain::Provision | Chain::Release => 12,
        }
    }
}

impl StepState {
    /// Nothing more happens without somebody asking for it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Skipped)
    }
}
