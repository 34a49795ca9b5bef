//! The SQL of replaying and giving up.

use crate::inbox::model::{EventId, Priority};
use crate::inbox::store::Inbox;
use crate::projects::ProjectId;

/// How often a statement is tried that another one made fail.
const TRIES: u32 = 4;

impl Inbox {
    /// One statement: nobody sees an event pending that its queue does not count, or whose sends are
    /// still refused.
    pub(super) async fn make_pending(
        &self,
        project_id: ProjectId,
        events: &[EventId],
    ) -> Result<u64, sqlx::Error> {
        let replay = || {
            sqlx::query_scalar(
                "with chosen as materialized (
                   select e.event_id from event e
                   where e.project_id = $1 and e.event_id = any($2) and e.state = 'dead'
                   order by e.event_id for update),
                 again as (
                   update event e
                   set state = 'pending', attempts = 0, deferrals = 0, lost = 0, finished_at = null,
                       expires_at = null
                   from chosen c where e.project_id = $1 and e.event_id = c.event_id
                   returning e.queue, e.lane, e.conversation_id),
                 asked_again as (
                   update send s
                   set state = 'released', setback_status = s.response_status,
                       setback_body = s.response_body, response_status = null, response_body = null
                   from chosen c where s.project_id = $1 and s.event_id = c.event_id
                     and s.state = 'rejected'),
                 queued as (
                   insert into conversation_queue as q
                     (project_id, queue, pending, ready_at, priority, waits_for)
                   select $1, a.queue, count(*), coalesce($3, statement_timestamp()), $4::smallint,
                          max(c.queue) filter (where a.lane = 'statuses')
                   from again a
                   left join conversation c
                     on c.project_id = $1 and c.conversation_id = a.conversation_id
                   group by a.queue order by a.queue
                   on conflict (project_id, queue) do update
                   set pending = q.pending + excluded.pending,
                       priority = case when q.pending = 0 then excluded.priority else q.priority end,
                       ready_at = case when q.lease is null then excluded.ready_at
                                       else q.ready_at end)
                 select count(*) from again",
            )
            .bind(project_id)
            .bind(events)
            .bind(self.clock.told())
            .bind(Priority::Bulk)
            .fetch_one(&self.pool)
        };
        counted(replay).await
    }

    pub(super) async fn give_up_dead(
        &self,
        project_id: ProjectId,
        events: &[EventId],
    ) -> Result<u64, sqlx::Error> {
        let discard = || {
            sqlx::query_scalar(
                "with chosen as materialized (
                   select e.event_id from event e
                   where e.project_id = $1 and e.event_id = any($2) and e.state = 'dead'
                   order by e.event_id for update),
                 gone as (
                   update event e
                   set state = 'done', discarded_at = coalesce($3, statement_timestamp())
                   from chosen c where e.project_id = $1 and e.event_id = c.event_id
                   returning 1)
                 select count(*) from gone",
            )
            .bind(project_id)
            .bind(events)
            .bind(self.clock.told())
            .fetch_one(&self.pool)
        };
        counted(discard).await
    }

    /// Gives up an event that failed and waits. Its queue is locked first, as a claim locks it, so
    /// that nobody begins a run meanwhile.
    pub(super) async fn give_up_waiting(
        &self,
        project_id: ProjectId,
        event_id: EventId,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query(
            "select from conversation_queue q
             join event e on e.project_id = q.project_id and e.queue = q.queue
             where e.project_id = $1 and e.event_id = $2 for update of q",
        )
        .bind(project_id)
        .bind(event_id)
        .execute(&mut *tx)
        .await?;
        let done = sqlx::query(
            "with now as materialized (select coalesce($3, statement_timestamp()) as now),
             old as (
               select e.queue, e.not_before is not null as was_aside from event e cross join now
               where e.project_id = $1 and e.event_id = $2 and e.state = 'pending'
                 and e.attempts + e.deferrals > 0
                 and not exists (
                   select from run r join conversation_queue l
                     on l.project_id = e.project_id and l.queue = e.queue and l.lease = r.run_id
                   where r.project_id = e.project_id and r.event_id = e.event_id
                     and r.ended_at is null and l.ready_at > now.now)),
             gone as (
               update event e
               set state = 'done', finished_at = now.now, discarded_at = now.now, not_before = null
               from old cross join now where e.project_id = $1 and e.event_id = $2
               returning old.queue, old.was_aside, now.now)
             update conversation_queue q
             set pending = q.pending - 1,
                 aside = greatest(q.aside - case when gone.was_aside then 1 else 0 end, 0),
                 ready_at = case when q.lease is null and not gone.was_aside
                                 then gone.now else q.ready_at end
             from gone where q.project_id = $1 and q.queue = gone.queue",
        )
        .bind(project_id)
        .bind(event_id)
        .bind(self.clock.told())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Runs a statement that counts what it did, again when another one was in its way.
async fn counted<F>(statement: impl Fn() -> F) -> Result<u64, sqlx::Error>
where
    F: Future<Output = Result<i64, sqlx::Error>>,
{
    let mut tries = 1;
    loop {
        match statement().await {
            Err(error) if tries < TRIES && is_deadlock(&error) => tries += 1,
            count => return count.map(|count| u64::try_from(count).unwrap_or(0)),
        }
    }
}

fn is_deadlock(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40P01" | "40001"))
}
