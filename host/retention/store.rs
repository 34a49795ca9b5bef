//! The SQL of forgetting, in portions that are short enough not to be noticed.

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Keeper;
use crate::inbox::{Old, forget_events, forget_queues, forget_unrouted};
use crate::plans::by_values;
use crate::portions::{PORTION, delete_all};
use crate::projects::ProjectId;

/// The longest line: what an event may log.
const LINE_BYTES: i64 = 64 << 10;

/// Projects with the same retention.
#[derive(Debug)]
pub(super) struct Group {
    /// Absent for all others than `projects`: the host's.
    pub(super) days: Option<i32>,
    projects: Vec<Uuid>,
}

impl Keeper {
    pub(super) async fn now(&self) -> Result<DateTime<Utc>, sqlx::Error> {
        sqlx::query_scalar("select coalesce($1, statement_timestamp())")
            .bind(self.clock.told())
            .fetch_one(&self.pool)
            .await
    }

    /// The projects with a retention of their own, and all others.
    pub(super) async fn groups(&self) -> Result<Vec<Group>, sqlx::Error> {
        let own: Vec<(i32, Vec<Uuid>)> = sqlx::query_as(
            "select retention_days, array_agg(project_id) from project
             where retention_days is not null group by retention_days",
        )
        .fetch_all(&self.pool)
        .await?;
        let all = own.iter().flat_map(|(_, projects)| projects).copied();
        let others = Group {
            days: None,
            projects: all.collect(),
        };
        let own = own.into_iter().map(|(days, projects)| Group {
            days: Some(days),
            projects,
        });
        Ok(own.chain([others]).collect())
    }

    pub(super) async fn sweep_events(
        &self,
        group: &Group,
        before: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let old = Old {
            before,
            projects: &group.projects,
            is_theirs: group.days.is_some(),
            most: PORTION,
        };
        delete_all(|| async {
            let mut tx = by_values(&self.pool).await?;
            let gone = forget_events(&mut *tx, &old).await?;
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }

    /// Prepared ones may have gone out too.
    pub(super) async fn sweep_sends(
        &self,
        group: &Group,
        before: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let statement = "delete from send where send_id in (
               select s.send_id from send s
               where s.updated_at < $1 and (s.project_id = any($2)) = $3
                 and s.state in ('sent', 'rejected', 'released')
                 and not exists (select from event e
                                 where e.project_id = s.project_id and e.event_id = s.event_id)
               order by s.updated_at limit $4)";
        self.sweep_group(statement, group, before).await
    }

    pub(super) async fn sweep_messages(
        &self,
        group: &Group,
        before: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let statement = "delete from message m using (
               select project_id, wamid from message
               where created_at < $1 and (project_id = any($2)) = $3
               order by created_at limit $4) old
             where m.project_id = old.project_id and m.wamid = old.wamid";
        self.sweep_group(statement, group, before).await
    }

    pub(super) async fn sweep_statuses(
        &self,
        group: &Group,
        before: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        let statement = "delete from message_status s using (
               select project_id, wamid, status, participant from message_status
               where received_at < $1 and (project_id = any($2)) = $3
               order by received_at limit $4) old
             where s.project_id = old.project_id and s.wamid = old.wamid
               and s.status = old.status and s.participant = old.participant";
        self.sweep_group(statement, group, before).await
    }

    pub(super) async fn sweep_unrouted(&self, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        forget_unrouted(&self.pool, before).await
    }

    pub(super) async fn sweep_queues(&self, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        forget_queues(&self.pool, before).await
    }

    /// The projects that have logged anything, stepping from one to the next in the index.
    pub(super) async fn logging_projects(
        &self,
    ) -> Result<Vec<(ProjectId, Option<i32>)>, sqlx::Error> {
        sqlx::query_as(
            "with recursive walk (project_id) as (
               (select project_id from bot_log order by project_id limit 1)
               union all
               select (select l.project_id from bot_log l where l.project_id > walk.project_id
                       order by l.project_id limit 1)
               from walk where walk.project_id is not null)
             select p.project_id, p.log_retention_days
             from walk join project p on p.project_id = walk.project_id",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Lines are about in the order of their times, so that the oldest are at the front.
    pub(super) async fn sweep_log(
        &self,
        project: ProjectId,
        before: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        delete_all(|| async move {
            let mut tx = by_values(&self.pool).await?;
            let gone = sqlx::query(
                "delete from bot_log l using (
                   select log_id, at from bot_log where project_id = $1
                   order by log_id limit $3) old
                 where l.log_id = old.log_id and old.at < $2",
            )
            .bind(project)
            .bind(before)
            .bind(PORTION)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(gone.rows_affected())
        })
        .await
    }

    /// Deletes the oldest lines of a log that is too long or too large.
    pub(super) async fn shorten_log(&self, project: ProjectId) -> Result<u64, sqlx::Error> {
        let limits = &self.policy.log_limits;
        let last: Option<i64> = sqlx::query_scalar(
            "with few as (
               select log_id from bot_log where project_id = $1
               order by log_id desc offset least($2::bigint, $4::bigint) limit 1)
             select max(log_id) from (
               select log_id, row_number() over newest as nth,
                      sum(octet_length(message)) over newest as bytes
               from bot_log where project_id = $1 and exists (select from few)
               window newest as (order by log_id desc)) l
             where nth > $2 or bytes > $3",
        )
        .bind(project)
        .bind(limits.lines)
        .bind(limits.bytes)
        // Fewer lines cannot be too large.
        .bind(limits.bytes / LINE_BYTES)
        .fetch_one(&self.pool)
        .await?;
        let Some(last) = last else {
            return Ok(0);
        };
        delete_all(|| async move {
            let mut tx = by_values(&self.pool).await?;
            let gone = sqlx::query(
                "delete from bot_log where log_id in (
                   select log_id from bot_log where project_id = $1 and log_id <= $2
                   order by log_id limit $3)",
            )
            .bind(project)
            .bind(last)
            .bind(PORTION)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(gone.rows_affected())
        })
        .await
    }

    async fn sweep_group(
        &self,
        statement: &'static str,
        group: &Group,
        before: DateTime<Utc>,
    ) -> Result<u64, sqlx::Error> {
        delete_all(|| async move {
            let mut tx = by_values(&self.pool).await?;
            let gone = sqlx::query(statement)
                .bind(before)
                .bind(&group.projects)
                .bind(group.days.is_some())
                .bind(PORTION)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok(gone.rows_affected())
        })
        .await
    }
}
