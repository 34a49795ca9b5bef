//! Conversations and messages, as the rest of the host knows them.

use std::fmt;

use serde::Serialize;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::party::Party;
use crate::projects::ProjectId;

/// Names a contact of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ContactId(pub Uuid);

/// Names a conversation of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct ConversationId(pub Uuid);

/// A conversation with one contact, or with a group.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Conversation {
    pub conversation_id: ConversationId,
    pub phone_number_id: String,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub group_id: Option<String>,
    pub name: Option<String>,
    pub state: Option<String>,
    /// Meta's 24-hour window runs from here.
    pub last_inbound_at: Option<DateTime<Utc>>,
}

/// A message that Meta has accepted from this host.
#[derive(Clone, Debug)]
pub struct NewOutbound {
    pub project_id: ProjectId,
    pub phone_number_id: String,
    pub to: Party,
    pub wamid: String,
    pub message_type: String,
    /// JSON: the request that was sent.
    pub body: String,
    /// The event in whose run it was sent.
    pub event_id: Option<i64>,
    pub at: DateTime<Utc>,
}

/// What Meta reports of a message that was sent, read once: it settles the send, is kept with the
/// message, and says whose queue the event belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusUpdate {
    /// Whom the message went to, by all ids that the webhook tells.
    pub to: Party,
    pub wamid: String,
    pub status: String,
    /// Which member of a group it is about; empty outside groups.
    pub participant: String,
    /// Absent when the webhook does not tell.
    pub at: Option<DateTime<Utc>>,
    /// JSON: why it failed.
    pub errors: Option<String>,
    /// `biz_opaque_callback_data`: what the send carried.
    pub callback_data: Option<String>,
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
