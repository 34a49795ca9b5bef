//! What webhooks tell: a message of a customer, a status of a message, or a change of something.

use serde_json::Value;

/// One thing to tell.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) waba_id: String,
    /// Empty when it is about the account.
    pub(crate) number_id: String,
    /// The customer's phone; empty when it is about none.
    pub(crate) customer: String,
    pub(crate) content: Content,
}

impl Update {
    /// A change that an account's apps are told of, in its field.
    pub(crate) fn change(waba_id: &str, field: &'static str, value: Value, at_ms: i64) -> Self {
        Self::any_change(waba_id, field.to_owned(), value, at_ms)
    }

    /// The same of any field.
    pub(crate) fn any_change(waba_id: &str, field: String, value: Value, at_ms: i64) -> Self {
        Self {
            waba_id: waba_id.to_owned(),
            number_id: String::new(),
            customer: String::new(),
            content: Content::Change {
                field,
                value,
                at_ms,
            },
        }
    }
}

/// The documented objects, as they go into `value`.
#[derive(Debug)]
pub(crate) enum Content {
    Message {
        contact: Option<Value>,
        message: Value,
    },
    Status {
        contact: Option<Value>,
        status: Value,
    },
    /// Of a customer's mind about a business's messages.
    Preference { contact: Value, preference: Value },
    /// Of an account, a template, a Flow, a number: the whole `value`.
    Change {
        field: String,
        value: Value,
        at_ms: i64,
    },
}

impl Content {
    /// The webhook field that tells it.
    pub(crate) fn field(&self) -> &str {
        match self {
            Self::Message { .. } | Self::Status { .. } => "messages",
            Self::Preference { .. } => "user_preferences",
            Self::Change { field, .. } => field,
        }
    }

    /// Whether overrides of the account's and the number's callback count for it.
    pub(crate) fn is_overridden(&self) -> bool {
        matches!(self, Self::Message { .. } | Self::Status { .. })
    }
}
