//! Keys that change while hosts run: each host looks what they are now, and seals anew what is left.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::access::{AccessError, HostKeys};
use crate::projects::{
    MasterKeyChange, MasterKeyError, Vault, change_master_key, finish_master_key,
    master_key_change, refresh_master_key, seal_anew,
};

/// How often a host looks.
const EVERY: Duration = Duration::from_secs(1);

/// What the master key seals, and the keys that open it.
#[derive(Clone)]
pub struct Sealed {
    pub(crate) pool: PgPool,
    pub(crate) vault: Arc<Vault>,
}

impl Sealed {
    /// Begins a change of the master key.
    pub async fn change(&self, new: &[u8; 32]) -> Result<(), MasterKeyError> {
        change_master_key(&self.pool, &self.vault, new).await
    }

    /// How far a change is, if there is one.
    pub async fn standing(&self) -> Result<Option<MasterKeyChange>, MasterKeyError> {
        master_key_change(&self.pool, &self.vault).await
    }

    /// Ends a change: the key before starts no host from here on.
    pub async fn finish(&self) -> Result<(), MasterKeyError> {
        finish_master_key(&self.pool, &self.vault).await
    }

    /// Learns which keys there are, and seals anew what is left of a change.
    async fn look(&self) -> Result<(), MasterKeyError> {
        refresh_master_key(&self.pool, &self.vault).await?;
        let standing = self.standing().await?;
        if standing.is_some_and(|change| change.left > 0) {
            seal_anew(&self.pool, &self.vault).await?;
        }
        Ok(())
    }
}

/// Looks until `stop`.
pub(crate) async fn keep(sealed: Sealed, keys: HostKeys, stop: CancellationToken) {
    let mut was_well = true;
    loop {
        let looked = async {
            sealed.look().await.map_err(Trouble::Master)?;
            keys.refresh().await.map_err(Trouble::Keys)?;
            Ok::<(), Trouble>(())
        };
        let looked: Result<(), Trouble> = tokio::select! {
            looked = looked => looked,
            () = stop.cancelled() => return,
        };
        if let Err(error) = &looked
            && was_well
        {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the keys could not be looked at: this host goes on with those that it has"
            );
        }
        was_well = looked.is_ok();
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the master key cannot be looked at")]
    Master(#[source] MasterKeyError),
    #[error("admin key, verify token and app secrets cannot be looked at")]
    Keys(#[source] AccessError),
}
