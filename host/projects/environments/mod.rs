//! Environments: what a bot finds in `process.env`.
//!
//! The one that serves is kept as a sealed copy. A change of a secret or of the number asks for
//! another; it is tried in the background, and takes the place of the first only when the bot
//! starts with it. What is in an environment, beside secrets, is for `deploys` to say.

mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::model::Secret;
use super::redactor::Redactor;

pub(super) use store::switch_environment;

/// Tells two environments of one project apart, and says nothing of what is in them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Fingerprint(pub(super) String);

impl Fingerprint {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One environment.
#[derive(Clone)]
pub struct Environment {
    /// What `process.env` holds.
    pub variables: Arc<BTreeMap<String, String>>,
    /// The project's secrets alone.
    pub secrets: Arc<BTreeMap<String, String>>,
    pub fingerprint: Fingerprint,
    /// How many changes it has in it.
    pub(super) seen: i64,
}

impl Environment {
    /// Hides what is secret in it, and these values more.
    pub fn redactor(&self, more: impl IntoIterator<Item = (String, Secret)>) -> Redactor {
        Redactor::of(&self.variables, &self.secrets, more)
    }
}

/// What is sealed.
#[derive(Deserialize, Serialize)]
struct Content {
    variables: Arc<BTreeMap<String, String>>,
    secrets: Arc<BTreeMap<String, String>>,
}

/// Whether a bot runs with what its secrets are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentState {
    /// It does; or there is no bot yet.
    Current,
    /// A change is being tried.
    Applying,
    /// The bot did not start with them: it runs with those before.
    Failed(String),
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}
