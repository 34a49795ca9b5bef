//! Secrets: their names, and whether the bot runs with them. Nothing here has a value.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use crate::words::{Told, words};

/// A secret, by its name.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Secret)]
pub struct SecretView {
    pub name: String,
    pub created_at: Time,
    pub updated_at: Time,
}

/// Whether the bot runs with its secrets as they are now.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentView {
    #[schema(value_type = EnvironmentWord)]
    pub state: Told<EnvironmentWord>,
    /// Why the bot did not start with them, when the state is `failed`: shown to tokens with `people`.
    pub error: Option<String>,
}

words! {
    /// Whether a bot runs with its secrets.
    pub enum EnvironmentWord: "state of an environment" {
        /// It does, or there is no bot yet.
        Current = "current",
        /// A change is being tried.
        Applying = "applying",
        /// The bot did not start with them: it runs with those before.
        Failed = "failed",
    }
}

/// A page of secrets.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretPage {
    /// By name.
    pub items: Vec<SecretView>,
    pub next_cursor: Option<String>,
    pub environment: EnvironmentView,
}

/// What setting a secret did.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretSet {
    pub name: String,
    /// Whether it had another value before, or none.
    pub changed: bool,
    /// What one should know of this name.
    pub warning: Option<String>,
    pub environment: EnvironmentView,
}

/// What an import did, by name and by line. No values.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretsImported {
    /// New, or with another value than before.
    pub set: Vec<String>,
    pub unchanged: Vec<String>,
    /// Not taken, because the host sets them.
    pub left_out: Vec<String>,
    /// Names of the file that were linked to what the host knows: the file's values win now.
    pub hides_links: Vec<String>,
    /// Lines that are no variables, or variables that no secret can be.
    pub invalid: Vec<SecretLine>,
    pub environment: EnvironmentView,
}

/// A line that was not taken.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretLine {
    /// From 1.
    pub line: usize,
    pub reason: String,
}
