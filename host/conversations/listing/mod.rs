//! Contacts, conversations and messages as people see them: in lists, one by one, and in a follower's stream.

mod content;
mod store;
mod tail;

use serde::{Deserialize, Serialize};
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{Consent, ContactId, ConversationId, Direction, Session};

pub use content::{Content, Media};
pub use store::{ExportList, begin_export, exported};
pub use tail::ConversationTail;

/// Contacts that a text is looked for among the conversations of. Who means more says more of the name.
const MOST_NAMED: i64 = 1_000;

/// A contact with what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ContactCard {
    pub contact_id: ContactId,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
    pub consent: Option<Consent>,
    pub consent_at: Option<DateTime<Utc>>,
    pub consent_source: Option<String>,
    pub created_at: DateTime<Utc>,
    /// With each of the project's numbers there is one.
    pub conversations: Vec<Uuid>,
}

/// Which contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// How the name, the number or the user id begins.
    pub text: Option<String>,
    pub consent: Option<Consent>,
}

/// A conversation with what people see of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ConversationCard {
    pub conversation_id: ConversationId,
    pub phone_number_id: String,
    pub contact_id: Option<ContactId>,
    pub group_id: Option<String>,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
    pub consent: Option<Consent>,
    /// The bot's.
    pub state: Option<String>,
    pub session: Session,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub assignee: Option<String>,
    /// Since when a person has it.
    pub taken_at: Option<DateTime<Utc>>,
    pub taken_by: Option<String>,
    pub taken_why: Option<String>,
    pub unread: i32,
    pub labels: Vec<String>,
    pub last_inbound_at: Option<DateTime<Utc>>,
    /// Until then Meta takes more than templates; absent: nobody has written.
    pub window_closes_at: Option<DateTime<Utc>>,
    pub is_window_open: bool,
    pub created_at: DateTime<Utc>,
    pub touched: i64,
    pub touched_at: Option<DateTime<Utc>>,
}

/// Which conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    /// The bot's state.
    pub state: Option<String>,
    pub session: Option<Session>,
    pub label: Option<String>,
    pub assignee: Option<String>,
    /// Whether there are messages that nobody has answered or read.
    pub is_unread: Option<bool>,
    /// Whether a person has it.
    pub is_taken: Option<bool>,
    /// How the contact's name, number or user id begins.
    pub text: Option<String>,
}

/// Where a conversation is in their list: those that were touched last come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPlace(pub i64, pub Uuid);

impl ConversationCard {
    pub fn place(&self) -> ListPlace {
        ListPlace(self.touched, self.conversation_id.0)
    }

    /// Whom a message to it is addressed to.
    pub fn recipient(&self) -> Option<&str> {
        let person = self.wa_id.as_deref().or(self.user_id.as_deref());
        person.or(self.group_id.as_deref())
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredMessage {
    pub position: i64,
    pub wamid: String,
    pub direction: Direction,
    #[sqlx(rename = "type")]
    pub message_type: String,
    /// JSON, as it came or went.
    pub body: String,
    /// Below zero where no event is.
    pub event_id: Option<i64>,
    pub written_by: Option<String>,
    pub sent_at: DateTime<Utc>,
    /// The furthest that Meta reported of it.
    pub status: Option<String>,
    pub status_at: Option<DateTime<Utc>>,
    /// JSON: why it was not delivered.
    pub errors: Option<String>,
}

/// What people noted beside a conversation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Note {
    pub note_id: Uuid,
    pub author: String,
    pub body: String,
    pub created_at: DateTime<Utc>,
}

/// A label, and how many conversations of the project have it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LabelUse {
    pub label: String,
    pub conversations: i64,
}
