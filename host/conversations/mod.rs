//! Who a project talks with, what was said, and the state of each conversation.
//!
//! `party` is whom a number talks with; `identity` decides which contact some ids belong to, and
//! finds or makes the conversation; `store` reads conversations, keeps their state and records what was
//! written; `merge` makes one of two. For people there are `listing`, which reads, `standing`, which changes what
//! a conversation says of itself, `takeover`, by which a person has one in the bot's place, and `erasure`.
//!
//! A person has up to two ids: the WhatsApp id (a phone number, which may be hidden, and which is
//! given to other people in time) and the business-scoped user id. A contact remembers both, so
//! that messages that carry one, the other or both land in one conversation.

mod erasure;
mod identity;
mod listing;
mod merge;
mod model;
mod party;
mod standing;
mod store;
mod takeover;

pub use erasure::{Footprint, erase, footprint};
pub use identity::{Enrolled, Enrolment, enrol};
pub use listing::{
    ContactCard, ContactFilter, Content, ConversationCard, ConversationFilter, ConversationTail,
    ExportList, LabelUse, ListPlace, Media, Note, StoredMessage, begin_export, exported,
};
pub use merge::{Queues, Talk};
pub use model::{
    Consent, ContactId, Conversation, ConversationId, Direction, NewOutbound, Session, StatusUpdate,
};
pub use party::{Party, Person, PersonIds};
pub use standing::{
    ChangeError, ConversationChange, MAX_LABEL_CHARS, MAX_NAME_CHARS, MAX_NOTE_CHARS,
    MAX_REASON_CHARS, Preference, SessionChange, checked, keep_preferences, open_snoozed,
    set_consent,
};
pub use store::{
    ConversationError, ConversationStore, MAX_STATE_CHARS, NewInbound, forget_project,
    keep_inbound, keep_statuses, record_outbound,
};
pub use takeover::{Seat, Taker, queue_of, release, take};
