//! Erasing one contact: what the host keeps of them goes, in one transaction with what other folders keep.

mod store;

use uuid::Uuid;

pub use store::{erase, footprint};

use super::merge::Talk;

/// By what a contact is found wherever something of them is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// The WhatsApp id and the user id.
    pub ids: Vec<String>,
    pub talks: Vec<Talk>,
    /// Of their conversations, and of what they wrote in groups.
    pub wamids: Vec<String>,
    /// Those that brought what they wrote.
    pub events: Vec<i64>,
}

impl Footprint {
    pub fn conversation_ids(&self) -> Vec<Uuid> {
        self.talks
            .iter()
            .map(|talk| talk.conversation_id.0)
            .collect()
    }
}
