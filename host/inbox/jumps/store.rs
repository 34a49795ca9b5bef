//! The SQL of a clock that is set.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use super::{Jump, Look, jump};
use crate::inbox::store::Inbox;
use crate::leases;

impl Inbox {
    /// One transaction: of hosts that find the same jump, the first sees to it.
    pub(super) async fn look(
        &self,
        expected: Option<DateTime<Utc>>,
        soon: Duration,
    ) -> Result<Look, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query(
            "insert into clock (at) values (coalesce($1, statement_timestamp()))
             on conflict do nothing",
        )
        .bind(self.clock.told())
        .execute(&mut *tx)
        .await?;
        sqlx::query("select from clock for update")
            .execute(&mut *tx)
            .await?;
        // A statement of its own, after the lock: its time is that of its beginning.
        let (latest, now): (DateTime<Utc>, DateTime<Utc>) =
            sqlx::query_as("select at, coalesce($1, statement_timestamp()) from clock")
                .bind(self.clock.told())
                .fetch_one(&mut *tx)
                .await?;
        let jump = jump(latest, now, expected);
        match (jump, expected) {
            (Some(Jump::Back(_)), _) => be_due_soon(&mut tx, now, soon).await?,
            (Some(Jump::Ahead(by)), Some(before)) => move_deadlines(&mut tx, before, by).await?,
            _ => {}
        }
        // A host that has just begun could hide a jump ahead from those that can tell one.
        if jump.is_some() || (expected.is_some() && now > latest) {
            sqlx::query("update clock set at = $1")
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(Look { now, jump })
    }
}

/// Back-offs and leases, however long they were meant to be: who holds a lease extends it meanwhile, and a
/// back-off may end early.
async fn be_due_soon(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    soon: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with moment as materialized (select $1::timestamptz + make_interval(secs => $2) as soon),
         queues as (
           update conversation_queue set ready_at = soon from moment
           where pending > 0 and ready_at > soon),
         events as (
           update event set not_before = soon from moment
           where state = 'pending' and not_before > soon)
         select",
    )
    .bind(now)
    .bind(soon.as_secs_f64())
    .execute(&mut *tx)
    .await?;
    leases::be_due_soon(tx, now, soon).await
}

/// Of what was there before the jump. What came after it has a deadline by the clock as it is now.
async fn move_deadlines(
    tx: &mut PgConnection,
    before: DateTime<Utc>,
    by: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update event set expires_at = expires_at + make_interval(secs => $2)
         where state = 'pending' and expires_at is not null and received_at <= $1",
    )
    .bind(before)
    .bind(by.as_secs_f64())
    .execute(tx)
    .await?;
    Ok(())
}
