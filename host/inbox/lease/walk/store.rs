//! The SQL of the walk.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::projects::ProjectId;

/// The next projects that have something to do, in order. Steps from project to project in the
/// index, however many conversations each has.
pub(super) async fn next_projects(
    conn: &mut PgConnection,
    after: Option<ProjectId>,
    visits: usize,
    told: Option<DateTime<Utc>>,
) -> Result<Vec<ProjectId>, sqlx::Error> {
    sqlx::query_scalar(
        "with recursive walk (project_id, step) as (
           select (select project_id from conversation_queue
                   where pending > 0 and ready_at <= coalesce($3, statement_timestamp())
                     and project_id > $1
                   order by project_id limit 1), 1
           union all
           select (select q.project_id from conversation_queue q
                   where q.pending > 0 and q.ready_at <= coalesce($3, statement_timestamp())
                     and q.project_id > walk.project_id
                   order by q.project_id limit 1), walk.step + 1
           from walk where walk.project_id is not null and walk.step < $2)
         select project_id from walk where project_id is not null order by step",
    )
    .bind(after.map_or(Uuid::nil(), |project_id| project_id.0))
    .bind(i64::try_from(visits).unwrap_or(i64::MAX))
    .bind(told)
    .fetch_all(conn)
    .await
}
