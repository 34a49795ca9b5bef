//! The business profile: what customers see of a number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A business profile. What is not set is null.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileView {
    pub about: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub email: Option<String>,
    pub websites: Vec<String>,
    /// What the business is about, in Meta's words: `RESTAURANT`, `RETAIL` and so on.
    pub vertical: Option<String>,
    /// Where its photo is.
    pub photo_url: Option<String>,
}
