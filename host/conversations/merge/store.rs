//! The SQL of merging two contacts that turned out to be one person.

use sqlx::PgConnection;

use super::{Queues, Talk};
use crate::conversations::model::{ContactId, ConversationId};
use crate::projects::ProjectId;

/// Gives all that `from` has to `into`, and removes `from`.
pub(in crate::conversations) async fn merge_contact(
    conn: &mut PgConnection,
    queues: &dyn Queues,
    project_id: ProjectId,
    from: ContactId,
    into: ContactId,
) -> Result<(), sqlx::Error> {
    // Whoever stores something of theirs holds them too: it is there before the merge, or looks again.
    let twins: Vec<(ConversationId, String, ConversationId, String)> = sqlx::query_as(
        "select f.conversation_id, f.queue, i.conversation_id, i.queue
         from conversation f
         join conversation i on i.project_id = f.project_id
           and i.phone_number_id = f.phone_number_id and i.contact_id = $3
         where f.project_id = $1 and f.contact_id = $2
         for update",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .fetch_all(&mut *conn)
    .await?;
    for (from, from_queue, into, into_queue) in twins {
        let talk = |conversation_id, queue| Talk {
            conversation_id,
            queue,
        };
        let (from, into) = (talk(from, from_queue), talk(into, into_queue));
        merge_conversation(conn, queues, project_id, &from, &into).await?;
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
    // What the person said last counts.
    sqlx::query(
        "with gone as (
           delete from contact where project_id = $1 and contact_id = $2
           returning consent, consent_at, consent_source)
         update contact c
         set consent = gone.consent, consent_at = gone.consent_at,
             consent_source = gone.consent_source
         from gone
         where c.project_id = $1 and c.contact_id = $3 and gone.consent_at is not null
           and (c.consent_at is null or c.consent_at < gone.consent_at)",
    )
    .bind(project_id)
    .bind(from)
    .bind(into)
    .execute(conn)
    .await?;
    Ok(())
}

/// The newer state wins nothing: the conversation that stays keeps its own, if it has one.
async fn merge_conversation(
    conn: &mut PgConnection,
    queues: &dyn Queues,
    project_id: ProjectId,
    from: &Talk,
    into: &Talk,
) -> Result<(), sqlx::Error> {
    let queue = queues.join(&mut *conn, project_id, from, into).await?;
    sqlx::query(
        "update message set conversation_id = $3 where project_id = $1 and conversation_id = $2",
    )
    .bind(project_id)
    .bind(from.conversation_id)
    .bind(into.conversation_id)
    .execute(&mut *conn)
    .await?;
    move_labels_and_notes(&mut *conn, project_id, from, into).await?;
    // Who has one of them has both.
    sqlx::query(
        "with gone as (
           delete from conversation where project_id = $1 and conversation_id = $2
           returning state, last_inbound_at, session, assignee, taken_at, taken_by, taken_why, unread)
         update conversation c
         set queue = $4, state = coalesce(c.state, gone.state),
             last_inbound_at = greatest(c.last_inbound_at, gone.last_inbound_at),
             session = case when gone.session = 'open' then gone.session else c.session end,
             snoozed_until = case when gone.session = 'open' then null else c.snoozed_until end,
             assignee = coalesce(c.assignee, gone.assignee),
             taken_at = coalesce(c.taken_at, gone.taken_at),
             taken_by = case when c.taken_at is null then gone.taken_by else c.taken_by end,
             taken_why = case when c.taken_at is null then gone.taken_why else c.taken_why end,
             unread = c.unread + gone.unread, touched = nextval('conversation_touch'),
             touched_at = statement_timestamp()
         from gone where c.project_id = $1 and c.conversation_id = $3",
    )
    .bind(project_id)
    .bind(from.conversation_id)
    .bind(into.conversation_id)
    .bind(queue)
    .execute(conn)
    .await?;
    Ok(())
}

async fn move_labels_and_notes(
    conn: &mut PgConnection,
    project_id: ProjectId,
    from: &Talk,
    into: &Talk,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into conversation_label (project_id, conversation_id, label, created_at)
         select $1, $3, label, created_at from conversation_label
         where project_id = $1 and conversation_id = $2
         on conflict do nothing",
    )
    .bind(project_id)
    .bind(from.conversation_id)
    .bind(into.conversation_id)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "update conversation_note set conversation_id = $3
         where project_id = $1 and conversation_id = $2",
    )
    .bind(project_id)
    .bind(from.conversation_id)
    .bind(into.conversation_id)
    .execute(conn)
    .await?;
    Ok(())
}
