//! The SQL of residency: which host keeps a project's live instance.

use crate::projects::ProjectId;
use sqlx::PgPool;
use std::time::Duration;

/// The residencies of one host.
#[derive(Clone)]
pub(super) struct ResidencyStore {
    pub(super) pool: PgPool,
    pub(super) owner: String,
    /// How long a residency is in force unless it is extended.
    pub(super) lease: Duration,
}

impl ResidencyStore {
    /// Takes or extends a residency; false when another host has it.
    pub(super) async fn hold(&self, project: ProjectId) -> Result<bool, sqlx::Error> {
        let held = sqlx::query(
            "insert into residency as r (project_id, owner, until)
             values ($1, $2, now() + make_interval(secs => $3))
             on conflict (project_id) do update set owner = excluded.owner, until = excluded.until
             where r.owner = excluded.owner or r.until <= now()",
        )
        .bind(project)
        .bind(&self.owner)
        .bind(self.lease.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(held.rows_affected() == 1)
    }

    /// Extends residencies, and gives those that are still this host's.
    pub(super) async fn extend(
        &self,
        projects: &[ProjectId],
    ) -> Result<Vec<ProjectId>, sqlx::Error> {
        sqlx::query_scalar(
            "update residency set until = now() + make_interval(secs => $3)
             where project_id = any($1) and owner = $2
             returning project_id",
        )
        .bind(projects)
        .bind(&self.owner)
        .bind(self.lease.as_secs_f64())
        .fetch_all(&self.pool)
        .await
    }

    /// Gives residencies up: another host may take them at once.
    pub(super) async fn release(&self, projects: &[ProjectId]) -> Result<(), sqlx::Error> {
        sqlx::query("delete from residency where project_id = any($1) and owner = $2")
            .bind(projects)
            .bind(&self.owner)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
