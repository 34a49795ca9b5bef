//! The SQL of the summary.

use super::ProjectQueue;
use crate::inbox::model::Priority;
use crate::inbox::store::Inbox;
use crate::plans::by_values;
use crate::projects::ProjectId;

impl Inbox {
    pub(super) async fn live_and_age(
        &self,
        project_id: Option<ProjectId>,
    ) -> Result<(i64, Option<i64>), sqlx::Error> {
        let mut tx = by_values(&self.pool).await?;
        let found = sqlx::query_as(
            "select
               (select coalesce(sum(pending), 0)::bigint from conversation_queue
                where pending > 0 and priority = $3 and ($1::uuid is null or project_id = $1)),
               (select (1000 * extract(epoch from coalesce($2, statement_timestamp())
                                                  - min(received_at)))::bigint
                from event where state = 'pending' and ($1::uuid is null or project_id = $1))",
        )
        .bind(project_id)
        .bind(self.clock.told())
        .bind(Priority::Live)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(found)
    }

    pub(super) async fn fullest_projects(
        &self,
        project_id: Option<ProjectId>,
        most: u32,
    ) -> Result<Vec<ProjectQueue>, sqlx::Error> {
        let mut tx = by_values(&self.pool).await?;
        let found = sqlx::query_as(
            "with now as materialized (select coalesce($2, statement_timestamp()) as now),
             fullest as (
               select q.project_id, sum(q.pending)::bigint as pending,
                      coalesce(sum(q.pending) filter (where q.priority = $4), 0)::bigint as live,
                      count(*) filter (where q.lease is not null and q.ready_at > now.now) as running,
                      count(*) filter (where q.ready_at > now.now and q.lease is null) as held
               from conversation_queue q cross join now
               where q.pending > 0 and ($1::uuid is null or q.project_id = $1)
               group by q.project_id order by pending desc, q.project_id limit $3)
             select f.*, p.name, oldest.received_at as oldest_received_at,
                    (1000 * extract(epoch from now.now - oldest.received_at))::bigint as oldest_age_ms
             from fullest f join project p using (project_id) cross join now
             cross join lateral (
               select min(e.received_at) as received_at from event e
               where e.project_id = f.project_id and e.state = 'pending') oldest
             order by f.pending desc, f.project_id",
        )
        .bind(project_id)
        .bind(self.clock.told())
        .bind(i64::from(most))
        .bind(Priority::Live)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(found)
    }
}
