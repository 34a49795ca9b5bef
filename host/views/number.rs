//! A project's WhatsApp number, and how far connecting it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use super::projects::StepView;

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
    pub connected_at: Option<Time>,
}

/// A number that is being connected.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = WantedNumber)]
pub struct WantedView {
    pub phone_number_id: String,
    pub waba_id: String,
}
