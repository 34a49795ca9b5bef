//! A person in the bot's place.

use super::{People, PeopleError, TRIES, is_in_the_way};
use crate::conversations::{ConversationId, Seat, Taker, queue_of, release, take};
use crate::inbox::EventId;
use crate::projects::ProjectId;

/// What happened when a conversation changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Messages that waited for the bot, and that it does not get.
    pub ended: u64,
    /// What the bot is working on: it is not stopped.
    pub running: Option<EventId>,
}

impl People {
    /// Gives a conversation to a person, or, with nobody named, to whoever comes. When this returns, no message of it
    /// begins to run.
    pub async fn take(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        taker: &Taker<'_>,
    ) -> Result<Taken, PeopleError> {
        let mut tries = 1;
        let taken = loop {
            match self.try_to_take(project_id, conversation_id, taker).await {
                Ok(None) if tries < TRIES => tries += 1,
                Ok(None) => return Err(PeopleError::NoConversation),
                Ok(Some(taken)) => break taken,
                Err(error) if tries < TRIES && is_in_the_way(&error) => tries += 1,
                Err(error) => return Err(error),
            }
        };
        self.has_changed_hands(project_id);
        Ok(taken)
    }

    /// `None`: it was merged with another one meanwhile.
    async fn try_to_take(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
        taker: &Taker<'_>,
    ) -> Result<Option<Taken>, PeopleError> {
        let mut tx = self.pool.begin().await?;
        let queue = queue_of(&mut tx, project_id, conversation_id).await?;
        let queue = queue.ok_or(PeopleError::NoConversation)?;
        // The queue before the conversation, as whoever stores a message has it.
        let held = self.inbox.hold(&mut tx, project_id, &queue).await?;
        match take(&mut tx, project_id, conversation_id, &queue, taker).await? {
            Seat::Taken => {}
            Seat::TakenBy(other) => return Err(PeopleError::TakenBy(other)),
            Seat::Moved => return Ok(None),
        }
        let ended = self.inbox.end_waiting(&mut tx, project_id, &held).await?;
        tx.commit().await?;
        Ok(Some(Taken {
            ended,
            running: held.running,
        }))
    }

    /// Gives a conversation back to the bot: what comes from now on is its again, and nothing of what came while a
    /// person had it. Returns whether one had it.
    pub async fn release(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
    ) -> Result<bool, PeopleError> {
        let mut tries = 1;
        let was_taken = loop {
            match self.try_to_release(project_id, conversation_id).await {
                Err(error) if tries < TRIES && is_in_the_way(&error) => tries += 1,
                released => break released?,
            }
        };
        self.has_changed_hands(project_id);
        Ok(was_taken)
    }

    async fn try_to_release(
        &self,
        project_id: ProjectId,
        conversation_id: ConversationId,
    ) -> Result<bool, PeopleError> {
        let mut tx = self.pool.begin().await?;
        let queue = queue_of(&mut tx, project_id, conversation_id).await?;
        let queue = queue.ok_or(PeopleError::NoConversation)?;
        let held = self.inbox.hold(&mut tx, project_id, &queue).await?;
        self.inbox.end_waiting(&mut tx, project_id, &held).await?;
        let was_taken = release(&mut tx, project_id, conversation_id).await?;
        tx.commit().await?;
        Ok(was_taken)
    }

    fn has_changed_hands(&self, project_id: ProjectId) {
        self.inbox.have_ended();
        self.conversations.tell(project_id);
    }
}
