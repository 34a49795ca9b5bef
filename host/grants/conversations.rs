//! A bot's conversations, in the control database.

use crate::capabilities::{Conversation, ConversationError, Conversations};
use crate::conversations::{self, ConversationStore};
use crate::projects::ProjectId;
use futures::future::BoxFuture;

/// One project's conversations.
pub(crate) struct ProjectConversations {
    pub(crate) store: ConversationStore,
    pub(crate) project_id: ProjectId,
}

impl Conversations for ProjectConversations {
    fn get(&self, contact: String) -> BoxFuture<'_, Result<Conversation, ConversationError>> {
        Box::pin(async move {
            let found = self.store.find(self.project_id, &contact).await;
            let found = found.map_err(|error| refused(error, &contact))?;
            Ok(Conversation {
                id: found.conversation_id.0.to_string(),
                wa_id: found.wa_id,
                user_id: found.user_id,
                name: found.name,
                state: found.state,
            })
        })
    }

    fn set_state(
        &self,
        contact: String,
        state: Option<String>,
    ) -> BoxFuture<'_, Result<(), ConversationError>> {
        Box::pin(async move {
            let set = self
                .store
                .set_state(self.project_id, &contact, state.as_deref())
                .await;
            set.map(|_| ()).map_err(|error| refused(error, &contact))
        })
    }
}

fn refused(error: conversations::ConversationError, contact: &str) -> ConversationError {
    match error {
        conversations::ConversationError::UnknownContact => {
            ConversationError::UnknownContact(contact.to_owned())
        }
        conversations::ConversationError::StateTooLong(_) => ConversationError::TooLong,
        conversations::ConversationError::Database(source) => {
            tracing::error!(error = %source, "a conversation could not be read or changed");
            ConversationError::Unavailable("the control database failed; try again".to_owned())
        }
    }
}
