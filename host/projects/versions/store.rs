//! The SQL of versions: which builds a project has, and which one serves.

use sqlx::PgConnection;

use super::model::{SourceFiles, Version};
use crate::projects::environments::{Environment, switch_environment};
use crate::projects::model::{ProjectId, VersionId};
use crate::projects::store::{ProjectError, ProjectStore, broken_constraint};

/// All of a [`Version`]. The names and digests of its files are left out: they may be many.
macro_rules! columns {
    () => {
        "v.project_id, v.version_id, v.number, v.kind, v.state, v.created_by, v.message, \
         v.component_sha256, v.entry, v.webhook_path, v.notes, v.source_sha256, v.source_bytes, \
         v.changes, v.serves_when_ready, v.takes_links, v.attempts, v.error, v.error_is_hosts, v.created_at, v.started_at, v.finished_at"
    };
}
pub(super) use columns;

impl ProjectStore {
    /// Makes a version the one that serves, with this environment. Fails with
    /// [`ProjectError::VersionNotReady`].
    ///
    /// What is being built does not serve by itself any more: somebody wants this one.
    pub async fn activate(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        environment: &Environment,
    ) -> Result<(), ProjectError> {
        let mut tx = self.pool.begin().await?;
        let done = sqlx::query(
            "update project p set active_version_id = v.version_id
             from version v
             where p.project_id = $1 and v.project_id = $1 and v.version_id = $2
               and v.state = 'ready'",
        )
        .bind(project_id)
        .bind(version_id)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Err(ProjectError::VersionNotReady {
                project_id,
                version_id,
            });
        }
        sqlx::query(
            "update version set serves_when_ready = false
             where project_id = $1 and state in ('queued', 'building', 'checking')",
        )
        .bind(project_id)
        .execute(&mut *tx)
        .await?;
        self.switch_to(&mut tx, project_id, environment).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The version that serves, if any does.
    pub async fn active_version(
        &self,
        project_id: ProjectId,
    ) -> Result<Option<Version>, ProjectError> {
        let version = sqlx::query_as(concat!(
            "select ",
            columns!(),
            " from version v
             join project p on p.project_id = v.project_id and p.active_version_id = v.version_id
             where p.project_id = $1"
        ))
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(version)
    }

    /// The project's versions, newest first.
    pub async fn versions(&self, project_id: ProjectId) -> Result<Vec<Version>, ProjectError> {
        self.versions_before(project_id, None, i64::MAX).await
    }

    /// Versions with a number below `before`, newest first.
    pub async fn versions_before(
        &self,
        project_id: ProjectId,
        before: Option<i32>,
        limit: i64,
    ) -> Result<Vec<Version>, ProjectError> {
        let versions = sqlx::query_as(concat!(
            "select ",
            columns!(),
            " from version v where project_id = $1 and number < $2
             order by number desc limit $3"
        ))
        .bind(project_id)
        .bind(before.unwrap_or(i32::MAX))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(versions)
    }

    pub async fn version(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
    ) -> Result<Option<Version>, ProjectError> {
        let version = sqlx::query_as(concat!(
            "select ",
            columns!(),
            " from version v where project_id = $1 and version_id = $2"
        ))
        .bind(project_id)
        .bind(version_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(version)
    }

    /// The version that is called v`number`.
    pub async fn version_numbered(
        &self,
        project_id: ProjectId,
        number: i32,
    ) -> Result<Option<Version>, ProjectError> {
        let version = sqlx::query_as(concat!(
            "select ",
            columns!(),
            " from version v where project_id = $1 and number = $2"
        ))
        .bind(project_id)
        .bind(number)
        .fetch_optional(&self.pool)
        .await?;
        Ok(version)
    }

    /// The newest version that is ready and older than the one that serves.
    pub async fn version_before_active(
        &self,
        project_id: ProjectId,
    ) -> Result<Option<Version>, ProjectError> {
        let version = sqlx::query_as(concat!(
            "select ",
            columns!(),
            " from version v
             join project p on p.project_id = v.project_id
             join version a on a.project_id = v.project_id and a.version_id = p.active_version_id
             where v.project_id = $1 and v.state = 'ready' and v.number < a.number
             order by v.number desc limit 1"
        ))
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(version)
    }

    /// The files that the version was built of.
    pub async fn source_files(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
    ) -> Result<Option<SourceFiles>, ProjectError> {
        let files: Option<Option<sqlx::types::Json<SourceFiles>>> = sqlx::query_scalar(
            "select source_files from version where project_id = $1 and version_id = $2",
        )
        .bind(project_id)
        .bind(version_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(files.flatten().map(|files| files.0))
    }

    /// Deletes versions beyond the newest `keep` that are ready and as many that failed. Never the
    /// one that serves. Gives how many there were.
    pub async fn prune_versions(
        &self,
        project_id: ProjectId,
        keep: u32,
    ) -> Result<u64, ProjectError> {
        let done = sqlx::query(
            "delete from version v
             using project p,
               (select version_id, row_number() over (partition by state order by number desc) as nth
                from version where project_id = $1 and state in ('ready', 'failed')) ranked
             where v.project_id = $1 and p.project_id = $1 and v.version_id = ranked.version_id
               and ranked.nth > $2 and v.version_id is distinct from p.active_version_id",
        )
        .bind(project_id)
        .bind(i64::from(keep))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Deletes artifacts that no version names. Young ones stay: a build may be about to name one.
    pub async fn prune_artifacts(&self) -> Result<u64, ProjectError> {
        let done = sqlx::query(
            "delete from artifact a
             where created_at < now() - interval '1 hour'
               and not exists (select from version v where v.component_sha256 = a.sha256)",
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Which of these artifacts a version names.
    pub async fn named_artifacts(&self, digests: &[String]) -> Result<Vec<String>, ProjectError> {
        let named = sqlx::query_scalar(
            "select distinct component_sha256 from version where component_sha256 = any($1)",
        )
        .bind(digests)
        .fetch_all(&self.pool)
        .await?;
        Ok(named)
    }

    /// An artifact's bytes.
    pub async fn artifact(&self, digest: &str) -> Result<Option<Vec<u8>>, ProjectError> {
        let bytes = sqlx::query_scalar("select bytes from artifact where sha256 = $1")
            .bind(digest)
            .fetch_optional(&self.pool)
            .await?;
        Ok(bytes)
    }

    pub(super) async fn switch_to(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
        environment: &Environment,
    ) -> Result<(), ProjectError> {
        let sealed = self.seal_environment(project_id, environment)?;
        switch_environment(conn, project_id, environment, &sealed).await?;
        Ok(())
    }
}

/// Keeps an artifact for every host.
pub(super) async fn keep_artifact(
    conn: &mut PgConnection,
    digest: &str,
    bytes: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into artifact (sha256, bytes) values ($1, $2)
         on conflict (sha256) do update set created_at = now()",
    )
    .bind(digest)
    .bind(bytes)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) fn no_project(error: sqlx::Error, project_id: ProjectId) -> ProjectError {
    match broken_constraint(&error) {
        Some("version_project_id_fkey") => ProjectError::NotFound(project_id),
        _ => ProjectError::Database(error),
    }
}
