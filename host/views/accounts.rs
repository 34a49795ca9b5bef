//! Business accounts that projects share, and whose is what they have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use super::templates::ChangeView;
use crate::accounts::Kind;
use crate::words::Told;

/// A business account at Meta in which projects have numbers.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    pub waba_id: String,
    /// The names of these projects.
    pub projects: Vec<String>,
    /// How many things of it have a project as their owner.
    pub owned: i64,
}

/// An account with what it has.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = AccountDetails)]
pub struct AccountDetails {
    pub waba_id: String,
    pub projects: Vec<String>,
    pub things: Vec<OwnedView>,
    /// What Meta told of templates that no project owns, the newest first.
    pub changes: Vec<ChangeView>,
}

/// A thing of an account.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = OwnedThing)]
pub struct OwnedView {
    #[schema(value_type = Kind)]
    pub kind: Told<Kind>,
    /// A template's name, a Flow's id, or `account` for the account's webhooks.
    pub id: String,
    /// The name of the project that owns it; null: the operator.
    pub owner: Option<String>,
    /// Since when; null where nobody said so: a project that is alone in the account has it, else the operator.
    pub since: Option<Time>,
}
