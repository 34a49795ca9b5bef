//! Erasing a contact wherever the host keeps something of them.
//!
//! All in one transaction, while nothing of theirs runs. What the bot keeps in its own schema is the bot's, and what
//! Meta keeps is Meta's.

use super::{People, PeopleError, TRIES, is_in_the_way};
use crate::conversations::{ContactId, erase, footprint};
use crate::inbox::{self, Forgotten};
use crate::logs;
use crate::media;
use crate::projects::ProjectId;
use crate::whatsapp::outbox;

/// How much that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    pub conversations: usize,
    pub messages: u64,
    pub events: usize,
}

impl People {
    /// Erases a contact with their conversations, messages, media, statuses, labels, notes, events, runs and sends, and
    /// the lines that bots logged of them.
    pub async fn erase(
        &self,
        project_id: ProjectId,
        contact_id: ContactId,
    ) -> Result<Erased, PeopleError> {
        let mut tries = 1;
        let erased = loop {
            match self.try_to_erase(project_id, contact_id).await {
                Err(error) if tries < TRIES && is_in_the_way(&error) => tries += 1,
                erased => break erased?,
            }
        };
        self.inbox.have_ended();
        self.conversations.tell(project_id);
        Ok(erased)
    }

    async fn try_to_erase(
        &self,
        project_id: ProjectId,
        contact_id: ContactId,
    ) -> Result<Erased, PeopleError> {
        let mut tx = self.pool.begin().await?;
        let found = footprint(&mut tx, project_id, contact_id).await?;
        let found = found.ok_or(PeopleError::NoContact)?;
        for talk in &found.talks {
            let messages = self.inbox.hold(&mut tx, project_id, &talk.queue).await?;
            let statuses = self
                .inbox
                .hold_statuses(&mut tx, project_id, &talk.queue)
                .await?;
            if messages.running.is_some() || statuses.running.is_some() {
                return Err(PeopleError::Busy);
            }
        }
        let queues: Vec<String> = found.talks.iter().map(|talk| talk.queue.clone()).collect();
        let theirs = inbox::Contact {
            conversations: &found.conversation_ids(),
            events: &found.events,
            queues: &queues,
            ids: &found.ids,
        };
        let events = match inbox::forget_contact(&mut tx, project_id, &theirs).await? {
            Forgotten::Gone(events) => events,
            Forgotten::Busy => return Err(PeopleError::Busy),
        };
        let sent = outbox::Contact {
            events: &events,
            wamids: &found.wamids,
            ids: &found.ids,
        };
        outbox::forget_contact(&mut tx, project_id.0, &sent).await?;
        logs::forget_contact(&mut tx, project_id, &events, &found.ids).await?;
        media::forget_contact(&mut tx, project_id, &found.wamids).await?;
        let messages = erase(&mut tx, project_id, contact_id, &found).await?;
        tx.commit().await?;
        Ok(Erased {
            conversations: found.talks.len(),
            messages,
            events: events.len(),
        })
    }
}
