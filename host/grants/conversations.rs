//! A bot's conversations, in the control database.

use crate::capabilities::{self, Conversation, ConversationError, Conversations, Overview};
use crate::conversations::{
    self, ChangeError, Consent, ConversationCard, ConversationChange, MAX_REASON_CHARS, Session,
    SessionChange, Taker, checked, set_consent,
};
use crate::people::{People, PeopleError};
use crate::projects::ProjectId;
use futures::future::BoxFuture;

/// Who writes a note when the bot does.
const BOT: &str = "the bot";

/// One project's conversations.
pub(crate) struct ProjectConversations {
    pub(crate) people: People,
    pub(crate) project_id: ProjectId,
}

impl Conversations for ProjectConversations {
    fn get(&self, contact: String) -> BoxFuture<'_, Result<Conversation, ConversationError>> {
        Box::pin(async move {
            let store = self.people.conversations();
            let found = store.find(self.project_id, &contact).await;
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
            let store = self.people.conversations();
            let set = store
                .set_state(self.project_id, &contact, state.as_deref())
                .await;
            set.map(|_| ()).map_err(|error| refused(error, &contact))
        })
    }

    fn overview(&self, contact: String) -> BoxFuture<'_, Result<Overview, ConversationError>> {
        Box::pin(async move {
            let found = self.people.conversation(self.project_id, &contact).await;
            found
                .map(overview)
                .map_err(|error| not_done(error, &contact))
        })
    }

    fn change(
        &self,
        contact: String,
        change: capabilities::ConversationChange,
    ) -> BoxFuture<'_, Result<(), ConversationError>> {
        Box::pin(async move {
            let done = self.do_change(&contact, change).await;
            done.map_err(|error| not_done(error, &contact))
        })
    }
}

impl ProjectConversations {
    async fn do_change(
        &self,
        contact: &str,
        change: capabilities::ConversationChange,
    ) -> Result<(), PeopleError> {
        use capabilities::ConversationChange as Wanted;
        let (people, project_id) = (&self.people, self.project_id);
        let store = people.conversations();
        let card = people.conversation(project_id, contact).await?;
        let id = card.conversation_id;
        match change {
            Wanted::HandOff(reason) => {
                let reason = checked("reason", &reason, MAX_REASON_CHARS, false)?;
                let taker = Taker {
                    by: None,
                    why: Some(&reason),
                    is_forced: false,
                };
                people.take(project_id, id, &taker).await?;
            }
            Wanted::Release => {
                people.release(project_id, id).await?;
            }
            Wanted::Assign(assignee) => {
                let change = ConversationChange {
                    assignee: Some(assignee),
                    ..ConversationChange::default()
                };
                store.change(project_id, id, &change).await?;
            }
            Wanted::AddLabel(label) => store.add_label(project_id, id, &label).await?,
            Wanted::RemoveLabel(label) => {
                store.remove_label(project_id, id, &label).await?;
            }
            Wanted::AddNote(text) => {
                store.add_note(project_id, id, BOT, &text).await?;
            }
            Wanted::Resolve => {
                store
                    .set_session(project_id, id, SessionChange::Resolved)
                    .await?;
            }
            Wanted::Consent(consent, source) => {
                let contact_id = card.contact_id.ok_or(PeopleError::NoContact)?;
                let consent = match consent {
                    capabilities::Consent::OptedIn => Consent::OptedIn,
                    capabilities::Consent::OptedOut => Consent::OptedOut,
                };
                set_consent(store, project_id, contact_id, consent, &source).await?;
            }
        }
        Ok(())
    }
}

fn overview(card: ConversationCard) -> Overview {
    Overview {
        id: card.conversation_id.to_string(),
        session: match card.session {
            Session::Open => capabilities::Session::Open,
            Session::Snoozed => capabilities::Session::Snoozed,
            Session::Resolved => capabilities::Session::Resolved,
        },
        assignee: card.assignee,
        labels: card.labels,
        taken: card.taken_at.map(|at| capabilities::Takeover {
            since_seconds: at.timestamp(),
            by: card.taken_by,
            reason: card.taken_why,
        }),
        consent: card.consent.map(|consent| match consent {
            Consent::OptedIn => capabilities::Consent::OptedIn,
            Consent::OptedOut => capabilities::Consent::OptedOut,
        }),
        window_closes_seconds: card.window_closes_at.map(|at| at.timestamp()),
    }
}

fn refused(error: conversations::ConversationError, contact: &str) -> ConversationError {
    match error {
        conversations::ConversationError::UnknownContact => {
            ConversationError::UnknownContact(contact.to_owned())
        }
        conversations::ConversationError::StateTooLong(_) => ConversationError::TooLong,
        conversations::ConversationError::Database(source) => unavailable(&source),
    }
}

fn not_done(error: PeopleError, contact: &str) -> ConversationError {
    match error {
        PeopleError::NoConversation | PeopleError::NoContact => {
            ConversationError::UnknownContact(contact.to_owned())
        }
        PeopleError::Database(source) | PeopleError::Change(ChangeError::Database(source)) => {
            unavailable(&source)
        }
        other => ConversationError::Other(other.to_string()),
    }
}

fn unavailable(source: &sqlx::Error) -> ConversationError {
    tracing::error!(error = %source, "a conversation could not be read or changed");
    ConversationError::Unavailable("the control database failed; try again".to_owned())
}
