//! Messages that went out: each is written into its conversation, and what Meta says of it later
//! settles its send.
//!
//! The outbox knows neither conversations nor the inbox, and they do not know it: what passes between
//! them passes here, with all that the other side can use.

use crate::conversations::{self, NewOutbound, Party, StatusUpdate};
use crate::inbox::{ConversationQueues, EventId, Settled, StatusSink};
use crate::news::{Change, Newsroom};
use crate::projects::ProjectId;
use crate::whatsapp::{OutboundMessage, OutboundSink, Outbox, Settlement, StatusNotice};
use futures::future::BoxFuture;
use sqlx::PgConnection;
use sqlx::types::chrono::Utc;

/// Writes messages that Meta took into their conversations, and tells those who follow them.
#[derive(Clone, Debug)]
pub struct SentMessages {
    pub news: Newsroom,
}

impl OutboundSink for SentMessages {
    fn record<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        message: &'a OutboundMessage,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let outbound = NewOutbound {
                project_id: ProjectId(message.project_id),
                phone_number_id: message.phone_number_id.clone(),
                to: Party::addressed(message.recipient.as_deref(), message.wa_id.as_deref()),
                wamid: message.wamid.clone(),
                message_type: message.kind.clone(),
                body: message.body.to_string(),
                event_id: Some(message.event_id),
                written_by: message.written_by.clone(),
                at: Utc::now(),
            };
            conversations::record_outbound(connection, &ConversationQueues, &outbound).await?;
            Ok(())
        })
    }

    fn recorded(&self, message: &OutboundMessage) {
        let project_id = ProjectId(message.project_id);
        self.news.tell(project_id, Change::Conversation);
    }
}

/// Settles sends by the statuses that come for them.
#[derive(Clone)]
pub struct SendSettler(Outbox);

impl SendSettler {
    /// Of the sends of this outbox.
    pub fn new(outbox: Outbox) -> Self {
        Self(outbox)
    }
}

impl StatusSink for SendSettler {
    fn settle<'a>(
        &'a self,
        _: ProjectId,
        update: &'a StatusUpdate,
    ) -> BoxFuture<'a, Result<Settled, sqlx::Error>> {
        Box::pin(async move {
            Ok(match self.0.settle(&notice(update)).await? {
                Settlement::Foreign => Settled::Foreign,
                Settlement::Ours {
                    callback_data,
                    settled_event,
                } => Settled::Ours {
                    callback_data,
                    waiting: settled_event.map(EventId),
                },
            })
        })
    }

    fn is_any_settled<'a>(&'a self, sends: &'a [i64]) -> BoxFuture<'a, Result<bool, sqlx::Error>> {
        Box::pin(self.0.is_any_settled(sends))
    }
}

/// A status as the outbox needs it. What is said of a group is nobody's id.
fn notice(update: &StatusUpdate) -> StatusNotice<'_> {
    let ids = match &update.to {
        Party::Person(person) => Some(&person.ids),
        Party::Group { .. } => None,
    };
    StatusNotice {
        wamid: &update.wamid,
        wa_id: ids.and_then(|ids| ids.wa_id.as_deref()),
        user_id: ids.and_then(|ids| ids.user_id.as_deref()),
        callback_data: update.callback_data.as_deref(),
        errors: update.errors.as_deref(),
    }
}
