//! What webhooks tell: a message of a customer, or a status of a message.

use serde_json::Value;

/// One thing to tell: a message of a customer, or a status of a message.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) number_id: String,
    /// The customer's phone.
    pub(crate) customer: String,
    pub(crate) content: Content,
}

/// The documented objects, as they go into `value`.
#[derive(Debug)]
pub(crate) enum Content {
    Message {
        contact: Value,
        message: Value,
    },
    Status {
        contact: Option<Value>,
        status: Value,
    },
}

impl Content {
    /// The key of `value` that it goes into.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Message { .. } => "messages",
            Self::Status { .. } => "statuses",
        }
    }
}
