//! The SQL of projects, their number and their secrets. That of versions is in `versions`.

use std::sync::Arc;

use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

use super::model::{
    Number, NumberRoute, Placement, Project, ProjectId, ProjectKeys, ProjectName, ProjectStatus,
    Secret, VersionId,
};
use super::secrets::SecretError;
use super::settings::SettingError;
use super::vault::{Place, Vault, VaultError};
use crate::words::Lifetime;

/// Projects in the control database.
#[derive(Clone)]
pub struct ProjectStore {
    pub(super) pool: PgPool,
    pub(super) vault: Arc<Vault>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("there is no project `{0}`")]
    NotFound(ProjectId),
    #[error("there is a project `{0}` already; choose another name")]
    NameTaken(ProjectName),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("project `{0}` is being deleted; `roost projects restore {0}` undoes that")]
    Going(ProjectName),
    #[error("project `{0}` is not being deleted, so there is nothing to restore")]
    NotGoing(ProjectName),
    #[error("the deletion of project `{0}` has begun and cannot be undone")]
    Gone(ProjectName),
    #[error("the number `{0}` belongs to another project; disconnect it there first")]
    NumberTaken(String),
    #[error("the schema `{schema}` or the role `{role}` belongs to another project")]
    PlacementTaken { schema: String, role: String },
    #[error("project `{project_id}` has no version `{version_id}` that is ready")]
    VersionNotReady {
        project_id: ProjectId,
        version_id: VersionId,
    },
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
pub(super) struct ProjectRow {
    project_id: ProjectId,
    name: ProjectName,
    status: ProjectStatus,
    cell_database: Option<String>,
    cell_schema: Option<String>,
    cell_role: Option<String>,
    webhook_path: Option<String>,
    instance: Option<Lifetime>,
    memory: Option<i32>,
    egress_deny: Vec<String>,
    egress_only: Vec<String>,
    active_version_id: Option<VersionId>,
    environment_error: Option<String>,
    created_at: DateTime<Utc>,
    provisioned_at: Option<DateTime<Utc>>,
    delete_after: Option<DateTime<Utc>>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        let placement = match (row.cell_database, row.cell_schema, row.cell_role) {
            (Some(database), Some(schema), Some(role)) => Some(Placement {
                database,
                schema,
                role,
            }),
            _ => None,
        };
        Self {
            project_id: row.project_id,
            name: row.name,
            status: row.status,
            placement,
            webhook_path: row.webhook_path,
            instance: row.instance,
            memory: row.memory,
            egress_deny: row.egress_deny,
            egress_only: row.egress_only,
            active_version: row.active_version_id,
            environment_error: row.environment_error,
            created_at: row.created_at,
            provisioned_at: row.provisioned_at,
            delete_after: row.delete_after,
        }
    }
}

impl ProjectStore {
    pub fn new(pool: PgPool, vault: Arc<Vault>) -> Self {
        Self { pool, vault }
    }

    /// A key of all hosts of this database for one purpose.
    pub fn derived_key(&self, purpose: &[u8]) -> [u8; 32] {
        self.vault.derived(purpose)
    }

    pub async fn by_name(&self, name: &ProjectName) -> Result<Option<Project>, ProjectError> {
        let row: Option<ProjectRow> = sqlx::query_as("select * from project where name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(Project::from))
    }

    pub async fn by_id(&self, project_id: ProjectId) -> Result<Project, ProjectError> {
        let row: Option<ProjectRow> = sqlx::query_as("select * from project where project_id = $1")
            .bind(project_id)
            .fetch_optional(&self.pool)
            .await?;
        row.map(Project::from)
            .ok_or(ProjectError::NotFound(project_id))
    }

    /// All projects, by name.
    pub async fn list(&self) -> Result<Vec<Project>, ProjectError> {
        let rows: Vec<ProjectRow> = sqlx::query_as("select * from project order by name")
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(Project::from).collect())
    }

    pub async fn keys(&self, project_id: ProjectId) -> Result<ProjectKeys, ProjectError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "select verify_token_sealed, app_secret_sealed from project where project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        let (verify_token, app_secret) = row.ok_or(ProjectError::NotFound(project_id))?;
        let open = |column, sealed: &[u8]| {
            self.vault.open_text(
                &Place {
                    table: "project",
                    column,
                    project_id,
                    row: "",
                },
                sealed,
            )
        };
        Ok(ProjectKeys {
            verify_token: open("verify_token_sealed", &verify_token)?,
            app_secret: open("app_secret_sealed", &app_secret)?,
        })
    }

    pub async fn number(&self, project_id: ProjectId) -> Result<Option<Number>, ProjectError> {
        let row: Option<(String, String, String, Vec<u8>)> = sqlx::query_as(
            "select phone_number_id, waba_id, display_phone_number, token_sealed
             from number where project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        let Some((phone_number_id, waba_id, display_phone_number, token)) = row else {
            return Ok(None);
        };
        let token = self.vault.open_text(&token_of(project_id), &token)?;
        Ok(Some(Number {
            phone_number_id,
            waba_id,
            display_phone_number,
            token,
        }))
    }

    /// Every number with one of those ids, or on one of those accounts.
    pub async fn numbers(
        &self,
        phone_number_ids: &[&str],
        waba_ids: &[&str],
    ) -> Result<Vec<NumberRoute>, ProjectError> {
        let routes = sqlx::query_as(
            "select project_id, phone_number_id, waba_id, display_phone_number
             from number where phone_number_id = any($1) or waba_id = any($2)
             order by project_id",
        )
        .bind(phone_number_ids)
        .bind(waba_ids)
        .fetch_all(&self.pool)
        .await?;
        Ok(routes)
    }

    /// A verify token or an app secret: 32 hexadecimal digits, as Meta's are.
    pub(super) fn seal_random(
        &self,
        column: &'static str,
        project_id: ProjectId,
    ) -> Result<Vec<u8>, ProjectError> {
        let text = Secret::new(hex::encode(rand::random::<[u8; 16]>()));
        let place = Place {
            table: "project",
            column,
            project_id,
            row: "",
        };
        Ok(self.vault.seal_text(&place, &text)?)
    }
}

pub(super) fn token_of(project_id: ProjectId) -> Place<'static> {
    Place {
        table: "number",
        column: "token_sealed",
        project_id,
        row: "",
    }
}

pub(super) fn secret_of(project_id: ProjectId, name: &str) -> Place<'_> {
    Place {
        table: "secret",
        column: "value_sealed",
        project_id,
        row: name,
    }
}

pub(super) fn broken_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
