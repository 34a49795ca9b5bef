//! What a bot finds in `process.env`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::projects::HostValue;
use crate::words::{Told, words};

/// What a bot finds in `process.env`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct BotEnvironment {
    /// By name.
    pub variables: Vec<BotVariable>,
    /// What the code of the version that serves reads, and nobody set.
    pub unset: Vec<UnsetVariable>,
}

impl BotEnvironment {
    /// The variable of a name.
    pub fn variable(&self, name: &str) -> Option<&BotVariable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}

/// One variable.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct BotVariable {
    pub name: String,
    #[schema(value_type = VariableSource)]
    pub source: Told<VariableSource>,
    /// What the host knows it as, if the host sets it.
    #[schema(value_type = Option<HostValue>)]
    pub is: Option<Told<HostValue>>,
    /// Its value, where that is no secret.
    pub value: Option<String>,
}

words! {
    /// Where a variable comes from.
    pub enum VariableSource: "source of a variable" {
        /// The host sets it by itself.
        Host = "host",
        /// A setting links it to what the host knows.
        Link = "link",
        /// A `.env` beside the bot holds it: `roost dev` reads it.
        File = "file",
        /// It is a secret.
        Secret = "secret",
    }
}

/// A variable that nobody set.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct UnsetVariable {
    pub name: String,
    /// Where the code reads it first.
    pub file: String,
    pub line: usize,
    /// What the host knows that means the same: a link gives it to the bot.
    #[schema(value_type = Option<HostValue>)]
    pub means: Option<Told<HostValue>>,
}
