//! The environment of a bot: what its project is, and its secrets.

use crate::projects::{Environment, ProjectError, ProjectId, ProjectStore};
use std::collections::BTreeMap;

/// What a bot believes to be its token: the host puts the real one in its place.
pub(super) const PLACEHOLDER_TOKEN: &str = "EAAroostPlaceholderToken";

/// Bots listen on any port; this is the one they are told.
const PORT: &str = "3000";

/// What a project's environment is with the secrets and the number that it has now. Its secrets win
/// over what the host sets.
pub(super) async fn now(
    projects: &ProjectStore,
    project_id: ProjectId,
) -> Result<Environment, ProjectError> {
    // Before the rest is read: what changes meanwhile counts as not seen.
    let seen = projects.environment_wanted(project_id).await?;
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
    Ok(projects.environment_of(project_id, variables, secrets, seen))
}

/// The environment that serves. A project that never had one gets what it has now.
pub(super) async fn serving(
    projects: &ProjectStore,
    project_id: ProjectId,
) -> Result<Environment, ProjectError> {
    if let Some(environment) = projects.environment(project_id).await? {
        return Ok(environment);
    }
    let first = now(projects, project_id).await?;
    projects.first_environment(project_id, &first).await?;
    // Another host may have been first.
    Ok(projects.environment(project_id).await?.unwrap_or(first))
}
