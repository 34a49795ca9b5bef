//! The SQL of merging two contacts that turned out to be one person.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::conversations::model::{ContactId, ConversationId, status_lane};
use crate::projects::ProjectId;

/// Gives all that `from` has to `into`, and removes `from`.
pub(in crate::conversations) async fn merge_contact(
    conn: &mut PgConnection,
    project_id: ProjectId,
    from: ContactId,
    into: ContactId,
) -> Result<(), sqlx::Error> {
    let twins: Vec<(ConversationId, ConversationId)> = sqlx::query_as(
        "select f.conversation_id, i.conversation_id
         from conversation f
         join conversation i on i.project_id = f.project_id
           and i.phone_number_id = f.phone_number_id and i.contact_id = $3
         where f.project_id = $1 and f.contact_id = $2",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .fetch_all(&mut *conn)
    .await?;
    for (from, into) in twins {
        merge_conversation(conn, project_id, from, into).await?;
    }
    sqlx::query(
        "update conversation set contact_id = $3 where project_id = $1 and contact_id = $2",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .execute(&mut *conn)
    .await?;
    sqlx::query("update message set contact_id = $3 where project_id = $1 and contact_id = $2")
        .bind(project_id)
        .bind(from)
        .bind(into)
        .execute(&mut *conn)
        .await?;
    sqlx::query("delete from contact where project_id = $1 and contact_id = $2")
        .bind(project_id)
        .bind(from)
        .execute(conn)
        .await?;
    Ok(())
}

/// The newer state wins nothing: the conversation that stays keeps its own, if it has one.
async fn merge_conversation(
    conn: &mut PgConnection,
    project_id: ProjectId,
    from: ConversationId,
    into: ConversationId,
) -> Result<(), sqlx::Error> {
    let queue = merge_queue(conn, project_id, from, into).await?;
    sqlx::query(
        "update message set conversation_id = $3 where project_id = $1 and conversation_id = $2",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "with gone as (
           delete from conversation where project_id = $1 and conversation_id = $2
           returning state, last_inbound_at)
         update conversation c
         set queue = $4, state = coalesce(c.state, gone.state),
             last_inbound_at = greatest(c.last_inbound_at, gone.last_inbound_at)
         from gone where c.project_id = $1 and c.conversation_id = $3",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .bind(queue)
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves what is pending into one queue and returns its name. An event that is running stays where
/// its lease is, and if only one of the queues has one, the other joins that one: else two events
/// of one person would run at once.
async fn merge_queue(
    conn: &mut PgConnection,
    project_id: ProjectId,
    from: ConversationId,
    into: ConversationId,
) -> Result<String, sqlx::Error> {
    let names: HashMap<Uuid, String> = sqlx::query_as(
        "select conversation_id, queue from conversation
         where project_id = $1 and conversation_id in ($2, $3)",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .collect();
    let leases: HashMap<String, Option<Uuid>> = sqlx::query_as(
        "select queue, lease from conversation_queue
         where project_id = $1 and queue = any($2) order by queue for update",
    )
    .bind(project_id)
    .bind(names.values().cloned().collect::<Vec<_>>())
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .collect();
    let (Some(from), Some(into)) = (names.get(&from.0), names.get(&into.0)) else {
        return Err(sqlx::Error::RowNotFound);
    };
    let lease = |queue: &String| leases.get(queue).copied().flatten();
    let (left, kept) = match (lease(from), lease(into)) {
        (Some(_), None) => (into, from),
        _ => (from, into),
    };
    move_pending(conn, project_id, (left, lease(left)), kept).await?;
    // Of two statuses of one person that run at once, neither knows of the other.
    let lanes = [left, kept].map(|queue| status_lane(queue));
    let running = lease_of(conn, project_id, &lanes[0]).await?;
    move_pending(conn, project_id, (&lanes[0], running), &lanes[1]).await?;
    Ok(kept.clone())
}

async fn lease_of(
    conn: &mut PgConnection,
    project_id: ProjectId,
    queue: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    let lease: Option<Option<Uuid>> = sqlx::query_scalar(
        "select lease from conversation_queue where project_id = $1 and queue = $2 for update",
    )
    .bind(project_id)
    .bind(queue)
    .fetch_optional(conn)
    .await?;
    Ok(lease.flatten())
}

async fn move_pending(
    conn: &mut PgConnection,
    project_id: ProjectId,
    (left, lease): (&str, Option<Uuid>),
    kept: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with moved as (
           update event e set queue = $3, not_before = null
           where e.project_id = $1 and e.queue = $2 and e.state = 'pending'
             and not exists (select from run r where r.run_id = $4 and r.event_id = e.event_id)
           returning 1),
         taken as (
           update conversation_queue
           set pending = pending - (select count(*) from moved), aside = 0
           where project_id = $1 and queue = $2
           returning ready_at, priority)
         insert into conversation_queue as q (project_id, queue, pending, ready_at, priority)
         select $1, $3, (select count(*) from moved), ready_at, priority from taken
         on conflict (project_id, queue) do update
         set pending = q.pending + excluded.pending,
             priority = least(q.priority, excluded.priority),
             ready_at = case when q.lease is null and q.pending <= q.aside
                             then excluded.ready_at else q.ready_at end",
    )
    .bind(project_id)
    .bind(left)
    .bind(kept)
    .bind(lease)
    .execute(conn)
    .await?;
    Ok(())
}
