//! The SQL of erasing a contact.

use sqlx::PgConnection;

use super::Footprint;
use crate::conversations::merge::Talk;
use crate::conversations::model::{ContactId, ConversationId};
use crate::projects::ProjectId;

/// By what a contact is found; they stay as they are until the transaction ends. `None`: there is no such contact.
pub async fn footprint(
    conn: &mut PgConnection,
    project_id: ProjectId,
    contact_id: ContactId,
) -> Result<Option<Footprint>, sqlx::Error> {
    let ids: Option<(Option<String>, Option<String>)> = sqlx::query_as(
        "select wa_id, user_id from contact
         where project_id = $1 and contact_id = $2 for update",
    )
    .bind(project_id)
    .bind(contact_id)
    .fetch_optional(&mut *conn)
    .await?;
    let Some((wa_id, user_id)) = ids else {
        return Ok(None);
    };
    let talks: Vec<(ConversationId, String)> = sqlx::query_as(
        "select conversation_id, queue from conversation
         where project_id = $1 and contact_id = $2 order by conversation_id for update",
    )
    .bind(project_id)
    .bind(contact_id)
    .fetch_all(&mut *conn)
    .await?;
    let messages: Vec<(String, Option<i64>)> = sqlx::query_as(
        "select wamid, case direction when 'in' then event_id end from message
         where project_id = $1 and contact_id = $2
           and conversation_id in (select conversation_id from conversation
                                   where project_id = $1
                                     and (contact_id = $2 or group_id is not null))",
    )
    .bind(project_id)
    .bind(contact_id)
    .fetch_all(conn)
    .await?;
    let talk = |(conversation_id, queue)| Talk {
        conversation_id,
        queue,
    };
    let (wamids, events): (Vec<String>, Vec<Option<i64>>) = messages.into_iter().unzip();
    Ok(Some(Footprint {
        ids: [wa_id, user_id].into_iter().flatten().collect(),
        talks: talks.into_iter().map(talk).collect(),
        wamids,
        events: events.into_iter().flatten().collect(),
    }))
}

/// Deletes a contact with all that is in the tables of conversations. Returns how many messages that were.
pub async fn erase(
    conn: &mut PgConnection,
    project_id: ProjectId,
    contact_id: ContactId,
    found: &Footprint,
) -> Result<u64, sqlx::Error> {
    sqlx::query("delete from message_status where project_id = $1 and wamid = any($2)")
        .bind(project_id)
        .bind(&found.wamids)
        .execute(&mut *conn)
        .await?;
    // What came since the footprint was taken, too.
    let messages = sqlx::query(
        "delete from message
         where project_id = $1
           and (conversation_id = any($3)
                or contact_id = $2
                   and conversation_id in (select conversation_id from conversation
                                           where project_id = $1 and group_id is not null))",
    )
    .bind(project_id)
    .bind(contact_id)
    .bind(found.conversation_ids())
    .execute(&mut *conn)
    .await?;
    sqlx::query("delete from conversation where project_id = $1 and contact_id = $2")
        .bind(project_id)
        .bind(contact_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query("delete from contact where project_id = $1 and contact_id = $2")
        .bind(project_id)
        .bind(contact_id)
        .execute(conn)
        .await?;
    Ok(messages.rows_affected())
}
