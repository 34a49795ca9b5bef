//! The SQL of contacts, conversations and messages as people see them.

use futures::stream::BoxStream;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    ContactCard, ContactFilter, ConversationCard, ConversationFilter, ConversationTail, LabelUse,
    ListPlace, MOST_NAMED, Note, StoredMessage,
};
use crate::conversations::model::{ContactId, ConversationId, Session};
use crate::conversations::store::ConversationStore;
use crate::projects::ProjectId;

/// Contacts, each with its conversations.
const CONTACTS: &str = "
    select p.contact_id, p.wa_id, p.user_id, p.name, p.username, p.consent, p.consent_at,
           p.consent_source, p.created_at,
           array(select c.conversation_id from conversation c
                 where c.project_id = p.project_id and c.contact_id = p.contact_id
                 order by c.last_inbound_at desc nulls last, c.conversation_id desc) as conversations
    from contact p
    where p.project_id = ";

/// Conversations, each with its contact. A snoozed one whose time has come is open.
const CARDS: &str = "
    select c.conversation_id, c.phone_number_id, c.contact_id, c.group_id, p.wa_id, p.user_id,
           p.name, p.username, p.consent, c.state,
           case when c.snoozed_until <= statement_timestamp() then 'open' else c.session end as session,
           case when c.snoozed_until <= statement_timestamp() then null else c.snoozed_until end
             as snoozed_until,
           c.assignee, c.taken_at, c.taken_by, c.taken_why, c.unread,
           array(select l.label from conversation_label l
                 where l.project_id = c.project_id and l.conversation_id = c.conversation_id
                 order by l.label) as labels,
           c.last_inbound_at, c.last_inbound_at + interval '24 hours' as window_closes_at,
           coalesce(c.last_inbound_at > statement_timestamp() - interval '24 hours', false)
             as is_window_open,
           c.created_at, c.touched, c.touched_at
    from conversation c
    left join contact p on p.project_id = c.project_id and p.contact_id = c.contact_id
    where c.project_id = ";

/// Rows of one kind in the export of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportList {
    Contact,
    Conversations,
    Labels,
    Notes,
    Messages,
    /// What came with them, and in pieces the bytes of what the host has.
    Media,
    MediaChunks,
    Statuses,
    Events,
}

impl ConversationStore {
    /// Contacts before one of them, those met last first.
    pub async fn contacts(
        &self,
        project_id: ProjectId,
        filter: &ContactFilter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<ContactCard>, sqlx::Error> {
        let mut query = QueryBuilder::new(CONTACTS);
        query.push_bind(project_id);
        if let Some(text) = &filter.text {
            query.push(" and ");
            begins_with(&mut query, text);
        }
        if let Some(consent) = filter.consent {
            query.push(" and p.consent = ").push_bind(consent);
        }
        if let Some(before) = before {
            query.push(" and p.contact_id < ").push_bind(before);
        }
        query
            .push(" order by p.contact_id desc limit ")
            .push_bind(limit);
        query.build_query_as().fetch_all(&self.pool).await
    }

    /// The contact with this id, WhatsApp id or user id.
    pub async fn contact(
        &self,
        project_id: ProjectId,
        named: &str,
    ) -> Result<Option<ContactCard>, sqlx::Error> {
        let mut query = QueryBuilder::new(CONTACTS);
        query.push_bind(project_id);
        match own_id(named) {
            Some(id) => query.push(" and p.contact_id = ").push_bind(id),
            None => {
                query.push(" and p.contact_id in (select k.contact_id from contact k where k.project_id = ");
                query.push_bind(project_id).push(" and (k.wa_id = ");
                query.push_bind(digits(named)).push(" or k.user_id = ");
                query.push_bind(named.to_owned()).push(")) limit 1")
            }
        };
        query.build_query_as().fetch_optional(&self.pool).await
    }

    /// Conversations before one of them, those touched last first.
    pub async fn conversations(
        &self,
        project_id: ProjectId,
        filter: &ConversationFilter,
        before: Option<ListPlace>,
        limit: i64,
    ) -> Result<Vec<ConversationCard>, sqlx::Error> {
        let mut query = QueryBuilder::new(CARDS);
        query.push_bind(project_id);
        narrow(&mut query, project_id, filter);
        if let Some(ListPlace(touched, id)) = before {
            query.push(" and (c.touched, c.conversation_id) < (");
            query.push_bind(touched).push(", ").push_bind(id).push(")");
        }
        query.push(" order by c.touched desc, c.conversation_id desc limit ");
        query.push_bind(limit);
        query.build_query_as().fetch_all(&self.pool).await
    }

    /// The conversation with this id, or the latest with a contact of this WhatsApp id or user id.
    pub async fn conversation(
        &self,
        project_id: ProjectId,
        named: &str,
    ) -> Result<Option<ConversationCard>, sqlx::Error> {
        let mut query = QueryBuilder::new(CARDS);
        query.push_bind(project_id);
        match own_id(named) {
            Some(id) => query.push(" and c.conversation_id = ").push_bind(id),
            None => {
                query.push(
                    " and c.conversation_id = any(array(
                       select t.conversation_id from contact k
                       join conversation t on t.project_id = k.project_id
                         and t.contact_id = k.contact_id
                       where k.project_id = ",
                );
                query.push_bind(project_id).push(" and (k.wa_id = ");
                query.push_bind(digits(named)).push(" or k.user_id = ");
                query.push_bind(named.to_owned());
                query.push(
                    ") union all
                       select g.conversation_id from conversation g where g.project_id = ",
                );
                query.push_bind(project_id).push(" and g.group_id = ");
                query.push_bind(named.to_owned());
                query.push(
                    "))
                     order by c.last_inbound_at desc nulls last, c.conversation_id desc limit 1",
                )
            }
        };
        query.build_query_as().fetch_optional(&self.pool).await
    }

    /// Conversations that were touched after that and not at one of the given times, in that order.
    pub(super) async fn touched_after(
        &self,
        project_id: ProjectId,
        after: i64,
        except: Vec<i64>,
        limit: i64,
    ) -> Result<Vec<ConversationCard>, sqlx::Error> {
        let mut query = QueryBuilder::new(CARDS);
        query.push_bind(project_id);
        query.push(" and c.touched > ").push_bind(after);
        query.push(" and c.touched <> all(").push_bind(except);
        query.push(") order by c.touched limit ").push_bind(limit);
        query.build_query_as().fetch_all(&self.pool).await
    }

    pub(super) async fn last_touch(&self, project_id: ProjectId) -> Result<i64, sqlx::Error> {
        let last: Option<i64> =
            sqlx::query_scalar("select max(touched) from conversation where project_id = $1")
                .bind(project_id)
                .fetch_one(&self.pool)
                .await?;
        Ok(last.unwrap_or(0))
    }

    /// Follows a project's conversations from now on, or from after what a follower has seen.
    pub async fn follow(
        &self,
        project_id: ProjectId,
        after: Option<i64>,
    ) -> Result<ConversationTail, sqlx::Error> {
        let after = match after {
            Some(after) => after,
            None => self.last_touch(project_id).await?,
        };
        Ok(ConversationTail::new(self.clone(), project_id, after))
    }

    /// Messages of a conversation before one of them, newest first.
    pub async fn messages(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<StoredMessage>, sqlx::Error> {
        sqlx::query_as(
            "select m.position, m.wamid, m.direction, m.type, m.body::text as body, m.event_id,
                    m.written_by, m.sent_at, s.status, s.at as status_at, s.errors::text as errors
             from (select * from message
                   where project_id = $1 and conversation_id = $2
                     and position < coalesce($3::bigint, 9223372036854775807)
                   order by position desc limit $4) m
             left join lateral (
               select status, at, errors from message_status
               where project_id = $1 and wamid = m.wamid
               order by message_status_rank(status) desc, at desc limit 1) s on true
             order by m.position desc",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(before)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
    }

    /// One message, by Meta's id.
    pub async fn message(
        &self,
        project_id: ProjectId,
        wamid: &str,
    ) -> Result<Option<StoredMessage>, sqlx::Error> {
        sqlx::query_as(
            "select m.position, m.wamid, m.direction, m.type, m.body::text as body, m.event_id,
                    m.written_by, m.sent_at, s.status, s.at as status_at, s.errors::text as errors
             from message m
             left join lateral (
               select status, at, errors from message_status
               where project_id = $1 and wamid = m.wamid
               order by message_status_rank(status) desc, at desc limit 1) s on true
             where m.project_id = $1 and m.wamid = $2",
        )
        .bind(project_id)
        .bind(wamid)
        .fetch_optional(&self.pool)
        .await
    }

    /// Notes beside a conversation after one of them, oldest first.
    pub async fn notes(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Note>, sqlx::Error> {
        sqlx::query_as(
            "select note_id, author, body, created_at from conversation_note
             where project_id = $1 and conversation_id = $2
               and ($3::uuid is null or note_id > $3)
             order by note_id limit $4",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
    }

    /// The labels of a project after one of them, in alphabetical order.
    pub async fn labels(
        &self,
        project_id: ProjectId,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<LabelUse>, sqlx::Error> {
        sqlx::query_as(
            "select label, count(*) as conversations from conversation_label
             where project_id = $1 and ($2::text is null or label > $2)
             group by label order by label limit $3",
        )
        .bind(project_id)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
    }
}

/// The rows of a contact of one kind, each as JSON.
pub fn exported<'a>(
    conn: &'a mut PgConnection,
    project_id: ProjectId,
    contact_id: ContactId,
    list: ExportList,
) -> BoxStream<'a, Result<String, sqlx::Error>> {
    let sql = match list {
        ExportList::Contact => {
            "select row_to_json(t)::text from contact t where project_id = $1 and contact_id = $2"
        }
        ExportList::Conversations => {
            "select row_to_json(t)::text from conversation t
             where project_id = $1 and contact_id = $2 order by conversation_id"
        }
        ExportList::Labels => {
            "select row_to_json(t)::text from conversation_label t
             where project_id = $1 and conversation_id in (
               select conversation_id from conversation where project_id = $1 and contact_id = $2)
             order by conversation_id, label"
        }
        ExportList::Notes => {
            "select row_to_json(t)::text from conversation_note t
             where project_id = $1 and conversation_id in (
               select conversation_id from conversation where project_id = $1 and contact_id = $2)
             order by note_id"
        }
        // What they wrote in groups is theirs, too.
        ExportList::Messages => {
            "select row_to_json(t)::text from message t
             where project_id = $1 and contact_id = $2 and conversation_id in (
               select conversation_id from conversation
               where project_id = $1 and (contact_id = $2 or group_id is not null))
             order by conversation_id, position"
        }
        ExportList::Media => {
            "select row_to_json(t)::text from media t
             where project_id = $1 and wamid in (
               select wamid from message
               where project_id = $1 and contact_id = $2 and conversation_id in (
                 select conversation_id from conversation
                 where project_id = $1 and (contact_id = $2 or group_id is not null)))
             order by position"
        }
        ExportList::MediaChunks => {
            "select row_to_json(t)::text from (
               select project_id, media_id, position,
                      translate(encode(bytes, 'base64'), E'\\n', '') as bytes
               from media_chunk
               where project_id = $1 and media_id in (
                 select media_id from media
                 where project_id = $1 and state = 'kept' and wamid in (
                   select wamid from message
                   where project_id = $1 and contact_id = $2 and conversation_id in (
                     select conversation_id from conversation
                     where project_id = $1 and (contact_id = $2 or group_id is not null))))
             ) t order by media_id, position"
        }
        ExportList::Statuses => {
            "select row_to_json(t)::text from message_status t
             where project_id = $1 and wamid in (
               select wamid from message
               where project_id = $1 and contact_id = $2 and conversation_id in (
                 select conversation_id from conversation
                 where project_id = $1 and (contact_id = $2 or group_id is not null)))
             order by wamid, status, participant"
        }
        ExportList::Events => {
            "select row_to_json(t)::text from event t
             where project_id = $1 and conversation_id in (
               select conversation_id from conversation where project_id = $1 and contact_id = $2)
             order by event_id"
        }
    };
    sqlx::query_scalar(sql)
        .bind(project_id)
        .bind(contact_id)
        .fetch(conn)
}

/// Begins what [`exported`] reads: nothing that happens meanwhile is in it.
pub async fn begin_export(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(conn)
        .await?;
    Ok(())
}

/// The filter, as conditions on `conversation c`.
fn narrow(query: &mut QueryBuilder<Postgres>, project_id: ProjectId, filter: &ConversationFilter) {
    if let Some(state) = &filter.state {
        query.push(" and c.state = ").push_bind(state.clone());
    }
    match filter.session {
        None => {}
        Some(session @ Session::Open) => {
            query.push(" and (c.session = ").push_bind(session);
            query.push(" or c.snoozed_until <= statement_timestamp())");
        }
        Some(session @ Session::Snoozed) => {
            query.push(" and c.session = ").push_bind(session);
            query.push(" and c.snoozed_until > statement_timestamp()");
        }
        Some(session @ Session::Resolved) => {
            query.push(" and c.session = ").push_bind(session);
        }
    }
    if let Some(label) = &filter.label {
        query.push(
            " and c.conversation_id in (
               select n.conversation_id from conversation_label n where n.project_id = ",
        );
        query.push_bind(project_id);
        query
            .push(" and n.label = ")
            .push_bind(label.clone())
            .push(")");
    }
    if let Some(assignee) = &filter.assignee {
        query.push(" and c.assignee = ").push_bind(assignee.clone());
    }
    match filter.is_unread {
        None => {}
        Some(true) => {
            query.push(" and c.unread > 0");
        }
        Some(false) => {
            query.push(" and c.unread = 0");
        }
    }
    match filter.is_taken {
        None => {}
        Some(true) => {
            query.push(" and c.taken_at is not null");
        }
        Some(false) => {
            query.push(" and c.taken_at is null");
        }
    }
    if let Some(text) = &filter.text {
        query.push(" and c.contact_id = any(array(select p.contact_id from contact p where p.project_id = ");
        query.push_bind(project_id).push(" and ");
        begins_with(query, text);
        query.push(" limit ").push_bind(MOST_NAMED).push("))");
    }
}

/// Whose name, number or user id begins so, as a condition on `contact p`. Ranges, because an index serves them
/// whatever the planner knows of the text.
fn begins_with(query: &mut QueryBuilder<Postgres>, text: &str) {
    let name = text.to_lowercase();
    query.push("(lower(p.name) ~>=~ ").push_bind(name.clone());
    query
        .push(" and lower(p.name) ~<~ ")
        .push_bind(behind(&name));
    let number = digits(text);
    query.push(" or p.wa_id ~>=~ ").push_bind(number.clone());
    query.push(" and p.wa_id ~<~ ").push_bind(behind(&number));
    query
        .push(" or p.user_id = ")
        .push_bind(text.to_owned())
        .push(")");
}

/// What comes behind all texts that begin so.
fn behind(text: &str) -> String {
    format!("{text}{}", char::MAX)
}

/// A number as Meta writes it; what is none stays as it is.
fn digits(named: &str) -> String {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
    let digits: String = named.chars().filter(char::is_ascii_digit).collect();
    match named.chars().all(is_number) && !digits.is_empty() {
        true => digits,
        false => named.to_owned(),
    }
}

/// An id of the host's own, in its usual form.
fn own_id(named: &str) -> Option<Uuid> {
    (named.len() == 36).then(|| named.parse().ok()).flatten()
}
