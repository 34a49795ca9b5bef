//! The SQL of claiming, extending and settling.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{ClaimLimits, Claims, Lease, LeaseLost};
use crate::inbox::model::{ClaimedEvent, RunId};
use crate::inbox::retry::{Next, Verdict};
use crate::inbox::store::{Inbox, InboxError};
use crate::projects::ProjectId;

/// Projects that one claim looks at.
const VISITS: usize = 256;

impl Inbox {
    /// Takes the leases of conversations that have something to do, and starts a run for each.
    ///
    /// Three statements, because what a statement sees is as old as its beginning: the projects are
    /// locked before their runs are counted, and queues before their oldest event is looked up.
    pub async fn claim(&self, limits: &ClaimLimits<'_>) -> Result<Claims, InboxError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let visited = round_trip(&mut conn, limits.after, now).await?;
        if visited.is_empty() {
            return Ok(Claims::default());
        }
        let mut tx = conn.begin().await?;
        // A claim that a crash forgets was never made: the run starts over all the same.
        sqlx::query("set local synchronous_commit = off")
            .execute(&mut *tx)
            .await?;
        let active = lock_active(&mut tx, &visited).await?;
        let projects: Vec<ProjectId> = visited
            .iter()
            .copied()
            .filter(|project_id| active.contains(project_id))
            .collect();
        let leases = take_leases(&mut tx, limits, &projects, now).await?;
        let events = start_runs(&mut tx, limits.owner, &leases, now).await?;
        if events.len() < leases.len() {
            free_empty(&mut tx, &leases, &events).await?;
        }
        tx.commit().await?;
        Ok(Claims {
            events,
            next: next(limits, &visited, &leases),
        })
    }

    /// Extends leases, and returns those that are still held.
    pub async fn extend(
        &self,
        leases: &[Lease],
        until: DateTime<Utc>,
    ) -> Result<Vec<RunId>, InboxError> {
        let (projects, queues, runs) = columns(leases);
        let kept = sqlx::query_scalar(
            "update conversation_queue q set ready_at = $4
             from unnest($1::uuid[], $2::text[], $3::uuid[]) as h (project_id, queue, lease)
             where q.project_id = h.project_id and q.queue = h.queue and q.lease = h.lease
             returning q.lease",
        )
        .bind(projects)
        .bind(queues)
        .bind(runs)
        .bind(until)
        .fetch_all(&self.pool)
        .await?;
        Ok(kept)
    }

    /// Records how a run ended and frees its conversation, unless the lease was lost.
    pub async fn settle(
        &self,
        event: &ClaimedEvent,
        verdict: &Verdict,
    ) -> Result<Result<(), LeaseLost>, InboxError> {
        let now = self.clock.now();
        let (state, ready_at) = match verdict.next {
            Next::Done => ("done", now),
            Next::Dead => ("dead", now),
            Next::Again(at) => ("pending", at),
        };
        let report = &verdict.report;
        let settled = sqlx::query(
            "with freed as (
               update conversation_queue
               set lease = null, lease_owner = null, ready_at = $5,
                   pending = pending - case when $4 = 'pending' then 0 else 1 end
               where project_id = $1 and queue = $2 and lease = $3
               returning 1),
             judged as (
               update event
               set state = $4, last_error = coalesce($8, last_error),
                   attempts = attempts - case when $7 then 1 else 0 end,
                   deferrals = deferrals + case when $7 then 1 else 0 end,
                   finished_at = case when $4 = 'pending' then null else $6::timestamptz end
               where project_id = $1 and event_id = $9 and exists (select from freed))
             update run
             set ended_at = $6, outcome = $10, error = $8, wall_us = $11, cpu_us = $12,
                 memory_bytes = $13, host_calls = $14, sends = $15, response_status = $16
             where run_id = $3 and exists (select from freed)",
        )
        .bind(event.project_id)
        .bind(&event.queue)
        .bind(event.run_id)
        .bind(state)
        .bind(ready_at)
        .bind(now)
        .bind(verdict.is_deferral)
        .bind(&verdict.error)
        .bind(event.event_id)
        .bind(verdict.outcome)
        .bind(i64::try_from(report.wall.as_micros()).unwrap_or(i64::MAX))
        .bind(i64::try_from(report.cpu.as_micros()).unwrap_or(i64::MAX))
        .bind(i64::try_from(report.memory_bytes).unwrap_or(i64::MAX))
        .bind(i32::try_from(report.host_calls).unwrap_or(i32::MAX))
        .bind(i32::try_from(report.sends).unwrap_or(i32::MAX))
        .bind(report.response_status.map(i32::from))
        .execute(&self.pool)
        .await?;
        self.activity.send_replace(());
        Ok(if settled.rows_affected() == 1 {
            Ok(())
        } else {
            Err(LeaseLost(event.run_id))
        })
    }
}

/// The project after which the next claim begins: who was served last when there was no more to
/// give, or seen last when there are more to see.
fn next(limits: &ClaimLimits<'_>, visited: &[ProjectId], leases: &[Lease]) -> Option<ProjectId> {
    if leases.len() < limits.events as usize {
        return visited.last().copied().filter(|_| visited.len() == VISITS);
    }
    let is_served = |project_id: &ProjectId| leases.iter().any(|l| l.project_id == *project_id);
    visited.iter().copied().rfind(is_served)
}

/// The projects that have something to do, from `after` on and round to it again.
async fn round_trip(
    conn: &mut PgConnection,
    after: Option<ProjectId>,
    now: DateTime<Utc>,
) -> Result<Vec<ProjectId>, sqlx::Error> {
    let mut visited = next_projects(conn, after, VISITS, now).await?;
    let left = VISITS - visited.len();
    if let Some(after) = after
        && left > 0
    {
        let first = next_projects(conn, None, left, now).await?;
        visited.extend(
            first
                .into_iter()
                .take_while(|project_id| *project_id <= after),
        );
    }
    Ok(visited)
}

/// The next projects that have something to do, in order. Steps from project to project in the
/// index, however many conversations each has.
async fn next_projects(
    conn: &mut PgConnection,
    after: Option<ProjectId>,
    visits: usize,
    now: DateTime<Utc>,
) -> Result<Vec<ProjectId>, sqlx::Error> {
    sqlx::query_scalar(
        "with recursive walk (project_id, step) as (
           select (select project_id from conversation_queue
                   where pending > 0 and ready_at <= $3 and project_id > $1
                   order by project_id limit 1), 1
           union all
           select (select q.project_id from conversation_queue q
                   where q.pending > 0 and q.ready_at <= $3 and q.project_id > walk.project_id
                   order by q.project_id limit 1), walk.step + 1
           from walk where walk.project_id is not null and walk.step < $2)
         select project_id from walk where project_id is not null order by step",
    )
    .bind(after.map_or(Uuid::nil(), |project_id| project_id.0))
    .bind(i64::try_from(visits).unwrap_or(i64::MAX))
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Those that serve, locked until the claim is committed. Always in the same order, against
/// deadlocks.
async fn lock_active(
    tx: &mut PgConnection,
    projects: &[ProjectId],
) -> Result<Vec<ProjectId>, sqlx::Error> {
    sqlx::query_scalar(
        "select project_id from project
         where project_id = any($1) and status = 'active' and active_version_id is not null
         order by project_id for no key update",
    )
    .bind(projects)
    .fetch_all(tx)
    .await
}

/// Takes from each project in turn. What runs already counts as its turns, so that a project with
/// little to do is never behind one that keeps all slots busy.
async fn take_leases(
    tx: &mut PgConnection,
    limits: &ClaimLimits<'_>,
    projects: &[ProjectId],
    now: DateTime<Utc>,
) -> Result<Vec<Lease>, sqlx::Error> {
    let leases: Vec<(ProjectId, String, RunId)> = sqlx::query_as(
        "with ready as (
           select p.project_id, p.position, q.queue,
                  r.running + row_number() over (partition by p.project_id order by q.ready_at) as nth
           from unnest($1::uuid[]) with ordinality as p (project_id, position)
           cross join lateral (
             select count(*) as running from conversation_queue c
             where c.project_id = p.project_id and c.lease is not null and c.ready_at > $2) r
           cross join lateral (
             select c.queue, c.ready_at from conversation_queue c
             where c.project_id = p.project_id and c.pending > 0 and c.ready_at <= $2
             order by c.ready_at limit least($4, greatest(0, $3 - r.running))
             for update skip locked) q),
         chosen as (
           select project_id, queue from ready order by nth, position limit $4)
         update conversation_queue q
         set lease = gen_random_uuid(), lease_owner = $5, ready_at = $6
         from chosen c where q.project_id = c.project_id and q.queue = c.queue
         returning q.project_id, q.queue, q.lease",
    )
    .bind(projects)
    .bind(now)
    .bind(i64::from(limits.running_per_project))
    .bind(i64::from(limits.events))
    .bind(limits.owner)
    .bind(limits.until)
    .fetch_all(tx)
    .await?;
    let lease = |(project_id, queue, run_id)| Lease {
        project_id,
        queue,
        run_id,
    };
    Ok(leases.into_iter().map(lease).collect())
}

/// Starts a run of the oldest event of each queue. Runs that never ended are over: their lease ran
/// out.
async fn start_runs(
    tx: &mut PgConnection,
    owner: &str,
    leases: &[Lease],
    now: DateTime<Utc>,
) -> Result<Vec<ClaimedEvent>, sqlx::Error> {
    let (projects, queues, runs) = columns(leases);
    sqlx::query_as(
        "with head as (
           select h.project_id, h.queue, h.run_id, e.event_id
           from unnest($1::uuid[], $2::text[], $3::uuid[]) as h (project_id, queue, run_id)
           cross join lateral (
             select event_id from event
             where project_id = h.project_id and queue = h.queue and state = 'pending'
             order by event_id limit 1) e),
         lost as (
           update run r set outcome = 'lost', ended_at = $5
           from head where r.project_id = head.project_id and r.event_id = head.event_id
             and r.ended_at is null),
         counted as (
           update event e set attempts = e.attempts + 1
           from head where e.project_id = head.project_id and e.event_id = head.event_id
           returning e.project_id, e.event_id, head.run_id, e.queue, e.kind, e.payload,
                     e.attempts as attempt, e.deferrals, e.received_at),
         started as (
           insert into run (run_id, project_id, event_id, attempt, owner, version_id, started_at)
           select c.run_id, c.project_id, c.event_id, c.attempt, $4, p.active_version_id, $5
           from counted c join project p using (project_id))
         select c.*, p.active_version_id as version_id
         from counted c join project p using (project_id)
         order by c.event_id",
    )
    .bind(projects)
    .bind(queues)
    .bind(runs)
    .bind(owner)
    .bind(now)
    .fetch_all(tx)
    .await
}

/// Frees queues that counted an event they do not have, so that they are not claimed for ever.
async fn free_empty(
    tx: &mut PgConnection,
    leases: &[Lease],
    events: &[ClaimedEvent],
) -> Result<(), sqlx::Error> {
    let has_event = |lease: &&Lease| events.iter().any(|event| event.run_id == lease.run_id);
    let empty: Vec<Lease> = leases.iter().filter(|l| !has_event(l)).cloned().collect();
    tracing::error!(
        queues = empty.len(),
        "queues counted events that are not there: set to none"
    );
    let (projects, queues, runs) = columns(&empty);
    sqlx::query(
        "update conversation_queue q set pending = 0, lease = null, lease_owner = null
         from unnest($1::uuid[], $2::text[], $3::uuid[]) as h (project_id, queue, lease)
         where q.project_id = h.project_id and q.queue = h.queue and q.lease = h.lease",
    )
    .bind(projects)
    .bind(queues)
    .bind(runs)
    .execute(tx)
    .await?;
    Ok(())
}

fn columns(leases: &[Lease]) -> (Vec<ProjectId>, Vec<&str>, Vec<RunId>) {
    let projects = leases.iter().map(|lease| lease.project_id).collect();
    let queues = leases.iter().map(|lease| lease.queue.as_str()).collect();
    let runs = leases.iter().map(|lease| lease.run_id).collect();
    (projects, queues, runs)
}
