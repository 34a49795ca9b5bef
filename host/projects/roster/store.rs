//! The SQL of what operators see of projects, and of new ones.

use sqlx::types::chrono::{DateTime, Utc};

use super::ProjectCard;
use crate::plans::by_values;
use crate::projects::model::{NumberRoute, Project, ProjectId};
use crate::projects::settings::ProjectSettings;
use crate::projects::store::{ProjectError, ProjectRow, ProjectStore};

#[derive(sqlx::FromRow)]
struct CardRow {
    #[sqlx(flatten)]
    project: ProjectRow,
    #[sqlx(flatten)]
    settings: ProjectSettings,
    phone_number_id: Option<String>,
    waba_id: Option<String>,
    display_phone_number: Option<String>,
    token_refused_at: Option<DateTime<Utc>>,
    has_failed: bool,
}

impl From<CardRow> for ProjectCard {
    fn from(row: CardRow) -> Self {
        let project = Project::from(row.project);
        let parts = (row.phone_number_id, row.waba_id, row.display_phone_number);
        let number = match parts {
            (Some(phone_number_id), Some(waba_id), Some(display_phone_number)) => {
                Some(NumberRoute {
                    project_id: project.project_id,
                    phone_number_id,
                    waba_id,
                    display_phone_number,
                })
            }
            _ => None,
        };
        Self {
            project,
            settings: row.settings,
            number,
            token_refused_at: row.token_refused_at,
            has_failed: row.has_failed,
        }
    }
}

impl ProjectStore {
    /// Projects by name, after one; `only`: that one or none.
    pub async fn page(
        &self,
        only: Option<ProjectId>,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<ProjectCard>, ProjectError> {
        // Names are ASCII, and their order must not depend on the database's locale.
        let mut tx = by_values(&self.pool).await?;
        let rows: Vec<CardRow> = sqlx::query_as(
            "select p.*, n.phone_number_id, n.waba_id, n.display_phone_number, n.token_refused_at,
                    p.provisioned_at is null and exists (
                      select from step s where s.project_id = p.project_id
                        and s.chain = 'provision' and s.state = 'failed') as has_failed
             from project p left join number n on n.project_id = p.project_id
             where ($1::uuid is null or p.project_id = $1)
               and ($2::text is null or p.name collate \"C\" > $2)
             order by p.name collate \"C\" limit $3",
        )
        .bind(only)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(ProjectCard::from).collect())
    }

    /// One project with what is shown of it.
    pub async fn card(&self, project_id: ProjectId) -> Result<ProjectCard, ProjectError> {
        let mut found = self.page(Some(project_id), None, 1).await?;
        found.pop().ok_or(ProjectError::NotFound(project_id))
    }
}
