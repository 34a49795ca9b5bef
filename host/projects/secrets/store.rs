//! The SQL of secrets.

use super::{
    Imported, InvalidLine, MAX_SECRETS, SET_BY_HOST, SecretEntry, SecretError, SecretName, check,
    dotenv,
};
use crate::projects::model::{ProjectId, Secret};
use crate::projects::store::{ProjectError, ProjectStore, broken_constraint, secret_of};

impl ProjectStore {
    /// Sets a secret. Gives whether that changed anything.
    pub async fn set_secret(
        &self,
        project_id: ProjectId,
        name: &str,
        value: &Secret,
    ) -> Result<bool, ProjectError> {
        let name: SecretName = name.parse()?;
        check(&name, value.expose())?;
        if self.secret(project_id, name.as_str()).await?.as_ref() == Some(value) {
            return Ok(false);
        }
        let sealed = self
            .vault
            .seal_text(&secret_of(project_id, name.as_str()), value)?;
        let done = sqlx::query(
            "insert into secret (project_id, name, value_sealed)
             select $1, $2, $3
             where (select count(*) from secret where project_id = $1 and name <> $2) < $4
             on conflict (project_id, name) do update
             set value_sealed = excluded.value_sealed, updated_at = now()",
        )
        .bind(project_id)
        .bind(name.as_str())
        .bind(sealed)
        .bind(MAX_SECRETS)
        .execute(&self.pool)
        .await
        .map_err(|e| match broken_constraint(&e) {
            Some("secret_project_id_fkey") => ProjectError::NotFound(project_id),
            _ => ProjectError::Database(e),
        })?;
        match done.rows_affected() {
            0 => Err(SecretError::TooMany.into()),
            _ => Ok(true),
        }
    }

    /// Sets what a `.env` holds, but for what the host sets by itself unless `also_hosts`. No part of a
    /// line is in the report, but for names that were taken or left out.
    pub async fn import_secrets(
        &self,
        project_id: ProjectId,
        text: &str,
        also_hosts: bool,
    ) -> Result<Imported, ProjectError> {
        let mut report = Imported::default();
        let (entries, invalid) = dotenv::parse(text)?;
        report.invalid = invalid;
        for entry in entries {
            if let Err(refused) = entry.secret_name() {
                report.invalid.push(refused);
                continue;
            }
            let dotenv::Entry { line, name, value } = entry;
            if SET_BY_HOST.contains(&name.as_str()) && !also_hosts {
                report.left_out.push(name);
                continue;
            }
            match self.set_secret(project_id, &name, &value).await {
                Ok(true) => report.set.push(name),
                Ok(false) => report.unchanged.push(name),
                Err(ProjectError::Secret(error)) => report.invalid.push(InvalidLine {
                    line,
                    reason: error.to_string(),
                }),
                Err(error) => return Err(error),
            }
        }
        report.invalid.sort_by_key(|invalid| invalid.line);
        Ok(report)
    }

    /// Returns whether there was such a secret.
    pub async fn remove_secret(
        &self,
        project_id: ProjectId,
        name: &str,
    ) -> Result<bool, ProjectError> {
        let done = sqlx::query("delete from secret where project_id = $1 and name = $2")
            .bind(project_id)
            .bind(name)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// What the project's secrets are called, in order; from after `after` on.
    pub async fn secret_entries(
        &self,
        project_id: ProjectId,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<SecretEntry>, ProjectError> {
        let entries = sqlx::query_as(
            "select name, created_at, updated_at from secret
             where project_id = $1 and name collate \"C\" > $2
             order by name collate \"C\" limit $3",
        )
        .bind(project_id)
        .bind(after.unwrap_or_default())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(entries)
    }

    /// The project's secrets, by name.
    pub async fn secrets(
        &self,
        project_id: ProjectId,
    ) -> Result<Vec<(String, Secret)>, ProjectError> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "select name, value_sealed from secret where project_id = $1 order by name",
        )
        .bind(project_id)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(name, sealed)| {
                let value = self
                    .vault
                    .open_text(&secret_of(project_id, &name), &sealed)?;
                Ok((name, value))
            })
            .collect()
    }

    async fn secret(
        &self,
        project_id: ProjectId,
        name: &str,
    ) -> Result<Option<Secret>, ProjectError> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(
            "select value_sealed from secret where project_id = $1 and name = $2",
        )
        .bind(project_id)
        .bind(name)
        .fetch_optional(&self.pool)
        .await?;
        let place = secret_of(project_id, name);
        let value = sealed.map(|sealed| self.vault.open_text(&place, &sealed));
        Ok(value.transpose()?)
    }
}
