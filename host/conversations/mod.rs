//! Who a project talks with, what was said, and the state of each conversation.
//!
//! `party` is whom a number talks with; `identity` decides which contact some ids belong to, and
//! finds or makes the conversation; `store` reads conversations, keeps their state and records what was
//! written; `merge` makes one of two.
//!
//! A person has up to two ids: the WhatsApp id (a phone number, which may be hidden, and which is
//! given to other people in time) and the business-scoped user id. A contact remembers both, so
//! that messages that carry one, the other or both land in one conversation.

mod identity;
mod merge;
mod model;
mod party;
mod store;

pub use identity::{Enrolled, Enrolment, enrol};
pub use merge::{Queues, Talk};
pub use model::{ContactId, Conversation, ConversationId, NewOutbound, StatusUpdate};
pub use party::{Party, Person, PersonIds};
pub use store::{
    ConversationError, ConversationStore, MAX_STATE_CHARS, NewInbound, forget_project,
    keep_inbound, keep_statuses, record_outbound,
};
