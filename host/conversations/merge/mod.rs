//! Merging two contacts that turned out to be one person.
//!
//! Their conversations become one, and so do the queues of their events: this is the one place
//! outside `inbox/` that writes `event` and `conversation_queue`.

mod store;

pub(super) use store::merge_contact;
