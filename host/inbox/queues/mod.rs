//! The queues that events of conversations run in.
//!
//! A conversation has a queue for what is written in it, and another one for its statuses: a status
//! that the bot fails at must not hold up what the person writes. A queue's name tells nothing to
//! anybody: an event says which conversation it is of and which lane it runs in, and a queue of
//! statuses says which queue it waits for.

mod store;

use futures::future::BoxFuture;
use sqlx::PgConnection;

use crate::conversations::{Queues, Talk};
use crate::projects::ProjectId;

/// The queues of conversations, for whoever finds out that two conversations are one.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConversationQueues;

impl Queues for ConversationQueues {
    fn join<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        project_id: ProjectId,
        from: &'a Talk,
        into: &'a Talk,
    ) -> BoxFuture<'a, Result<String, sqlx::Error>> {
        Box::pin(store::join(conn, project_id, from, into))
    }
}

/// The name of the queue of statuses that belongs to a conversation's queue.
pub(super) fn status_queue(queue: &str) -> String {
    format!("{queue}/status")
}
