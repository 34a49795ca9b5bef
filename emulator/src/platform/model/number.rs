//! A business phone number with all that belongs to it: profile, settings, keys, codes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Callback, digits_of};

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

    /// `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`.
    #[serde(default = "verified")]
    pub code_verification_status: String,
    /// The code that was sent to the number and not entered yet.
    #[serde(default)]
    pub pending_code: Option<String>,
    /// Wrong PINs in a row.
    #[serde(default)]
    pub wrong_pins: u32,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default = "green")]
    pub quality_rating: String,
    /// For example `TIER_250`.
    #[serde(default = "tier")]
    pub messaging_limit: String,
    /// `STANDARD` or `HIGH`.
    #[serde(default = "standard")]
    pub throughput: String,
    /// `FLAGGED`, `RESTRICTED`, `BANNED`, `RATE_LIMITED` and the like; by the registration when
    /// absent.
    #[serde(default)]
    pub status: Option<String>,
    /// `APPROVED`, `DECLINED`, `PENDING_REVIEW` and the like.
    #[serde(default = "approved")]
    pub name_status: String,
    /// A display name that was asked for.
    #[serde(default)]
    pub new_name: Option<NameRequest>,
    #[serde(default)]
    pub last_onboarded_ms: Option<i64>,
    #[serde(default)]
    pub is_official_business_account: bool,
    #[serde(default)]
    pub username: Option<String>,
    #[serde(default)]
    pub profile: Profile,
    #[serde(default)]
    pub automation: Automation,
    /// Phones whose messages it does not get.
    #[serde(default)]
    pub blocked: BTreeSet<String>,
    #[serde(default)]
    pub qr_codes: BTreeMap<String, QrCode>,
    #[serde(default)]
    pub catalog: CatalogSettings,
    /// What `POST /{PHONE_NUMBER_ID}/settings` set.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(default)]
    pub encryption: Option<Encryption>,
}

fn verified() -> String {
    "VERIFIED".to_owned()
}

fn green() -> String {
    "GREEN".to_owned()
}

fn tier() -> String {
    "TIER_250".to_owned()
}

fn standard() -> String {
    "STANDARD".to_owned()
}

fn approved() -> String {
    "APPROVED".to_owned()
}

impl Number {
    /// A registered number of an account.
    pub(crate) fn new(id: String, waba_id: String, display_phone_number: String) -> Self {
        Self {
            id,
            waba_id,
            display_phone_number,
            verified_name: "Business".to_owned(),
            is_registered: true,
            pin: None,
            registrations_ms: Vec::new(),
            override_callbacks: BTreeMap::new(),
            allowed_recipients: None,
            code_verification_status: verified(),
            pending_code: None,
            wrong_pins: 0,
            quality_rating: green(),
            messaging_limit: tier(),
            throughput: standard(),
            status: None,
            name_status: approved(),
            new_name: None,
            last_onboarded_ms: None,
            is_official_business_account: false,
            username: None,
            profile: Profile::default(),
            automation: Automation::default(),
            blocked: BTreeSet::new(),
            qr_codes: BTreeMap::new(),
            catalog: CatalogSettings::default(),
            settings: Map::new(),
            encryption: None,
        }
    }

    /// The number's digits, as `metadata.display_phone_number` and `context.from` carry them.
    pub fn digits(&self) -> String {
        digits_of(&self.display_phone_number)
    }

    /// `status` as the Graph API tells it.
    pub(crate) fn standing(&self) -> &str {
        match &self.status {
            Some(status) => status,
            None if self.is_registered => "CONNECTED",
            None if self.code_verification_status == "VERIFIED" => "PENDING",
            None => "UNVERIFIED",
        }
    }
}

/// A display name that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NameRequest {
    pub name: String,
    /// `PENDING_REVIEW`, `DECLINED` and the like.
    pub status: String,
}

/// What customers see of a business. An empty text is one that is not set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub about: String,
    pub address: String,
    pub description: String,
    pub email: String,
    pub websites: Vec<String>,
    pub vertical: String,
    /// The handle of its photo.
    pub profile_picture_handle: String,
}

/// Ice breakers, commands, and the welcome message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Automation {
    pub enable_welcome_message: bool,
    pub prompts: Vec<String>,
    pub commands: Vec<Command>,
}

/// A command that customers see when they type a slash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    pub command_name: String,
    pub command_description: String,
}

/// A code or short link that opens a conversation with a text in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QrCode {
    pub code: String,
    pub prefilled_message: String,
    pub created_at_ms: i64,
}

/// Whether customers see a catalog and a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CatalogSettings {
    pub is_cart_enabled: bool,
    pub is_catalog_visible: bool,
}

impl Default for CatalogSettings {
    fn default() -> Self {
        Self {
            is_cart_enabled: true,
            is_catalog_visible: false,
        }
    }
}

/// The public key by which customers' phones encrypt for Flow endpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encryption {
    pub business_public_key: String,
    /// `VALID` or `MISMATCH`.
    pub signature_status: String,
}
