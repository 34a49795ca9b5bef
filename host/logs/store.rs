//! The SQL of bots' logs.

use sqlx::postgres::PgRow;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder, Row};
use tokio::sync::watch;
use uuid::Uuid;

use super::writer::NewLine;
use super::{LogFilter, LogLine, Tail};
use crate::inbox::EventId;
use crate::plans::by_values;
use crate::projects::ProjectId;
use crate::words::LogLevel;

/// Bots' logs in the control database.
#[derive(Clone)]
pub struct LogStore {
    pool: PgPool,
    /// Changes when lines were stored by this process.
    news: watch::Sender<()>,
}

impl FromRow<'_, PgRow> for LogLine {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            log_id: row.try_get("log_id")?,
            event_id: row.try_get("event_id")?,
            run_id: row.try_get("run_id")?,
            version_id: row.try_get("version_id")?,
            level: LogLevel::of_number(row.try_get("level")?),
            at: row.try_get("at")?,
            message: row.try_get("message")?,
        })
    }
}

impl LogStore {
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            news: watch::Sender::new(()),
        }
    }

    pub(super) fn news(&self) -> &watch::Sender<()> {
        &self.news
    }

    /// Lines of a project before one of them, newest first.
    pub async fn list(
        &self,
        project: ProjectId,
        filter: &LogFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LogLine>, sqlx::Error> {
        let mut query = lines_of(project, filter);
        if let Some(before) = before {
            query.push(" and log_id < ").push_bind(before);
        }
        query.push(" order by log_id desc limit ").push_bind(limit);
        let mut tx = by_values(&self.pool).await?;
        let lines = query.build_query_as().fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(lines)
    }

    /// Follows a project's log from its newest line on, or from after the named one.
    pub async fn follow(
        &self,
        project: ProjectId,
        filter: LogFilter,
        after: Option<i64>,
    ) -> Result<Tail, sqlx::Error> {
        let after = match after {
            Some(after) => after,
            None => self.newest(project).await?,
        };
        Ok(Tail::new(self.clone(), project, filter, after))
    }

    /// Lines after one of them that are not among the given ones, oldest first.
    pub(super) async fn after(
        &self,
        project: ProjectId,
        filter: &LogFilter,
        after: i64,
        except: Vec<i64>,
        limit: i64,
    ) -> Result<Vec<LogLine>, sqlx::Error> {
        let mut query = lines_of(project, filter);
        query.push(" and log_id > ").push_bind(after);
        query.push(" and log_id <> all(").push_bind(except);
        query.push(") order by log_id limit ").push_bind(limit);
        query.build_query_as().fetch_all(&self.pool).await
    }

    pub(super) async fn newest(&self, project: ProjectId) -> Result<i64, sqlx::Error> {
        let newest: Option<i64> =
            sqlx::query_scalar("select max(log_id) from bot_log where project_id = $1")
                .bind(project)
                .fetch_one(&self.pool)
                .await?;
        Ok(newest.unwrap_or(0))
    }

    /// Stores lines in their order. Those of projects that are gone are left out.
    pub(super) async fn insert(&self, lines: &[NewLine]) -> Result<(), sqlx::Error> {
        let column = |of: fn(&NewLine) -> Option<Uuid>| -> Vec<Option<Uuid>> {
            lines.iter().map(of).collect()
        };
        let events: Vec<Option<i64>> = lines
            .iter()
            .map(|line| line.origin.event_id.map(|id| id.0))
            .collect();
        let levels: Vec<i16> = lines.iter().map(|line| line.level.number()).collect();
        let times: Vec<DateTime<Utc>> = lines.iter().map(|line| line.at).collect();
        let messages: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
        // The last lines before the database's crash may be lost.
        let begin = "begin; set local synchronous_commit = off";
        let mut tx = self.pool.begin_with(begin).await?;
        sqlx::query(
            "insert into bot_log (project_id, event_id, run_id, version_id, level, at, message)
             select n.project_id, n.event_id, n.run_id, n.version_id, n.level, n.at, n.message
             from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::smallint[],
                         $6::timestamptz[], $7::text[])
                  with ordinality as n
                    (project_id, event_id, run_id, version_id, level, at, message, position)
             where exists (select from project p where p.project_id = n.project_id)
             order by n.position",
        )
        .bind(column(|line| Some(line.origin.project_id.0)))
        .bind(events)
        .bind(column(|line| line.origin.run_id.map(|id| id.0)))
        .bind(column(|line| line.origin.version_id.map(|id| id.0)))
        .bind(levels)
        .bind(times)
        .bind(messages)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// The last error that each of some events logged.
    pub async fn complaints(
        &self,
        project: ProjectId,
        events: &[EventId],
    ) -> Result<Vec<(EventId, String)>, sqlx::Error> {
        sqlx::query_as(
            "select distinct on (event_id) event_id, message from bot_log
             where project_id = $1 and event_id = any($2) and level >= $3
             order by event_id, log_id desc",
        )
        .bind(project)
        .bind(events)
        .bind(LogLevel::Error.number())
        .fetch_all(&self.pool)
        .await
    }
}

/// Deletes what was logged of a contact's events, and what names the contact, within the transaction that erases them.
pub async fn forget_contact(
    conn: &mut PgConnection,
    project: ProjectId,
    events: &[i64],
    ids: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "delete from bot_log l
         where l.project_id = $1
           and (l.event_id = any($2)
                or exists (select from unnest($3::text[]) as id where position(id in l.message) > 0))",
    )
    .bind(project)
    .bind(events)
    .bind(ids)
    .execute(conn)
    .await?;
    Ok(())
}

fn lines_of(project: ProjectId, filter: &LogFilter) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "select log_id, event_id, run_id, version_id, level, at, message
         from bot_log where project_id = ",
    );
    query.push_bind(project);
    if let Some(level) = filter.level {
        query.push(" and level >= ").push_bind(level.number());
    }
    if let Some(event) = filter.event_id {
        query.push(" and event_id = ").push_bind(event);
    }
    if let Some(since) = filter.since {
        query.push(" and at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" and at < ").push_bind(until);
    }
    if let Some(text) = &filter.text {
        query.push(" and position(lower(").push_bind(text.clone());
        query.push(") in lower(message)) > 0");
    }
    query
}
