//! Keys of the host itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;

/// Which keys are being changed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Keys {
    pub master_key: MasterKeyView,
    pub admin_key: KeyView,
    pub verify_token: KeyView,
    pub app_secret: KeyView,
}

/// Whether a key is being changed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct KeyView {
    /// Since when there is a new one beside it; null: it is not being changed.
    pub changing_since: Option<Time>,
}

/// Whether the master key is being changed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MasterKeyView {
    /// Since when there is a new one beside it; null: it is not being changed.
    pub changing_since: Option<Time>,
    /// Values that are not sealed with the new one.
    pub left: i64,
}

/// A key that is taken from now on.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TakenKey {
    /// One that was made: it is shown now and never again.
    pub value: Option<String>,
    pub keys: Keys,
}
