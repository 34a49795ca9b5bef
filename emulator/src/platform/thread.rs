//! One conversation between a business number and a customer.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::DAY_MS;
use crate::platform::kinds::MessageType;

/// Something that the business did in a conversation, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentItem {
    /// Grows over all conversations; the cursor of reads.
    pub seq: u64,
    pub at_ms: i64,
    pub number_id: String,
    /// The customer's phone, digits only.
    pub customer: String,
    #[serde(flatten)]
    pub kind: SentKind,
}

/// What the business did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SentKind {
    Message(Box<SentMessage>),
    /// It marked this message, and all before it, as read.
    Read {
        message_id: String,
    },
    /// It showed that it is typing an answer to this message.
    Typing {
        message_id: String,
    },
}

/// A message that was accepted for sending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentMessage {
    pub id: String,
    #[serde(rename = "type")]
    pub message_type: MessageType,
    /// The object of that type, as it was sent: for a text `{"body": …}`.
    pub body: Value,
    /// The message that this one quotes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub biz_opaque_callback_data: Option<String>,
    pub status: MessageStatus,
    /// Why it fails: set as soon as that is certain, before the status says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_code: Option<u32>,
    /// What the customer can tap or choose in it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub choices: Vec<Choice>,
    /// The pricing category of its statuses.
    pub category: String,
    pub is_billable: bool,
    /// Whether it is free because the customer came by an advertisement.
    #[serde(default)]
    pub is_entry_point: bool,
    pub addressed_by: AddressedBy,
    /// The Flow that it opens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flow: Option<OfferedFlow>,
    /// Of a template: its texts with the parameters in them, as the customer sees it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rendered: Option<Rendered>,
}

/// The Flow that a message opens, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferedFlow {
    pub flow_id: String,
    pub flow_token: String,
    /// Whether it is what was uploaded last, published or not.
    pub is_draft: bool,
    /// Whether its endpoint says which screen is first.
    pub asks_endpoint: bool,
    /// The first screen, when the message names it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub screen: Option<String>,
    /// What the first screen is given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Value>,
}

/// A template as the customer sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// The text of the header, or what kind of media it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub header: Option<String>,
    pub body: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub footer: Option<String>,
    /// What stands on its buttons, and where those with a URL go.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub buttons: Vec<String>,
    /// The cards of a carousel.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cards: Vec<Rendered>,
}

impl SentMessage {
    /// The text of a text message, or the body text of an interactive one or a template.
    pub fn text(&self) -> Option<&str> {
        let body = &self.body;
        match self.message_type {
            MessageType::Text => body["body"].as_str(),
            MessageType::Interactive => body["body"]["text"].as_str(),
            MessageType::Template => self
                .rendered
                .as_ref()
                .map(|rendered| rendered.body.as_str()),
            _ => None,
        }
    }
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    Accepted,
    Sent,
    Delivered,
    Read,
    /// Of a voice message: the customer listened to it.
    Played,
    Failed,
}

impl MessageStatus {
    /// The word in status webhooks.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }
}

/// Whether the business named the customer by phone or by user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressedBy {
    Phone,
    UserId,
}

/// One thing in a message that the customer can tap or choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub kind: ChoiceKind,
    /// The id of a button or row, the payload of a template's quick reply.
    pub id: String,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
}

/// How a choice is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceKind {
    /// A reply button of an interactive message.
    Button,
    /// A row of a list message.
    Row,
    /// A quick reply of a template.
    QuickReply,
}

/// A message that a customer sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReceivedMessage {
    pub(crate) id: String,
    pub(crate) at_ms: i64,
    pub(crate) is_read: bool,
    /// What was sent, of messages whose caption can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) captioned: Option<Box<Captioned>>,
}

/// A picture, a video or a document with what is written below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Captioned {
    pub(crate) message_type: MessageType,
    pub(crate) body: Value,
    /// The message that it answers.
    pub(crate) context: Option<String>,
}

/// One conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) sent: VecDeque<SentItem>,
    pub(crate) received: VecDeque<ReceivedMessage>,
    /// When the customer came by an advertisement.
    #[serde(default)]
    pub(crate) entered_at_ms: Option<i64>,
    /// The Flow that the customer has open.
    #[serde(default)]
    pub(crate) open_flow: Option<OpenFlow>,
}

impl Thread {
    /// Whether the customer wrote within the last 24 hours.
    pub(crate) fn is_window_open(&self, now_ms: i64) -> bool {
        self.received
            .back()
            .is_some_and(|last| now_ms - last.at_ms < DAY_MS)
    }

    /// Whether the customer came by an advertisement within the last 72 hours.
    pub(crate) fn is_entry_point(&self, now_ms: i64) -> bool {
        self.entered_at_ms
            .is_some_and(|at_ms| now_ms - at_ms < 3 * DAY_MS)
    }

    /// The messages that the business sent, newest first.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &SentMessage> {
        self.sent.iter().rev().filter_map(|item| match &item.kind {
            SentKind::Message(message) => Some(&**message),
            SentKind::Read { .. } | SentKind::Typing { .. } => None,
        })
    }

    pub(crate) fn message_mut(&mut self, id: &str) -> Option<&mut SentMessage> {
        self.sent
            .iter_mut()
            .rev()
            .find_map(|item| match &mut item.kind {
                SentKind::Message(message) if message.id == id => Some(&mut **message),
                _ => None,
            })
    }

    /// Whether a message of this id, from either side, is in the conversation.
    pub(crate) fn has_message(&self, id: &str) -> bool {
        self.received.iter().any(|message| message.id == id)
            || self.messages().any(|message| message.id == id)
    }

    /// Marks a received message and all before it as read; false when there is none of this id.
    pub(crate) fn mark_read(&mut self, id: &str) -> bool {
        let Some(position) = self.received.iter().position(|message| message.id == id) else {
            return false;
        };
        for message in self.received.iter_mut().take(position + 1) {
            message.is_read = true;
        }
        true
    }
}

/// A Flow that a customer has open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenFlow {
    pub(crate) flow_id: String,
    pub(crate) flow_token: String,
    /// The message that opened it.
    pub(crate) message_id: String,
    /// Its Flow JSON, as it was when it was opened.
    pub(crate) json: Value,
    pub(crate) screen: String,
    /// What each screen was given.
    pub(crate) data: BTreeMap<String, Value>,
    /// What was entered on each screen.
    pub(crate) forms: BTreeMap<String, Map<String, Value>>,
    /// The screens before this one.
    pub(crate) history: Vec<String>,
}
