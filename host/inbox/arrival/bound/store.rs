//! The SQL of the bound.

use crate::inbox::store::Inbox;
use crate::projects::ProjectId;

impl Inbox {
    /// What waits for a project, and no further than to the bound.
    pub(super) async fn count_pending(
        &self,
        project_id: ProjectId,
        bound: usize,
    ) -> Result<usize, sqlx::Error> {
        let pending: i64 = sqlx::query_scalar(
            "select count(*) from
               (select from event where project_id = $1 and state = 'pending' limit $2) waiting",
        )
        .bind(project_id)
        .bind(i64::try_from(bound).unwrap_or(i64::MAX))
        .fetch_one(&self.pool)
        .await?;
        Ok(usize::try_from(pending).unwrap_or(usize::MAX))
    }
}
