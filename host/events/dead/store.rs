//! The SQL of replaying and giving up.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use crate::events::Events;
use crate::events::model::EventFilter;
use crate::events::store::narrow;
use crate::inbox::EventId;
use crate::projects::ProjectId;

/// How often a statement is tried that another one made fail.
const TRIES: u32 = 4;

impl Events {
    pub(super) async fn replay_chunk(
        &self,
        project: ProjectId,
        filter: &EventFilter,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let build = || {
            let mut query = chosen(project, filter, limit, now);
            query.push(
                ", again as (
                   update event e
                   set state = 'pending', attempts = 0, deferrals = 0, lost = 0, finished_at = null,
                       expires_at = null
                   from chosen c where e.project_id = c.project_id and e.event_id = c.event_id
                   returning e.queue),
                 asked_again as (
                   update send s
                   set state = 'released', setback_status = s.response_status,
                       setback_body = s.response_body, response_status = null, response_body = null
                   from chosen c where s.project_id = c.project_id and s.event_id = c.event_id
                     and s.state = 'rejected'),
                 queued as (
                   insert into conversation_queue as q (project_id, queue, pending, ready_at, priority)
                   select ",
            );
            query
                .push_bind(project)
                .push(", queue, count(*), ")
                .push_bind(now);
            query.push(
                ", 1 from again group by queue order by queue
                   on conflict (project_id, queue) do update
                   set pending = q.pending + excluded.pending,
                       priority = case when q.pending = 0 then 1 else q.priority end,
                       ready_at = case when q.lease is null then excluded.ready_at else q.ready_at end)
                 select count(*) from again",
            );
            query
        };
        self.counted(build).await
    }

    pub(super) async fn discard_one(
        &self,
        project: ProjectId,
        event_id: EventId,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "update event set state = 'done', discarded_at = $3
             where project_id = $1 and event_id = $2 and state = 'dead'",
        )
        .bind(project)
        .bind(event_id)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives up an event that failed and waits. Its queue is locked first, as a claim locks it, so
    /// that nobody begins a run meanwhile.
    pub(super) async fn discard_waiting(
        &self,
        project: ProjectId,
        event_id: EventId,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query(
            "select from conversation_queue q
             join event e on e.project_id = q.project_id and e.queue = q.queue
             where e.project_id = $1 and e.event_id = $2 for update of q",
        )
        .bind(project)
        .bind(event_id)
        .execute(&mut *tx)
        .await?;
        let done = sqlx::query(
            "with old as (
               select e.queue, e.not_before is not null as was_aside from event e
               where e.project_id = $1 and e.event_id = $2 and e.state = 'pending'
                 and e.attempts + e.deferrals > 0
                 and not exists (
                   select from run r join conversation_queue l
                     on l.project_id = e.project_id and l.queue = e.queue and l.lease = r.run_id
                   where r.project_id = e.project_id and r.event_id = e.event_id
                     and r.ended_at is null and l.ready_at > $3)),
             gone as (
               update event e
               set state = 'done', finished_at = $3, discarded_at = $3, not_before = null
               from old where e.project_id = $1 and e.event_id = $2
               returning old.queue, old.was_aside)
             update conversation_queue q
             set pending = q.pending - 1,
                 aside = greatest(q.aside - case when gone.was_aside then 1 else 0 end, 0),
                 ready_at = case when q.lease is null and not gone.was_aside
                                 then $3 else q.ready_at end
             from gone where q.project_id = $1 and q.queue = gone.queue",
        )
        .bind(project)
        .bind(event_id)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    pub(super) async fn discard_chunk(
        &self,
        project: ProjectId,
        filter: &EventFilter,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let build = || {
            let mut query = chosen(project, filter, limit, now);
            query.push(", gone as (update event e set state = 'done', discarded_at = ");
            query.push_bind(now);
            query.push(
                " from chosen c where e.project_id = c.project_id and e.event_id = c.event_id
                  returning 1) select count(*) from gone",
            );
            query
        };
        self.counted(build).await
    }

    /// Runs a statement that counts what it did, again when another one was in its way.
    async fn counted(
        &self,
        build: impl Fn() -> QueryBuilder<Postgres>,
    ) -> Result<u64, sqlx::Error> {
        let mut tries = 1;
        loop {
            let count: Result<i64, sqlx::Error> =
                build().build_query_scalar().fetch_one(&self.pool).await;
            match count {
                Err(error) if tries < TRIES && is_deadlock(&error) => tries += 1,
                count => return count.map(|count| u64::try_from(count).unwrap_or(0)),
            }
        }
    }
}

fn is_deadlock(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40P01" | "40001"))
}

/// `with chosen`: dead events that the filter lets through, oldest first, locked.
fn chosen(
    project: ProjectId,
    filter: &EventFilter,
    limit: i64,
    now: DateTime<Utc>,
) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "with chosen as (select e.project_id, e.event_id from event e
         where e.state = 'dead' and e.project_id = ",
    );
    query.push_bind(project);
    let filter = EventFilter {
        state: None,
        ..filter.clone()
    };
    narrow(&mut query, &filter, now);
    query.push(" order by e.event_id limit ").push_bind(limit);
    query.push(" for update of e skip locked)");
    query
}
