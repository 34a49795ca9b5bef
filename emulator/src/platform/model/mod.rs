//! What the platform knows: apps, accounts, numbers, tokens, templates, Flows, customers, media.
//!
//! These types are also what the control API shows and what the state file holds. What came later
//! than the first state files has a default.

pub(crate) mod flow;
pub(crate) mod media;
pub(crate) mod number;
pub(crate) mod template;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use flow::{Flow, FlowStatus};
pub(crate) use media::{Media, UploadSession};
pub use number::{
    Automation, CatalogSettings, Command, Encryption, NameRequest, Number, Profile, QrCode,
};
pub use template::{Quality, Template};

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
    /// Calls without `appsecret_proof` are refused.
    #[serde(default)]
    pub requires_proof: bool,
    /// The version in which the app gets its webhooks, for example 26 for v26.0.
    #[serde(default = "newest_version")]
    pub webhook_version: u32,
}

pub(crate) fn newest_version() -> u32 {
    crate::config::NEWEST_VERSION
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
    /// The most templates that it may have; 250, or 6,000 once the business is verified.
    #[serde(default = "template_limit")]
    pub template_limit: usize,
    /// `APPROVED`, `PENDING` or `REJECTED`.
    #[serde(default = "approved")]
    pub account_review_status: String,
    /// The users that are assigned to it, and their tasks.
    #[serde(default)]
    pub assigned_users: BTreeMap<String, BTreeSet<String>>,
    /// Clicks on templates' links and the like are counted.
    #[serde(default)]
    pub is_enabled_for_insights: bool,
}

fn template_limit() -> usize {
    250
}

fn approved() -> String {
    "APPROVED".to_owned()
}

impl Waba {
    /// An account as they are made.
    pub(crate) fn new(id: String, name: String, business_id: String) -> Self {
        Self {
            id,
            name,
            business_id,
            subscriptions: BTreeMap::new(),
            template_limit: template_limit(),
            account_review_status: approved(),
            assigned_users: BTreeMap::new(),
            is_enabled_for_insights: false,
        }
    }
}

/// An app's subscription to an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub override_callback: Option<Callback>,
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
    /// The numbers whose marketing messages the person stopped, by id.
    #[serde(default)]
    pub stopped_marketing: BTreeSet<String>,
}

/// The digits of a phone number that people may have written with `+`, spaces and the like.
pub(crate) fn digits_of(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
