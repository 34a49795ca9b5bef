//! Dead events: run again, or given up, one by one or many; and failed ones that are given up early.

use super::model::{EventFilter, EventState};
use super::{EventError, Events};
use crate::inbox::EventId;
use crate::projects::ProjectId;

/// Events that are replayed or given up at once.
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
        let (mut replayed, mut after) = (0, None);
        loop {
            let chunk = self.next_dead(project, filter, &mut after).await?;
            if chunk.is_empty() {
                return Ok(replayed);
            }
            replayed += self.inbox.replay_all(project, &chunk).await?;
        }
    }

    /// Gives up a dead event, or one that failed and waits for another run: it is kept for its
    /// retention, and not run again. Later events of its conversation need not wait for it.
    pub async fn discard(&self, project: ProjectId, event_id: EventId) -> Result<(), EventError> {
        if self.inbox.discard(project, event_id).await? {
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
        let (mut discarded, mut after) = (0, None);
        loop {
            let chunk = self.next_dead(project, filter, &mut after).await?;
            if chunk.is_empty() {
                return Ok(discarded);
            }
            discarded += self.inbox.discard_all(project, &chunk).await?;
        }
    }

    /// Dead events that the filter lets through, the oldest of those after one of them.
    async fn next_dead(
        &self,
        project: ProjectId,
        filter: &EventFilter,
        after: &mut Option<EventId>,
    ) -> Result<Vec<EventId>, sqlx::Error> {
        let chunk = self.stored_dead(project, filter, *after, CHUNK).await?;
        *after = chunk.last().copied().or(*after);
        Ok(chunk)
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
