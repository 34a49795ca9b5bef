//! What a project's bot finds in `process.env`, and where each of it comes from.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Api, ProjectPath};
use crate::deploys::Source;
use crate::http::ApiError;
use crate::projects::HostValue;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show_environment))
}

/// What a bot finds in `process.env`.
#[derive(Serialize, ToSchema)]
struct BotEnvironment {
    /// By name.
    variables: Vec<BotVariable>,
    /// What the code of the version that serves reads, and nobody set.
    unset: Vec<UnsetVariable>,
}

/// One variable.
#[derive(Serialize, ToSchema)]
struct BotVariable {
    name: String,
    source: VariableSource,
    /// What the host knows it as, if the host sets it.
    is: Option<HostValue>,
    /// Its value, where that is no secret.
    value: Option<String>,
}

/// Where a variable comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum VariableSource {
    /// The host sets it by itself.
    Host,
    /// A setting links it to what the host knows.
    Link,
    /// A `.env` beside the bot holds it: `roost dev` reads it.
    File,
    /// It is a secret.
    Secret,
}

/// A variable that nobody set.
#[derive(Serialize, ToSchema)]
struct UnsetVariable {
    name: String,
    /// Where the code reads it first.
    file: String,
    line: usize,
    /// What the host knows that means the same: a link gives it to the bot.
    means: Option<HostValue>,
}

/// What a project's bot finds in its environment
///
/// As it is now: a bot that does not start with it runs with the one before. Values of secrets are
/// never shown.
#[utoipa::path(get, path = "/v1/projects/{project}/environment", tag = "secrets",
    responses((status = 200, description = "Its variables", body = BotEnvironment)))]
async fn show_environment(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<BotEnvironment>, ApiError> {
    let deploys = api.host.deploys();
    let variables = deploys.variables(project.project_id).await?;
    let needs = deploys.needs_of(&project).await?;
    let empty = variables.empty_links.iter();
    let empty = empty.map(|(name, value)| BotVariable {
        name: name.clone(),
        source: VariableSource::Link,
        is: Some(*value),
        value: None,
    });
    let mut shown: Vec<BotVariable> = variables
        .all
        .iter()
        .map(|(name, (value, source))| {
            let is = source.host_value();
            let is_public = match source {
                Source::Host(None) => true,
                source => source.host_value().is_some_and(HostValue::is_public),
            };
            BotVariable {
                name: name.clone(),
                source: match source {
                    Source::Host(_) => VariableSource::Host,
                    Source::Link(_) => VariableSource::Link,
                    Source::File => VariableSource::File,
                    Source::Secret => VariableSource::Secret,
                },
                is,
                value: is_public.then(|| value.expose().to_owned()),
            }
        })
        .chain(empty)
        .collect();
    shown.sort_by(|a, b| a.name.cmp(&b.name));
    let unset = needs.unset.into_iter().map(|variable| (variable, None));
    let offers = needs.offers.into_iter();
    let offers = offers.map(|(variable, value)| (variable, Some(value)));
    let unset = offers.chain(unset).map(|(variable, means)| UnsetVariable {
        name: variable.name,
        file: variable.file,
        line: variable.line,
        means,
    });
    Ok(Json(BotEnvironment {
        variables: shown,
        unset: unset.collect(),
    }))
}
