//! Templates of a project, and business accounts that projects share.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::find_visible;
use super::error::{bad_gateway, conflict, database, not_found, unprocessable};
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, PageQuery, ProjectPath, RowId, Window};
use crate::access::Scope;
use crate::accounts::{Account, GiveError, Kind, Owned, WEBHOOKS};
use crate::http::ApiError;
use crate::templates::{
    Filter, MOST_PLANNED, Planned, Stored, TemplateError, Told as ToldChange, is_name,
};
use crate::views::accounts::{AccountDetails, AccountView, OwnedView};
use crate::views::templates::{
    ChangeView, PlannedView, TemplatePage, TemplatePlan, TemplateView, TemplatesDeleted,
    TemplatesSynced,
};
use crate::views::{Page, Time};
use crate::words;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_templates, create_template))
        .routes(routes!(show_template, edit_template, delete_template))
        .routes(routes!(delete_template_name))
        .routes(routes!(list_template_changes))
        .routes(routes!(sync_templates))
        .routes(routes!(plan_templates))
        .routes(routes!(list_accounts))
        .routes(routes!(show_account))
        .routes(routes!(give_thing))
}

impl From<Stored> for TemplateView {
    fn from(row: Stored) -> Self {
        let components: Value = serde_json::from_str(&row.components).unwrap_or_default();
        let told = row.told();
        Self {
            id: row.template_id,
            name: row.name,
            language: row.language,
            category: row.category,
            status: row.status,
            told,
            rejected_reason: row.rejected_reason,
            quality: row.quality,
            previous_category: row.previous_category,
            correct_category: row.correct_category,
            parameter_format: row.parameter_format,
            message_send_ttl_seconds: row.send_ttl_seconds,
            components: match components {
                Value::Array(components) => components,
                _ => Vec::new(),
            },
            seen_at: Time(row.seen_at),
        }
    }
}

impl From<ToldChange> for ChangeView {
    fn from(change: ToldChange) -> Self {
        Self {
            id: change.change_id.to_string(),
            name: change.name,
            language: change.language,
            what: change.what.into(),
            before: change.before,
            after: change.after,
            told: change.told,
            at: Time(change.at),
        }
    }
}

impl From<Planned> for PlannedView {
    fn from(planned: Planned) -> Self {
        Self {
            name: planned.name,
            language: planned.language,
            standing: planned.standing.into(),
            why: planned.why,
            status: planned.status,
        }
    }
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            waba_id: account.waba_id,
            projects: account.projects,
            owned: account.owned,
        }
    }
}

impl From<Owned> for OwnedView {
    fn from(owned: Owned) -> Self {
        Self {
            kind: owned.kind.into(),
            id: owned.object_id,
            owner: owned.project.map(|project| project.to_string()),
            since: owned.since.map(Time),
        }
    }
}

impl From<TemplateError> for ApiError {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::NoNumber => conflict("no-number", error),
            TemplateError::Invalid(_) => unprocessable("bad-template", error),
            TemplateError::NotFound(_) => not_found("template-not-found", error),
            TemplateError::Taken(_) => conflict("template-taken", error),
            TemplateError::There(_) => conflict("template-there", error),
            TemplateError::NotNow(_) => conflict("template-not-now", error),
            TemplateError::Refused(_) => conflict("meta-refused", error),
            TemplateError::Later(_) => bad_gateway("meta-unreachable", error),
            TemplateError::Project(error) => error.into(),
            TemplateError::Database(error) => database(error),
        }
    }
}

/// Which templates.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TemplatesQuery {
    /// Only of this name.
    #[param(pattern = "^[a-z0-9_]{1,512}$")]
    name: Option<String>,
    /// Only in this language.
    #[param(pattern = "^[A-Za-z0-9_]{1,20}$")]
    language: Option<String>,
    /// Only with this status, as Meta has it: `APPROVED`, `REJECTED` and so on, in any case.
    #[param(pattern = "^[A-Za-z_]{1,40}$")]
    status: Option<String>,
    /// Only of this category, in any case.
    #[param(pattern = "^[A-Za-z_]{1,40}$")]
    category: Option<String>,
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The templates of a project, by name and language
///
/// As Meta listed them last, and told since. Others of the account are not shown.
#[utoipa::path(get, path = "/v1/projects/{project}/templates", tag = "templates", params(TemplatesQuery),
    responses((status = 200, description = "A page of templates", body = TemplatePage)))]
async fn list_templates(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<TemplatesQuery>,
) -> Result<Json<TemplatePage>, ApiError> {
    let window =
        Window::<(String, String)>::read("templates", query.limit, query.cursor.as_deref())?;
    let upper = |word: Option<String>| word.map(|word| word.to_ascii_uppercase());
    let filter = Filter {
        name: query.name,
        language: query.language,
        status: upper(query.status),
        category: upper(query.category),
    };
    let templates = api.host.templates();
    let after = window.after.as_ref();
    let after = after.map(|(name, language)| (name.as_str(), language.as_str()));
    let rows = templates
        .list(project.project_id, &filter, after, window.rows())
        .await?;
    let key = |row: &Stored| (row.name.clone(), row.language.clone());
    let page = window.page(rows, key, TemplateView::from);
    let (synced_at, sync_error) = templates.compared(project.project_id).await?;
    Ok(Json(TemplatePage {
        items: page.items,
        next_cursor: page.next_cursor,
        synced_at: synced_at.map(Time),
        sync_error,
    }))
}

/// A template, as Meta's API takes it.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object, example = json!({
    "name": "order_ready", "language": "en_US", "category": "UTILITY",
    "components": [{
        "type": "BODY", "text": "Your order {{1}} is ready.", "example": { "body_text": [["17"]] },
    }],
}))]
pub(super) struct TemplateBody(Map<String, Value>);

/// Submits a template to Meta
///
/// What Meta would refuse is refused at once, with the place of each fault in words. The name is the project's from then
/// on; one that the account has and that is not the project's is refused.
#[utoipa::path(post, path = "/v1/projects/{project}/templates", tag = "templates", request_body = TemplateBody,
    responses(
        (status = 201, description = "It is at Meta", body = TemplateView),
        (status = 409, description = "The name is taken, it is there already, the project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn create_template(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(TemplateBody(body)): ApiJson<TemplateBody>,
) -> Result<(StatusCode, Json<TemplateView>), ApiError> {
    let made = api
        .host
        .templates()
        .create(project.project_id, &Value::Object(body))
        .await?;
    caller.note(json!({ "template": made.name, "language": made.language }));
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Which template.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TemplatePath {
    /// Lower-case letters, digits and `_`.
    #[param(pattern = "^[a-z0-9_]{1,512}$")]
    name: String,
    /// As `en_US`.
    #[param(pattern = "^[A-Za-z0-9_]{1,20}$")]
    language: String,
}

/// Which name.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TemplateName {
    /// Lower-case letters, digits and `_`.
    #[param(pattern = "^[a-z0-9_]{1,512}$")]
    name: String,
}

/// A name that can be one, or nothing is there.
fn plain<'a>(name: &'a str, language: &str) -> Result<&'a str, ApiError> {
    let is_language = language
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match is_name(name) && is_language {
        true => Ok(name),
        false => Err(not_found(
            "template-not-found",
            "names of templates are lower-case letters, digits and `_`, and languages look like `en_US`",
        )),
    }
}

/// A template of a project in one language
#[utoipa::path(get, path = "/v1/projects/{project}/templates/{name}/{language}", tag = "templates",
    params(TemplatePath),
    responses((status = 200, description = "The template", body = TemplateView)))]
async fn show_template(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<TemplatePath>,
) -> Result<Json<TemplateView>, ApiError> {
    let name = plain(&path.name, &path.language)?;
    let found = api
        .host
        .templates()
        .show(project.project_id, name, Some(&path.language))
        .await?;
    let found = found.into_iter().next();
    let found =
        found.ok_or_else(|| not_found("template-not-found", "there is no such template"))?;
    Ok(Json(found.into()))
}

/// Changes a template at Meta
///
/// The body is the whole template. Meta takes changes of approved, rejected and paused ones, and reviews them anew.
#[utoipa::path(put, path = "/v1/projects/{project}/templates/{name}/{language}", tag = "templates",
    params(TemplatePath), request_body = TemplateBody,
    responses(
        (status = 200, description = "As it is now", body = TemplateView),
        (status = 409, description = "It cannot be changed now, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn edit_template(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<TemplatePath>,
    ApiJson(TemplateBody(body)): ApiJson<TemplateBody>,
) -> Result<Json<TemplateView>, ApiError> {
    let name = plain(&path.name, &path.language)?;
    caller.note(json!({ "template": name, "language": path.language }));
    let edited = api
        .host
        .templates()
        .edit(
            project.project_id,
            name,
            &path.language,
            &Value::Object(body),
        )
        .await?;
    Ok(Json(edited.into()))
}

/// Deletes a template in one language
#[utoipa::path(delete, path = "/v1/projects/{project}/templates/{name}/{language}", tag = "templates",
    params(TemplatePath),
    responses(
        (status = 200, description = "It is deleted", body = TemplatesDeleted),
        (status = 409, description = "Meta refused it, or the project has no number"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn delete_template(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<TemplatePath>,
) -> Result<Json<TemplatesDeleted>, ApiError> {
    let name = plain(&path.name, &path.language)?;
    caller.note(json!({ "template": name, "language": path.language }));
    let deleted = api
        .host
        .templates()
        .delete(project.project_id, name, Some(&path.language))
        .await?;
    Ok(Json(TemplatesDeleted { deleted }))
}

/// Deletes a template in all its languages
#[utoipa::path(delete, path = "/v1/projects/{project}/templates/{name}", tag = "templates",
    params(TemplateName),
    responses(
        (status = 200, description = "It is deleted", body = TemplatesDeleted),
        (status = 409, description = "Meta refused it, or the project has no number"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn delete_template_name(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<TemplateName>,
) -> Result<Json<TemplatesDeleted>, ApiError> {
    let name = plain(&path.name, "")?;
    caller.note(json!({ "template": name }));
    let deleted = api
        .host
        .templates()
        .delete(project.project_id, name, None)
        .await?;
    Ok(Json(TemplatesDeleted { deleted }))
}

/// Which changes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// Only of this name.
    #[param(pattern = "^[a-z0-9_]{1,512}$")]
    name: Option<String>,
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What became of a project's templates, the newest first
///
/// Approvals, rejections with their reasons, quality, pauses and changes of category, each with what to do.
#[utoipa::path(get, path = "/v1/projects/{project}/template-changes", tag = "templates", params(ChangesQuery),
    responses((status = 200, description = "A page of changes", body = Page<ChangeView>)))]
async fn list_template_changes(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<ChangesQuery>,
) -> Result<Json<Page<ChangeView>>, ApiError> {
    let window = Window::<String>::read("template-changes", query.limit, query.cursor.as_deref())?;
    let before = window.after.as_deref().and_then(RowId::parse);
    let rows = api
        .host
        .templates()
        .changes(
            project.project_id,
            query.name.as_deref(),
            before.map(|id| id.0),
            window.rows(),
        )
        .await?;
    Ok(Json(window.page(
        rows,
        |change| change.change_id.to_string(),
        ChangeView::from,
    )))
}

/// Compares a project's templates with Meta
///
/// It is done by itself now and then; webhooks tell most changes at once.
#[utoipa::path(post, path = "/v1/projects/{project}/template-sync", tag = "templates",
    responses(
        (status = 200, description = "They are as Meta has them", body = TemplatesSynced),
        (status = 409, description = "Meta refused it, or the project has no number"),
        (status = 502, description = "Meta cannot be reached"),
    ))]
async fn sync_templates(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<TemplatesSynced>, ApiError> {
    let synced = api.host.templates().sync(project.project_id).await?;
    Ok(Json(TemplatesSynced {
        templates: synced.templates,
        changed: synced.changed,
    }))
}

/// Written templates.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTemplates {
    /// As Meta's API takes them.
    #[schema(value_type = Vec<Object>, max_items = 500)]
    templates: Vec<Map<String, Value>>,
}

/// Compares written templates with what Meta has
///
/// Nothing is submitted. It says of each whether it is new, the same, different, another project's, or not as Meta takes
/// it.
#[utoipa::path(post, path = "/v1/projects/{project}/template-plan", tag = "templates",
    request_body = WrittenTemplates,
    responses(
        (status = 200, description = "How each stands to Meta", body = TemplatePlan),
        (status = 409, description = "Meta refused it, or the project has no number"),
        (status = 502, description = "Meta cannot be reached"),
    ))]
async fn plan_templates(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiJson(written): ApiJson<WrittenTemplates>,
) -> Result<Json<TemplatePlan>, ApiError> {
    if written.templates.len() > MOST_PLANNED {
        return Err(unprocessable(
            "too-many-templates",
            format!("at most {MOST_PLANNED} templates are compared at once"),
        ));
    }
    let written: Vec<Value> = written.templates.into_iter().map(Value::Object).collect();
    let planned = api
        .host
        .templates()
        .plan(project.project_id, &written)
        .await?;
    Ok(Json(TemplatePlan {
        items: planned.into_iter().map(PlannedView::from).collect(),
    }))
}

/// The business accounts in which projects have numbers
///
/// Needs a token for all projects.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts", params(PageQuery),
    responses((status = 200, description = "A page of accounts", body = Page<AccountView>)))]
async fn list_accounts(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Page<AccountView>>, ApiError> {
    caller.require_unbound()?;
    let window = Window::<String>::read("accounts", query.limit, query.cursor.as_deref())?;
    let accounts = api.host.templates().accounts();
    let rows = accounts.list(window.after.as_deref(), window.rows()).await;
    let rows = rows.map_err(database)?;
    Ok(Json(window.page(
        rows,
        |account| account.waba_id.clone(),
        AccountView::from,
    )))
}

/// Which account.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct AccountPath {
    /// Meta's id of it.
    #[param(pattern = "^[0-9]{1,32}$")]
    account: String,
}

fn no_account() -> ApiError {
    not_found(
        "account-not-found",
        "no project has a number in an account with this id; `roost accounts` lists them",
    )
}

/// A business account, and whose is what it has
///
/// Needs a token for all projects.
#[utoipa::path(get, path = "/v1/accounts/{account}", tag = "accounts", params(AccountPath),
    responses((status = 200, description = "The account", body = AccountDetails)))]
async fn show_account(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(path): ApiPath<AccountPath>,
) -> Result<Json<AccountDetails>, ApiError> {
    caller.require_unbound()?;
    let templates = api.host.templates();
    let accounts = templates.accounts();
    let found = accounts.find(&path.account).await.map_err(database)?;
    let found = found.ok_or_else(no_account)?;
    let things = templates.things(&path.account).await?;
    let changes = templates.changes_of_nobody(&path.account).await?;
    Ok(Json(AccountDetails {
        waba_id: found.waba_id,
        projects: found.projects,
        things: things.into_iter().map(OwnedView::from).collect(),
        changes: changes.into_iter().map(ChangeView::from).collect(),
    }))
}

/// Which thing.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ThingPath {
    /// Meta's id of the account.
    #[param(pattern = "^[0-9]{1,32}$")]
    account: String,
    /// `template`, `flow` or `webhooks`.
    #[param(pattern = "^(template|flow|webhooks)$")]
    kind: String,
    /// A template's name, a Flow's id, or `account` for the account's webhooks.
    #[param(pattern = "^[a-z0-9_]{1,512}$")]
    id: String,
}

/// Who is to own it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOwner {
    /// The name or id of a project with a number in the account; null: the operator alone.
    #[schema(required = true)]
    project: Option<String>,
}

/// Gives a thing of an account to a project, or takes it back
///
/// Whoever had it has it no longer. Needs the scope `admin`, and a token for all projects.
#[utoipa::path(put, path = "/v1/accounts/{account}/things/{kind}/{id}", tag = "accounts", params(ThingPath),
    request_body = NewOwner,
    responses(
        (status = 200, description = "Whose it is now", body = OwnedView),
        (status = 409, description = "The project has no number in the account"),
    ))]
async fn give_thing(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(path): ApiPath<ThingPath>,
    ApiJson(new): ApiJson<NewOwner>,
) -> Result<Json<OwnedView>, ApiError> {
    caller.require(Scope::Admin)?;
    caller.require_unbound()?;
    let kind: Kind =
        words::typed(&path.kind).map_err(|error| not_found("thing-not-found", error))?;
    let fits = match kind {
        Kind::Template => is_name(&path.id),
        Kind::Flow => path.id.len() <= 32 && path.id.bytes().all(|b| b.is_ascii_digit()),
        Kind::Webhooks => path.id == WEBHOOKS,
    };
    if !fits {
        return Err(not_found(
            "thing-not-found",
            format!("nothing of the kind {kind} has such an id"),
        ));
    }
    let accounts = api.host.templates().accounts();
    let found = accounts.find(&path.account).await.map_err(database)?;
    found.ok_or_else(no_account)?;
    let project = match &new.project {
        Some(project) => Some(find_visible(&api, &caller, project).await?),
        None => None,
    };
    if let Some(project) = &project {
        caller.concerns(project);
    }
    let to = project
        .as_ref()
        .map(|project| (project.project_id, project.name.as_str()));
    accounts
        .give(&path.account, kind, &path.id, to)
        .await
        .map_err(|error| match error {
            GiveError::NotThere { .. } => conflict("not-in-account", error),
            GiveError::Database(error) => database(error),
        })?;
    caller.note(json!({
        "account": path.account, "kind": kind, "id": path.id,
        "owner": project.as_ref().map(|project| project.name.to_string()),
    }));
    Ok(Json(OwnedView {
        kind: kind.into(),
        id: path.id,
        owner: project.map(|project| project.name.to_string()),
        since: None,
    }))
}
