//! Who may use the admin API, what they changed, and which of their requests were answered already.
//!
//! `tokens` knows who asks, `audit` writes down every change, `idempotency` answers a repeated POST
//! with what the first one got, `host_keys` are those that a host is started with, and their changes. They know
//! nothing of HTTP: `api` is built on them.

mod audit;
mod host_keys;
mod idempotency;
mod tokens;

use std::sync::Arc;

use sqlx::PgPool;

use crate::projects::{Vault, VaultError};

pub use audit::{AuditEntry, AuditOutcome, NewAuditEntry};
pub use host_keys::{GivenKeys, HostKeyError, HostKeys, KeyKind};
pub use idempotency::{Answer, Claim, Claimed, HELD_FOR};
pub use tokens::{Identified, Identity, NewToken, Scope, Token, TokenId};

/// Tokens, audit log and answered requests in the control database.
#[derive(Clone)]
pub struct Access {
    pool: PgPool,
    vault: Arc<Vault>,
    keys: HostKeys,
}

#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("there is no token `{0}`")]
    NoSuchToken(TokenId),
    #[error("the project that the token is for is gone")]
    ProjectGone,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
}

impl Access {
    /// The admin keys among `keys` may do everything.
    pub fn new(pool: PgPool, vault: Arc<Vault>, keys: HostKeys) -> Self {
        Self { pool, vault, keys }
    }

    /// What the host was started with, and what takes its place.
    pub fn keys(&self) -> &HostKeys {
        &self.keys
    }
}
