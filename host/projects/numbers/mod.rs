//! Numbers that come and go: what a project is to have, and what it had.

mod store;

use super::model::Secret;

/// The number that a project is to have.
#[derive(Clone, Debug)]
pub struct WishedNumber {
    /// Meta's id of it.
    pub phone_number_id: String,
    /// Its business account.
    pub waba_id: String,
    /// What the host asks and sends with.
    pub token: Secret,
    /// The PIN of two-step verification: needed when Meta has to register the number.
    pub pin: Option<Secret>,
}

/// A number that a project has no longer, and Meta is to be told.
#[derive(Clone, Debug)]
pub struct LeavingNumber {
    pub phone_number_id: String,
    pub waba_id: String,
    pub token: Secret,
    /// Whether it is also to be deregistered.
    pub deregister: bool,
    /// Whether Meta was told.
    pub is_told: bool,
}

/// What Meta says of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedNumber {
    /// Digits only.
    pub display_phone_number: String,
    pub verified_name: Option<String>,
    pub quality_rating: Option<String>,
    pub status: Option<String>,
}

/// A project's number, as people see it: without its token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct NumberReport {
    pub phone_number_id: String,
    pub waba_id: String,
    pub display_phone_number: String,
    pub verified_name: Option<String>,
    pub quality_rating: Option<String>,
    pub meta_status: Option<String>,
    /// Since when Meta refuses its token.
    pub token_refused_at: Option<sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>>,
    /// What Meta said, and what to do.
    pub token_refused: Option<String>,
    /// Absent until Meta agreed to everything.
    pub connected_at: Option<sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>>,
}
