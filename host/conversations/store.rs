//! The SQL of conversations, their state, their messages and the statuses of those.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::identity::{Enrolment, enrol};
use super::model::{Conversation, ConversationId, NewOutbound, StatusUpdate};
use crate::projects::ProjectId;

/// The longest state of a conversation.
pub const MAX_STATE_CHARS: usize = 200;

/// Conversations in the control database.
#[derive(Clone)]
pub struct ConversationStore {
    pool: PgPool,
}

#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    /// The id is not in the message: it may be a phone number.
    #[error("no contact of this number has that WhatsApp id or user id")]
    UnknownContact,
    #[error("the state has {0} characters; the most is {MAX_STATE_CHARS}")]
    StateTooLong(usize),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
}

impl ConversationStore {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The conversation with a contact, named by WhatsApp id or by user id.
    ///
    /// A project that changed its number has one with each number: the latest.
    pub async fn find(
        &self,
        project_id: ProjectId,
        contact: &str,
    ) -> Result<Conversation, ConversationError> {
        sqlx::query_as(
            "select c.conversation_id, c.phone_number_id, p.wa_id, p.user_id, c.group_id, p.name,
                    c.state, c.last_inbound_at
             from contact p
             join conversation c on c.project_id = p.project_id and c.contact_id = p.contact_id
             where p.project_id = $1 and (p.user_id = $2 or p.wa_id = $2)
             order by c.last_inbound_at desc nulls last, c.conversation_id desc
             limit 1",
        )
        .bind(project_id)
        .bind(contact)
        .fetch_optional(&self.pool)
        .await?
        .ok_or(ConversationError::UnknownContact)
    }

    /// Sets the state of a conversation; `None` clears it.
    pub async fn set_state(
        &self,
        project_id: ProjectId,
        contact: &str,
        state: Option<&str>,
    ) -> Result<(), ConversationError> {
        let chars = state.map_or(0, |state| state.chars().count());
        if chars > MAX_STATE_CHARS {
            return Err(ConversationError::StateTooLong(chars));
        }
        let conversation = self.find(project_id, contact).await?;
        sqlx::query(
            "update conversation set state = $3 where project_id = $1 and conversation_id = $2",
        )
        .bind(project_id)
        .bind(conversation.conversation_id)
        .bind(state)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Records a message that Meta has accepted, and returns its conversation. Belongs in a
/// transaction.
///
/// Recording one twice changes nothing, and one to nobody records nothing.
pub async fn record_outbound(
    conn: &mut PgConnection,
    message: &NewOutbound,
) -> Result<Option<ConversationId>, sqlx::Error> {
    let at = Enrolment {
        project_id: message.project_id,
        phone_number_id: &message.phone_number_id,
        now: message.at,
    };
    let enrolled = enrol(conn, &at, &[&message.to]).await?;
    let Some(with) = enrolled.into_iter().flatten().next() else {
        return Ok(None);
    };
    sqlx::query(
        "insert into message
           (project_id, wamid, conversation_id, contact_id, direction, type, body, event_id,
            sent_at, created_at)
         values ($1, $2, $3, $4, 'out', $5, $6::text::json, $7, $8, $8)
         on conflict (project_id, wamid) do nothing",
    )
    .bind(message.project_id)
    .bind(&message.wamid)
    .bind(with.conversation_id)
    .bind(with.contact_id)
    .bind(&message.message_type)
    .bind(&message.body)
    .bind(message.event_id)
    .bind(message.at)
    .execute(conn)
    .await?;
    Ok(Some(with.conversation_id))
}

/// Keeps statuses. One that is known already changes nothing.
pub async fn keep_statuses(
    conn: &mut PgConnection,
    project_id: ProjectId,
    updates: &[&StatusUpdate],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let column = |of: fn(&StatusUpdate) -> &str| -> Vec<&str> {
        updates.iter().map(|update| of(update)).collect()
    };
    let at: Vec<Option<DateTime<Utc>>> = updates.iter().map(|update| update.at).collect();
    let errors: Vec<Option<&str>> = updates
        .iter()
        .map(|update| update.errors.as_deref())
        .collect();
    sqlx::query(
        "insert into message_status (project_id, received_at, wamid, status, participant, at, errors)
         select $1, $2, n.wamid, n.status, n.participant, coalesce(n.at, $2), n.errors::json
         from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
              as n (wamid, status, participant, at, errors)
         on conflict do nothing",
    )
    .bind(project_id)
    .bind(now)
    .bind(column(|update| &update.wamid))
    .bind(column(|update| &update.status))
    .bind(column(|update| &update.participant))
    .bind(at)
    .bind(errors)
    .execute(conn)
    .await?;
    Ok(())
}
