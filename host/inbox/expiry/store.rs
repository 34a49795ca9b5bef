//! The SQL of expiry.

use crate::inbox::store::{Inbox, InboxError};

impl Inbox {
    /// Ends some events that are overdue, the oldest first, and none that runs.
    pub(super) async fn expire_some(&self, most: usize) -> Result<usize, InboxError> {
        let expired: i64 = sqlx::query_scalar(
            "with now as materialized (select coalesce($1, statement_timestamp()) as now),
             overdue as materialized (
               select e.project_id, e.queue, e.event_id from event e
               where e.state = 'pending' and e.expires_at is not null
                 and e.expires_at <= coalesce($1, statement_timestamp())
               order by e.expires_at limit $2),
             free as materialized (
               select q.project_id, q.queue from conversation_queue q
               where (q.project_id, q.queue) in (select project_id, queue from overdue)
                 and q.lease is null
               order by q.project_id, q.queue for update skip locked),
             expired as (
               update event e
               set state = 'done', finished_at = now.now,
                   last_error = 'expired: it waited past its deadline'
               from overdue o join free f using (project_id, queue) cross join now
               where e.project_id = o.project_id and e.event_id = o.event_id
                 and e.state = 'pending'
               returning e.project_id, e.queue, e.event_id, e.attempts, e.not_before),
             counted as (
               update conversation_queue q
               set pending = q.pending - x.events, aside = greatest(q.aside - x.aside, 0)
               from (select project_id, queue, count(*) as events, count(not_before) as aside
                     from expired group by project_id, queue) x
               where q.project_id = x.project_id and q.queue = x.queue),
             told as (
               insert into run (run_id, project_id, event_id, attempt, owner, version_id,
                                started_at, ended_at, outcome, error)
               select gen_random_uuid(), x.project_id, x.event_id, x.attempts, '',
                      p.active_version_id, now.now, now.now, 'expired',
                      'it waited past its deadline'
               from expired x join project p using (project_id) cross join now
               where p.active_version_id is not null)
             select count(*) from expired",
        )
        .bind(self.clock.told())
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_one(&self.pool)
        .await?;
        Ok(usize::try_from(expired).unwrap_or_default())
    }
}
