//! The SQL of changing where a conversation stands.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{
    ChangeError, ConversationChange, MAX_LABEL_CHARS, MAX_LABELS, MAX_NAME_CHARS, MAX_NOTE_CHARS,
    MAX_NOTES, MAX_REASON_CHARS, Preference, SessionChange, checked,
};
use crate::conversations::listing::Note;
use crate::conversations::model::{Consent, ContactId, ConversationId};
use crate::conversations::store::ConversationStore;
use crate::projects::ProjectId;

impl ConversationStore {
    /// Changes a conversation's state or assignee.
    pub async fn change(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        change: &ConversationChange,
    ) -> Result<(), ChangeError> {
        let change = change.checked()?;
        let done = sqlx::query(
            "update conversation
             set state = case when $3 then $4 else state end,
                 assignee = case when $5 then $6 else assignee end,
                 touched = nextval('conversation_touch'), touched_at = statement_timestamp()
             where project_id = $1 and conversation_id = $2",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(change.state.is_some())
        .bind(change.state.flatten())
        .bind(change.assignee.is_some())
        .bind(change.assignee.flatten())
        .execute(&self.pool)
        .await?;
        self.was_changed(project_id, conversation_id, done.rows_affected())
    }

    /// Opens, snoozes or resolves a conversation. What is resolved or snoozed is read.
    pub async fn set_session(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        change: SessionChange,
    ) -> Result<(), ChangeError> {
        let session = change.session();
        if let SessionChange::Snoozed(until) = change {
            self.check_is_later(until).await?;
        }
        let done = sqlx::query(
            "update conversation
             set session = $3, snoozed_until = $4,
                 unread = case when $3 = 'open' then unread else 0 end,
                 touched = nextval('conversation_touch'), touched_at = statement_timestamp()
             where project_id = $1 and conversation_id = $2",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(session)
        .bind(change.until())
        .execute(&self.pool)
        .await?;
        self.was_changed(project_id, conversation_id, done.rows_affected())
    }

    async fn check_is_later(&self, until: DateTime<Utc>) -> Result<(), ChangeError> {
        let is_later: bool = sqlx::query_scalar("select $1 > statement_timestamp()")
            .bind(until)
            .fetch_one(&self.pool)
            .await?;
        match is_later {
            true => Ok(()),
            false => Err(ChangeError::Invalid {
                field: "until",
                problem: "is over; name a time that comes".to_owned(),
            }),
        }
    }

    /// Says that somebody has read what came.
    pub async fn mark_seen(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
    ) -> Result<(), ChangeError> {
        let done = sqlx::query(
            "update conversation
             set unread = 0, touched = nextval('conversation_touch'),
                 touched_at = statement_timestamp()
             where project_id = $1 and conversation_id = $2",
        )
        .bind(project_id)
        .bind(conversation_id)
        .execute(&self.pool)
        .await?;
        self.was_changed(project_id, conversation_id, done.rows_affected())
    }

    /// Gives a conversation a label; one that it has stays.
    pub async fn add_label(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        label: &str,
    ) -> Result<(), ChangeError> {
        let label = checked("label", label, MAX_LABEL_CHARS, false)?;
        let mut tx = self.pool.begin().await?;
        touch(&mut tx, project_id, conversation_id).await?;
        let others: i64 = sqlx::query_scalar(
            "select count(*) from conversation_label
             where project_id = $1 and conversation_id = $2 and label <> $3",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(&label)
        .fetch_one(&mut *tx)
        .await?;
        if others >= MAX_LABELS {
            return Err(ChangeError::TooMany(others, "labels"));
        }
        sqlx::query(
            "insert into conversation_label (project_id, conversation_id, label)
             values ($1, $2, $3) on conflict do nothing",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(&label)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.tell(project_id);
        Ok(())
    }

    /// Takes a label away. Returns whether it had it.
    pub async fn remove_label(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        label: &str,
    ) -> Result<bool, ChangeError> {
        let mut tx = self.pool.begin().await?;
        touch(&mut tx, project_id, conversation_id).await?;
        let gone = sqlx::query(
            "delete from conversation_label
             where project_id = $1 and conversation_id = $2 and label = $3",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(label.trim())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.tell(project_id);
        Ok(gone.rows_affected() > 0)
    }

    /// Adds a note beside a conversation.
    pub async fn add_note(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        author: &str,
        body: &str,
    ) -> Result<Note, ChangeError> {
        let author = checked("author", author, MAX_NAME_CHARS, false)?;
        let body = checked("text", body, MAX_NOTE_CHARS, true)?;
        let mut tx = self.pool.begin().await?;
        touch(&mut tx, project_id, conversation_id).await?;
        let others: i64 = sqlx::query_scalar(
            "select count(*) from conversation_note where project_id = $1 and conversation_id = $2",
        )
        .bind(project_id)
        .bind(conversation_id)
        .fetch_one(&mut *tx)
        .await?;
        if others >= MAX_NOTES {
            return Err(ChangeError::TooMany(others, "notes"));
        }
        let note = sqlx::query_as(
            "insert into conversation_note (project_id, note_id, conversation_id, author, body)
             values ($1, $2, $3, $4, $5)
             returning note_id, author, body, created_at",
        )
        .bind(project_id)
        .bind(Uuid::now_v7())
        .bind(conversation_id)
        .bind(&author)
        .bind(&body)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        self.tell(project_id);
        Ok(note)
    }

    /// Removes a note. Returns whether there was such a one.
    pub async fn remove_note(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        note_id: Uuid,
    ) -> Result<bool, ChangeError> {
        let mut tx = self.pool.begin().await?;
        touch(&mut tx, project_id, conversation_id).await?;
        let gone = sqlx::query(
            "delete from conversation_note
             where project_id = $1 and conversation_id = $2 and note_id = $3",
        )
        .bind(project_id)
        .bind(conversation_id)
        .bind(note_id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.tell(project_id);
        Ok(gone.rows_affected() > 0)
    }

    fn was_changed(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        rows: u64,
    ) -> Result<(), ChangeError> {
        if rows == 0 {
            return Err(ChangeError::NoConversation(conversation_id));
        }
        self.tell(project_id);
        Ok(())
    }
}

/// Moves a conversation to the front, and keeps it as it is until the transaction ends.
async fn touch(
    conn: &mut PgConnection,
    project_id: ProjectId,
    conversation_id: ConversationId,
) -> Result<(), ChangeError> {
    let done = sqlx::query(
        "update conversation
         set touched = nextval('conversation_touch'), touched_at = statement_timestamp()
         where project_id = $1 and conversation_id = $2",
    )
    .bind(project_id)
    .bind(conversation_id)
    .execute(conn)
    .await?;
    match done.rows_affected() {
        0 => Err(ChangeError::NoConversation(conversation_id)),
        _ => Ok(()),
    }
}

/// Keeps what a contact said to messages of marketing, and where. Returns whether there is such a contact.
pub async fn set_consent(
    store: &ConversationStore,
    project_id: ProjectId,
    contact_id: ContactId,
    consent: Consent,
    source: &str,
) -> Result<bool, ChangeError> {
    let source = checked("source", source, MAX_REASON_CHARS, false)?;
    let done = sqlx::query(
        "with changed as (
           update contact
           set consent = $3, consent_at = statement_timestamp(), consent_source = $4
           where project_id = $1 and contact_id = $2
           returning contact_id),
         touched as (
           update conversation c
           set touched = nextval('conversation_touch'), touched_at = statement_timestamp()
           from changed where c.project_id = $1 and c.contact_id = changed.contact_id)
         select from changed",
    )
    .bind(project_id)
    .bind(contact_id)
    .bind(consent)
    .bind(&source)
    .fetch_optional(&store.pool)
    .await?;
    store.tell(project_id);
    Ok(done.is_some())
}

impl ConversationStore {
    /// Whether a contact said that it wants no messages of marketing: by its WhatsApp id or its user id.
    pub async fn has_opted_out(
        &self,
        project_id: ProjectId,
        contact: &str,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (
               select from contact
               where project_id = $1 and (wa_id = $2 or user_id = $2) and consent = $3)",
        )
        .bind(project_id)
        .bind(contact)
        .bind(Consent::OptedOut)
        .fetch_one(&self.pool)
        .await
    }
}

/// Where somebody said it who used the buttons of WhatsApp.
const IN_WHATSAPP: &str = "in WhatsApp";

/// Keeps what contacts said in WhatsApp itself, in that order. Belongs in a transaction.
pub async fn keep_preferences(
    conn: &mut PgConnection,
    project_id: ProjectId,
    said: &[Preference],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let wa_ids: Vec<Option<&str>> = said.iter().map(|one| one.ids.wa_id.as_deref()).collect();
    let user_ids: Vec<Option<&str>> = said.iter().map(|one| one.ids.user_id.as_deref()).collect();
    let consents: Vec<&str> = said.iter().map(|one| one.consent.word()).collect();
    sqlx::query(
        "with latest as (
           select distinct on (p.contact_id) p.contact_id, s.consent
           from unnest($2::text[], $3::text[], $4::text[])
                with ordinality as s (wa_id, user_id, consent, position)
           join contact p on p.project_id = $1 and (p.user_id = s.user_id or p.wa_id = s.wa_id)
           order by p.contact_id, s.position desc),
         changed as (
           update contact p
           set consent = latest.consent, consent_at = $5, consent_source = $6
           from latest where p.project_id = $1 and p.contact_id = latest.contact_id
           returning p.contact_id)
         update conversation c
         set touched = nextval('conversation_touch'), touched_at = $5
         from changed where c.project_id = $1 and c.contact_id = changed.contact_id",
    )
    .bind(project_id)
    .bind(wa_ids)
    .bind(user_ids)
    .bind(consents)
    .bind(now)
    .bind(IN_WHATSAPP)
    .execute(conn)
    .await?;
    Ok(())
}

/// Opens the conversations whose time has come, and returns whose they are.
pub async fn open_snoozed(pool: &PgPool) -> Result<Vec<ProjectId>, sqlx::Error> {
    sqlx::query_scalar(
        "with due as (
           select project_id, conversation_id from conversation
           where session = 'snoozed' and snoozed_until <= statement_timestamp()
           order by snoozed_until limit 500 for update skip locked),
         opened as (
           update conversation c
           set session = 'open', snoozed_until = null, touched = nextval('conversation_touch'),
               touched_at = statement_timestamp()
           from due where c.project_id = due.project_id
             and c.conversation_id = due.conversation_id
           returning c.project_id)
         select distinct project_id from opened",
    )
    .fetch_all(pool)
    .await
}
