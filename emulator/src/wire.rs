//! What goes over the control API: one set of types for the routes and for their client.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outbox::ReleaseOrder;
use crate::outstanding::Outstanding;

/// An app to create, or to replace when its id exists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewApp {
    /// Minted when absent, like every absent id or secret.
    pub id: Option<String>,
    pub secret: Option<String>,
    pub name: Option<String>,
    pub callback_url: Option<String>,
    /// With it, the callback must pass the handshake now; without it there is no handshake.
    pub verify_token: Option<String>,
    /// Webhook fields; `messages` when absent.
    pub fields: Option<BTreeSet<String>>,
}

/// An account to create, or to replace when its id exists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewWaba {
    pub id: Option<String>,
    pub name: Option<String>,
    pub business_id: Option<String>,
    /// Apps that are subscribed to it from the start.
    pub app_ids: BTreeSet<String>,
}

/// A business number to create, or to replace when its id exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNumber {
    #[serde(default)]
    pub id: Option<String>,
    pub waba_id: String,
    /// With the country's calling code; written as people do.
    pub display_phone_number: String,
    #[serde(default)]
    pub verified_name: Option<String>,
    /// True when absent.
    #[serde(default)]
    pub is_registered: Option<bool>,
    #[serde(default)]
    pub pin: Option<String>,
    /// Makes it a test number, which reaches only these phones.
    #[serde(default)]
    pub allowed_recipients: Option<BTreeSet<String>>,
}

impl NewNumber {
    /// A registered number with an id of the emulator's choice.
    pub fn new(waba_id: impl Into<String>, display_phone_number: impl Into<String>) -> Self {
        Self {
            id: None,
            waba_id: waba_id.into(),
            display_phone_number: display_phone_number.into(),
            verified_name: None,
            is_registered: None,
            pin: None,
            allowed_recipients: None,
        }
    }
}

/// An access token to create, or to replace when it exists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewToken {
    pub token: Option<String>,
    pub app_id: String,
    /// The accounts that it reaches; all when absent.
    pub waba_ids: Option<BTreeSet<String>>,
    /// Both WhatsApp scopes when absent.
    pub scopes: Option<BTreeSet<String>>,
    /// Seconds from now; may be negative. Never when absent.
    pub expires_in_s: Option<i64>,
    pub is_revoked: bool,
}

/// A template to declare for an account, or to replace when its name and language exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    pub waba_id: String,
    pub name: String,
    pub language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
    /// `APPROVED` when absent.
    #[serde(default)]
    pub status: Option<String>,
    /// `POSITIONAL` when absent.
    #[serde(default)]
    pub parameter_format: Option<String>,
    /// In the form in which templates are created.
    pub components: Vec<Value>,
}

/// A person to add, or to replace when the phone exists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCustomer {
    /// With the country's calling code; written as people do.
    pub phone: String,
    /// The phone when absent.
    pub name: Option<String>,
    pub username: Option<String>,
    /// ISO 3166; from the calling code when absent.
    pub country: Option<String>,
    /// Leave the phone out of webhooks. False when absent.
    pub hides_phone: bool,
    /// True when absent.
    pub is_reachable: Option<bool>,
    /// True when absent.
    pub reads_automatically: Option<bool>,
}

/// A change to a customer: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerChange {
    pub name: Option<String>,
    pub username: Option<String>,
    pub hides_phone: Option<bool>,
    /// Turning it on delivers what waited.
    pub is_reachable: Option<bool>,
    pub reads_automatically: Option<bool>,
}

/// What a customer does in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Act {
    Text {
        body: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
    },
    /// Taps a reply button or a template's quick reply, by id or payload, else by title.
    Tap {
        button: String,
        /// The newest message that has it when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
    /// Chooses a row of a list, by id, else by title.
    Choose {
        row: String,
        /// The newest message that has it when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
    Image(MediaAct),
    Audio(MediaAct),
    Video(MediaAct),
    Document(MediaAct),
    Sticker(MediaAct),
    Location {
        latitude: f64,
        longitude: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
    },
    Reaction {
        message_id: String,
        /// Takes the reaction away when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        emoji: Option<String>,
    },
    /// Completes a Flow with these values.
    FlowReply {
        response: Value,
        /// `Sent` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
}

/// Media that a customer sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaAct {
    /// For example `image/jpeg` or `audio/ogg; codecs=opus`.
    pub mime_type: String,
    /// The bytes, in base64.
    pub data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Of an audio: recorded in the app.
    pub voice: bool,
    /// Of a sticker.
    pub animated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

/// An act, and to which business number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActRequest {
    pub number_id: String,
    #[serde(flatten)]
    pub act: Act,
}

/// The message that an act became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acted {
    pub message_id: String,
}

/// A customer opens the conversation with a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    pub number_id: String,
}

/// How many of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub count: usize,
}

/// Which part of a growing list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cursor {
    /// Only this business number.
    pub number_id: Option<String>,
    /// Only this customer, by phone.
    pub customer: Option<String>,
    /// Only what came after; `next` of the page before.
    pub after: u64,
    /// How long to wait for the first item, at most 60000.
    pub wait_ms: u64,
    /// At most so many items; 1000 when absent.
    pub limit: Option<usize>,
}

/// A part of a growing list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page.
    pub next: u64,
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wait {
    /// At most 60000.
    pub wait_ms: u64,
}

/// Whether anything is outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    pub is_idle: bool,
    pub outstanding: Outstanding,
}

/// The clock, or where to set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// How far the emulator's clock is ahead of the machine's.
    pub offset_ms: i64,
    pub now_ms: i64,
}

/// Where to set the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockChange {
    /// The new offset; the present one when absent.
    pub offset_ms: Option<i64>,
    /// Added to the offset.
    pub advance_ms: i64,
}

/// How to let go of held webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Release {
    /// Updates in one POST.
    pub batch_size: usize,
    pub order: ReleaseOrder,
}

impl Default for Release {
    fn default() -> Self {
        Self {
            batch_size: 1,
            order: ReleaseOrder::Kept,
        }
    }
}

/// What to forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reset {
    /// Apps, accounts, numbers, tokens and customers too.
    pub everything: bool,
}

/// An error of the control API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub title: String,
    pub status: u16,
    /// What programs branch on.
    pub code: String,
    /// What people read.
    pub detail: String,
}
