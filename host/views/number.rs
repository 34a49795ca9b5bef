//! A project's WhatsApp number, and how far connecting it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use super::projects::StepView;
use crate::whatsapp::onboarding::{Check, Verdict};
use crate::words::Told;

/// A project's number.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = NumberState)]
pub struct NumberStateView {
    /// The number whose messages are the project's; null while Meta has not shown it.
    pub number: Option<ConnectedView>,
    /// The number that it is to have, until that is done.
    pub wanted: Option<WantedView>,
    /// Whether everything is in place.
    pub connected: bool,
    /// The steps of connecting it.
    pub steps: Vec<StepView>,
}

/// A number, as Meta describes it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ConnectedNumber)]
pub struct ConnectedView {
    pub phone_number_id: String,
    pub waba_id: String,
    /// As people dial it.
    pub display_phone_number: String,
    /// What customers see.
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW` or `RED`.
    pub quality_rating: Option<String>,
    /// Its status at Meta.
    pub meta_status: Option<String>,
    /// Since when Meta refuses its token; null: it does not.
    pub token_refused_at: Option<Time>,
    /// What Meta said of the token, and what to do.
    pub token_refused: Option<String>,
    pub connected_at: Option<Time>,
}

/// A number, as Meta describes it now.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = NumberDetails)]
pub struct DetailsView {
    pub display_phone_number: String,
    /// What customers see.
    pub verified_name: Option<String>,
    /// What Meta's review said of it: `APPROVED`, `PENDING_REVIEW`, `DECLINED` and so on.
    pub name_status: Option<String>,
    /// A name that was asked for.
    pub new_display_name: Option<String>,
    /// What the review says of that one.
    pub new_name_status: Option<String>,
    /// `GREEN`, `YELLOW` or `RED`.
    pub quality_rating: Option<String>,
    /// How many people a day may be written to first: `TIER_250`, `TIER_2K` and so on.
    pub messaging_limit: Option<String>,
    /// Messages a second: `STANDARD` or `HIGH`.
    pub throughput: Option<String>,
    /// `CONNECTED`, `FLAGGED`, `RESTRICTED`, `BANNED` and so on.
    pub status: Option<String>,
    /// `CLOUD_API` once it is registered.
    pub platform_type: Option<String>,
    /// Whether two-step verification is on.
    pub is_pin_enabled: Option<bool>,
    pub code_verification_status: Option<String>,
    /// `LIVE`, or `SANDBOX` of a test number.
    pub account_mode: Option<String>,
    pub is_official_business_account: Option<bool>,
    pub username: Option<String>,
    /// Whether Meta lets its messages out: `AVAILABLE`, `LIMITED` or `BLOCKED`.
    pub can_send_message: Option<String>,
}

/// What was looked at of a number.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct NumberCheck {
    /// In the order in which one follows from the other.
    pub items: Vec<FindingView>,
    /// Whether nothing is bad.
    pub works: bool,
}

/// What was seen of one thing.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = NumberFinding)]
pub struct FindingView {
    #[schema(value_type = Check)]
    pub check: Told<Check>,
    #[schema(value_type = Verdict)]
    pub verdict: Told<Verdict>,
    /// A sentence.
    pub told: String,
    /// What to do.
    pub advice: Option<String>,
}

/// That it is done.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PinSet {
    pub is_pin_enabled: bool,
}

/// A number that is being connected.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = WantedNumber)]
pub struct WantedView {
    pub phone_number_id: String,
    pub waba_id: String,
}
