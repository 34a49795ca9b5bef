//! The key's fingerprint in the control database.

use sqlx::{PgConnection, PgPool};

use super::MasterKeyError;
use crate::projects::model::ProjectId;
use crate::projects::vault::{Place, Vault};

/// What the fingerprint is of.
const WORDS: &[u8] = b"the master key of this database";

/// Fails when the database was made with another key. One that no host has used yet has none.
pub async fn check_master_key(
    connection: &mut PgConnection,
    vault: &Vault,
) -> Result<(), MasterKeyError> {
    let tables: (bool, bool) = sqlx::query_as(
        "select to_regclass('public.master_key') is not null, to_regclass('public.project') is not null",
    )
    .fetch_one(&mut *connection)
    .await?;
    if tables.0 {
        let known: Option<String> = sqlx::query_scalar("select fingerprint from master_key")
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(known) = known {
            return match known == vault.fingerprint(WORDS) {
                true => Ok(()),
                false => Err(MasterKeyError::Another),
            };
        }
    }
    if !tables.1 {
        return Ok(());
    }
    // Older than fingerprints: what a project has sealed tells too.
    let sealed: Option<(ProjectId, Vec<u8>)> =
        sqlx::query_as("select project_id, app_secret_sealed from project limit 1")
            .fetch_optional(&mut *connection)
            .await?;
    let opens = sealed.is_none_or(|(project_id, sealed)| {
        let place = Place {
            table: "project",
            column: "app_secret_sealed",
            project_id,
            row: "",
        };
        vault.open(&place, &sealed).is_ok()
    });
    match opens {
        true => Ok(()),
        false => Err(MasterKeyError::Another),
    }
}

/// Writes the fingerprint down, if there is none, and checks it: two hosts may be the first.
pub async fn remember_master_key(pool: &PgPool, vault: &Vault) -> Result<(), MasterKeyError> {
    sqlx::query("insert into master_key (fingerprint) values ($1) on conflict do nothing")
        .bind(vault.fingerprint(WORDS))
        .execute(pool)
        .await?;
    check_master_key(&mut *pool.acquire().await?, vault).await
}
