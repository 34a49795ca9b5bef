//! The SQL of conversations, their state, their messages and the statuses of those.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::identity::{Enrolled, Enrolment, enrol};
use super::merge::Queues;
use super::model::{Conversation, ConversationId, NewOutbound, StatusUpdate};
use crate::news::{Change, Newsroom};
use crate::portions::{PORTION, delete_all};
use crate::projects::ProjectId;

/// The longest state of a conversation.
pub const MAX_STATE_CHARS: usize = 200;

/// A message that somebody wrote, with where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct NewInbound<'a> {
    pub with: &'a Enrolled,
    pub wamid: &'a str,
    pub message_type: &'a str,
    /// JSON: the message alone.
    pub body: &'a str,
    /// The event that brought it.
    pub event_id: i64,
    /// Absent when the webhook does not tell.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Conversations in the control database.
#[derive(Clone)]
pub struct ConversationStore {
    pub(super) pool: PgPool,
    news: Option<Newsroom>,
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
        Self { pool, news: None }
    }

    /// With somebody who tells followers of each change.
    pub fn with_news(self, news: Newsroom) -> Self {
        Self {
            news: Some(news),
            ..self
        }
    }

    /// Tells that a conversation of a project was changed, once that is committed.
    pub fn tell(&self, project_id: ProjectId) {
        if let Some(news) = &self.news {
            news.tell(project_id, Change::Conversation);
        }
    }

    pub(super) fn news(&self) -> Option<&Newsroom> {
        self.news.as_ref()
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
            "update conversation
             set state = $3, touched = nextval('conversation_touch'),
                 touched_at = statement_timestamp()
             where project_id = $1 and conversation_id = $2 and state is distinct from $3",
        )
        .bind(project_id)
        .bind(conversation.conversation_id)
        .bind(state)
        .execute(&self.pool)
        .await?;
        self.tell(project_id);
        Ok(())
    }
}

/// Records a message that Meta has accepted, and returns its conversation. Belongs in a
/// transaction.
///
/// Recording one twice changes nothing, and one to nobody records nothing.
pub async fn record_outbound(
    conn: &mut PgConnection,
    queues: &dyn Queues,
    message: &NewOutbound,
) -> Result<Option<ConversationId>, sqlx::Error> {
    let at = Enrolment {
        project_id: message.project_id,
        phone_number_id: &message.phone_number_id,
        now: message.at,
        queues,
    };
    let enrolled = enrol(conn, &at, &[&message.to]).await?;
    let Some(with) = enrolled.into_iter().flatten().next() else {
        return Ok(None);
    };
    sqlx::query(
        "with kept as (
           insert into message
             (project_id, wamid, conversation_id, contact_id, direction, type, body, event_id,
              sent_at, created_at, written_by)
           values ($1, $2, $3, $4, 'out', $5, $6::text::json, $7, $8, $8, $9)
           on conflict (project_id, wamid) do nothing
           returning conversation_id)
         update conversation c
         set unread = 0, touched = nextval('conversation_touch'), touched_at = $8
         from kept where c.project_id = $1 and c.conversation_id = kept.conversation_id",
    )
    .bind(message.project_id)
    .bind(&message.wamid)
    .bind(with.conversation_id)
    .bind(with.contact_id)
    .bind(&message.message_type)
    .bind(&message.body)
    .bind(message.event_id)
    .bind(message.at)
    .bind(&message.written_by)
    .execute(conn)
    .await?;
    Ok(Some(with.conversation_id))
}

/// Keeps messages that people wrote, in their order, and when each conversation was written to last: it is open
/// again, whatever it was. One that is known already changes nothing. Belongs in a transaction.
pub async fn keep_inbound(
    conn: &mut PgConnection,
    project_id: ProjectId,
    messages: &[NewInbound<'_>],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with n as (
           select * from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                                $8::bigint[], $9::timestamptz[])
             with ordinality as n
               (conversation_id, contact_id, wamid, type, body, event_id, sent_at, position)),
         kept as (
           insert into message
             (project_id, created_at, direction, conversation_id, contact_id, wamid, type, body,
              event_id, sent_at)
           select $1, $2, 'in', n.conversation_id, n.contact_id, n.wamid, n.type, n.body::json,
                  n.event_id, coalesce(n.sent_at, $2)
           from n order by n.position
           on conflict (project_id, wamid) do nothing)
         update conversation c
         set last_inbound_at = greatest(c.last_inbound_at, latest.at),
             unread = c.unread + latest.messages, session = 'open', snoozed_until = null,
             touched = nextval('conversation_touch'), touched_at = $2
         from (select conversation_id, max(coalesce(sent_at, $2)) as at,
                      count(*)::integer as messages
               from n group by 1) latest
         where c.project_id = $1 and c.conversation_id = latest.conversation_id",
    )
    .bind(project_id)
    .bind(now)
    .bind(column(messages, |new| new.with.conversation_id))
    .bind(column(messages, |new| new.with.contact_id))
    .bind(column(messages, |new| new.wamid))
    .bind(column(messages, |new| new.message_type))
    .bind(column(messages, |new| new.body))
    .bind(column(messages, |new| new.event_id))
    .bind(column(messages, |new| new.sent_at))
    .execute(conn)
    .await?;
    Ok(())
}

fn column<'a, T>(messages: &'a [NewInbound<'a>], of: impl Fn(&'a NewInbound<'a>) -> T) -> Vec<T> {
    messages.iter().map(of).collect()
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

/// Deletes all messages of a project that is going, and their statuses, in portions.
pub async fn forget_project(pool: &PgPool, project_id: ProjectId) -> Result<(), sqlx::Error> {
    for statement in [
        "delete from message where ctid = any(array(
           select ctid from message where project_id = $1 limit $2))",
        "delete from message_status where ctid = any(array(
           select ctid from message_status where project_id = $1 limit $2))",
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
