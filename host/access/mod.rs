//! Who may use the admin API, what they changed, and which of their requests were answered already.
//!
//! `tokens` knows who asks, `audit` writes down every change, `idempotency` answers a repeated POST
//! with what the first one got. They know nothing of HTTP: `api` is built on them.

mod audit;
mod idempotency;
mod tokens;

use std::sync::Arc;

use sqlx::PgPool;

use crate::projects::{Secret, Vault, VaultError};

pub use audit::{AuditEntry, AuditOutcome, NewAuditEntry};
pub use idempotency::{Answer, Claim, Claimed, HELD_FOR};
pub use tokens::{Identified, Identity, NewToken, Scope, Token, TokenId};

/// Tokens, audit log and answered requests in the control database.
#[derive(Clone)]
pub struct Access {
    pool: PgPool,
    vault: Arc<Vault>,
    /// The hash of the token that the host was started with.
    root: Option<[u8; 32]>,
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
    /// `root` is a token that may do everything, and is stored nowhere.
    pub fn new(pool: PgPool, vault: Arc<Vault>, root: Option<&Secret>) -> Self {
        Self {
            pool,
            vault,
            root: root.map(|token| tokens::hash(token.expose())),
        }
    }
}
