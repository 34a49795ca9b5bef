//! The SQL of the key's fingerprint, and of a change of the key.

use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::reseal::left;
use super::{MasterKeyChange, MasterKeyError};
use crate::projects::model::ProjectId;
use crate::projects::vault::{Place, Vault, key_fingerprint, open_with, seal_with};

/// How long every host has to read of a new key before it is used, in seconds: they look each second.
const ANNOUNCED: i32 = 3;

/// What the database has of its keys.
struct Row {
    fingerprint: String,
    next: Option<(String, Vec<u8>)>,
    former: Option<Vec<u8>>,
    is_announced: bool,
}

/// Makes a vault of the key that a host was given. Fails when the database was made with another key. One
/// that no host has used yet has none.
pub async fn open_vault(
    connection: Option<&mut PgConnection>,
    given: &[u8; 32],
) -> Result<Vault, MasterKeyError> {
    let vault = Vault::new(given);
    let Some(connection) = connection else {
        return Ok(vault);
    };
    let tables: (bool, bool) = sqlx::query_as(
        "select to_regclass('public.master_key') is not null, to_regclass('public.project') is not null",
    )
    .fetch_one(&mut *connection)
    .await?;
    if tables.0
        && let Some(row) = row(connection).await?
    {
        let (keys, sealing) = keys(&row, &[*given])?;
        return Ok(Vault::with_keys(&keys, sealing));
    }
    if !tables.1 {
        return Ok(vault);
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
        true => Ok(vault),
        false => Err(MasterKeyError::Another),
    }
}

/// Writes the fingerprint down, if there is none, and checks it: two hosts may be the first.
pub async fn remember_master_key(pool: &PgPool, vault: &Vault) -> Result<(), MasterKeyError> {
    let newest = vault.keys().last().map(key_fingerprint);
    sqlx::query("insert into master_key (fingerprint) values ($1) on conflict do nothing")
        .bind(newest)
        .execute(pool)
        .await?;
    refresh_master_key(pool, vault).await
}

/// Reads which keys there are now.
pub async fn refresh_master_key(pool: &PgPool, vault: &Vault) -> Result<(), MasterKeyError> {
    let row = row(&mut *pool.acquire().await?).await?;
    let row = row.ok_or(MasterKeyError::Another)?;
    let (keys, sealing) = keys(&row, &vault.keys())?;
    vault.learn(&keys, sealing);
    Ok(())
}

/// Announces another key. The same one again is announced already.
pub async fn change_master_key(
    pool: &PgPool,
    vault: &Vault,
    new: &[u8; 32],
) -> Result<(), MasterKeyError> {
    refresh_master_key(pool, vault).await?;
    let keys = vault.keys();
    let fingerprint = key_fingerprint(new);
    let mut tx = pool.begin().await?;
    let there: (String, Option<String>) =
        sqlx::query_as("select fingerprint, next_fingerprint from master_key for update")
            .fetch_one(&mut *tx)
            .await?;
    match there {
        (_, Some(next)) if next == fingerprint => return Ok(()),
        (_, Some(_)) => return Err(MasterKeyError::Changing),
        (now, None) if now == fingerprint => return Err(MasterKeyError::Former),
        (now, None) if keys.last().map(key_fingerprint) != Some(now.clone()) => {
            // It was changed and finished just now.
            return Err(MasterKeyError::Changing);
        }
        (_, None) => {}
    }
    if keys.contains(new) {
        return Err(MasterKeyError::Former);
    }
    let current = keys.last().ok_or(MasterKeyError::Another)?;
    sqlx::query(
        "update master_key set next_fingerprint = $1, next_sealed = $2, former_sealed = $3, changed_at = now()",
    )
    .bind(fingerprint)
    .bind(seal_with(current, &place("next_sealed"), new)?)
    .bind(seal_with(new, &place("former_sealed"), &keys.concat())?)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    refresh_master_key(pool, vault).await
}

/// How far a change is, if there is one.
pub async fn master_key_change(
    pool: &PgPool,
    vault: &Vault,
) -> Result<Option<MasterKeyChange>, MasterKeyError> {
    let since: Option<DateTime<Utc>> =
        sqlx::query_scalar("select changed_at from master_key where next_fingerprint is not null")
            .fetch_optional(pool)
            .await?;
    let Some(since) = since else { return Ok(None) };
    refresh_master_key(pool, vault).await?;
    let left = left(pool, vault).await?;
    Ok(Some(MasterKeyChange { since, left }))
}

/// From here on the key before starts no host. Fails while something is not sealed with the new one.
pub async fn finish_master_key(pool: &PgPool, vault: &Vault) -> Result<(), MasterKeyError> {
    let change = master_key_change(pool, vault).await?;
    let change = change.ok_or(MasterKeyError::NotChanging)?;
    if change.left > 0 {
        return Err(MasterKeyError::Left(change.left));
    }
    let done = sqlx::query(
        "update master_key
         set fingerprint = next_fingerprint, next_fingerprint = null, next_sealed = null
         where next_fingerprint is not null and changed_at <= now() - make_interval(secs => $1)",
    )
    .bind(f64::from(ANNOUNCED))
    .execute(pool)
    .await?;
    match done.rows_affected() {
        0 => Err(MasterKeyError::Early),
        _ => refresh_master_key(pool, vault).await,
    }
}

/// As JSON, because columns are missing until their migration ran.
async fn row(connection: &mut PgConnection) -> Result<Option<Row>, sqlx::Error> {
    let row: Option<(Value, bool)> = sqlx::query_as(
        "select to_jsonb(m),
                coalesce((to_jsonb(m) ->> 'changed_at')::timestamptz <= now() - make_interval(secs => $1), true)
         from master_key m",
    )
    .bind(f64::from(ANNOUNCED))
    .fetch_optional(connection)
    .await?;
    let Some((row, is_announced)) = row else {
        return Ok(None);
    };
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    let bytes = |name: &str| hex::decode(row[name].as_str()?.strip_prefix("\\x")?).ok();
    Ok(Some(Row {
        fingerprint: text("fingerprint").unwrap_or_default(),
        next: text("next_fingerprint").zip(bytes("next_sealed")),
        former: bytes("former_sealed"),
        is_announced,
    }))
}

/// All keys, oldest first, and which of them seals, for who has some of them.
fn keys(row: &Row, have: &[[u8; 32]]) -> Result<(Vec<[u8; 32]>, usize), MasterKeyError> {
    let of = |fingerprint: &str| have.iter().find(|key| key_fingerprint(key) == fingerprint);
    let newest = match &row.next {
        None => *of(&row.fingerprint).ok_or(MasterKeyError::Another)?,
        Some((fingerprint, sealed)) => match (of(fingerprint), of(&row.fingerprint)) {
            (Some(newest), _) => *newest,
            (None, Some(current)) => key_of(&open_with(current, &place("next_sealed"), sealed)?)?,
            (None, None) => return Err(MasterKeyError::Another),
        },
    };
    let mut keys = Vec::new();
    if let Some(former) = &row.former {
        let former = open_with(&newest, &place("former_sealed"), former)?;
        for key in former.chunks(32) {
            keys.push(key_of(key)?);
        }
    }
    keys.push(newest);
    let is_early = row.next.is_some() && !row.is_announced;
    let sealing = keys.len() - 1 - usize::from(is_early && keys.len() > 1);
    Ok((keys, sealing))
}

fn key_of(bytes: &[u8]) -> Result<[u8; 32], MasterKeyError> {
    let key = bytes.try_into();
    key.map_err(|_| MasterKeyError::Vault(place("former_sealed").does_not_open()))
}

fn place(column: &'static str) -> Place<'static> {
    Place {
        table: "master_key",
        column,
        project_id: ProjectId(Uuid::nil()),
        row: "",
    }
}
