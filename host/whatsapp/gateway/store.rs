//! The SQL of ids that Meta gave to objects of projects.

use sqlx::{PgPool, Row};
use uuid::Uuid;

/// As many objects of a project are known. Media is forgotten by Meta after a month, and what a bot lists
/// again is new again.
const MOST_OBJECTS: i64 = 20_000;

#[derive(Clone)]
pub(super) struct Store {
    pool: PgPool,
}

/// Whose an id is, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The project's number.
    Number,
    /// The project's account.
    Account,
    /// Media, a template, a flow or an upload of the project.
    Object,
    /// A thing of an account: who owns that says whether it is the project's.
    Thing,
    /// It is another project's, or was.
    Others,
    /// Nobody here is known to have it.
    Nobody,
}

impl Store {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Whose an id is. Projects may share a business account and its objects, hence several owners
    /// of one id. A number or an account is nobody's object, whatever was remembered of it.
    pub(super) async fn whose(&self, project_id: Uuid, id: &str) -> Result<Whose, sqlx::Error> {
        let row = sqlx::query(
            "select
               exists (select from number
                 where phone_number_id = $2 and project_id = $1) as is_number,
               exists (select from number where waba_id = $2 and project_id = $1) as is_account,
               exists (
                 select from number where phone_number_id = $2 or waba_id = $2
                 union all
                 select from number_leaving where phone_number_id = $2 or waba_id = $2
               ) as is_a_number,
               exists (
                 select from template where template_id = $2
                 union all
                 select from account_object where kind = 'flow' and object_id = $2
               ) as is_a_thing,
               exists (
                 select from graph_object where object_id = $2 and project_id = $1
                 union all
                 select from media where media_id = $2 and project_id = $1
                 union all
                 select from media_upload where media_id = $2 and project_id = $1
               ) as is_object,
               exists (
                 select from graph_object where object_id = $2
                 union all
                 select from media where media_id = $2
                 union all
                 select from media_upload where media_id = $2
               ) as is_an_object",
        )
        .bind(project_id)
        .bind(id)
        .fetch_one(&self.pool)
        .await?;
        Ok(match () {
            () if row.try_get("is_number")? => Whose::Number,
            () if row.try_get("is_account")? => Whose::Account,
            () if row.try_get("is_a_number")? => Whose::Others,
            () if row.try_get("is_a_thing")? => Whose::Thing,
            () if row.try_get("is_object")? => Whose::Object,
            () if row.try_get("is_an_object")? => Whose::Others,
            () => Whose::Nobody,
        })
    }

    /// The accounts of templates with this id, and their names.
    pub(super) async fn templates_of(
        &self,
        id: &str,
    ) -> Result<Vec<(String, String)>, sqlx::Error> {
        sqlx::query_as("select waba_id, name from template where template_id = $1")
            .bind(id)
            .fetch_all(&self.pool)
            .await
    }

    /// Whether a Flow with this id is the project's.
    pub(super) async fn has_flow(&self, project_id: Uuid, id: &str) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (select from account_object
               where kind = 'flow' and object_id = $2 and project_id = $1)",
        )
        .bind(project_id)
        .bind(id)
        .fetch_one(&self.pool)
        .await
    }

    /// Whether the project has a Flow that Meta lists by this name.
    pub(super) async fn has_flow_called(
        &self,
        project_id: Uuid,
        name: &str,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (select from flow where project_id = $1 and meta_name = $2)",
        )
        .bind(project_id)
        .bind(name)
        .fetch_one(&self.pool)
        .await
    }

    /// Writes down that objects are a project's, but for those that cannot be: numbers, accounts, and
    /// objects of projects of other accounts. The oldest are forgotten when there are too many.
    pub(super) async fn remember(
        &self,
        project_id: Uuid,
        object_ids: &[String],
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into graph_object (object_id, project_id)
             select distinct id, $1::uuid from unnest($2::text[]) as known (id)
             where not exists (
               select from number where phone_number_id = id or waba_id = id
               union all
               select from number_leaving where phone_number_id = id or waba_id = id
             ) and not exists (
               select from graph_object as others
               join number as theirs on theirs.project_id = others.project_id
               where others.object_id = id and others.project_id <> $1
                 and theirs.waba_id not in (select waba_id from number where project_id = $1)
             )
             on conflict (object_id, project_id) do update set created_at = now()
               where graph_object.created_at < now() - interval '1 hour'",
        )
        .bind(project_id)
        .bind(object_ids)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "delete from graph_object using (
               select created_at, object_id from graph_object where project_id = $1
               order by created_at desc, object_id desc offset $2 limit 1
             ) as oldest
             where graph_object.project_id = $1
               and (graph_object.created_at, graph_object.object_id)
                 <= (oldest.created_at, oldest.object_id)",
        )
        .bind(project_id)
        .bind(MOST_OBJECTS)
        .execute(&self.pool)
        .await
        .map(drop)
    }
}
