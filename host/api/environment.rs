//! What a project's bot finds in `process.env`, and where each of it comes from.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Api, ProjectPath};
use crate::deploys::Source;
use crate::http::ApiError;
use crate::projects::HostValue;
use crate::views::environment::{BotEnvironment, BotVariable, UnsetVariable, VariableSource};
use crate::words::Told;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show_environment))
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
        source: VariableSource::Link.into(),
        is: Some(Told::Known(*value)),
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
                source: Told::Known(match source {
                    Source::Host(_) => VariableSource::Host,
                    Source::Link(_) => VariableSource::Link,
                    Source::File => VariableSource::File,
                    Source::Secret => VariableSource::Secret,
                }),
                is: is.map(Told::Known),
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
        means: means.map(Told::Known),
    });
    Ok(Json(BotEnvironment {
        variables: shown,
        unset: unset.collect(),
    }))
}
