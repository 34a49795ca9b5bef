//! The SQL of environments.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Content, Environment, EnvironmentState, Fingerprint};
use crate::projects::model::{ProjectId, VersionId};
use crate::projects::store::{ProjectError, ProjectStore};
use crate::projects::vault::Place;

/// How much of a bot's complaint is kept.
const MAX_ERROR_CHARS: usize = 4_000;

impl ProjectStore {
    /// How many changes an environment that is read from now on has in it, at least.
    pub async fn environment_wanted(&self, project_id: ProjectId) -> Result<i64, ProjectError> {
        let wanted =
            sqlx::query_scalar("select environment_wanted from project where project_id = $1")
                .bind(project_id)
                .fetch_optional(&self.pool)
                .await?;
        wanted.ok_or(ProjectError::NotFound(project_id))
    }

    /// An environment of these variables, with a project's changes up to `seen`.
    pub fn environment_of(
        &self,
        project_id: ProjectId,
        variables: BTreeMap<String, String>,
        secrets: BTreeMap<String, String>,
        seen: i64,
    ) -> Environment {
        let content = Content {
            variables: Arc::new(variables),
            secrets: Arc::new(secrets),
        };
        let named = [project_id.0.as_bytes(), plain(&content).as_slice()].concat();
        let fingerprint = Fingerprint(self.vault.fingerprint(&named));
        Environment {
            variables: content.variables,
            secrets: content.secrets,
            fingerprint,
            seen,
        }
    }

    /// The environment that serves; `None` when there was none yet.
    pub async fn environment(
        &self,
        project_id: ProjectId,
    ) -> Result<Option<Environment>, ProjectError> {
        let row: Option<(Uuid, Fingerprint, Vec<u8>, i64)> = sqlx::query_as(
            "select e.environment_id, e.fingerprint, e.sealed, p.environment_seen
             from project p
             join environment e on e.project_id = p.project_id and e.environment_id = p.environment_id
             where p.project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        let Some((_, fingerprint, sealed, seen)) = row else {
            return Ok(None);
        };
        let place = place(project_id, &fingerprint);
        let content = self.vault.open(&place, &sealed)?;
        let content: Content =
            serde_json::from_slice(&content).map_err(|_| place.does_not_open())?;
        Ok(Some(Environment {
            variables: content.variables,
            secrets: content.secrets,
            fingerprint,
            seen,
        }))
    }

    /// Has an environment serve a project that had none.
    pub async fn first_environment(
        &self,
        project_id: ProjectId,
        environment: &Environment,
    ) -> Result<(), ProjectError> {
        let sealed = self.seal_environment(project_id, environment)?;
        let mut tx = self.pool.begin().await?;
        let has_none: Option<bool> = sqlx::query_scalar(
            "select environment_id is null from project where project_id = $1 for no key update",
        )
        .bind(project_id)
        .fetch_optional(&mut *tx)
        .await?;
        if has_none == Some(true) {
            switch_environment(&mut tx, project_id, environment, &sealed).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Has an environment serve, if this version still does and no later environment was tried
    /// meanwhile. Gives whether it does.
    pub async fn renew_environment(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        environment: &Environment,
    ) -> Result<bool, ProjectError> {
        let sealed = self.seal_environment(project_id, environment)?;
        let mut tx = self.pool.begin().await?;
        let is_due: Option<bool> = sqlx::query_scalar(
            "select active_version_id is not distinct from $2 and environment_seen <= $3
             from project where project_id = $1 for no key update",
        )
        .bind(project_id)
        .bind(version_id)
        .bind(environment.seen)
        .fetch_optional(&mut *tx)
        .await?;
        if is_due != Some(true) {
            return Ok(false);
        }
        switch_environment(&mut tx, project_id, environment, &sealed).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Records that the bot did not start with an environment.
    pub async fn refuse_environment(
        &self,
        project_id: ProjectId,
        environment: &Environment,
        error: &str,
    ) -> Result<(), ProjectError> {
        let error: String = error.replace('\0', "\u{fffd}");
        let error: String = error.chars().take(MAX_ERROR_CHARS).collect();
        sqlx::query(
            "update project
             set environment_error = $3, environment_seen = $2
             where project_id = $1 and environment_seen <= $2",
        )
        .bind(project_id)
        .bind(environment.seen)
        .bind(error)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Projects with a bot whose environment changed, and that nobody has tried yet. One that is being
    /// deleted runs nothing, and its images go.
    pub async fn due_environments(&self, limit: i64) -> Result<Vec<ProjectId>, ProjectError> {
        let due = sqlx::query_scalar(
            "select project_id from project
             where environment_seen < environment_wanted and active_version_id is not null
               and delete_after is null
             order by project_id limit $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(due)
    }

    pub async fn environment_state(
        &self,
        project_id: ProjectId,
    ) -> Result<EnvironmentState, ProjectError> {
        let row: Option<(bool, Option<String>)> = sqlx::query_as(
            "select environment_seen < environment_wanted and active_version_id is not null,
                    environment_error
             from project where project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row.ok_or(ProjectError::NotFound(project_id))? {
            (true, _) => EnvironmentState::Applying,
            (false, Some(error)) => EnvironmentState::Failed(error),
            (false, None) => EnvironmentState::Current,
        })
    }

    /// Counts what a host keeps ready for the project's version.
    pub async fn generation(&self, project_id: ProjectId) -> Result<i64, ProjectError> {
        let generation = sqlx::query_scalar("select generation from project where project_id = $1")
            .bind(project_id)
            .fetch_optional(&self.pool)
            .await?;
        generation.ok_or(ProjectError::NotFound(project_id))
    }

    /// Each version that has an image worth keeping, with the environment in it.
    pub async fn images(&self) -> Result<Vec<(VersionId, Fingerprint)>, ProjectError> {
        let images = sqlx::query_as(
            "select v.version_id, e.fingerprint
             from project p
             join version v on v.project_id = p.project_id and v.state = 'ready'
             join environment e on e.project_id = p.project_id and e.environment_id = p.environment_id",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(images)
    }

    pub(in crate::projects) fn seal_environment(
        &self,
        project_id: ProjectId,
        environment: &Environment,
    ) -> Result<Vec<u8>, ProjectError> {
        let content = Content {
            variables: environment.variables.clone(),
            secrets: environment.secrets.clone(),
        };
        let place = place(project_id, &environment.fingerprint);
        Ok(self.vault.seal(&place, &plain(&content))?)
    }
}

/// Has an environment serve: the ones before are gone with what was secret in them.
pub(in crate::projects) async fn switch_environment(
    conn: &mut PgConnection,
    project_id: ProjectId,
    environment: &Environment,
    sealed: &[u8],
) -> Result<(), sqlx::Error> {
    let environment_id: Uuid = sqlx::query_scalar(
        "insert into environment (project_id, environment_id, fingerprint, sealed)
         values ($1, $2, $3, $4)
         on conflict on constraint environment_is_new do update set sealed = excluded.sealed
         returning environment_id",
    )
    .bind(project_id)
    .bind(Uuid::now_v7())
    .bind(&environment.fingerprint)
    .bind(sealed)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query(
        "update project
         set environment_id = $2, environment_error = null, environment_seen = $3
         where project_id = $1",
    )
    .bind(project_id)
    .bind(environment_id)
    .bind(environment.seen)
    .execute(&mut *conn)
    .await?;
    sqlx::query("delete from environment where project_id = $1 and environment_id <> $2")
        .bind(project_id)
        .bind(environment_id)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

fn place(project_id: ProjectId, fingerprint: &Fingerprint) -> Place<'_> {
    Place {
        table: "environment",
        column: "sealed",
        project_id,
        row: fingerprint.as_str(),
    }
}

/// Maps of texts always become JSON.
fn plain(content: &Content) -> Vec<u8> {
    serde_json::to_vec(content).unwrap_or_default()
}
