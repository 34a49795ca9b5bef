//! The SQL of making one queue of two.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::status_queue;
use crate::conversations::{ConversationId, Talk};
use crate::inbox::model::RunId;
use crate::projects::ProjectId;

/// Moves what is pending into one queue and returns its name; all events of `from` are events of
/// `into` from then on. An event that is running stays where its lease is, and if only one of the
/// queues has one, the other joins that one: else two events of one person would run at once.
pub(super) async fn join(
    conn: &mut PgConnection,
    project_id: ProjectId,
    from: &Talk,
    into: &Talk,
) -> Result<String, sqlx::Error> {
    let names = [&from.queue, &into.queue];
    let statuses = names.map(|queue| status_queue(queue));
    let all: Vec<&str> = names
        .into_iter()
        .chain(&statuses)
        .map(String::as_str)
        .collect();
    let leases = lock(conn, project_id, &all).await?;
    let lease = |queue: &str| leases.get(queue).copied().flatten();
    let (left, kept) = match (lease(&from.queue), lease(&into.queue)) {
        (Some(_), None) => (&into.queue, &from.queue),
        _ => (&from.queue, &into.queue),
    };
    let messages = Move {
        left,
        lease: lease(left),
        kept,
        waits_for: None,
    };
    move_pending(conn, project_id, &messages).await?;
    // Of two statuses of one person that run at once, neither knows of the other.
    let [left, kept_statuses] = [left, kept].map(|queue| status_queue(queue));
    let statuses = Move {
        left: &left,
        lease: lease(&left),
        kept: &kept_statuses,
        waits_for: Some(kept),
    };
    move_pending(conn, project_id, &statuses).await?;
    let conversations = (from.conversation_id, into.conversation_id);
    hand_over(conn, project_id, conversations, (kept, &kept_statuses)).await?;
    Ok(kept.clone())
}

/// The runs that hold the leases of queues, which stay as they are until the transaction ends.
async fn lock(
    conn: &mut PgConnection,
    project_id: ProjectId,
    queues: &[&str],
) -> Result<HashMap<String, Option<RunId>>, sqlx::Error> {
    let leases: Vec<(String, Option<RunId>)> = sqlx::query_as(
        "select queue, lease from conversation_queue
         where project_id = $1 and queue = any($2) order by queue for update",
    )
    .bind(project_id)
    .bind(queues)
    .fetch_all(conn)
    .await?;
    Ok(leases.into_iter().collect())
}

/// From which queue to which.
struct Move<'a> {
    left: &'a str,
    /// The run that holds the lease of the queue that is left.
    lease: Option<RunId>,
    kept: &'a str,
    /// The queue that the kept one waits for.
    waits_for: Option<&'a str>,
}

async fn move_pending(
    conn: &mut PgConnection,
    project_id: ProjectId,
    queues: &Move<'_>,
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
         insert into conversation_queue as q
           (project_id, queue, pending, ready_at, priority, waits_for)
         select $1, $3, (select count(*) from moved), ready_at, priority, $5 from taken
         on conflict (project_id, queue) do update
         set pending = q.pending + excluded.pending,
             priority = least(q.priority, excluded.priority),
             ready_at = case when q.lease is null and q.pending <= q.aside
                             then excluded.ready_at else q.ready_at end",
    )
    .bind(project_id)
    .bind(queues.left)
    .bind(queues.kept)
    .bind(queues.lease)
    .bind(queues.waits_for)
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives all events of a conversation to another, whatever became of them. Dead ones of both wait in
/// the queues that stay, so that a replay does not run them beside newer ones.
async fn hand_over(
    conn: &mut PgConnection,
    project_id: ProjectId,
    (from, into): (ConversationId, ConversationId),
    (queue, statuses): (&str, &str),
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update event
         set conversation_id = $3,
             queue = case when state <> 'dead' then queue when lane = 'statuses' then $5 else $4 end
         where project_id = $1
           and (conversation_id = $2 or conversation_id = $3 and state = 'dead')",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .bind(queue)
    .bind(statuses)
    .execute(conn)
    .await?;
    Ok(())
}
