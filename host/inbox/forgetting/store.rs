//! The SQL of forgetting.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, PgPool};

use super::{Contact, Forgotten, Old};
use crate::inbox::queues::status_queue;
use crate::portions::{PORTION, delete_all};
use crate::projects::ProjectId;

/// Deletes events that are done or dead, with their runs. Returns how many: fewer than the most when
/// no more are left.
pub async fn forget_events(db: impl PgExecutor<'_>, old: &Old<'_>) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "delete from event e using (
           select project_id, event_id from event
           where state <> 'pending' and finished_at < $1 and (project_id = any($2)) = $3
           order by finished_at limit $4) old
         where e.project_id = old.project_id and e.event_id = old.event_id
           and e.state <> 'pending'",
    )
    .bind(old.before)
    .bind(old.projects)
    .bind(old.is_theirs)
    .bind(old.most)
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes empty queues of which nothing ran since then; they are made again when they are needed.
pub async fn forget_queues(
    db: impl PgExecutor<'_>,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "delete from conversation_queue where pending = 0 and lease is null and ready_at < $1",
    )
    .bind(before)
    .execute(db)
    .await?;
    Ok(gone.rows_affected())
}

/// Deletes what came for numbers that no project had then.
pub async fn forget_unrouted(
    db: impl PgExecutor<'_>,
    before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query("delete from unrouted where received_at < $1")
        .bind(before)
        .execute(db)
        .await?;
    Ok(gone.rows_affected())
}

/// Deletes all events of a project that is going, with their runs, in portions: its own end leaves nothing
/// large to one cascade.
pub async fn forget_project(pool: &PgPool, project_id: ProjectId) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from run where ctid = any(array(
           select ctid from run where project_id = $1 limit $2))",
        "delete from event where ctid = any(array(
           select ctid from event where project_id = $1 limit $2))",
    ] {
        delete_all(|| async move {
            let gone = sqlx::query(statement)
                .bind(project_id)
                .bind(PORTION)
                .execute(pool)
                .await?;
            Ok(gone.rows_affected())
        })
        .await?;
    }
    Ok(())
}

/// Deletes what the inbox has of a contact, within the transaction that erases them. What others' runs said of them
/// is not said any more.
pub async fn forget_contact(
    conn: &mut PgConnection,
    project_id: ProjectId,
    contact: &Contact<'_>,
) -> Result<Forgotten, sqlx::Error> {
    // As Meta's JSON has them: a number that begins so is another one.
    let named: Vec<String> = contact.ids.iter().map(|id| format!("\"{id}\"")).collect();
    let is_busy: bool = sqlx::query_scalar(
        "select exists (
           select from event e
           where e.project_id = $1 and e.state = 'pending' and e.conversation_id is null
             and exists (select from unnest($2::text[]) as id where position(id in e.payload) > 0))",
    )
    .bind(project_id)
    .bind(&named)
    .fetch_one(&mut *conn)
    .await?;
    if is_busy {
        return Ok(Forgotten::Busy);
    }
    let gone = sqlx::query_scalar(
        "delete from event e
         where e.project_id = $1
           and (e.conversation_id = any($2) or e.event_id = any($3)
                or e.conversation_id is null and e.state <> 'pending'
                   and exists (select from unnest($4::text[]) as id
                               where position(id in e.payload) > 0))
         returning e.event_id",
    )
    .bind(project_id)
    .bind(contact.conversations)
    .bind(contact.events)
    .bind(&named)
    .fetch_all(&mut *conn)
    .await?;
    let statuses = contact.queues.iter().map(|queue| status_queue(queue));
    let queues: Vec<String> = contact.queues.iter().cloned().chain(statuses).collect();
    sqlx::query("delete from conversation_queue where project_id = $1 and queue = any($2)")
        .bind(project_id)
        .bind(queues)
        .execute(&mut *conn)
        .await?;
    forget_words(&mut *conn, project_id, contact.ids).await?;
    sqlx::query(
        "delete from unrouted u using number n
         where n.project_id = $1 and u.phone_number_id = n.phone_number_id
           and exists (select from unnest($2::text[]) as id where position(id in u.payload) > 0)",
    )
    .bind(project_id)
    .bind(&named)
    .execute(conn)
    .await?;
    Ok(Forgotten::Gone(gone))
}

/// Takes away what was said of somebody when other events failed.
async fn forget_words(
    conn: &mut PgConnection,
    project_id: ProjectId,
    ids: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update run r set error = null, refusal = null
         where r.project_id = $1
           and exists (select from unnest($2::text[]) as id
                       where position(id in concat(r.error, ' ', r.refusal)) > 0)",
    )
    .bind(project_id)
    .bind(ids)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "update event e set last_error = null
         where e.project_id = $1 and e.last_error is not null
           and exists (select from unnest($2::text[]) as id where position(id in e.last_error) > 0)",
    )
    .bind(project_id)
    .bind(ids)
    .execute(conn)
    .await?;
    Ok(())
}
