//! The SQL of the walk.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Visit;
use crate::inbox::model::Priority;
use crate::projects::ProjectId;

/// The next projects that have something to do, in order, up to the last and from the first again.
/// Steps from project to project in the index, however many conversations each has.
pub(super) async fn next_projects(
    conn: &mut PgConnection,
    after: Option<ProjectId>,
    visits: usize,
    told: Option<DateTime<Utc>>,
) -> Result<Vec<Visit>, sqlx::Error> {
    sqlx::query_as(
        "with recursive onward (project_id, step) as (
           select (select project_id from conversation_queue
                   where pending > 0 and ready_at <= coalesce($3, statement_timestamp())
                     and project_id > $1
                   order by project_id limit 1), 1
           union all
           select (select q.project_id from conversation_queue q
                   where q.pending > 0 and q.ready_at <= coalesce($3, statement_timestamp())
                     and q.project_id > onward.project_id
                   order by q.project_id limit 1), onward.step + 1
           from onward where onward.project_id is not null and onward.step < $2),
         seen as (select count(project_id) as projects from onward),
         around (project_id, step) as (
           select (select project_id from conversation_queue
                   where pending > 0 and ready_at <= coalesce($3, statement_timestamp())
                     and project_id <= $1
                   order by project_id limit 1), seen.projects + 1
           from seen where seen.projects < $2
           union all
           select (select q.project_id from conversation_queue q
                   where q.pending > 0 and q.ready_at <= coalesce($3, statement_timestamp())
                     and q.project_id > around.project_id and q.project_id <= $1
                   order by q.project_id limit 1), around.step + 1
           from around where around.project_id is not null and around.step < $2)
         -- No `exists`: that reads all projects at once, and there are many.
         select w.project_id, coalesce((
           select p.status = 'active' and p.active_version_id is not null
           from project p where p.project_id = w.project_id), false) as serves,
           coalesce((
             select true from conversation_queue q
             where q.project_id = w.project_id and q.priority = $4 and q.pending > 0
               and q.ready_at <= coalesce($3, statement_timestamp()) limit 1), false) as has_live,
           coalesce((
             select true from conversation_queue q
             where q.project_id = w.project_id and q.priority = $5 and q.pending > 0
               and q.ready_at <= coalesce($3, statement_timestamp()) limit 1), false) as has_bulk
         from (select project_id, step::bigint from onward
               union all select project_id, step from around) w
         where w.project_id is not null order by w.step",
    )
    .bind(after.map_or(Uuid::nil(), |project_id| project_id.0))
    .bind(i64::try_from(visits).unwrap_or(i64::MAX))
    .bind(told)
    .bind(Priority::Live)
    .bind(Priority::Bulk)
    .fetch_all(conn)
    .await
}
