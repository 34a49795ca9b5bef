//! Conversations and messages, as the rest of the host knows them.

use std::fmt;

use serde::Serialize;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::party::Party;
use crate::projects::ProjectId;
use crate::words::words;

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

words! {
    /// Whether somebody has to look after a conversation now.
    pub enum Session: "session" {
        /// Yes, or the bot does.
        Open = "open",
        /// Not before a certain time, or the contact's next message.
        Snoozed = "snoozed",
        /// Not before the contact's next message.
        Resolved = "resolved",
    }
}

words! {
    /// What a contact said to messages of marketing.
    pub enum Consent: "consent" {
        OptedIn = "opted-in",
        OptedOut = "opted-out",
    }
}

words! {
    /// Which way a message went.
    pub enum Direction: "direction" {
        /// The contact wrote it.
        In = "in",
        /// The bot did, or a person in its place.
        Out = "out",
    }
}

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
    /// Who wrote it by hand; absent when the bot did.
    pub written_by: Option<String>,
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

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::assert_allowed;

    #[test]
    fn the_database_takes_the_words_of_conversations() {
        assert_allowed::<Session>("conversation_session_known", &[]);
        assert_allowed::<Consent>("contact_consent_known", &[]);
        assert_allowed::<Direction>("message_direction_known", &[]);
    }
}
