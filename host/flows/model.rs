//! What a project's Flow is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};

use crate::words::words;

/// What a project calls a Flow: the name of its file, without the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct FlowName(String);

/// Why a text cannot name a Flow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a Flow: use 1 to 60 letters, digits, hyphens and underscores, beginning with a letter or a digit, and neither `check` nor `sync`"
)]
pub struct FlowNameError(String);

/// What the admin API calls something else there.
const RESERVED: [&str; 2] = ["check", "sync"];

impl FlowName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FlowName {
    type Err = FlowNameError;

    fn from_str(text: &str) -> Result<Self, FlowNameError> {
        let fits = (1..=60).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        match fits && !RESERVED.contains(&text) {
            true => Ok(Self(text.to_owned())),
            false => Err(FlowNameError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for FlowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

words! {
    /// Who answers a Flow's data requests.
    pub enum Endpoint: "kind of a Flow's endpoint" {
        /// Nobody: it has none.
        None = "none",
        /// This host, which decrypts them and asks the bot.
        Host = "host",
        /// Somebody else, with a key of their own.
        Own = "own",
    }
}

words! {
    /// Where a key is in its life.
    pub enum KeyState: "state of a key" {
        /// Meta may have it already.
        New = "new",
        /// Meta has it.
        Active = "active",
    }
}

/// A Flow of a project.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Flow {
    pub name: FlowName,
    pub waba_id: String,
    /// Meta's.
    pub flow_id: String,
    /// As Meta lists it.
    pub meta_name: String,
    /// Meta's word: `DRAFT`, `PUBLISHED`, `DEPRECATED`, `BLOCKED`, `THROTTLED`.
    pub status: String,
    pub categories: Vec<String>,
    pub json_version: Option<String>,
    pub data_api_version: Option<String>,
    pub endpoint: Endpoint,
    pub endpoint_uri: Option<String>,
    pub route: Option<String>,
    pub json_sha256: Option<String>,
    pub published_sha256: Option<String>,
    #[sqlx(json)]
    pub validation_errors: Vec<MetaProblem>,
    pub complaint: Option<String>,
    pub complained_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
}

impl Flow {
    /// The bot's route that gets its data requests.
    pub fn route(&self) -> String {
        match &self.route {
            Some(route) => route.clone(),
            None => format!("/flows/{}", self.name),
        }
    }
}

/// Something that Meta found wrong in a Flow's JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetaProblem {
    /// Meta's word for it.
    pub error: String,
    pub error_type: String,
    pub message: String,
    pub line_start: Option<i64>,
    pub line_end: Option<i64>,
    pub column_start: Option<i64>,
    pub column_end: Option<i64>,
    /// Where in the JSON.
    pub path: Option<String>,
}

/// What is to become of a Flow's data requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EndpointWish {
    /// What it was; for a new Flow, this host.
    #[default]
    Kept,
    /// This host.
    Host,
    /// An address of the owner's.
    Own(String),
}

/// What to make of a Flow.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Flow JSON, as it was written.
    pub json: String,
    /// Meta's words; `None`: as they were, or `OTHER`.
    pub categories: Option<Vec<String>>,
    pub endpoint: EndpointWish,
    /// The bot's route; `None`: as it was. Empty: the usual one.
    pub route: Option<String>,
}

/// A key of a project's data endpoint, without its private part.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct KeyCard {
    /// PEM.
    pub public_key: String,
    pub state: KeyState,
    pub phone_number_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub registered_at: Option<DateTime<Utc>>,
}

/// A Flow that was sent.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SentFlow {
    pub flow: String,
    pub recipient: String,
    pub wa_id: Option<String>,
    pub reference: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::assert_allowed;

    #[test]
    fn what_is_written_is_what_the_tables_allow() {
        assert_allowed::<Endpoint>("flow_endpoint_known", &[]);
        assert_allowed::<KeyState>("flow_key_state_known", &[]);
    }

    #[test]
    fn names_are_those_of_files_and_of_paths() {
        for good in ["booking", "Sign_up-2", "7"] {
            assert!(good.parse::<FlowName>().is_ok(), "{good}");
        }
        for bad in ["", "check", "-a", "a/b", "a.b", "a b", "ü", &"a".repeat(61)] {
            assert!(bad.parse::<FlowName>().is_err(), "{bad}");
        }
    }
}
