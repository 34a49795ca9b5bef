//! The named steps of a project's life, and how they stand.

use crate::projects::ProjectId;
use crate::words::words;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

words! {
    /// A step: what is done, once it is done, needs not be done again. In the order in which they are run.
    pub enum StepName: "step of a project" {
        /// The project's role and schema.
        Database = "database",
        /// Whether the token can read the number, and both belong where they should.
        NumberCheck = "number-check",
        /// Subscribing the Meta app to the number's account.
        NumberSubscribe = "number-subscribe",
        /// Registering the number for the Cloud API.
        NumberRegister = "number-register",
        /// Whether everything is in place at Meta.
        NumberVerify = "number-verify",
        /// Whether the project's secrets open.
        Secrets = "secrets",
        /// The first version that serves.
        FirstDeploy = "first-deploy",
        /// Telling Meta that a number is the project's no longer.
        NumberRelease = "number-release",
        /// Dropping role and schema.
        DropSchema = "drop-schema",
        /// Deleting artifacts and images.
        DropFiles = "drop-files",
        /// Deleting every row.
        Forget = "forget",
    }
}

words! {
    /// Steps that wait for each other.
    pub(super) enum Chain: "chain of steps" {
        Provision = "provision",
        /// By itself, also while a project is being deleted.
        Release = "release",
        /// Once the grace period is over.
        Removal = "removal",
    }
}

words! {
    /// How a step stands.
    pub enum StepState: "state of a step" {
        /// For the steps before it, for its next try, or for what it needs.
        Waiting = "waiting",
        Running = "running",
        Done = "done",
        /// Somebody has to change something, and ask for it again.
        Failed = "failed",
        /// Not needed.
        Skipped = "skipped",
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::assert_allowed;

    #[test]
    fn the_database_takes_the_words_of_steps() {
        assert_allowed::<Chain>("step_chain_known", &[]);
        assert_allowed::<StepState>("step_state_known", &[]);
    }
}
