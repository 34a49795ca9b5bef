//! Merging two contacts that turned out to be one person.
//!
//! Their conversations become one, and so must what goes by the conversation elsewhere: the events
//! and their queues are the inbox's, which makes one of them by [`Queues`].

mod store;

use std::fmt;

use futures::future::BoxFuture;
use sqlx::PgConnection;

use super::model::ConversationId;
use crate::projects::ProjectId;

pub(super) use store::merge_contact;

/// A conversation with the queue that its events run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    pub conversation_id: ConversationId,
    pub queue: String,
}

/// Whose the queues are that conversations' events run in.
pub trait Queues: fmt::Debug + Send + Sync {
    /// Makes one queue of those of two conversations that are one from now on, and gives the events
    /// of `from` to `into`. Returns the name of the queue that stays.
    ///
    /// Called within the transaction that merges the conversations.
    fn join<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        project_id: ProjectId,
        from: &'a Talk,
        into: &'a Talk,
    ) -> BoxFuture<'a, Result<String, sqlx::Error>>;
}
