//! Whether a host has the master key that its database was made with.
//!
//! Asked before anything is changed: a host with another key would give roles other passwords and seal
//! what no other host can open. The database remembers a fingerprint of the key, which tells nothing of it.

mod store;

pub use store::{check_master_key, remember_master_key};

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// It would open nothing of what is there.
    #[error(
        "the master key is not the one that this database was made with: give that one with \
         ROOST_MASTER_KEY, or name another database. Nothing was changed"
    )]
    Another,
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
