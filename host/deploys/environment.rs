//! The environment of a bot: what its project is, and its secrets.

use crate::projects::{ProjectError, ProjectId, ProjectStore};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a bot believes to be its token: the host puts the real one in its place.
pub(super) const PLACEHOLDER_TOKEN: &str = "EAAroostPlaceholderToken";

/// Bots listen on any port; this is the one they are told.
const PORT: &str = "3000";

pub(super) struct Environment {
    /// What `process.env` holds.
    pub(super) variables: BTreeMap<String, String>,
    /// The project's secrets alone.
    pub(super) secrets: Arc<BTreeMap<String, String>>,
}

/// Reads a project's environment. Its secrets win over what the host sets.
pub(super) async fn of(
    projects: &ProjectStore,
    project_id: ProjectId,
) -> Result<Environment, ProjectError> {
    let keys = projects.keys(project_id).await?;
    let mut variables: BTreeMap<String, String> = [
        ("NODE_ENV", "production"),
        ("PORT", PORT),
        ("VERIFY_TOKEN", keys.verify_token.expose()),
        ("APP_SECRET", keys.app_secret.expose()),
        ("WHATSAPP_TOKEN", PLACEHOLDER_TOKEN),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Some(number) = projects.number(project_id).await? {
        variables.insert("PHONE_NUMBER_ID".to_owned(), number.phone_number_id);
        variables.insert("WABA_ID".to_owned(), number.waba_id);
    }
    let secrets: BTreeMap<String, String> = projects
        .secrets(project_id)
        .await?
        .into_iter()
        .map(|(name, secret)| (name, secret.expose().to_owned()))
        .collect();
    variables.extend(secrets.clone());
    Ok(Environment {
        variables,
        secrets: Arc::new(secrets),
    })
}
