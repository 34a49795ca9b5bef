//! The SQL of sealing anew.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{Column, SEALED};
use crate::projects::master_key::MasterKeyError;
use crate::projects::model::ProjectId;
use crate::projects::vault::{Place, Vault, VaultError};

/// Values of one transaction: locks are held for a moment only.
const BATCH: i64 = 200;

/// Seals all that is not sealed with the newest key, once every host has that. Several hosts may, each its own
/// part. Gives how many values did not open: they stay as they are.
pub async fn seal_anew(pool: &PgPool, vault: &Vault) -> Result<u64, MasterKeyError> {
    let mut broken = 0;
    if !vault.seals_with_newest() {
        return Ok(broken);
    }
    for column in &SEALED {
        let mut skipped: Vec<Vec<u8>> = Vec::new();
        loop {
            let found = batch(pool, vault, column, &mut skipped).await?;
            if found < BATCH as usize {
                break;
            }
        }
        broken += skipped.len() as u64;
    }
    Ok(broken)
}

/// How many values are not sealed with the newest key.
pub async fn left(pool: &PgPool, vault: &Vault) -> Result<i64, MasterKeyError> {
    let mark = vault.newest_mark();
    let mut left = 0;
    for Column { table, column, .. } in &SEALED {
        // Names of this program's own.
        let count = AssertSqlSafe(format!(
            "select count(*) from {table} where {column} is not null
             and substring({column} from 1 for octet_length($1::bytea)) <> $1"
        ));
        let count: i64 = sqlx::query_scalar(count)
            .bind(&mark)
            .fetch_one(pool)
            .await?;
        left += count;
    }
    Ok(left)
}

/// Gives how many there were; fewer than [`BATCH`] were all.
async fn batch(
    pool: &PgPool,
    vault: &Vault,
    of: &Column,
    skipped: &mut Vec<Vec<u8>>,
) -> Result<usize, MasterKeyError> {
    let Column {
        table,
        column,
        owner,
        row,
        ..
    } = of;
    let mut tx = pool.begin().await?;
    // No trigger: nothing changes but the key, and no bot is to be started anew because of it.
    sqlx::query("set local session_replication_role = replica")
        .execute(&mut *tx)
        .await?;
    let found = AssertSqlSafe(format!(
        "select {owner}, {row}, {column} from {table}
         where {column} is not null and substring({column} from 1 for octet_length($1::bytea)) <> $1
           and {column} <> all ($2)
         limit $3 for no key update skip locked"
    ));
    let found: Vec<(ProjectId, String, Vec<u8>)> = sqlx::query_as(found)
        .bind(vault.newest_mark())
        .bind(&*skipped)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
    for (owner_id, name, sealed) in &found {
        let place = Place {
            table: of.sealed_as,
            column: of.column,
            project_id: *owner_id,
            row: name,
        };
        match vault.reseal(&place, sealed) {
            Ok(Some(anew)) => write(&mut tx, of, *owner_id, sealed, &anew).await?,
            Ok(None) => {}
            Err(error @ VaultError::DoesNotOpen { .. }) => {
                tracing::error!(%error, "a value cannot be sealed with the new master key");
                skipped.push(sealed.clone());
            }
            Err(error @ VaultError::NoRandom) => return Err(error.into()),
        }
    }
    tx.commit().await?;
    Ok(found.len())
}

async fn write(
    connection: &mut PgConnection,
    of: &Column,
    owner_id: ProjectId,
    before: &[u8],
    anew: &[u8],
) -> Result<(), sqlx::Error> {
    let Column {
        table,
        column,
        owner,
        ..
    } = of;
    let update = AssertSqlSafe(format!(
        "update {table} set {column} = $3 where {owner} = $1 and {column} = $2"
    ));
    sqlx::query(update)
        .bind(owner_id)
        .bind(before)
        .bind(anew)
        .execute(connection)
        .await?;
    Ok(())
}
