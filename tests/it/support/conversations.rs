//! What is stored of conversations, as it lies in the tables: the host reads of it what bots ask for, and no more.

use roost::projects::ProjectId;
use sqlx::PgExecutor;

/// One message of a conversation.
#[derive(Debug, sqlx::FromRow)]
pub struct Message {
    pub wamid: String,
    /// `in` or `out`.
    pub direction: String,
    #[sqlx(rename = "type")]
    pub message_type: String,
    /// The furthest that Meta reported.
    pub status: Option<String>,
}

/// The messages with a contact, named by WhatsApp id or by user id, oldest first.
pub async fn messages(
    database: impl PgExecutor<'_>,
    project: ProjectId,
    contact: &str,
) -> Vec<Message> {
    sqlx::query_as(
        "select m.wamid, m.direction, m.type,
                (select status from message_status s
                 where s.project_id = m.project_id and s.wamid = m.wamid
                 order by message_status_rank(status) desc limit 1) as status
         from message m
         where m.project_id = $1 and m.conversation_id = (
           select c.conversation_id from contact p
           join conversation c on c.project_id = p.project_id and c.contact_id = p.contact_id
           where p.project_id = $1 and $2 in (p.user_id, p.wa_id)
           order by c.last_inbound_at desc nulls last, c.conversation_id desc limit 1)
         order by m.position",
    )
    .bind(project)
    .bind(contact)
    .fetch_all(database)
    .await
    .unwrap()
}

/// The group of each conversation of a project; none for one with a person.
pub async fn groups(database: impl PgExecutor<'_>, project: ProjectId) -> Vec<Option<String>> {
    sqlx::query_scalar("select group_id from conversation where project_id = $1")
        .bind(project)
        .fetch_all(database)
        .await
        .unwrap()
}
