//! The SQL of versions: which builds a project has, and which one serves.

use crate::projects::model::{NewVersion, ProjectId, Version, VersionId, VersionState};
use crate::projects::store::{ProjectError, ProjectStore, broken_constraint};

impl ProjectStore {
    /// Records a version in the state [`VersionState::Preparing`].
    pub async fn insert_version(
        &self,
        project_id: ProjectId,
        version: &NewVersion,
    ) -> Result<Version, ProjectError> {
        let version = sqlx::query_as(
            "insert into version
               (project_id, version_id, component_sha256, entry, webhook_path, notes)
             values ($1, $2, $3, $4, $5, $6::text::json)
             returning *",
        )
        .bind(project_id)
        .bind(VersionId::generate())
        .bind(&version.component_sha256)
        .bind(&version.entry)
        .bind(&version.webhook_path)
        .bind(version.notes.to_string())
        .fetch_one(&self.pool)
        .await
        .map_err(|e| match broken_constraint(&e) {
            Some("version_project_id_fkey") => ProjectError::NotFound(project_id),
            _ => ProjectError::Database(e),
        })?;
        Ok(version)
    }

    pub async fn set_version_state(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        state: VersionState,
    ) -> Result<(), ProjectError> {
        sqlx::query("update version set state = $3 where project_id = $1 and version_id = $2")
            .bind(project_id)
            .bind(version_id)
            .bind(state)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Makes a version the one that serves. Fails with [`ProjectError::VersionNotReady`].
    pub async fn activate(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
    ) -> Result<(), ProjectError> {
        let done = sqlx::query(
            "update project p set active_version_id = v.version_id
             from version v
             where p.project_id = $1 and v.project_id = $1 and v.version_id = $2
               and v.state = 'ready'",
        )
        .bind(project_id)
        .bind(version_id)
        .execute(&self.pool)
        .await?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(ProjectError::VersionNotReady {
                project_id,
                version_id,
            }),
        }
    }

    /// The version that serves, if any does.
    pub async fn active_version(
        &self,
        project_id: ProjectId,
    ) -> Result<Option<Version>, ProjectError> {
        let version = sqlx::query_as(
            "select v.* from version v
             join project p on p.project_id = v.project_id and p.active_version_id = v.version_id
             where p.project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(version)
    }

    /// The project's versions, newest first.
    pub async fn versions(&self, project_id: ProjectId) -> Result<Vec<Version>, ProjectError> {
        let versions =
            sqlx::query_as("select * from version where project_id = $1 order by version_id desc")
                .bind(project_id)
                .fetch_all(&self.pool)
                .await?;
        Ok(versions)
    }
}
