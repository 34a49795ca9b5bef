//! The SQL of conversations that a person has.

use sqlx::PgConnection;

use super::Taker;
use crate::conversations::model::ConversationId;
use crate::projects::ProjectId;

/// What became of a conversation that somebody wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seat {
    /// They have it.
    Taken,
    /// Another person has it.
    TakenBy(String),
    /// It runs in another queue than it did, or is gone: look again.
    Moved,
}

/// The queue that a conversation's messages run in.
pub async fn queue_of(
    conn: &mut PgConnection,
    project_id: ProjectId,
    conversation_id: ConversationId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select queue from conversation where project_id = $1 and conversation_id = $2",
    )
    .bind(project_id)
    .bind(conversation_id)
    .fetch_optional(conn)
    .await
}

/// Gives a conversation to a person, while its queue is held. A bot that hands off what a person has changes nothing.
pub async fn take(
    conn: &mut PgConnection,
    project_id: ProjectId,
    conversation_id: ConversationId,
    queue: &str,
    taker: &Taker<'_>,
) -> Result<Seat, sqlx::Error> {
    let now: Option<(Option<String>, bool)> = sqlx::query_as(
        "select taken_by, taken_at is not null from conversation
         where project_id = $1 and conversation_id = $2 and queue = $3
         for no key update",
    )
    .bind(project_id)
    .bind(conversation_id)
    .bind(queue)
    .fetch_optional(&mut *conn)
    .await?;
    match (now, taker.by) {
        (None, _) => return Ok(Seat::Moved),
        (Some((Some(_), _)), None) => return Ok(Seat::Taken),
        (Some((Some(other), _)), Some(by)) if other != by && !taker.is_forced => {
            return Ok(Seat::TakenBy(other));
        }
        (Some(_), _) => {}
    }
    sqlx::query(
        "update conversation
         set taken_at = coalesce(taken_at, statement_timestamp()), taken_by = $3,
             taken_why = coalesce($4, taken_why), session = 'open', snoozed_until = null,
             touched = nextval('conversation_touch'), touched_at = statement_timestamp()
         where project_id = $1 and conversation_id = $2",
    )
    .bind(project_id)
    .bind(conversation_id)
    .bind(taker.by)
    .bind(taker.why)
    .execute(conn)
    .await?;
    Ok(Seat::Taken)
}

/// Gives a conversation back to the bot, while its queue is held. Returns whether a person had it.
pub async fn release(
    conn: &mut PgConnection,
    project_id: ProjectId,
    conversation_id: ConversationId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update conversation
         set taken_at = null, taken_by = null, taken_why = null,
             touched = nextval('conversation_touch'), touched_at = statement_timestamp()
         where project_id = $1 and conversation_id = $2 and taken_at is not null",
    )
    .bind(project_id)
    .bind(conversation_id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
