//! What the platform knows: apps, accounts, numbers, tokens, templates, customers.
//!
//! These types are also what the control API shows and what the state file holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An app of the developer dashboard: it owns tokens and receives webhooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct App {
    pub id: String,
    /// The key of webhook signatures.
    pub secret: String,
    pub name: String,
    pub callback: Option<Callback>,
    /// The webhook fields that the app subscribed to.
    pub fields: BTreeSet<String>,
}

/// Where webhooks go, and what the receiver expects in the handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callback {
    pub url: String,
    pub verify_token: Option<String>,
}

/// A WhatsApp Business Account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waba {
    pub id: String,
    pub name: String,
    /// The business portfolio: user ids are scoped to it.
    pub business_id: String,
    /// The apps that get this account's webhooks, by app id.
    pub subscriptions: BTreeMap<String, Subscription>,
    pub templates: Vec<Template>,
}

/// An app's subscription to an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub override_callback: Option<Callback>,
}

/// A business phone number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    pub id: String,
    pub waba_id: String,
    /// As people write it, for example `+1 631-555-5555`.
    pub display_phone_number: String,
    pub verified_name: String,
    pub is_registered: bool,
    /// The two-step verification PIN, once there is one.
    pub pin: Option<String>,
    /// When it was registered and deregistered.
    #[serde(default)]
    pub registrations_ms: Vec<i64>,
    /// Callback overrides, by app id.
    pub override_callbacks: BTreeMap<String, Callback>,
    /// A test number reaches only these phones; any other number reaches everybody.
    pub allowed_recipients: Option<BTreeSet<String>>,
}

impl Number {
    /// The number's digits, as `metadata.display_phone_number` and `context.from` carry them.
    pub fn digits(&self) -> String {
        digits_of(&self.display_phone_number)
    }
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    pub token: String,
    pub app_id: String,
    /// The accounts that it reaches; all of them when absent.
    pub waba_ids: Option<BTreeSet<String>>,
    pub scopes: BTreeSet<String>,
    pub issued_at_ms: i64,
    pub expires_at_ms: Option<i64>,
    pub is_revoked: bool,
}

/// A message template, as declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub id: String,
    pub name: String,
    /// For example `en_US`.
    pub language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED` or `DISABLED`.
    pub status: String,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// In the form in which templates are created.
    pub components: Vec<Value>,
}

/// A person on WhatsApp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Digits only, with the country's calling code.
    pub phone: String,
    pub name: String,
    pub username: Option<String>,
    /// ISO 3166, the first part of the user id.
    pub country: String,
    /// Whether webhooks leave out the phone, as they do for people with a username.
    pub hides_phone: bool,
    /// Whether the phone is on: messages are delivered to it.
    pub is_reachable: bool,
    /// Whether a delivered message is read without being asked to.
    pub reads_automatically: bool,
}

/// A media object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) number_id: String,
    pub(crate) mime_type: String,
    #[serde(with = "base64_bytes")]
    pub(crate) bytes: bytes::Bytes,
    pub(crate) expires_at_ms: i64,
}

/// The digits of a phone number that people may have written with `+`, spaces and the like.
pub(crate) fn digits_of(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// Bytes as base64 text in the state file.
mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(bytes.into())
    }
}
