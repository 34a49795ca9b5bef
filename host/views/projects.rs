//! Projects, and the steps that make or remove them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Time;
use crate::lifecycle::{State, StepName, StepState};
use crate::projects::ProjectSettings;
use crate::words::{Told, words};

/// A bot with what it owns.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Project)]
pub struct ProjectView {
    pub id: String,
    /// Also a label of its host name.
    pub name: String,
    /// `provisioning` until its first steps are done, `failed` when one of them waits for somebody.
    #[schema(value_type = State)]
    pub status: Told<State>,
    pub number: Option<NumberView>,
    /// The id of the version that serves.
    pub active_version: Option<String>,
    #[schema(value_type = ProjectSettings)]
    pub settings: SettingsView,
    pub created_at: Time,
    /// When everything of it goes, if it is being deleted.
    pub delete_after: Option<Time>,
}

/// Settings by name: a host may have more of them than this program knows.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct SettingsView(pub Map<String, Value>);

/// A WhatsApp number.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Number)]
pub struct NumberView {
    /// Meta's id of it.
    pub phone_number_id: String,
    /// Its business account.
    pub waba_id: String,
    /// As people dial it.
    pub display_phone_number: String,
    /// Since when Meta refuses its token; null: it does not. The number itself says why, and what to do.
    pub token_refused_at: Option<Time>,
}

/// How a project stands, with the steps that make or remove it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Provisioning)]
pub struct StandingView {
    #[schema(value_type = State)]
    pub status: Told<State>,
    /// The step that failed, else the one that runs or waits.
    #[schema(value_type = Option<StepName>)]
    pub step: Option<Told<StepName>>,
    /// Of that step: what went wrong, and what to do.
    pub error: Option<String>,
    /// When everything of the project goes, if it is being deleted.
    pub delete_after: Option<Time>,
    pub steps: Vec<StepView>,
}

/// A step.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepView {
    #[schema(value_type = StepName)]
    pub step: Told<StepName>,
    #[schema(value_type = StepState)]
    pub state: Told<StepState>,
    pub attempts: i32,
    pub started_at: Option<Time>,
    pub ended_at: Option<Time>,
    /// What went wrong in the last attempt, and what to do.
    pub error: Option<String>,
    /// What was found, or why it was left out.
    pub note: Option<String>,
    /// When it is tried again, or begins.
    pub next_try_at: Option<Time>,
}

/// A change of a step.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ChangeView {
    pub step: Told<StepName>,
    pub state: Told<StepState>,
    pub attempts: i32,
    pub error: Option<String>,
    pub note: Option<String>,
    pub next_try_at: Option<Time>,
    pub at: Time,
}

words! {
    /// What a server-sent event of a project's provisioning is about.
    pub enum StepNews: "news of provisioning" {
        /// A step changed: [`ChangeView`].
        Step = "step",
        /// Nothing more happens by itself: [`StandingView`].
        End = "end",
        /// The project was removed.
        Gone = "gone",
    }
}
