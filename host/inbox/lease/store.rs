//! The SQL of claiming, extending and settling.

use std::time::Duration;

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

use super::room::{Room, Rooms};
use super::walk::Visit;
use super::{ClaimLimits, Claiming, Claims, Lease, LeaseLost, walk};
use crate::inbox::model::{ClaimedEvent, EventId, Priority, RowState, RunId};
use crate::inbox::persons::end_persons;
use crate::inbox::retry::{Next, Verdict};
use crate::inbox::store::{Inbox, InboxError};
use crate::projects::ProjectId;

impl Inbox {
    /// Takes the leases of queues that have something to do, and starts a run for each.
    ///
    /// Several statements, because what a statement sees is as old as its beginning: the projects
    /// are locked before their runs are counted, and queues before their oldest event is looked up.
    pub async fn claim(&self, limits: &ClaimLimits<'_>) -> Result<Claims, InboxError> {
        let told = self.clock.told();
        let claiming = Claiming { limits, told };
        let mut conn = self.pool.acquire().await?;
        let visits = walk::round_trip(&mut conn, &claiming).await?;
        let visited: Vec<ProjectId> = visits.iter().map(|visit| visit.project_id).collect();
        let serving = visits.iter().filter(|visit| visit.serves);
        let serving: Vec<ProjectId> = serving.map(|visit| visit.project_id).collect();
        if serving.is_empty() {
            return Ok(Claims {
                next: walk::next(&claiming, &visited, |_| false, false),
                ..Claims::default()
            });
        }
        // A claim that a crash forgets was never made: the run starts over all the same.
        let mut tx = conn
            .begin_with("begin; set local synchronous_commit = off")
            .await?;
        let mut rooms = Rooms::of(&mut tx, &claiming, &serving).await?;
        let there = |is_there: fn(&Visit) -> bool| visits.iter().any(is_there);
        let turns = limits
            .turns()
            .into_iter()
            .filter(|(priority, _)| match priority {
                Priority::Live => there(|visit| visit.has_live),
                Priority::Bulk => there(|visit| visit.has_bulk),
            });
        let (leases, bulk) = take_turns(&mut tx, &claiming, &mut rooms, turns).await?;
        if !leases.is_empty() {
            rooms.pay(&mut tx).await?;
        }
        let mut events = match leases.is_empty() {
            true => Vec::new(),
            false => start_runs(&mut tx, limits.owner, &leases, told).await?,
        };
        end_lost_runs(&mut tx, &mut events, told).await?;
        let mut ended = 0;
        if events.len() < leases.len() {
            let has_event = |lease: &Lease| events.iter().any(|e| e.run_id == lease.run_id);
            let mut idle: Vec<Lease> = leases.iter().filter(|l| !has_event(l)).cloned().collect();
            ended = end_taken(&mut tx, &mut idle, told).await?;
            if !idle.is_empty() {
                free_empty(&mut tx, &idle).await?;
            }
        }
        tx.commit().await?;
        if ended > 0 {
            self.ended.send_replace(());
            self.claimable.send_replace(());
        }
        let is_held = rooms.open().count() < serving.len();
        let is_served = |id: ProjectId| leases.iter().any(|lease| lease.project_id == id);
        let is_full = leases.len() >= limits.events as usize;
        Ok(Claims {
            events,
            bulk,
            next: walk::next(&claiming, &visited, is_served, is_full),
            is_held,
        })
    }

    /// Extends leases, from now on, and returns those that are still held.
    pub async fn extend(
        &self,
        leases: &[Lease],
        lease: Duration,
    ) -> Result<Vec<RunId>, InboxError> {
        let (projects, queues, runs) = columns(leases);
        let kept = sqlx::query_scalar(
            "update conversation_queue q
             set ready_at = coalesce($4, statement_timestamp()) + make_interval(secs => $5)
             from unnest($1::uuid[], $2::text[], $3::uuid[]) as h (project_id, queue, lease)
             where q.project_id = h.project_id and q.queue = h.queue and q.lease = h.lease
             returning q.lease",
        )
        .bind(projects)
        .bind(queues)
        .bind(runs)
        .bind(self.clock.told())
        .bind(lease.as_secs_f64())
        .fetch_all(&self.pool)
        .await?;
        Ok(kept)
    }

    /// Records how a run ended and frees its queue, unless the lease was lost.
    ///
    /// A retry makes its queue bulk, unless somebody waits behind it. One that is aside does not keep
    /// them waiting: the queue is ready when the first of what is left is.
    pub async fn settle(
        &self,
        event: &ClaimedEvent,
        verdict: &Verdict,
    ) -> Result<Result<(), LeaseLost>, InboxError> {
        let (state, pause) = match verdict.next {
            Next::Done => (RowState::Done, Duration::ZERO),
            Next::Dead => (RowState::Dead, Duration::ZERO),
            Next::Again(pause) => (RowState::Pending, pause),
        };
        let report = &verdict.report;
        // What may begin now that this has ended: the next of its queue, or what its project's cap or
        // its conversation's messages held back.
        let settled: Option<bool> = sqlx::query_scalar(
            "with freed as (
               update conversation_queue
               set lease = null, lease_owner = null,
                   ready_at = case
                     when $4 = 'pending' and not $17
                       then coalesce($6, statement_timestamp()) + make_interval(secs => $5)
                     when pending - 1 > aside then coalesce($6, statement_timestamp())
                     else coalesce(
                       least(case when $17 then coalesce($6, statement_timestamp())
                                                + make_interval(secs => $5) end,
                             case when aside > 0 then (
                               select min(e.not_before) from event e
                               where e.project_id = $1 and e.queue = $2 and e.state = 'pending'
                                 and e.event_id <> $9) end),
                       coalesce($6, statement_timestamp())) end,
                   pending = pending - case when $4 = 'pending' then 0 else 1 end,
                   aside = least(aside + case when $17 then 1 else 0 end,
                                 pending - case when $4 = 'pending' then 0 else 1 end),
                   priority = case when pending - 1 > aside then priority
                                   when $4 = 'pending' and not $7 or aside > 0 then $20
                                   else priority end
               where project_id = $1 and queue = $2 and lease = $3
               returning coalesce($6, statement_timestamp()) as now,
                         pending > 0 and ready_at <= coalesce($6, statement_timestamp())
                           as has_next),
             judged as (
               update event
               set state = $4, last_error = coalesce($8, last_error),
                   not_before = case when $17 then freed.now + make_interval(secs => $5) end,
                   attempts = attempts - case when $7 then 1 else 0 end,
                   deferrals = deferrals + case when $7 then 1 else 0 end,
                   finished_at = case when $4 = 'pending' then null else freed.now end
               from freed where project_id = $1 and event_id = $9)
             update run
             set ended_at = freed.now, outcome = $10, error = $8, wall_us = $11, cpu_us = $12,
                 memory_bytes = $13, host_calls = $14, sends = $15, response_status = $16,
                 refusal = $18
             from freed where run_id = $3
             returning freed.has_next
               or exists (select from conversation_queue c
                          where c.project_id = $1 and c.queue <> $2 and c.pending > 0
                            and c.priority = $19 and c.ready_at <= freed.now)
               or exists (select from conversation_queue c
                          where c.project_id = $1 and c.queue <> $2 and c.pending > 0
                            and c.priority = $20 and c.ready_at <= freed.now)",
        )
        .bind(event.project_id)
        .bind(&event.queue)
        .bind(event.run_id)
        .bind(state)
        .bind(pause.as_secs_f64())
        .bind(self.clock.told())
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
        .bind(verdict.is_aside)
        .bind(&report.refusal)
        .bind(Priority::Live)
        .bind(Priority::Bulk)
        .fetch_optional(&self.pool)
        .await?;
        self.ended.send_replace(());
        if settled == Some(true) {
            self.claimable.send_replace(());
        }
        Ok(match settled {
            Some(_) => Ok(()),
            None => Err(LeaseLost(event.run_id)),
        })
    }
}

/// The leases of live and of bulk queues, and how many of them are bulk.
async fn take_turns(
    tx: &mut PgConnection,
    claiming: &Claiming<'_, '_>,
    rooms: &mut Rooms,
    turns: impl Iterator<Item = (Priority, usize)>,
) -> Result<(Vec<Lease>, u32), sqlx::Error> {
    let all = claiming.limits.events as usize;
    let (mut leases, mut bulk) = (Vec::new(), 0);
    for (priority, most) in turns {
        let end = all.min(leases.len() + most);
        // Twice a project's even share of what is wanted: most often that is enough.
        let mut depth = 2;
        while leases.len() < end && rooms.open().next().is_some() {
            let most = end - leases.len();
            depth = most.min(depth.max(2 * most / rooms.open().count()));
            let turn = Turn {
                priority,
                most,
                depth,
            };
            let taken = take_leases(tx, claiming, rooms, &turn).await?;
            rooms.take(&taken);
            if priority == Priority::Bulk {
                bulk += u32::try_from(taken.len()).unwrap_or(u32::MAX);
            }
            let is_exhausted = taken.len() < most && depth >= most;
            leases.extend(taken);
            if is_exhausted {
                break;
            }
            depth = depth.saturating_mul(8);
        }
    }
    Ok((leases, bulk))
}

/// What is taken at once.
struct Turn {
    priority: Priority,
    most: usize,
    /// Of one project: looking at all of a long queue to take one of it would be a waste.
    depth: usize,
}

/// Takes from each project in turn. What runs already counts as its turns, so that a project with
/// little to do is never behind one that keeps all slots busy.
///
/// The statuses of a conversation wait while one of its messages runs, which may be the run that
/// made them; messages never wait for statuses. Only what was chosen is locked: a lock is a write.
async fn take_leases(
    tx: &mut PgConnection,
    claiming: &Claiming<'_, '_>,
    rooms: &Rooms,
    turn: &Turn,
) -> Result<Vec<Lease>, sqlx::Error> {
    let column = |of: fn(&Room) -> i64| -> Vec<i64> { rooms.open().map(of).collect() };
    let projects: Vec<ProjectId> = rooms.open().map(|room| room.project_id).collect();
    let leases: Vec<(ProjectId, String, RunId)> = sqlx::query_as(
        "with ready as (
           select p.project_id, p.position, q.queue,
                  p.running + row_number() over (partition by p.project_id order by q.ready_at) as nth
           from unnest($1::uuid[], $2::bigint[], $3::bigint[])
                with ordinality as p (project_id, running, free, position)
           cross join lateral (
             select c.queue, c.ready_at from conversation_queue c
             where c.project_id = p.project_id and c.pending > 0 and c.priority = $4
               and c.ready_at <= coalesce($5, statement_timestamp())
               and ($4 = $10 or not exists (
                 select from conversation_queue m
                 where m.project_id = c.project_id and m.queue = c.waits_for
                   and m.lease is not null and m.ready_at > coalesce($5, statement_timestamp())))
             order by c.ready_at limit least($9, p.free)) q),
         chosen as materialized (
           select project_id, queue from ready order by nth, position limit $6),
         locked as materialized (
           select q.project_id, q.queue
           from chosen join conversation_queue q using (project_id, queue)
           where q.pending > 0 and q.ready_at <= coalesce($5, statement_timestamp())
           for update of q skip locked)
         update conversation_queue q
         set lease = gen_random_uuid(), lease_owner = $7,
             ready_at = coalesce($5, statement_timestamp()) + make_interval(secs => $8)
         from locked l where q.project_id = l.project_id and q.queue = l.queue
         returning q.project_id, q.queue, q.lease",
    )
    .bind(projects)
    .bind(column(|room| room.running))
    .bind(column(|room| room.free))
    .bind(turn.priority)
    .bind(claiming.told)
    .bind(i64::try_from(turn.most).unwrap_or(i64::MAX))
    .bind(claiming.limits.owner)
    .bind(claiming.limits.lease.as_secs_f64())
    .bind(i64::try_from(turn.depth).unwrap_or(i64::MAX))
    .bind(Priority::Live)
    .fetch_all(tx)
    .await?;
    let lease = |(project_id, queue, run_id)| Lease {
        project_id,
        queue,
        run_id,
    };
    Ok(leases.into_iter().map(lease).collect())
}

/// Starts a run of the oldest event of each queue that is in its place, or back in it. A queue that is
/// ready has one; should it not, any is better than none. A message of a conversation that a person has is not begun:
/// who takes one holds its queue, which is held here.
async fn start_runs(
    tx: &mut PgConnection,
    owner: &str,
    leases: &[Lease],
    told: Option<DateTime<Utc>>,
) -> Result<Vec<ClaimedEvent>, sqlx::Error> {
    let (projects, queues, runs) = columns(leases);
    sqlx::query_as(
        "with head as (
           select h.project_id, h.queue, h.run_id, e.event_id, e.was_aside
           from unnest($1::uuid[], $2::text[], $3::uuid[]) as h (project_id, queue, run_id)
           cross join lateral (
             (select event_id, not_before is not null as was_aside, lane, conversation_id from event
              where project_id = h.project_id and queue = h.queue and state = 'pending'
                and (not_before is null or not_before <= coalesce($5, statement_timestamp()))
              order by event_id limit 1)
             union all
             (select event_id, not_before is not null, lane, conversation_id from event
              where project_id = h.project_id and queue = h.queue and state = 'pending'
              order by not_before nulls first, event_id limit 1)
             limit 1) e
           where (e.lane = 'messages'
                  and (select c.taken_at is not null from conversation c
                       where c.project_id = h.project_id
                         and c.conversation_id = e.conversation_id)) is not true),
         back as (
           update conversation_queue q set aside = greatest(q.aside - 1, 0)
           from head where head.was_aside
             and q.project_id = head.project_id and q.queue = head.queue),
         counted as (
           update event e set attempts = e.attempts + 1, not_before = null
           from head where e.project_id = head.project_id and e.event_id = head.event_id
           returning e.project_id, e.event_id, head.run_id, e.queue, e.kind, e.payload,
                     e.attempts as attempt, e.deferrals, e.lost, e.received_at, e.traceparent),
         started as (
           insert into run (run_id, project_id, event_id, attempt, owner, version_id, started_at)
           select c.run_id, c.project_id, c.event_id, c.attempt, $4, p.active_version_id,
                  coalesce($5, statement_timestamp())
           from counted c join project p using (project_id))
         select c.*, p.active_version_id as version_id, p.generation
         from counted c join project p using (project_id)
         order by c.event_id",
    )
    .bind(projects)
    .bind(queues)
    .bind(runs)
    .bind(owner)
    .bind(told)
    .fetch_all(tx)
    .await
}

/// Runs that never ended are over: their lease ran out. They are counted, so that they are not held
/// against the bot. Only events that were tried before have any, which are few.
async fn end_lost_runs(
    tx: &mut PgConnection,
    events: &mut [ClaimedEvent],
    told: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let tried = events.iter().filter(|e| e.attempt > 1 || e.deferrals > 0);
    let tried: Vec<&ClaimedEvent> = tried.collect();
    if tried.is_empty() {
        return Ok(());
    }
    let lost: Vec<(ProjectId, EventId, i32, String)> = sqlx::query_as(
        "with ended as (
           update run r set outcome = 'lost', ended_at = coalesce($4, statement_timestamp())
           from unnest($1::uuid[], $2::bigint[], $3::uuid[]) as t (project_id, event_id, run_id)
           where r.project_id = t.project_id and r.event_id = t.event_id
             and r.run_id <> t.run_id and r.ended_at is null
           returning r.project_id, r.event_id, r.owner),
         counted as (
           select project_id, event_id, count(*)::integer as runs, max(owner) as owner
           from ended group by 1, 2)
         update event e set lost = e.lost + c.runs
         from counted c where e.project_id = c.project_id and e.event_id = c.event_id
         returning e.project_id, e.event_id, e.lost, c.owner",
    )
    .bind(tried.iter().map(|e| e.project_id).collect::<Vec<_>>())
    .bind(tried.iter().map(|e| e.event_id).collect::<Vec<_>>())
    .bind(tried.iter().map(|e| e.run_id).collect::<Vec<_>>())
    .bind(told)
    .fetch_all(tx)
    .await?;
    for (project_id, event_id, lost, owner) in lost {
        tracing::warn!(
            project.id = %project_id, event.id = %event_id, run.owner = %owner,
            "host {owner} stopped answering while it ran an event, and its lease ran out: the event is run again"
        );
        let is_it = |e: &&mut ClaimedEvent| (e.project_id, e.event_id) == (project_id, event_id);
        if let Some(event) = events.iter_mut().find(is_it) {
            event.lost = lost;
        }
    }
    Ok(())
}

/// Ends what waits in queues of conversations that a person has, and returns how many events that were. Those queues
/// are free, and no longer among `idle`.
async fn end_taken(
    tx: &mut PgConnection,
    idle: &mut Vec<Lease>,
    told: Option<DateTime<Utc>>,
) -> Result<usize, sqlx::Error> {
    let held = idle
        .iter()
        .map(|lease| (lease.project_id, lease.queue.as_str(), None));
    let ended = end_persons(tx, &held.collect::<Vec<_>>(), told).await?;
    idle.retain(|lease| {
        let is_it = |(project_id, queue, _): &(ProjectId, String, i64)| {
            (*project_id, queue) == (lease.project_id, &lease.queue)
        };
        !ended.iter().any(is_it)
    });
    let events = ended.iter().map(|(.., events)| usize::try_from(*events));
    Ok(events.flatten().sum())
}

/// Frees queues that counted an event they do not have, so that they are not claimed for ever.
async fn free_empty(tx: &mut PgConnection, empty: &[Lease]) -> Result<(), sqlx::Error> {
    tracing::error!(
        queues = empty.len(),
        "queues counted events that are not there: set to none"
    );
    let (projects, queues, runs) = columns(empty);
    sqlx::query(
        "update conversation_queue q set pending = 0, aside = 0, lease = null, lease_owner = null
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
