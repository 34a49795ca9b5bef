//! The SQL of making, renaming, pausing, deleting and restoring projects.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use super::{Going, NewProject};
use crate::projects::model::{Placement, Project, ProjectId, ProjectName, ProjectStatus};
use crate::projects::secrets::{MAX_SECRETS, SecretError, check};
use crate::projects::store::{ProjectError, ProjectStore, broken_constraint, secret_of};

impl ProjectStore {
    /// Makes a project with its number's wish and its secrets, and whatever `also` adds, or nothing
    /// of it at all. Fails with [`ProjectError::NameTaken`] and [`ProjectError::Secret`].
    pub async fn make(
        &self,
        new: &NewProject,
        also: impl AsyncFnOnce(&mut PgConnection, ProjectId) -> Result<(), sqlx::Error>,
    ) -> Result<Project, ProjectError> {
        if new.secrets.len() > MAX_SECRETS as usize {
            return Err(SecretError::TooMany.into());
        }
        for (name, value) in &new.secrets {
            check(&name.parse()?, value.expose())?;
        }
        let project_id = ProjectId::generate();
        let verify_token = self.seal_random("verify_token_sealed", project_id)?;
        let app_secret = self.seal_random("app_secret_sealed", project_id)?;
        let mut tx = self.pool.begin().await?;
        let inserted = sqlx::query(
            "insert into project (project_id, name, verify_token_sealed, app_secret_sealed,
                                  provisioned_at, wants_deploy)
             values ($1, $2, $3, $4, null, $5)",
        )
        .bind(project_id)
        .bind(&new.name)
        .bind(verify_token)
        .bind(app_secret)
        .bind(new.wants_deploy)
        .execute(&mut *tx)
        .await;
        if let Err(error) = inserted {
            drop(tx);
            return Err(self.name_refused(error, &new.name).await);
        }
        for (name, value) in &new.secrets {
            let sealed = self.vault.seal_text(&secret_of(project_id, name), value)?;
            sqlx::query("insert into secret (project_id, name, value_sealed) values ($1, $2, $3)")
                .bind(project_id)
                .bind(name)
                .bind(sealed)
                .execute(&mut *tx)
                .await?;
        }
        if let Some(number) = &new.number {
            self.wish_in(&mut tx, project_id, number).await?;
        }
        also(&mut tx, project_id).await?;
        tx.commit().await?;
        self.by_id(project_id).await
    }

    /// Who has a name may be going: then it can be had again soon.
    pub(in crate::projects) async fn name_refused(
        &self,
        error: sqlx::Error,
        name: &ProjectName,
    ) -> ProjectError {
        if broken_constraint(&error) != Some("project_name_is_new") {
            return ProjectError::Database(error);
        }
        match self.by_name(name).await {
            Ok(Some(project)) if project.delete_after.is_some() => {
                ProjectError::Going(name.clone())
            }
            _ => ProjectError::NameTaken(name.clone()),
        }
    }

    /// Pauses or resumes. Fails with [`ProjectError::Going`] when the project is being deleted.
    pub async fn pause_or_resume(
        &self,
        project_id: ProjectId,
        status: ProjectStatus,
    ) -> Result<(), ProjectError> {
        let done = sqlx::query(
            "update project set status = $2 where project_id = $1 and delete_after is null",
        )
        .bind(project_id)
        .bind(status)
        .execute(&self.pool)
        .await?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(ProjectError::Going(self.by_id(project_id).await?.name)),
        }
    }

    /// Marks a project as going after `grace`, which at a second call can only become shorter, and
    /// lets go of its number. `also` runs in the same transaction.
    pub async fn delete_after(
        &self,
        project_id: ProjectId,
        grace: std::time::Duration,
        also: impl AsyncFnOnce(&mut PgConnection, &Going) -> Result<(), sqlx::Error>,
    ) -> Result<DateTime<Utc>, ProjectError> {
        let mut tx = self.pool.begin().await?;
        let marked: Option<DateTime<Utc>> = sqlx::query_scalar(
            "update project
             set delete_after = least(delete_after, now() + make_interval(secs => $2)),
                 was_suspended = case when delete_after is null then status = 'suspended'
                                      else was_suspended end,
                 status = 'suspended'
             where project_id = $1
             returning delete_after",
        )
        .bind(project_id)
        .bind(grace.as_secs_f64())
        .fetch_optional(&mut *tx)
        .await?;
        let delete_after = marked.ok_or(ProjectError::NotFound(project_id))?;
        let had_number = self.let_go_in(&mut tx, project_id, false, true).await?;
        let going = Going {
            delete_after,
            had_number,
        };
        also(&mut tx, &going).await?;
        tx.commit().await?;
        Ok(delete_after)
    }

    /// Undoes a deletion whose time has not come. Returns whether its number is to be connected
    /// again.
    ///
    /// Fails with [`ProjectError::NotGoing`] and [`ProjectError::Gone`].
    pub async fn restore(
        &self,
        project_id: ProjectId,
        also: impl AsyncFnOnce(&mut PgConnection, bool) -> Result<(), sqlx::Error>,
    ) -> Result<bool, ProjectError> {
        let mut tx = self.pool.begin().await?;
        let (name, is_going, is_late): (ProjectName, bool, bool) = sqlx::query_as(
            "select name, delete_after is not null, coalesce(delete_after <= now(), false)
             from project where project_id = $1 for update",
        )
        .bind(project_id)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(ProjectError::NotFound(project_id))?;
        if !is_going {
            return Err(ProjectError::NotGoing(name));
        }
        if is_late {
            return Err(ProjectError::Gone(name));
        }
        sqlx::query(
            "update project set delete_after = null,
               status = case when was_suspended then 'suspended' else 'active' end
             where project_id = $1",
        )
        .bind(project_id)
        .execute(&mut *tx)
        .await?;
        let has_number = self.take_back_in(&mut tx, project_id).await?;
        also(&mut tx, has_number).await?;
        tx.commit().await?;
        Ok(has_number)
    }

    /// Where the schema of the project is: as `wanted` when it had no place so far.
    ///
    /// Fails with [`ProjectError::Going`], because who is going gets nothing new, and with
    /// [`ProjectError::PlacementTaken`].
    pub async fn placed(
        &self,
        project_id: ProjectId,
        wanted: &Placement,
    ) -> Result<Placement, ProjectError> {
        let row: Option<(String, String, String)> = sqlx::query_as(
            "update project
             set cell_database = coalesce(cell_database, $2), cell_schema = coalesce(cell_schema, $3),
                 cell_role = coalesce(cell_role, $4)
             where project_id = $1 and delete_after is null
             returning cell_database, cell_schema, cell_role",
        )
        .bind(project_id)
        .bind(&wanted.database)
        .bind(&wanted.schema)
        .bind(&wanted.role)
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| match broken_constraint(&error) {
            Some("project_schema_is_own" | "project_role_is_own") => ProjectError::PlacementTaken {
                schema: wanted.schema.clone(),
                role: wanted.role.clone(),
            },
            _ => ProjectError::Database(error),
        })?;
        match row {
            Some((database, schema, role)) => Ok(Placement {
                database,
                schema,
                role,
            }),
            None => Err(ProjectError::Going(self.by_id(project_id).await?.name)),
        }
    }

    /// Whether the project's provisioning goes on until something was deployed.
    pub async fn wants_deploy(&self, project_id: ProjectId) -> Result<bool, ProjectError> {
        let wants = sqlx::query_scalar("select wants_deploy from project where project_id = $1")
            .bind(project_id)
            .fetch_optional(&self.pool)
            .await?;
        wants.ok_or(ProjectError::NotFound(project_id))
    }

    /// Which artifacts only this project has, of those of its versions.
    pub async fn own_artifacts(&self, project_id: ProjectId) -> Result<Vec<String>, ProjectError> {
        let digests = sqlx::query_scalar(
            "select distinct v.component_sha256 from version v
             where v.project_id = $1 and v.component_sha256 is not null and not exists (
               select from version o
               where o.component_sha256 = v.component_sha256 and o.project_id <> $1)",
        )
        .bind(project_id)
        .fetch_all(&self.pool)
        .await?;
        Ok(digests)
    }

    /// Of some versions, those that still are.
    pub async fn existing_versions(
        &self,
        versions: &[uuid::Uuid],
    ) -> Result<Vec<uuid::Uuid>, ProjectError> {
        let found = sqlx::query_scalar("select version_id from version where version_id = any($1)")
            .bind(versions)
            .fetch_all(&self.pool)
            .await?;
        Ok(found)
    }

    /// Deletes a project and all rows that are left of it, in one cascade: whoever has many of them deletes
    /// these before.
    pub async fn forget(&self, project_id: ProjectId) -> Result<(), ProjectError> {
        sqlx::query("delete from project where project_id = $1 and delete_after <= now()")
            .bind(project_id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
