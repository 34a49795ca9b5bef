//! Conversations that a person has: until one is released, no message of it reaches the bot.
//!
//! Here is what the conversation says of it. That its messages do not run is the inbox's, and both happen in one
//! transaction.

mod store;

pub use store::{Seat, queue_of, release, take};

/// Who wants a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Taker<'a> {
    /// Absent: the bot hands it off to whoever comes.
    pub by: Option<&'a str>,
    pub why: Option<&'a str>,
    /// Whether it is taken from another person who has it.
    pub is_forced: bool,
}
