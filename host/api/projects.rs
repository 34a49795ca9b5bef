//! Projects: list, make, show, rename, set. The file to copy for a new resource.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::number::NewNumber;
use super::{Api, ApiJson, ApiQuery, Caller, PageQuery, ProjectPath, Window};
use crate::access::Scope;
use crate::http::ApiError;
use crate::lifecycle::state_of;
use crate::projects::{
    NewProject as Wanted, ProjectCard, ProjectName, ProjectSettings, Secret, SettingsChange,
};
use crate::views::projects::{NumberView, ProjectView, SettingsView};
use crate::views::{Page, Time};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_projects, create_project))
        .routes(routes!(show_project, change_project))
}

impl From<ProjectCard> for ProjectView {
    fn from(card: ProjectCard) -> Self {
        let ProjectCard {
            project,
            settings,
            number,
            token_refused_at,
            has_failed,
        } = card;
        Self {
            id: project.project_id.to_string(),
            name: project.name.to_string(),
            status: state_of(&project, has_failed).into(),
            number: number.map(|number| NumberView {
                phone_number_id: number.phone_number_id,
                waba_id: number.waba_id,
                display_phone_number: number.display_phone_number,
                token_refused_at: token_refused_at.map(Time),
            }),
            active_version: project.active_version.map(|version| version.to_string()),
            settings: settings.into(),
            created_at: Time(project.created_at),
            delete_after: project.delete_after.map(Time),
        }
    }
}

impl From<ProjectSettings> for SettingsView {
    fn from(settings: ProjectSettings) -> Self {
        match serde_json::to_value(settings) {
            Ok(Value::Object(settings)) => Self(settings),
            // Its fields are all that JSON has.
            _ => Self::default(),
        }
    }
}

/// The projects, by name
///
/// A token for one project sees that one.
#[utoipa::path(get, path = "/v1/projects", tag = "projects", params(PageQuery),
    responses((status = 200, description = "A page of projects", body = Page<ProjectView>)))]
async fn list_projects(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Page<ProjectView>>, ApiError> {
    let window = Window::<String>::read("projects", query.limit, query.cursor.as_deref())?;
    let rows = api
        .host
        .projects()
        .page(caller.bound_to(), window.after.as_deref(), window.rows())
        .await?;
    let key = |card: &ProjectCard| card.project.name.to_string();
    Ok(Json(window.page(rows, key, ProjectView::from)))
}

/// A project to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProject {
    /// 1 to 40 lower-case letters, digits and hyphens; begins with a letter.
    #[schema(pattern = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", example = "pizza")]
    name: String,
    /// The number to connect; it can also be connected later.
    #[serde(default)]
    number: Option<NewNumber>,
    #[serde(default)]
    #[schema(schema_with = super::secrets::several, required = false)]
    secrets: BTreeMap<String, String>,
    /// Whether its provisioning goes on until something was deployed.
    #[serde(default)]
    wants_deploy: bool,
}

/// Makes a project
///
/// Answers at once: its schema, its number and what else it needs are made in the background; see
/// `provisioning`. Needs the scope `admin`, and a token for all projects.
#[utoipa::path(post, path = "/v1/projects", tag = "projects", request_body = NewProject,
    responses(
        (status = 201, description = "The project", body = ProjectView),
        (status = 409, description = "The name is taken, or the `Idempotency-Key` is in use"),
    ))]
async fn create_project(
    State(api): State<Api>,
    caller: Caller,
    ApiJson(new): ApiJson<NewProject>,
) -> Result<(StatusCode, Json<ProjectView>), ApiError> {
    caller.require(Scope::Admin)?;
    caller.require_unbound()?;
    let new = Wanted {
        name: new.name.parse()?,
        number: new.number.map(Into::into),
        secrets: (new.secrets.into_iter())
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
        wants_deploy: new.wants_deploy,
    };
    let project = api.host.lifecycle().create(&new).await?;
    caller.concerns(&project);
    let card = api.host.projects().card(project.project_id).await?;
    Ok((StatusCode::CREATED, Json(card.into())))
}

/// A project
#[utoipa::path(get, path = "/v1/projects/{project}", tag = "projects",
    responses((status = 200, description = "The project", body = ProjectView)))]
async fn show_project(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<ProjectView>, ApiError> {
    let card = api.host.projects().card(project.project_id).await?;
    Ok(Json(card.into()))
}

/// What to change of a project. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectChange {
    #[schema(pattern = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", example = "pizza")]
    name: Option<String>,
    #[serde(default)]
    settings: SettingsChange,
}

/// Renames a project, and changes its settings
///
/// All of it is done, or nothing. What is left out stays; a setting that is null goes back to its
/// default. Renaming, and changing what the bot reaches, needs the scope `admin`.
#[utoipa::path(patch, path = "/v1/projects/{project}", tag = "projects", request_body = ProjectChange,
    responses(
        (status = 200, description = "The project as it is now", body = ProjectView),
        (status = 409, description = "The name is taken"),
    ))]
async fn change_project(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(change): ApiJson<ProjectChange>,
) -> Result<Json<ProjectView>, ApiError> {
    let name: Option<ProjectName> = change.name.map(|name| name.parse()).transpose()?;
    if name.is_some() || change.settings.changes_egress() {
        caller.require(Scope::Admin)?;
    }
    let project_id = project.project_id;
    let settings = api
        .host
        .change_project(project_id, name.as_ref(), &change.settings)
        .await?;
    caller.note(json!({ "name": name, "settings": settings }));
    let card = api.host.projects().card(project_id).await?;
    Ok(Json(card.into()))
}
