//! What people do with conversations, and bots that hand one to them: take it in the bot's place and give it back, write
//! in it by hand, export and erase a contact.
//!
//! What only changes rows of conversations (sessions, labels, notes, consent) is `conversations`' own; here is what
//! takes several folders at once: the inbox, whose queue is held while a conversation changes hands, the outbox, by
//! which everything leaves, and all that keep something of a contact.

mod erasure;
mod export;
mod reply;
mod snoozes;
mod takeover;

use sqlx::PgPool;

use crate::conversations::{
    ChangeError, ContactCard, ConversationCard, ConversationId, ConversationStore,
};
use crate::inbox::{Inbox, InboxError};
use crate::media::{Media, MediaError};
use crate::projects::{ProjectError, ProjectId, ProjectStore};
use crate::templates::{NotSendable, Templates};
use crate::whatsapp::messages::InvalidMessage;
use crate::whatsapp::{Outbox, SendError};

pub use erasure::Erased;
pub use reply::{MediaKind, MediaSource, NewReply, Reply};
pub use takeover::Taken;

/// How often a transaction is tried that another one made fail.
const TRIES: u32 = 4;

/// The conversations of all projects, and their people.
#[derive(Clone)]
pub struct People {
    pool: PgPool,
    conversations: ConversationStore,
    inbox: Inbox,
    outbox: Outbox,
    projects: ProjectStore,
    templates: Templates,
    media: Media,
}

/// What it is made of.
pub struct PeopleParts {
    pub pool: PgPool,
    pub conversations: ConversationStore,
    pub inbox: Inbox,
    pub outbox: Outbox,
    pub projects: ProjectStore,
    pub templates: Templates,
    pub media: Media,
}

/// Why something cannot be done with a conversation or a contact.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error(
        "the project has no such conversation; name it by its id, or by the WhatsApp id or user id of its contact"
    )]
    NoConversation,
    #[error("the project has no such contact; name it by its id, its WhatsApp id or its user id")]
    NoContact,
    #[error("`{0}` has the conversation; ask them to release it, or take it with `force`")]
    TakenBy(String),
    #[error(
        "the bot works on something of this contact now, or is about to; ask again in a moment"
    )]
    Busy,
    #[error(
        "the contact wrote last more than 24 hours ago: WhatsApp takes only a template now; wait until they write again"
    )]
    WindowClosed,
    #[error("the contact has never written: WhatsApp takes only a template; wait until they write")]
    NeverWrote,
    /// The template is not there, cannot be sent, or takes something else.
    #[error("{0}")]
    Unfit(String),
    #[error("this host cannot write to a group by hand yet; the project's bot can")]
    NoGroups,
    #[error("the project has no number to send from; connect one")]
    NoNumber,
    #[error(
        "the conversation was with another number than the project has now; write when the contact has written to this one"
    )]
    OtherNumber,
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error("{0}")]
    Message(#[from] InvalidMessage),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
}

impl From<NotSendable> for PeopleError {
    fn from(error: NotSendable) -> Self {
        match error {
            NotSendable::Unfit(why) => Self::Unfit(why),
            NotSendable::Database(error) => Self::Database(error),
        }
    }
}

impl From<InboxError> for PeopleError {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::Unavailable(error)
            | InboxError::NoRoom(error)
            | InboxError::Database(error) => Self::Database(error),
            // Nothing is put in.
            InboxError::Full { .. } => Self::Busy,
        }
    }
}

impl People {
    pub fn new(parts: PeopleParts) -> Self {
        let PeopleParts {
            pool,
            conversations,
            inbox,
            outbox,
            projects,
            templates,
            media,
        } = parts;
        Self {
            pool,
            conversations,
            inbox,
            outbox,
            projects,
            templates,
            media,
        }
    }

    /// Contacts, conversations and messages, and what changes no more than these.
    pub fn conversations(&self) -> &ConversationStore {
        &self.conversations
    }

    /// The conversation with this id, or the latest with this contact.
    pub async fn conversation(
        &self,
        project_id: ProjectId,
        named: &str,
    ) -> Result<ConversationCard, PeopleError> {
        let found = match named.contains('\0') {
            true => None,
            false => self.conversations.conversation(project_id, named).await?,
        };
        found.ok_or(PeopleError::NoConversation)
    }

    /// The contact with this id, WhatsApp id or user id.
    pub async fn contact(
        &self,
        project_id: ProjectId,
        named: &str,
    ) -> Result<ContactCard, PeopleError> {
        let found = match named.contains('\0') {
            true => None,
            false => self.conversations.contact(project_id, named).await?,
        };
        found.ok_or(PeopleError::NoContact)
    }

    /// The conversation as it is now.
    pub async fn again(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
    ) -> Result<ConversationCard, PeopleError> {
        self.conversation(project_id, &conversation_id.to_string())
            .await
    }
}

/// Whether another transaction was in the way, so that another try may help.
fn is_in_the_way(error: &PeopleError) -> bool {
    let PeopleError::Database(error) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40P01" | "40001"))
}
