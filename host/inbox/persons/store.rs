//! The SQL of conversations that a person has.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use super::PERSON;
use crate::inbox::model::EventId;
use crate::projects::ProjectId;

/// Locks a queue, which is made when there is none, and returns what runs of it.
pub(super) async fn hold(
    conn: &mut PgConnection,
    project_id: ProjectId,
    queue: &str,
    told: Option<DateTime<Utc>>,
) -> Result<Option<EventId>, sqlx::Error> {
    sqlx::query(
        "insert into conversation_queue (project_id, queue, pending, ready_at)
         values ($1, $2, 0, coalesce($3, statement_timestamp()))
         on conflict do nothing",
    )
    .bind(project_id)
    .bind(queue)
    .bind(told)
    .execute(&mut *conn)
    .await?;
    sqlx::query("select from conversation_queue where project_id = $1 and queue = $2 for update")
        .bind(project_id)
        .bind(queue)
        .execute(&mut *conn)
        .await?;
    // A statement of its own: a run that began meanwhile is there by now.
    sqlx::query_scalar(
        "select r.event_id from conversation_queue q
         join run r on r.run_id = q.lease and r.ended_at is null
         where q.project_id = $1 and q.queue = $2
           and q.ready_at > coalesce($3, statement_timestamp())",
    )
    .bind(project_id)
    .bind(queue)
    .bind(told)
    .fetch_optional(conn)
    .await
}

/// Ends the messages of queues whose conversation a person has, but for one of each that runs, and frees those of
/// which none does. The queues are locked by the caller. Returns those of which something ended, and how much.
pub(in crate::inbox) async fn end_persons(
    conn: &mut PgConnection,
    queues: &[(ProjectId, &str, Option<EventId>)],
    told: Option<DateTime<Utc>>,
) -> Result<Vec<(ProjectId, String, i64)>, sqlx::Error> {
    let projects: Vec<ProjectId> = queues.iter().map(|(project_id, ..)| *project_id).collect();
    let names: Vec<&str> = queues.iter().map(|(_, queue, _)| *queue).collect();
    let running: Vec<Option<EventId>> = queues.iter().map(|(.., running)| *running).collect();
    sqlx::query_as(
        "with now as materialized (select coalesce($4, statement_timestamp()) as now),
         held as materialized (
           select * from unnest($1::uuid[], $2::text[], $3::bigint[])
             as held (project_id, queue, running)),
         waiting as materialized (
           select e.project_id, e.queue, e.event_id, e.not_before is not null as was_aside
           from held h
           join event e on e.project_id = h.project_id and e.queue = h.queue and e.state = 'pending'
           join conversation c on c.project_id = e.project_id
             and c.conversation_id = e.conversation_id and c.taken_at is not null
           where e.lane = 'messages' and e.event_id is distinct from h.running),
         ended as (
           update event e
           set state = 'done', finished_at = now.now, not_before = null, last_error = $5
           from waiting w cross join now
           where e.project_id = w.project_id and e.event_id = w.event_id and e.state = 'pending'
           returning e.project_id, e.queue, e.event_id, e.attempts, w.was_aside),
         lost as (
           update run r set outcome = 'lost', ended_at = now.now
           from ended x cross join now
           where r.project_id = x.project_id and r.event_id = x.event_id and r.ended_at is null),
         told as (
           insert into run (run_id, project_id, event_id, attempt, owner, version_id,
                            started_at, ended_at, outcome, error)
           select gen_random_uuid(), x.project_id, x.event_id, x.attempts, '',
                  p.active_version_id, now.now, now.now, 'person',
                  'a person had the conversation'
           from ended x join project p using (project_id) cross join now
           where p.active_version_id is not null),
         counted as (
           select project_id, queue, count(*) as events,
                  count(*) filter (where was_aside) as aside
           from ended group by project_id, queue),
         freed as (
           update conversation_queue q
           set lease = case when h.running is null then null else q.lease end,
               lease_owner = case when h.running is null then null else q.lease_owner end,
               ready_at = case when h.running is null then now.now else q.ready_at end,
               pending = q.pending - x.events, aside = greatest(q.aside - x.aside, 0)
           from counted x join held h using (project_id, queue) cross join now
           where q.project_id = x.project_id and q.queue = x.queue)
         select project_id, queue, events from counted",
    )
    .bind(projects)
    .bind(names)
    .bind(running)
    .bind(told)
    .bind(PERSON)
    .fetch_all(conn)
    .await
}
