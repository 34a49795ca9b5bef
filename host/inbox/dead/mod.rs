//! Dead events, made pending again or given up; and failed ones that are given up before they are dead.

mod store;

use super::model::EventId;
use super::store::{Inbox, InboxError};
use crate::projects::ProjectId;

impl Inbox {
    /// Makes a dead event pending again, before the newer ones of its conversation, however old it
    /// is. Returns whether there was such an event. What Meta refused of it before is asked again:
    /// who replays an event has repaired something.
    pub async fn replay(
        &self,
        project_id: ProjectId,
        event_id: EventId,
    ) -> Result<bool, InboxError> {
        Ok(self.replay_all(project_id, &[event_id]).await? == 1)
    }

    /// The same, for those of some events that are dead. Returns how many these are.
    pub async fn replay_all(
        &self,
        project_id: ProjectId,
        events: &[EventId],
    ) -> Result<u64, InboxError> {
        let replayed = self.make_pending(project_id, events).await?;
        self.claimable.send_replace(());
        Ok(replayed)
    }

    /// Gives up those of some events that are dead: they are kept for their retention, and not run
    /// again. Returns how many these are.
    pub async fn discard_all(
        &self,
        project_id: ProjectId,
        events: &[EventId],
    ) -> Result<u64, InboxError> {
        Ok(self.give_up_dead(project_id, events).await?)
    }

    /// Gives up an event that is dead, or that failed and waits for another run. Later events of its
    /// conversation need not wait for it. Returns whether it was one of these.
    pub async fn discard(
        &self,
        project_id: ProjectId,
        event_id: EventId,
    ) -> Result<bool, InboxError> {
        if self.discard_all(project_id, &[event_id]).await? == 1 {
            return Ok(true);
        }
        let is_given_up = self.give_up_waiting(project_id, event_id).await?;
        if is_given_up {
            self.ended.send_replace(());
            self.claimable.send_replace(());
        }
        Ok(is_given_up)
    }
}
