//! The SQL of what came too early.
//!
//! `offset 0` keeps what an index answers for one account from being read for all of them.

use super::{Missed, Unrouted};
use crate::inbox::store::Inbox;
use crate::projects::ProjectId;

impl Inbox {
    pub(super) async fn count_missed(&self, project_id: ProjectId) -> Result<Missed, sqlx::Error> {
        sqlx::query_as(
            "select count(*) as count, count(*) filter (where u.payload is null) as too_long,
                    min(u.received_at) as oldest_received_at
             from number n join unrouted u on u.phone_number_id = n.phone_number_id
               or u.phone_number_id is null and u.account_id = n.waba_id
                  and not exists (select from number others
                                  where others.waba_id = n.waba_id and others.project_id <> $1
                                  offset 0)
             where n.project_id = $1",
        )
        .bind(project_id)
        .fetch_one(&self.pool)
        .await
    }

    pub(super) async fn missed_after(
        &self,
        project_id: ProjectId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Unrouted>, sqlx::Error> {
        sqlx::query_as(
            "select u.unrouted_id, u.payload
             from number n join unrouted u on u.phone_number_id = n.phone_number_id
               or u.phone_number_id is null and u.account_id = n.waba_id
                  and not exists (select from number others
                                  where others.waba_id = n.waba_id and others.project_id <> $1
                                  offset 0)
             where n.project_id = $1 and u.payload is not null and u.unrouted_id > $2
             order by u.unrouted_id limit $3",
        )
        .bind(project_id)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
    }

    pub(super) async fn forget_missed(&self, unrouted_id: i64) -> Result<(), sqlx::Error> {
        sqlx::query("delete from unrouted where unrouted_id = $1")
            .bind(unrouted_id)
            .execute(&self.pool)
            .await
            .map(drop)
    }
}
