//! Whether a host has the master key of its database, and how that key is changed while hosts run.
//!
//! Asked before anything is changed: a host with another key would give roles other passwords and seal
//! what no other host can open. The database remembers a fingerprint of the key, which tells nothing of it.
//!
//! ```text
//!  change ──▶ announced: the new key, sealed with the old    both keys start a host
//!               │ every host reads it within a second
//!               ▼
//!             resealed: value by value                       each value names its key
//!               │ nothing is left, and every host has the new key
//!               ▼
//!  finish ──▶ the fingerprint is the new key's               the old key starts no host
//! ```
//!
//! It may stop anywhere and go on later, on any host. Former keys stay, sealed with the newest: what was
//! written late, or comes from a backup, still opens. Passwords of roles, fingerprints of environments and
//! marks of files are made of the first key, and stay as they are.

mod reseal;
mod store;

use sqlx::types::chrono::{DateTime, Utc};

use super::vault::VaultError;

pub use reseal::{Column as SealedColumn, SEALED, seal_anew};
pub use store::{
    change_master_key, finish_master_key, master_key_change, open_vault, refresh_master_key,
    remember_master_key,
};

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// It would open nothing of what is there.
    #[error(
        "the master key is not the one that this database was made with: give that one with \
         ROOST_MASTER_KEY, or name another database. Nothing was changed"
    )]
    Another,
    /// It has another, which was changed.
    #[error(
        "the new key cannot be the old one, nor one before it: make another with `openssl rand -hex 32`"
    )]
    Former,
    /// Another change is under way.
    #[error(
        "the master key is being changed to another one already: finish that first with `roost rotate master-key --finish`"
    )]
    Changing,
    /// There is nothing to finish.
    #[error("the master key is not being changed")]
    NotChanging,
    /// It began just now.
    #[error("the change began a moment ago; try again in a few seconds")]
    Early,
    /// Something is to be done before it is finished.
    #[error("{0} values are not sealed with the new key yet; try again in a moment")]
    Left(i64),
    /// What the database has of the keys is damaged.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterKeyChange {
    /// When it began.
    pub since: DateTime<Utc>,
    /// Values that are not sealed with the new key.
    pub left: i64,
}
