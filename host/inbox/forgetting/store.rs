//! The SQL of forgetting.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgExecutor, PgPool};

use super::Old;
use crate::portions::{PORTION, delete_all};
use crate::projects::ProjectId;

/// Deletes events that are done or dead, with their runs. Returns how many: fewer than the most when
/// no more are left.
pub async fn forget_events(db: impl PgExecutor<'_>, old: &Old<'_>) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "delete from event e using (
           select project_id, event_id from event
           where state <> 'pending' and finished_at < $1 and (project_id = any($2)) = $3
           order by finished_at limit $4) old
         where e.project_id = old.project_id and e.event_id = old.event_id
           and e.state <> 'pending'",
    )
    .bind(old.before)
    .bind(old.projects)
    .bind(old.is_theirs)
    .bind(old.most)
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes empty queues of which nothing ran since then; they are made again when they are needed.
pub async fn forget_queues(
    db: impl PgExecutor<'_>,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "delete from conversation_queue where pending = 0 and lease is null and ready_at < $1",
    )
    .bind(before)
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes what came for numbers that no project had then.
pub async fn forget_unrouted(
    db: impl PgExecutor<'_>,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query("delete from unrouted where received_at < $1")
        .bind(before)
        .execute(db)
        .await?;
    Ok(gone.rows_affected())
}

/// Deletes all events of a project that is going, with their runs, in portions: its own end leaves nothing
/// large to one cascade.
pub async fn forget_project(pool: &PgPool, project_id: ProjectId) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from run where ctid = any(array(
           select ctid from run where project_id = $1 limit $2))",
        "delete from event where ctid = any(array(
           select ctid from event where project_id = $1 limit $2))",
    ] {
        delete_all(|| async move {
            let gone = sqlx::query(statement)
                .bind(project_id)
                .bind(PORTION)
                .execute(pool)
                .await?;
            Ok(gone.rows_affected())
        })
        .await?;
    }
    Ok(())
}
