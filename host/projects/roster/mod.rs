//! Projects as an operator keeps them: in pages, with their settings and number, under new names.

mod store;

use super::model::{NumberRoute, Project};
use super::settings::ProjectSettings;

/// A project with what is shown of it.
#[derive(Clone, Debug)]
pub struct ProjectCard {
    pub project: Project,
    pub settings: ProjectSettings,
    pub number: Option<NumberRoute>,
    /// Since when Meta refuses its token.
    pub token_refused_at: Option<sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>>,
    /// Whether a step of its provisioning waits for somebody.
    pub has_failed: bool,
}
