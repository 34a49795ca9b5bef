//! The SQL of the walk.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Visit;
use crate::projects::ProjectId;

/// The next projects that have something to do, in order. Steps from project to project in the
/// index, however many conversations each has.
pub(super) async fn next_projects(
    conn: &mut PgConnection,
    after: Option<ProjectId>,
    visits: usize,
    told: Option<DateTime<Utc>>,
) -> Result<Vec<Visit>, sqlx::Error> {
    sqlx::query_as(
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
         -- No `exists`: that reads all projects at once, and there are many.
         select walk.project_id, coalesce((
           select p.status = 'active' and p.active_version_id is not null
           from project p where p.project_id = walk.project_id), false) as serves
         from walk where walk.project_id is not null order by walk.step",
    )
    .bind(after.map_or(Uuid::nil(), |project_id| project_id.0))
    .bind(i64::try_from(visits).unwrap_or(i64::MAX))
    .bind(told)
    .fetch_all(conn)
    .await
}
