//! The SQL of ids that Meta gave to objects of projects.

use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::access::Owner;

#[derive(Clone)]
pub(super) struct Store {
    pool: PgPool,
}

impl Store {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Whose an id is. Projects may share a business account, hence several owners of one id.
    pub(super) async fn owner(&self, project_id: Uuid, id: &str) -> Result<Owner, sqlx::Error> {
        let row = sqlx::query(
            "select bool_or(project_id = $1) as is_own
             from (
               select project_id from graph_object where object_id = $2
               union all
               select project_id from number where phone_number_id = $2 or waba_id = $2
             ) as known",
        )
        .bind(project_id)
        .bind(id)
        .fetch_one(&self.pool)
        .await?;
        Ok(match row.try_get::<Option<bool>, _>("is_own")? {
            Some(true) => Owner::Project,
            Some(false) => Owner::Other,
            None => Owner::Unknown,
        })
    }

    pub(super) async fn remember(
        &self,
        project_id: Uuid,
        object_ids: &[String],
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into graph_object (object_id, project_id)
             select distinct id, $1 from unnest($2::text[]) as known (id)
             on conflict do nothing",
        )
        .bind(project_id)
        .bind(object_ids)
        .execute(&self.pool)
        .await
        .map(drop)
    }
}
