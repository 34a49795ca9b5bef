//! The SQL of host keys.

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{HostKeys, KeyKind};
use crate::access::AccessError;
use crate::access::tokens::hash;
use crate::projects::{Place, ProjectId, Secret, Vault};
use crate::words::Told;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    /// A newer host may know more of them.
    pub(super) kind: Told<KeyKind>,
    pub(super) hash: Vec<u8>,
    sealed: Option<Vec<u8>>,
    pub(super) retired_at: Option<DateTime<Utc>>,
}

impl Row {
    /// The key, while it is accepted.
    pub(super) fn open(&self, vault: &Vault) -> Result<Option<Secret>, AccessError> {
        let Some(sealed) = self.sealed.as_ref().filter(|_| self.retired_at.is_none()) else {
            return Ok(None);
        };
        let row = hex::encode(&self.hash);
        let plain = vault.open(&place(&row), sealed)?;
        Ok(String::from_utf8(plain).ok().map(Secret::new))
    }
}

impl HostKeys {
    pub(super) async fn rows(&self) -> Result<Vec<Row>, AccessError> {
        let rows = sqlx::query_as(
            "select kind, hash, sealed, retired_at from host_key order by host_key_id desc",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Returns whether the key is new.
    pub(super) async fn add(&self, kind: KeyKind, secret: &Secret) -> Result<bool, AccessError> {
        let hash = hash(secret.expose());
        let row = hex::encode(hash);
        let sealed = self.vault.seal(&place(&row), secret.expose().as_bytes())?;
        let done = sqlx::query(
            "insert into host_key (host_key_id, kind, hash, sealed) values ($1, $2, $3, $4)
             on conflict do nothing",
        )
        .bind(Uuid::now_v7())
        .bind(kind)
        .bind(hash.as_slice())
        .bind(sealed)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The hash of the key that was added last, if it is accepted.
    pub(super) async fn newest(&self, kind: KeyKind) -> Result<Option<[u8; 32]>, AccessError> {
        let hash: Option<Vec<u8>> = sqlx::query_scalar(
            "select hash from host_key where kind = $1 and retired_at is null
             order by host_key_id desc limit 1",
        )
        .bind(kind)
        .fetch_optional(&self.pool)
        .await?;
        Ok(hash.and_then(|hash| hash.try_into().ok()))
    }

    /// Retires all but one, and those that this host was given. Returns whether there were any.
    pub(super) async fn retire_others(
        &self,
        kind: KeyKind,
        newest: &[u8; 32],
        given: &[Vec<u8>],
    ) -> Result<bool, AccessError> {
        let mut tx = self.pool.begin().await?;
        let retired = sqlx::query(
            "update host_key set retired_at = now(), sealed = null
             where kind = $1 and hash <> $2 and retired_at is null",
        )
        .bind(kind)
        .bind(newest.as_slice())
        .execute(&mut *tx)
        .await?;
        let mut count = retired.rows_affected();
        for hash in given {
            let retired = sqlx::query(
                "insert into host_key (host_key_id, kind, hash, retired_at) values ($1, $2, $3, now())
                 on conflict do nothing",
            )
            .bind(Uuid::now_v7())
            .bind(kind)
            .bind(hash)
            .execute(&mut *tx)
            .await?;
            count += retired.rows_affected();
        }
        tx.commit().await?;
        Ok(count > 0)
    }

    /// Since when a key is accepted beside others.
    pub(super) async fn since(&self, kind: KeyKind) -> Result<Option<DateTime<Utc>>, AccessError> {
        let newest: Option<(Vec<u8>, DateTime<Utc>)> = sqlx::query_as(
            "select hash, created_at from host_key where kind = $1 and retired_at is null
             order by host_key_id desc limit 1",
        )
        .bind(kind)
        .fetch_optional(&self.pool)
        .await?;
        let accepted = self.accepted(kind).now();
        let is_beside = accepted.len() > 1;
        Ok(newest.filter(|_| is_beside).map(|(_, at)| at))
    }
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: "host_key",
        column: "sealed",
        project_id: ProjectId(Uuid::nil()),
        row,
    }
}
