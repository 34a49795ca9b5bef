//! The SQL of the audit log.

use super::{AuditEntry, AuditOutcome, NewAuditEntry};
use crate::access::{Access, AccessError};
use crate::plans::by_values;
use crate::projects::ProjectId;

impl Access {
    /// Writes down that a change begins, and returns the row's id.
    pub async fn audit_begins(&self, entry: &NewAuditEntry<'_>) -> Result<i64, AccessError> {
        let id = sqlx::query_scalar(
            "insert into audit (actor, token_id, action, target, request_id)
             values ($1, $2, $3, $4::text::json, $5) returning audit_id",
        )
        .bind(entry.actor)
        .bind(entry.token_id)
        .bind(entry.action)
        .bind(entry.target.to_string())
        .bind(entry.request_id)
        .fetch_one(&self.pool)
        .await?;
        Ok(id)
    }

    /// Writes down what became of it.
    pub async fn audit_ends(&self, id: i64, outcome: &AuditOutcome) -> Result<(), AccessError> {
        sqlx::query(
            "update audit set status = $2, code = $3, project_id = $4, project_name = $5,
                    note = $6::text::json, duration_ms = $7
             where audit_id = $1",
        )
        .bind(id)
        .bind(i32::from(outcome.status))
        .bind(&outcome.code)
        .bind(outcome.project_id)
        .bind(&outcome.project_name)
        .bind(outcome.note.as_ref().map(ToString::to_string))
        .bind(outcome.duration_ms)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Changes, newest first, before one; those of one project, or all.
    pub async fn audit(
        &self,
        project: Option<ProjectId>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, AccessError> {
        let mut tx = by_values(&self.pool).await?;
        let entries = sqlx::query_as(
            "select * from audit
             where ($1::uuid is null or project_id = $1) and ($2::bigint is null or audit_id < $2)
             order by audit_id desc limit $3",
        )
        .bind(project)
        .bind(before)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(entries)
    }
}
