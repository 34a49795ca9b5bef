//! The SQL that leases have in common.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgPool};

/// What one host at a time does. When it is dropped it ends by itself, as soon as the server sees that its
/// connection is closed.
pub struct Turn {
    conn: PgConnection,
    key: i64,
}

impl Turn {
    /// Holds other hosts off until the turn is ended; `None` when one of them has it. Any number will do for
    /// `key` that nothing else in the control database locks.
    pub async fn take(pool: &PgPool, key: i64) -> Result<Option<Self>, sqlx::Error> {
        let mut conn = pool.acquire().await?.detach();
        let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(key)
            .fetch_one(&mut conn)
            .await?;
        Ok(is_ours.then_some(Self { conn, key }))
    }

    pub async fn end(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("select pg_advisory_unlock($1)")
            .bind(self.key)
            .execute(&mut self.conn)
            .await?;
        self.conn.close().await
    }
}

/// Has all leases run out `soon` after `now`, however long they were meant to last: whoever holds one extends it
/// meanwhile. Back-offs of steps, which share a column with their leases, end early with them.
pub async fn be_due_soon(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    soon: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with moment as materialized (select $1::timestamptz + make_interval(secs => $2) as soon),
         steps as (
           update step set next_try_at = soon from moment
           where state in ('waiting', 'running') and next_try_at > soon),
         builds as (
           update version set lease_until = soon from moment
           where state in ('building', 'checking') and lease_until > soon)
         update residency set until = soon from moment where until > soon",
    )
    .bind(now)
    .bind(soon.as_secs_f64())
    .execute(conn)
    .await?;
    Ok(())
}
