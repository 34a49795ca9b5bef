//! The SQL of exports: one snapshot of what the control database has of a project.

use futures::stream::BoxStream;
use serde_json::Value;
use sqlx::{PgPool, Postgres, Transaction};

use crate::projects::ProjectId;

/// Rows of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Contacts,
    Conversations,
    Labels,
    Notes,
    Messages,
    Media,
    Statuses,
    /// Those that are not done.
    Events,
    Versions,
}

/// A snapshot; nothing that happens meanwhile is in it.
pub(super) struct Snapshot {
    tx: Transaction<'static, Postgres>,
    project_id: ProjectId,
}

impl Snapshot {
    pub(super) async fn begin(pool: &PgPool, project_id: ProjectId) -> Result<Self, sqlx::Error> {
        let mut tx = pool.begin().await?;
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *tx)
            .await?;
        Ok(Self { tx, project_id })
    }

    /// The project with its settings, without what is sealed and where its schema is.
    pub(super) async fn project(&mut self) -> Result<Value, sqlx::Error> {
        let row = self
            .value("select row_to_json(p)::text from project p where project_id = $1")
            .await?;
        Ok(without(row, |key| {
            key.ends_with("_sealed") || key.starts_with("cell_") || key.starts_with("environment")
        }))
    }

    /// The number, without its token.
    pub(super) async fn number(&mut self) -> Result<Value, sqlx::Error> {
        // A project that is going keeps its number in case that it comes back.
        let row = self
            .value(
                "select coalesce(
                   (select row_to_json(n) from number n where project_id = $1),
                   (select row_to_json(l) from number_leaving l
                    where project_id = $1 and comes_back limit 1))::text",
            )
            .await?;
        Ok(without(row, |key| key.ends_with("_sealed")))
    }

    pub(super) async fn secret_names(&mut self) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar("select name from secret where project_id = $1 order by name")
            .bind(self.project_id)
            .fetch_all(&mut *self.tx)
            .await
    }

    /// The digests of its versions' code.
    pub(super) async fn artifacts(&mut self) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "select distinct component_sha256 from version
             where project_id = $1 and component_sha256 is not null order by 1",
        )
        .bind(self.project_id)
        .fetch_all(&mut *self.tx)
        .await
    }

    /// The ids of media that the host has.
    pub(super) async fn media(&mut self) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "select media_id from media
             where project_id = $1 and state = 'kept' order by position",
        )
        .bind(self.project_id)
        .fetch_all(&mut *self.tx)
        .await
    }

    /// The bytes of a medium, in pieces.
    pub(super) fn pieces(&mut self, id: String) -> BoxStream<'_, Result<Vec<u8>, sqlx::Error>> {
        sqlx::query_scalar(
            "select bytes from media_chunk
             where project_id = $1 and media_id = $2 order by position",
        )
        .bind(self.project_id)
        .bind(id)
        .fetch(&mut *self.tx)
    }

    /// The rows of a list, each as JSON.
    pub(super) fn rows(&mut self, list: List) -> BoxStream<'_, Result<String, sqlx::Error>> {
        let sql = match list {
            List::Contacts => {
                "select row_to_json(t)::text from contact t where project_id = $1 order by contact_id"
            }
            List::Conversations => {
                "select row_to_json(t)::text from conversation t where project_id = $1
                 order by conversation_id"
            }
            List::Labels => {
                "select row_to_json(t)::text from conversation_label t where project_id = $1
                 order by conversation_id, label"
            }
            List::Notes => {
                "select row_to_json(t)::text from conversation_note t where project_id = $1
                 order by note_id"
            }
            List::Messages => {
                "select row_to_json(t)::text from message t where project_id = $1
                 order by conversation_id, position"
            }
            List::Media => {
                "select row_to_json(t)::text from media t where project_id = $1 order by position"
            }
            List::Statuses => {
                "select row_to_json(t)::text from message_status t where project_id = $1
                 order by wamid, status, participant"
            }
            List::Events => {
                "select row_to_json(t)::text from event t where project_id = $1 and state <> 'done'
                 order by event_id"
            }
            List::Versions => {
                "select row_to_json(t)::text from version t where project_id = $1 order by version_id"
            }
        };
        sqlx::query_scalar(sql)
            .bind(self.project_id)
            .fetch(&mut *self.tx)
    }

    pub(super) async fn end(self) -> Result<(), sqlx::Error> {
        self.tx.rollback().await
    }

    async fn value(&mut self, sql: &'static str) -> Result<Value, sqlx::Error> {
        let row: Option<Option<String>> = sqlx::query_scalar(sql)
            .bind(self.project_id)
            .fetch_optional(&mut *self.tx)
            .await?;
        let row = row.flatten();
        Ok(row
            .and_then(|row| serde_json::from_str(&row).ok())
            .unwrap_or(Value::Null))
    }
}

fn without(mut row: Value, is_left_out: impl Fn(&str) -> bool) -> Value {
    if let Some(row) = row.as_object_mut() {
        row.retain(|key, _| !is_left_out(key));
    }
    row
}
