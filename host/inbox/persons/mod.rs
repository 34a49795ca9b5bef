//! Conversations that a person has: their messages end as `person`, without a run.
//!
//! Who gives a conversation to a person, or back, holds its queue meanwhile (`hold`), as a claim does. So no
//! run begins while that is decided, and what is claimed afterwards knows of it: a claim looks for a person in the
//! statement that begins runs. What waits already ends when the person comes, and what has come while they were
//! there ends, at the latest, when they go.

mod store;

pub(super) use store::end_persons;

use sqlx::PgConnection;

use super::model::EventId;
use super::store::{Inbox, InboxError};
use crate::projects::ProjectId;

/// What an event says that ended so. What says why it ended knows it by this.
pub const PERSON: &str = "person: a person had the conversation";

/// A queue of which nothing begins until the transaction ends.
#[derive(Clone, Debug)]
pub struct Held {
    queue: String,
    /// What runs already: it is not stopped.
    pub running: Option<EventId>,
}

impl Inbox {
    /// Keeps all claims away from a queue until the transaction ends.
    pub async fn hold(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
        queue: &str,
    ) -> Result<Held, InboxError> {
        let running = store::hold(conn, project_id, queue, self.clock.told()).await?;
        Ok(Held {
            queue: queue.to_owned(),
            running,
        })
    }

    /// Likewise, of the statuses that belong to a queue.
    pub async fn hold_statuses(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
        queue: &str,
    ) -> Result<Held, InboxError> {
        let queue = super::queues::status_queue(queue);
        self.hold(conn, project_id, &queue).await
    }

    /// Ends the messages that wait in a queue that is held, as far as a person has their conversation. Returns how
    /// many these are.
    pub async fn end_waiting(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
        held: &Held,
    ) -> Result<u64, InboxError> {
        let queues = [(project_id, held.queue.as_str(), held.running)];
        let ended = end_persons(conn, &queues, self.clock.told()).await?;
        let events = ended.into_iter().map(|(.., events)| u64::try_from(events));
        Ok(events.flatten().sum())
    }

    /// Tells who waits that events have ended, once that is committed.
    pub fn have_ended(&self) {
        self.ended.send_replace(());
    }
}
