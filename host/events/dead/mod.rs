//! Dead events: run again, or given up, one by one or many; and failed ones that are given up early.

mod store;

use super::model::{EventFilter, EventState};
use super::{EventError, Events};
use crate::inbox::EventId;
use crate::projects::ProjectId;

/// Events that one statement replays or gives up.
const CHUNK: i64 = 1_000;

impl Events {
    /// Makes a dead event pending again, before the newer ones of its conversation.
    pub async fn replay(&self, project: ProjectId, event_id: EventId) -> Result<(), EventError> {
        if self.inbox.replay(project, event_id).await? {
            return Ok(());
        }
        Err(self.not_dead(project, event_id).await?)
    }

    /// Makes all dead events pending again that the filter lets through, and returns how many.
    pub async fn replay_all(
        &self,
        project: ProjectId,
        filter: &EventFilter,
    ) -> Result<u64, EventError> {
        let (mut replayed, now) = (0, self.inbox.now().await?);
        loop {
            let chunk = self.replay_chunk(project, filter, CHUNK, now).await?;
            replayed += chunk;
            if chunk > 0 {
                self.inbox.nudge();
            }
            if chunk < CHUNK as u64 {
                return Ok(replayed);
            }
        }
    }

    /// Gives up a dead event, or one that failed and waits for another run: it is kept for its
    /// retention, and not run again. Later events of its conversation need not wait for it.
    pub async fn discard(&self, project: ProjectId, event_id: EventId) -> Result<(), EventError> {
        let now = self.inbox.now().await?;
        if self.discard_one(project, event_id, now).await? {
            return Ok(());
        }
        if self.discard_waiting(project, event_id, now).await? {
            self.inbox.nudge();
            return Ok(());
        }
        let report = self.find(project, event_id).await?;
        Err(match report.state {
            EventState::Running => EventError::Runs(event_id),
            EventState::Pending => EventError::NotFailed(event_id),
            state => EventError::Over { event_id, state },
        })
    }

    /// Gives up all dead events that the filter lets through, and returns how many.
    pub async fn discard_all(
        &self,
        project: ProjectId,
        filter: &EventFilter,
    ) -> Result<u64, EventError> {
        let (mut discarded, now) = (0, self.inbox.now().await?);
        loop {
            let chunk = self.discard_chunk(project, filter, CHUNK, now).await?;
            discarded += chunk;
            if chunk < CHUNK as u64 {
                return Ok(discarded);
            }
        }
    }

    /// Why an event could not be taken for a dead one.
    async fn not_dead(
        &self,
        project: ProjectId,
        event_id: EventId,
    ) -> Result<EventError, EventError> {
        let report = self.find(project, event_id).await?;
        Ok(EventError::NotDead {
            event_id,
            state: report.state,
        })
    }
}
