//! Contacts, conversations and messages.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Time;
use crate::conversations::{Consent, Direction, Session};
use crate::events::DeliveryStatus;
use crate::media::State;
use crate::words::Told;

/// A person who wrote to the project's number, or was written to.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    pub id: String,
    /// The WhatsApp id: a phone number without `+`. Null while the person hides it.
    pub wa_id: Option<String>,
    /// The business-scoped user id.
    pub user_id: Option<String>,
    /// The name in the profile.
    pub name: Option<String>,
    pub username: Option<String>,
    /// What they said to messages of marketing; null: nothing.
    pub consent: Option<ConsentView>,
    /// Their conversations, one with each number that the project had, the latest first.
    pub conversation_ids: Vec<String>,
    pub created_at: Time,
}

/// What a contact said to messages of marketing.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ContactConsent)]
pub struct ConsentView {
    #[schema(value_type = Consent)]
    pub word: Told<Consent>,
    pub at: Time,
    /// Where they said it.
    pub source: String,
}

/// A conversation of the project's number with a contact or a group.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationView {
    pub id: String,
    /// Null: it is with a group.
    pub contact: Option<ConversationContact>,
    pub group_id: Option<String>,
    pub phone_number_id: String,
    /// The bot's: what decides how the next message is understood.
    pub state: Option<String>,
    /// Whether somebody has to look after it.
    #[schema(value_type = Session)]
    pub session: Told<Session>,
    pub snoozed_until: Option<Time>,
    pub assignee: Option<String>,
    /// The person in the bot's place; null: the bot gets the messages.
    pub taken: Option<TakeoverView>,
    /// In alphabetical order.
    pub labels: Vec<String>,
    /// Messages since the last one to the contact, or since somebody read them.
    pub unread: i32,
    pub last_inbound_at: Option<Time>,
    /// Until then WhatsApp takes more than templates; null: nobody has written.
    pub window_closes_at: Option<Time>,
    pub is_window_open: bool,
    pub created_at: Time,
    /// When something of it changed last: the order of the list.
    pub touched_at: Option<Time>,
}

/// Whom a conversation is with.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ConversationContact {
    pub id: String,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
    #[schema(value_type = Option<Consent>)]
    pub consent: Option<Told<Consent>>,
}

/// A person in the bot's place.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Takeover)]
pub struct TakeoverView {
    pub at: Time,
    /// Null: the bot handed it off, and nobody has it yet.
    pub by: Option<String>,
    /// Why the bot handed it off.
    pub reason: Option<String>,
}

/// A conversation that a person took.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TakenView {
    pub conversation: ConversationView,
    /// Messages that waited for the bot, and that it does not get any more.
    pub ended_events: u64,
    /// The event that the bot is working on: it is not stopped, and may still answer.
    pub running_event: Option<String>,
}

/// A message of a conversation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageView {
    /// Meta's.
    pub id: String,
    /// `in`: the contact wrote it.
    #[schema(value_type = Direction)]
    pub direction: Told<Direction>,
    /// `text`, `image`, `interactive`, `template` and so on.
    pub r#type: String,
    /// What people see of it: its text, caption, title or name.
    pub text: Option<String>,
    /// The image, video, sound, document or sticker in it.
    pub media: Option<MediaView>,
    /// Who wrote it by hand; null: the contact, or the bot.
    pub written_by: Option<String>,
    /// The event that brought it, or in whose run it was sent.
    pub event_id: Option<String>,
    /// The furthest that Meta reported of it: `sent`, `delivered`, `read`, `played` or `failed`.
    #[schema(value_type = Option<String>)]
    pub status: Option<Told<DeliveryStatus>>,
    pub status_at: Option<Time>,
    /// Why it was not delivered, as Meta says it.
    #[schema(value_type = Option<Object>)]
    pub errors: Option<Box<RawValue>>,
    pub sent_at: Time,
    /// The whole message, as it came or went.
    #[schema(value_type = Object)]
    pub body: Box<RawValue>,
}

/// Media of a message.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = MessageMedia)]
pub struct MediaView {
    /// Meta's id of it: what came can be fetched for seven days.
    pub id: Option<String>,
    /// Where Meta got it, of a message that was sent by its address.
    pub link: Option<String>,
    pub mime_type: Option<String>,
    pub sha256: Option<String>,
    pub filename: Option<String>,
    /// Whether the host has it, of what a contact sent: `GET …/media/{id}/content` reads it.
    #[schema(value_type = Option<State>)]
    pub state: Option<Told<State>>,
    /// Why it does not.
    pub told: Option<String>,
    /// In bytes, of what the host has.
    pub size: Option<i64>,
}

/// What people noted beside a conversation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteView {
    pub id: String,
    pub author: String,
    pub text: String,
    pub created_at: Time,
}

/// A label of the project's conversations.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Label)]
pub struct LabelView {
    pub label: String,
    /// How many have it.
    pub conversations: i64,
}

/// What was erased of a contact.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
pub struct ErasedView {
    pub conversations: usize,
    pub messages: u64,
    pub events: usize,
}
