//! Secrets: set, import, remove, and list their names. Nothing here shows a value.

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use utoipa::openapi::{Object, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{conflict, not_found, unprocessable};
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, PageQuery, ProjectPath, Window};
use crate::http::ApiError;
use crate::news::Change;
use crate::projects::{
    EnvironmentState, Imported, InvalidLine, MAX_SECRETS, ProjectId, Secret, SecretEntry,
    SecretError, SecretName,
};
use crate::views::Time;
use crate::views::secrets::{
    EnvironmentView, EnvironmentWord, SecretLine, SecretPage, SecretSet, SecretView,
    SecretsImported,
};

const IMPORT_TIMEOUT: Duration = Duration::from_secs(30);
const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]{0,127}$";
const VALUE: &str = r"^[^\u0000]*$";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_secrets))
        .routes(routes!(set_secret, remove_secret))
        .routes(routes!(import_secrets))
}

impl From<SecretEntry> for SecretView {
    fn from(entry: SecretEntry) -> Self {
        Self {
            name: entry.name,
            created_at: Time(entry.created_at),
            updated_at: Time(entry.updated_at),
        }
    }
}

async fn environment(
    api: &Api,
    caller: &Caller,
    project: ProjectId,
) -> Result<EnvironmentView, ApiError> {
    let (state, error) = match api.host.projects().environment_state(project).await? {
        EnvironmentState::Current => (EnvironmentWord::Current, None),
        EnvironmentState::Applying => (EnvironmentWord::Applying, None),
        // It did not start: what it says is what the bot threw.
        EnvironmentState::Failed(error) => (EnvironmentWord::Failed, Some(caller.shown(error))),
    };
    Ok(EnvironmentView {
        state: state.into(),
        error,
    })
}

/// Has done what follows a change of secrets.
async fn follow(api: &Api, project: ProjectId) {
    let changes = api.host.changes();
    changes.follow(project, Change::Environment).await;
}

/// The names of a project's secrets
///
/// Values are never shown.
#[utoipa::path(get, path = "/v1/projects/{project}/secrets", tag = "secrets", params(PageQuery),
    responses((status = 200, description = "A page of names", body = SecretPage)))]
async fn list_secrets(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<SecretPage>, ApiError> {
    let window = Window::<String>::read("secrets", query.limit, query.cursor.as_deref())?;
    let rows = api
        .host
        .projects()
        .secret_entries(project.project_id, window.after.as_deref(), window.rows())
        .await?;
    let page = window.page(rows, |entry| entry.name.clone(), SecretView::from);
    Ok(Json(SecretPage {
        items: page.items,
        next_cursor: page.next_cursor,
        environment: environment(&api, &caller, project.project_id).await?,
    }))
}

/// Which secret.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct SecretPath {
    /// Up to 128 letters, digits and `_`, not beginning with a digit.
    #[param(pattern = "^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
    name: String,
}

/// A secret's value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretValue {
    /// At most 64 KiB of text without NUL.
    #[schema(write_only, pattern = r"^[^\u0000]*$", example = "sk_live_…")]
    value: String,
}

/// Secrets by name, as a project can be made with them.
pub(super) fn several() -> Object {
    let name = Object::builder()
        .schema_type(Type::String)
        .pattern(Some(NAME));
    let value = Object::builder()
        .schema_type(Type::String)
        .pattern(Some(VALUE));
    Object::builder()
        .schema_type(Type::Object)
        .description(Some(
            "Secrets, by the names of the variables that hold them. Kept sealed, and never shown again.",
        ))
        .property_names(Some(name))
        .additional_properties(Some(value))
        .max_properties(usize::try_from(MAX_SECRETS).ok())
        .write_only(true)
        .build()
}

/// Sets a secret
///
/// A change boots the bot again in the background; until that is done, and when it fails, the bot
/// runs with the value before.
#[utoipa::path(put, path = "/v1/projects/{project}/secrets/{name}", tag = "secrets",
    params(SecretPath), request_body = SecretValue,
    responses(
        (status = 200, description = "It is set", body = SecretSet),
        (status = 409, description = "The project has as many secrets as it may"),
    ))]
async fn set_secret(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<SecretPath>,
    ApiJson(new): ApiJson<SecretValue>,
) -> Result<Json<SecretSet>, ApiError> {
    let name: SecretName = path.name.parse()?;
    let changed = api
        .host
        .projects()
        .set_secret(project.project_id, name.as_str(), &Secret::new(new.value))
        .await?;
    follow(&api, project.project_id).await;
    caller.note(json!({ "secret": name.as_str(), "changed": changed }));
    Ok(Json(SecretSet {
        name: name.to_string(),
        changed,
        warning: name.warning(),
        environment: environment(&api, &caller, project.project_id).await?,
    }))
}

/// Removes a secret
#[utoipa::path(delete, path = "/v1/projects/{project}/secrets/{name}", tag = "secrets",
    params(SecretPath),
    responses((status = 204, description = "It is removed")))]
async fn remove_secret(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<SecretPath>,
) -> Result<StatusCode, ApiError> {
    let missing = |name: &str| {
        let name: String = name.chars().take(60).collect();
        not_found(
            "secret-not-found",
            format!("`{}` has no secret `{name}`", project.name),
        )
    };
    let name: SecretName = path.name.parse().map_err(|_| missing(&path.name))?;
    let projects = api.host.projects();
    if !projects
        .remove_secret(project.project_id, name.as_str())
        .await?
    {
        return Err(missing(name.as_str()));
    }
    follow(&api, project.project_id).await;
    caller.note(json!({ "secret": name.as_str() }));
    Ok(StatusCode::NO_CONTENT)
}

/// How to import.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// Also takes variables that the host sets by itself, such as `PORT`. Without it they are left out.
    all: Option<bool>,
}

/// Sets what a `.env` holds
///
/// The body is the file, read as the npm package `dotenv` reads it. Lines that cannot be taken are
/// reported by their number; the others are set all the same. Secrets that the file does not name stay.
/// A file with a PEM that is not in quotes is refused as a whole (`key-not-quoted`).
#[utoipa::path(post, path = "/v1/projects/{project}/secrets/import", tag = "secrets",
    params(ImportQuery), request_body(content = String, content_type = "text/plain"),
    responses((status = 200, description = "What was set", body = SecretsImported)))]
async fn import_secrets(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<ImportQuery>,
    request: Request,
) -> Result<Json<SecretsImported>, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("text/plain");
    if !kind.to_ascii_lowercase().starts_with("text/") {
        return Err(super::error::other(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-text-type",
            "the body must be the text of a .env: send it with `Content-Type: text/plain`",
        ));
    }
    let body = super::bytes(request, IMPORT_TIMEOUT).await?;
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::NotUtf8)?;
    let imported = api
        .host
        .projects()
        .import_secrets(project.project_id, text, query.all.unwrap_or(false))
        .await?;
    follow(&api, project.project_id).await;
    caller.note(json!({ "secrets": imported.set }));
    let Imported {
        set,
        unchanged,
        left_out,
        invalid,
    } = imported;
    let links = api
        .host
        .projects()
        .settings(project.project_id)
        .await?
        .links;
    let named = set.iter().chain(&unchanged);
    let hides_links = named.filter(|name| links.contains_key(*name));
    let hides_links = hides_links.cloned().collect();
    let line = |InvalidLine { line, reason }| SecretLine { line, reason };
    Ok(Json(SecretsImported {
        set,
        unchanged,
        left_out,
        hides_links,
        invalid: invalid.into_iter().map(line).collect(),
        environment: environment(&api, &caller, project.project_id).await?,
    }))
}

impl From<SecretError> for ApiError {
    fn from(error: SecretError) -> Self {
        match &error {
            SecretError::Name(_) => unprocessable("bad-secret-name", error),
            SecretError::TooLong { .. } => unprocessable("secret-too-long", error),
            SecretError::Nul(_) => unprocessable("bad-secret-value", error),
            SecretError::TooMany => conflict("too-many-secrets", error),
            SecretError::KeyNotQuoted { .. } => unprocessable("key-not-quoted", error),
        }
    }
}
