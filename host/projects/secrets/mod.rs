//! Secrets: written, named and removed, and read by nobody but the bot.
//!
//! They are sealed in the database (`vault`). A change counts in the project's environment by a
//! trigger, and `deploys` gives the bot another image.

pub mod dotenv;
mod store;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sqlx::types::chrono::{DateTime, Utc};

/// The longest value.
pub const MAX_SECRET_BYTES: usize = 64 << 10;

/// How many secrets a project may have.
pub const MAX_SECRETS: i64 = 256;

/// Variables that the host sets. A secret of the same name takes their place.
pub const SET_BY_HOST: [&str; 7] = [
    "APP_SECRET",
    "NODE_ENV",
    "PHONE_NUMBER_ID",
    "PORT",
    "VERIFY_TOKEN",
    "WABA_ID",
    "WHATSAPP_TOKEN",
];

/// A name that `process.env` can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName(String);

/// Why a secret is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error(
        "`{0}` cannot name a secret; use up to 128 letters, digits and `_`, not beginning with a digit"
    )]
    Name(String),
    #[error("the value of `{name}` has {bytes} bytes; a secret has {MAX_SECRET_BYTES} at most")]
    TooLong { name: String, bytes: usize },
    #[error("the value of `{0}` holds a NUL character, which no environment variable can")]
    Nul(String),
    #[error("a project has {MAX_SECRETS} secrets at most; remove some that the bot does not read")]
    TooMany,
    #[error(
        "line {line} lies in a PEM that is not in quotes: put the whole of it in quotes, as in \
         KEY=\"-----BEGIN … -----END …-----\"; nothing of the file was taken"
    )]
    KeyNotQuoted { line: usize },
}

/// What one secret is known by.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SecretEntry {
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What an import did, line by line. No values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// New, or with another value than before.
    pub set: Vec<String>,
    pub unchanged: Vec<String>,
    /// Not taken, because the host sets them.
    pub left_out: Vec<String>,
    pub invalid: Vec<InvalidLine>,
}

/// A line that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidLine {
    /// From 1.
    pub line: usize,
    pub reason: String,
}

impl SecretName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What somebody should know who sets it.
    pub fn warning(&self) -> Option<String> {
        SET_BY_HOST.contains(&self.as_str()).then(|| {
            format!(
                "the host sets `{}` by itself: the bot sees this secret in its place",
                self.0
            )
        })
    }
}

impl FromStr for SecretName {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match begins && text.len() <= 128 && text.chars().all(allowed) {
            true => Ok(Self(text.to_owned())),
            false => Err(SecretError::Name(text.chars().take(60).collect())),
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the value can be kept under this name.
pub(in crate::projects) fn check(name: &SecretName, value: &str) -> Result<(), SecretError> {
    if value.len() > MAX_SECRET_BYTES {
        return Err(SecretError::TooLong {
            name: name.0.clone(),
            bytes: value.len(),
        });
    }
    match value.contains('\0') {
        true => Err(SecretError::Nul(name.0.clone())),
        false => Ok(()),
    }
}
