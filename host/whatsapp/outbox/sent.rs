//! What Meta's answer to a message says.

use serde_json::Value;

use crate::whatsapp::client::GraphResponse;
use crate::whatsapp::error::{GraphError, SendError, Verdict};

/// Something that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Meta's id of the message.
    pub message_id: String,
    /// The recipient's WhatsApp id, when Meta named it.
    pub wa_id: Option<String>,
}

impl Sent {
    /// Reads the answer to a message. Fails with Meta's refusal when it is one.
    pub fn read(response: &GraphResponse) -> Result<Self, SendError> {
        let error = || GraphError::of(response);
        match Verdict::of(response) {
            Verdict::Accepted => Ok(Self {
                message_id: wamid(&response.body).unwrap_or_default(),
                wa_id: contact(&response.body, "wa_id"),
            }),
            Verdict::Refused | Verdict::Blocked => Err(SendError::Rejected(error())),
            Verdict::RateLimited => {
                let retry_after = response.retry_after();
                Err(SendError::RateLimited {
                    error: error(),
                    retry_after,
                })
            }
            Verdict::Failed | Verdict::Unknown => Err(SendError::Unreachable(format!(
                "it failed with code {}",
                error().code
            ))),
        }
    }
}

pub(super) fn wamid(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.pointer("/messages/0/id")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

pub(super) fn contact(body: &[u8], key: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.pointer("/contacts/0")?
        .get(key)
        .and_then(Value::as_str)
        .map(str::to_owned)
}
