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
    /// Refuse calls without `appsecret_proof`.
    pub requires_proof: bool,
    /// The version of its webhooks, for example 23; the newest when absent.
    pub webhook_version: Option<u32>,
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
    /// The most templates that it may have; 250 when absent.
    pub template_limit: Option<usize>,
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
    /// Of a number that was never proved: `NOT_VERIFIED`. `VERIFIED` when absent.
    #[serde(default)]
    pub code_verification_status: Option<String>,
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
            code_verification_status: None,
        }
    }
}

/// A change to a number that Meta makes: what is absent stays. The apps are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberChange {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality_rating: Option<String>,
    /// `CONNECTED`, `FLAGGED`, `RESTRICTED`, `RATE_LIMITED`, `BANNED` and the like; empty for what
    /// follows from its registration.
    pub status: Option<String>,
    /// For example `TIER_2K`.
    pub messaging_limit: Option<String>,
    /// `STANDARD` or `HIGH`.
    pub throughput: Option<String>,
    pub is_official_business_account: Option<bool>,
    /// `APPROVED`, `DECLINED` and the like.
    pub name_status: Option<String>,
}

/// What Meta decides about a number's display name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NameDecision {
    /// `APPROVED`, `REJECTED` or `DEFERRED`.
    pub decision: String,
    /// For example `NAME_FORMAT_UNACCEPTABLE`.
    pub reason: Option<String>,
}

/// What Meta decides about a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateDecision {
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED`, `FLAGGED` and the like.
    pub event: String,
    /// Of a rejection: for example `ABUSIVE_CONTENT`; `INVALID_FORMAT` when absent.
    pub reason: Option<String>,
    /// Of a rejection for `INVALID_FORMAT`: what to do.
    pub recommendation: Option<String>,
    /// `other_info.title`; made up when absent, like the description.
    pub title: Option<String>,
    pub description: Option<String>,
}

/// What customers think of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateGrade {
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub score: String,
}

/// Another category for a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateCategory {
    pub category: String,
    /// It changes in 24 hours, and is announced now.
    #[serde(default)]
    pub is_announced: bool,
}

/// What Meta does to a Flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowChange {
    /// `PUBLISHED`, `THROTTLED`, `BLOCKED` and the like.
    pub status: String,
}

/// Whether a Flow's endpoint is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pinged {
    pub is_active: bool,
    /// In Meta's word, for example `timeout_error`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// A webhook of any field, as it comes from Meta now and then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    pub waba_id: String,
    /// For example `account_update`.
    pub field: String,
    pub value: Value,
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
    /// Cards of contacts, in the form in which webhooks have them.
    Contacts {
        contacts: Vec<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
    },
    /// Orders products of a catalog.
    Order {
        catalog_id: String,
        /// `product_retailer_id`, `quantity`, `item_price` and `currency` of each.
        product_items: Vec<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
    },
    /// Answers a request for the permission to call.
    CallPermission {
        accepts: bool,
        #[serde(default)]
        is_permanent: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
    /// Answers an address message.
    Address {
        values: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saved_address_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
    /// Opens the chat for the first time.
    Welcome,
    /// Sends something that the Cloud API does not tell, for example a `poll`.
    Unsupported {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
    },
    /// Changes the text of a message of theirs.
    Edit {
        message_id: String,
        body: String,
    },
    /// Deletes a message of theirs for everyone.
    Revoke {
        message_id: String,
    },
    /// Moves to another phone number.
    ChangeNumber {
        phone: String,
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

/// A file that a business uploaded or a customer sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaFile {
    pub mime_type: String,
    /// The bytes, in base64.
    pub data: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

/// An act, and to which business number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActRequest {
    pub number_id: String,
    #[serde(flatten)]
    pub act: Act,
    #[serde(flatten)]
    pub circumstances: Circumstances,
}

/// How an act came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Circumstances {
    /// The message was forwarded to the customer before.
    pub forwarded: bool,
    /// More than five times.
    pub frequently_forwarded: bool,
    /// The advertisement by which the customer came, as webhooks have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Value>,
    /// The product that the customer asks about: `catalog_id` and `product_retailer_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referred_product: Option<Value>,
}

/// A customer listens to a voice message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayRequest {
    pub number_id: String,
    pub message_id: String,
}

/// A customer stops, or wants again, a number's marketing messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreferenceRequest {
    pub number_id: String,
    pub wants_marketing: bool,
}

/// A customer opens the Flow of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowOpening {
    pub number_id: String,
    /// The newest message with a Flow when absent.
    #[serde(default)]
    pub message_id: Option<String>,
}

/// What a customer does on the screen of a Flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowStep {
    pub number_id: String,
    #[serde(flatten)]
    pub act: FlowAct,
}

/// What can be done on the screen of a Flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum FlowAct {
    /// Fills in what is named, and goes on by the screen's footer or, where there is none, by its
    /// list.
    Submit {
        #[serde(default)]
        values: serde_json::Map<String, Value>,
    },
    /// Fills in what is named, and taps a component that acts: by its name, its text, or the id
    /// of an item in it.
    Tap {
        component: String,
        #[serde(default)]
        values: serde_json::Map<String, Value>,
    },
    /// Fills in what is named, and does what follows from choosing it.
    Select {
        #[serde(default)]
        values: serde_json::Map<String, Value>,
    },
    Back,
    /// Leaves the Flow without an answer.
    Close,
}

/// What a customer sees of a Flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowView {
    pub flow_id: String,
    pub flow_token: String,
    /// The screen that is shown; none once the Flow is over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub screen: Option<FlowScreen>,
    /// The message that the Flow's answer became, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message_id: Option<String>,
    /// What the customer is told, when something went wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// The same in Meta's word, for example `timeout_error`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_type: Option<String>,
}

/// A screen as the customer sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowScreen {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    pub is_terminal: bool,
    /// What is visible, with all that is bound filled in, in order. Inputs have their present
    /// `value`.
    pub components: Vec<Value>,
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
