//! Tokens: made once, shown once, and known by their hash.

mod store;

use std::fmt;

use rand::RngExt as _;
use sha2::{Digest, Sha256};
use sqlx::types::chrono::{DateTime, Utc};
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use super::{Access, AccessError};
use crate::projects::{ProjectId, Secret};
use crate::words::words;

/// What every token of ours begins with, so that scanners of leaked secrets can find one.
pub(super) const BEGINNING: &str = "roost_";

/// How much of a token is shown in lists.
const SHOWN: usize = BEGINNING.len() + 6;

/// Names a token. Time-ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct TokenId(pub Uuid);

words! {
    /// What a token may do. Each scope holds the ones before it.
    #[derive(PartialOrd, Ord)]
    pub enum Scope: "scope" {
        /// See everything but secrets, tokens, the audit log and what is people's ([`Token::people`]).
        Read = "read",
        /// Change projects: settings, numbers, versions, secrets, events.
        Write = "write",
        /// Create and delete projects, manage tokens, read the audit log.
        Admin = "admin",
    }
}

/// A token as it is listed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Token {
    pub token_id: TokenId,
    pub name: String,
    /// How its text begins.
    pub prefix: String,
    pub scope: Scope,
    /// Whether it shows what people wrote, who they are, and what bots say.
    pub people: bool,
    /// The only project it is for.
    pub project_id: Option<ProjectId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub scope: Scope,
    pub people: bool,
    pub project_id: Option<ProjectId>,
    /// By the database's clock, which also judges it.
    pub expires_in_days: Option<u32>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The token's name, or `root`.
    pub name: String,
    /// `None`: the token that the host was started with.
    pub token_id: Option<TokenId>,
    pub scope: Scope,
    /// Of the token that the host was started with: its hash.
    pub root: Option<[u8; 32]>,
    /// Whether it may see what people wrote.
    pub people: bool,
    /// The only project it may see.
    pub project_id: Option<ProjectId>,
}

/// What is known of a text that somebody showed as a token.
#[derive(Clone, Debug)]
pub enum Identified {
    Known(Identity),
    Expired,
    Unknown,
}

impl Access {
    /// Whose token that is.
    pub async fn identify(&self, text: &str) -> Result<Identified, AccessError> {
        let hash = hash(text);
        let admin = self.keys.admin().now();
        let is_root = admin.iter().fold(Choice::from(0), |any, key| {
            any | self::hash(key.expose()).ct_eq(&hash)
        });
        if bool::from(is_root) {
            return Ok(Identified::Known(Identity {
                name: "root".to_owned(),
                token_id: None,
                scope: Scope::Admin,
                root: Some(hash),
                people: true,
                project_id: None,
            }));
        }
        // A text that cannot be one of ours costs no query.
        if !text.starts_with(BEGINNING) {
            return Ok(Identified::Unknown);
        }
        self.find(&hash).await
    }

    /// Makes a token. Its text is here and nowhere else.
    pub async fn create_token(&self, new: &NewToken) -> Result<(Token, Secret), AccessError> {
        let random = hex::encode(rand::rng().random::<[u8; 32]>());
        let text = format!("{BEGINNING}{random}");
        let token = self
            .insert_token(new, &hash(&text), text.get(..SHOWN).unwrap_or_default())
            .await?;
        Ok((token, Secret::new(text)))
    }
}

pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl TokenId {
    fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;
    use crate::words::tests::assert_allowed;

    #[test]
    fn the_database_takes_the_scopes() {
        assert_allowed::<Scope>("token_scope_known", &[]);
    }
}
