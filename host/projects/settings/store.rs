//! The SQL of settings.

use super::{ProjectSettings, SettingsChange};
use crate::projects::model::{ProjectId, ProjectName};
use crate::projects::store::{ProjectError, ProjectStore, broken_constraint};

impl ProjectStore {
    /// What is set for a project.
    pub async fn settings(&self, project_id: ProjectId) -> Result<ProjectSettings, ProjectError> {
        let settings: Option<ProjectSettings> =
            sqlx::query_as("select * from project where project_id = $1")
                .bind(project_id)
                .fetch_optional(&self.pool)
                .await?;
        settings.ok_or(ProjectError::NotFound(project_id))
    }

    /// Renames a project and changes its settings: all that is given, or nothing.
    ///
    /// Fails with [`ProjectError::NameTaken`] and [`ProjectError::Setting`].
    pub async fn change(
        &self,
        project_id: ProjectId,
        name: Option<&ProjectName>,
        change: &SettingsChange,
    ) -> Result<ProjectSettings, ProjectError> {
        let project = self.by_id(project_id).await?;
        if project.delete_after.is_some() {
            return Err(ProjectError::Going(project.name));
        }
        let mut transaction = self.pool.begin().await?;
        let settings: Option<ProjectSettings> =
            sqlx::query_as("select * from project where project_id = $1 for no key update")
                .bind(project_id)
                .fetch_optional(&mut *transaction)
                .await?;
        let mut settings = settings.ok_or(ProjectError::NotFound(project_id))?;
        settings.apply(change)?;
        sqlx::query(
            "update project
             set name = coalesce($2, name), webhook_path = $3, max_running = $4,
                 events_per_minute = $5, instance = $6, retention_days = $7,
                 log_retention_days = $8, memory = $9, links = $10, egress_deny = $11,
                 egress_only = $12, media_retention_days = $13, media_quota = $14
             where project_id = $1",
        )
        .bind(project_id)
        .bind(name)
        .bind(&settings.webhook_path)
        .bind(settings.max_running)
        .bind(settings.events_per_minute)
        .bind(settings.instance)
        .bind(settings.retention_days)
        .bind(settings.log_retention_days)
        .bind(settings.memory)
        .bind(sqlx::types::Json(&settings.links))
        .bind(&settings.egress_deny)
        .bind(&settings.egress_only)
        .bind(settings.media_retention_days)
        .bind(settings.media_quota)
        .execute(&mut *transaction)
        .await
        .map_err(|e| match (broken_constraint(&e), name) {
            (Some("project_name_is_new"), Some(name)) => ProjectError::NameTaken(name.clone()),
            _ => ProjectError::Database(e),
        })?;
        transaction.commit().await?;
        Ok(settings)
    }
}
