//! Typed messages, as `wit/messages.json` declares them, and Meta's JSON.
//!
//! [`compose`] makes the JSON of what is sent. It checks first, so that a bot reads which field is wrong and what to do;
//! not checked is what only Meta knows, such as a template's parameters. [`read_messages`] and [`read_statuses`] type what
//! came in. Neither names a type of message: `declared` reads the declaration, `compose` and `read` go by it.

mod compose;
mod declared;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod invalid;
mod read;
mod recipient;
#[cfg(test)]
mod tests;

pub use compose::compose;
pub use invalid::InvalidMessage;
pub use read::{Unreadable, read_messages, read_statuses};

use serde_json::Value;

/// The longest id of a message. Meta states none; this only stops nonsense.
const ID: usize = 512;

/// What is told about a received message besides a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It, and those before it, were read.
    Read,
    /// As `Read`, and an answer is being written.
    Typing,
}

/// The JSON that marks a received message as read, and shows typing if so asked.
///
/// Fails when the id is empty. This is no message: it may be repeated, and nothing records it.
pub fn receipt(message_id: &str, receipt: Receipt) -> Result<Value, InvalidMessage> {
    compose::length("message-id", message_id, 1, ID)?;
    let mut body = serde_json::json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": message_id,
    });
    if receipt == Receipt::Typing {
        body["typing_indicator"] = serde_json::json!({ "type": "text" });
    }
    Ok(body)
}
