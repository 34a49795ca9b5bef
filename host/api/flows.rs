//! Flows of a project: checked, pushed, published, and the key of their endpoints.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{conflict, database, not_found, other, unprocessable};
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, PageQuery, ProjectPath, Window};
use crate::flows::{
    Endpoint, EndpointWish, Flow, FlowError, FlowName, KeyCard, MetaProblem, MetricQuery, Wanted,
    json as flow_json,
};
use crate::http::ApiError;
use crate::views::flows::{
    FlowChecked, FlowJson, FlowKeyView, FlowMetric, FlowProblem, FlowPushed, FlowView, FlowsSynced,
    PreviewView,
};
use crate::views::{Page, Time};

/// Flow JSON, which may be written with escapes.
const LONGEST: usize = 2 * flow_json::MOST_BYTES;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_flows))
        .routes(routes!(sync_flows))
        .routes(routes!(check_flow))
        .routes(routes!(show_flow, push_flow, delete_flow))
        .routes(routes!(show_flow_json))
        .routes(routes!(publish_flow))
        .routes(routes!(deprecate_flow))
        .routes(routes!(preview_flow))
        .routes(routes!(show_flow_metrics))
        .routes(routes!(show_flow_key, rotate_flow_key))
        .layer(DefaultBodyLimit::max(LONGEST))
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::NoNumber(_) => conflict("no-number", error),
            FlowError::NotFound(_) => not_found("flow-not-found", error),
            FlowError::Name(_) => unprocessable("bad-flow-name", error),
            FlowError::NotValid(_) => unprocessable("flow-not-valid", error),
            FlowError::Setting(_) => unprocessable("bad-flow", error),
            FlowError::NoAddress => conflict("no-flow-endpoint", error),
            FlowError::NameTaken(_) => conflict("flow-name-taken", error),
            FlowError::Refused(_) => conflict("meta-refused", error),
            FlowError::Later(_) => other(StatusCode::BAD_GATEWAY, "meta-unreachable", error),
            FlowError::Project(error) => error.into(),
            FlowError::Database(error) => database(error),
            FlowError::Vault(_) | FlowError::NotOpened(_) => Self::Internal(error.into()),
        }
    }
}

impl From<Flow> for FlowView {
    fn from(flow: Flow) -> Self {
        let is_published_as_uploaded =
            flow.json_sha256.is_some() && flow.json_sha256 == flow.published_sha256;
        Self {
            route: (flow.endpoint == Endpoint::Host).then(|| flow.route()),
            name: flow.name.to_string(),
            flow_id: flow.flow_id,
            meta_name: flow.meta_name,
            status: flow.status,
            categories: flow.categories,
            json_version: flow.json_version,
            data_api_version: flow.data_api_version,
            endpoint: flow.endpoint.into(),
            endpoint_uri: flow.endpoint_uri,
            json_sha256: flow.json_sha256,
            is_published_as_uploaded,
            validation_errors: flow.validation_errors.into_iter().map(Into::into).collect(),
            complaint: flow.complaint,
            complained_at: flow.complained_at.map(Time),
            created_at: Time(flow.created_at),
            updated_at: Time(flow.updated_at),
            seen_at: Time(flow.seen_at),
        }
    }
}

impl From<MetaProblem> for FlowProblem {
    fn from(problem: MetaProblem) -> Self {
        Self {
            error: problem.error,
            message: problem.message,
            path: problem.path,
            line_start: problem.line_start,
            line_end: problem.line_end,
            column_start: problem.column_start,
            column_end: problem.column_end,
            is_warning: false,
        }
    }
}

impl From<flow_json::Problem> for FlowProblem {
    fn from(problem: flow_json::Problem) -> Self {
        let at = |number: usize| i64::try_from(number).ok();
        let place = problem.place;
        Self {
            error: problem.error.to_owned(),
            message: problem.message,
            path: Some(problem.path).filter(|path| !path.is_empty()),
            line_start: at(place.line_start),
            line_end: at(place.line_end),
            column_start: at(place.column_start),
            column_end: at(place.column_end),
            is_warning: problem.is_warning,
        }
    }
}

impl From<flow_json::Report> for FlowChecked {
    fn from(report: flow_json::Report) -> Self {
        Self {
            is_good: report.is_good(),
            json_version: report.version,
            data_api_version: report.data_api_version,
            screens: report.screens,
            problems: report.problems.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<KeyCard> for FlowKeyView {
    fn from(card: KeyCard) -> Self {
        Self {
            public_key: card.public_key,
            phone_number_id: card.phone_number_id,
            created_at: Time(card.created_at),
            registered_at: card.registered_at.map(Time),
        }
    }
}

/// Which Flow.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct FlowPath {
    /// What the project calls it.
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
    flow: String,
}

/// The Flows of a project
#[utoipa::path(get, path = "/v1/projects/{project}/flows", tag = "flows", params(PageQuery),
    responses((status = 200, description = "A page of Flows, by name", body = Page<FlowView>)))]
async fn list_flows(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Page<FlowView>>, ApiError> {
    let window = Window::<String>::read("flows", query.limit, query.cursor.as_deref())?;
    let flows = api.host.flows();
    let rows = flows.page(project.project_id, window.after.as_deref(), window.rows());
    let page = window.page(rows.await?, |flow| flow.name.to_string(), FlowView::from);
    Ok(Json(page))
}

/// Compares a project's Flows with Meta's
///
/// Those of the account that are another project's are not looked at.
#[utoipa::path(post, path = "/v1/projects/{project}/flows/sync", tag = "flows",
    responses(
        (status = 200, description = "What was found", body = FlowsSynced),
        (status = 409, description = "The project has no number, or Meta refused"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn sync_flows(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
) -> Result<Json<FlowsSynced>, ApiError> {
    let synced = api.host.flows().sync(&project).await?;
    let names = |names: &[FlowName]| names.iter().map(ToString::to_string).collect();
    let view = FlowsSynced {
        found: names(&synced.found),
        gone: names(&synced.gone),
        seen: synced.seen,
    };
    caller.note(json!({ "found": view.found, "gone": view.gone }));
    Ok(Json(view))
}

/// Flow JSON.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FlowText {
    /// As it is written, so that problems have their lines.
    json: String,
}

/// Looks Flow JSON through
///
/// What Meta would refuse, with its place. Nothing is written, and Meta is not asked.
#[utoipa::path(post, path = "/v1/projects/{project}/flows/check", tag = "flows", request_body = FlowText,
    responses((status = 200, description = "What was found", body = FlowChecked)))]
async fn check_flow(
    ProjectPath(_project): ProjectPath,
    ApiJson(text): ApiJson<FlowText>,
) -> Result<Json<FlowChecked>, ApiError> {
    let checked = tokio::task::spawn_blocking(move || flow_json::check(&text.json));
    let checked = checked
        .await
        .map_err(|error| ApiError::Internal(error.into()))?;
    Ok(Json(checked.into()))
}

/// How to show a Flow.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShowQuery {
    /// Asks Meta how it is now.
    #[serde(default)]
    fresh: bool,
}

/// A Flow
#[utoipa::path(get, path = "/v1/projects/{project}/flows/{flow}", tag = "flows",
    params(FlowPath, ShowQuery),
    responses(
        (status = 200, description = "The Flow", body = FlowView),
        (status = 409, description = "The project has no number, or Meta refused"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn show_flow(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
    ApiQuery(query): ApiQuery<ShowQuery>,
) -> Result<Json<FlowView>, ApiError> {
    let flows = api.host.flows();
    let flow = match query.fresh {
        true => flows.refresh(&project, &path.flow).await?,
        false => flows.find(project.project_id, &path.flow).await?,
    };
    Ok(Json(flow.into()))
}

/// A Flow to push. What is left out stays as it was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FlowPush {
    /// Flow JSON, as it is written.
    json: String,
    /// Meta's words; of a new Flow `OTHER`.
    #[schema(max_items = 9, example = json!(["APPOINTMENT_BOOKING"]))]
    categories: Option<Vec<String>>,
    /// An address that answers its data requests by a key of your own; `host`: this host does, which is
    /// what happens with a new Flow.
    #[schema(example = "host")]
    endpoint: Option<String>,
    /// The bot's route that gets its data requests as plain JSON; an empty one: `/flows/NAME`.
    #[schema(max_length = 200, example = "/flows/booking")]
    route: Option<String>,
}

/// Pushes a Flow to Meta
///
/// Makes it, or changes it: a draft, until it is published. What the local check finds is answered
/// with 422, and nothing goes out; what Meta has against it is in `validation_errors`.
#[utoipa::path(put, path = "/v1/projects/{project}/flows/{flow}", tag = "flows",
    params(FlowPath), request_body = FlowPush,
    responses(
        (status = 200, description = "It was changed", body = FlowPushed),
        (status = 201, description = "It was made", body = FlowPushed),
        (status = 409, description = "The project has no number, or Meta refused (`meta-refused`)"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn push_flow(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
    ApiJson(push): ApiJson<FlowPush>,
) -> Result<(StatusCode, Json<FlowPushed>), ApiError> {
    let name: FlowName = path.flow.parse().map_err(FlowError::from)?;
    let wanted = Wanted {
        json: push.json,
        categories: push.categories,
        endpoint: match push.endpoint.as_deref() {
            None => EndpointWish::Kept,
            Some("host") => EndpointWish::Host,
            Some(uri) => EndpointWish::Own(uri.to_owned()),
        },
        route: push.route,
    };
    let pushed = api.host.flows().push(&project, &name, &wanted).await?;
    caller.note(json!({ "flow": name, "flow_id": pushed.flow.flow_id, "new": pushed.is_new }));
    let status = match pushed.is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    let view = FlowPushed {
        flow: pushed.flow.into(),
        is_new: pushed.is_new,
        warnings: pushed.warnings.into_iter().map(Into::into).collect(),
    };
    Ok((status, Json(view)))
}

/// Deletes a Flow
///
/// Meta deletes drafts only: deprecate a published one.
#[utoipa::path(delete, path = "/v1/projects/{project}/flows/{flow}", tag = "flows", params(FlowPath),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 409, description = "Meta refused (`meta-refused`)"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn delete_flow(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
) -> Result<StatusCode, ApiError> {
    api.host.flows().delete(&project, &path.flow).await?;
    caller.note(json!({ "flow": path.flow }));
    Ok(StatusCode::NO_CONTENT)
}

/// A Flow's JSON, as Meta has it
#[utoipa::path(get, path = "/v1/projects/{project}/flows/{flow}/json", tag = "flows", params(FlowPath),
    responses(
        (status = 200, description = "The JSON", body = FlowJson),
        (status = 409, description = "Meta refused, or has none"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn show_flow_json(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
) -> Result<Json<FlowJson>, ApiError> {
    let json = api.host.flows().json(&project, &path.flow).await?;
    Ok(Json(FlowJson { json }))
}

/// Publishes a Flow
///
/// What was pushed last is what customers see from now on. Meta asks the data endpoint first, where
/// the Flow has one.
#[utoipa::path(post, path = "/v1/projects/{project}/flows/{flow}/publish", tag = "flows", params(FlowPath),
    responses(
        (status = 200, description = "It is published", body = FlowView),
        (status = 409, description = "Meta refused (`meta-refused`)"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn publish_flow(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
) -> Result<Json<FlowView>, ApiError> {
    let flow = api.host.flows().publish(&project, &path.flow).await?;
    caller.note(json!({ "flow": path.flow }));
    Ok(Json(flow.into()))
}

/// Deprecates a Flow
///
/// Nobody can open it any more, for good.
#[utoipa::path(post, path = "/v1/projects/{project}/flows/{flow}/deprecate", tag = "flows", params(FlowPath),
    responses(
        (status = 200, description = "It is deprecated", body = FlowView),
        (status = 409, description = "Meta refused (`meta-refused`)"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn deprecate_flow(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
) -> Result<Json<FlowView>, ApiError> {
    let flow = api.host.flows().deprecate(&project, &path.flow).await?;
    caller.note(json!({ "flow": path.flow }));
    Ok(Json(flow.into()))
}

/// How to preview.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PreviewQuery {
    /// Makes a new link: the one before ends.
    #[serde(default)]
    new: bool,
}

/// A link to try a Flow without WhatsApp
#[utoipa::path(get, path = "/v1/projects/{project}/flows/{flow}/preview", tag = "flows",
    params(FlowPath, PreviewQuery),
    responses(
        (status = 200, description = "The link", body = PreviewView),
        (status = 409, description = "Meta refused (`meta-refused`)"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn preview_flow(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
    ApiQuery(query): ApiQuery<PreviewQuery>,
) -> Result<Json<PreviewView>, ApiError> {
    let preview = api
        .host
        .flows()
        .preview(&project, &path.flow, query.new)
        .await?;
    Ok(Json(PreviewView {
        preview_url: preview.preview_url,
        expires_at: preview.expires_at,
    }))
}

/// Which numbers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MetricsQuery {
    /// Meta's word, as `ENDPOINT_REQUEST_COUNT`, `ENDPOINT_REQUEST_ERROR_RATE` or `ENDPOINT_AVAILABILITY`.
    #[param(pattern = "^[A-Z_]{1,60}$", example = "ENDPOINT_REQUEST_COUNT")]
    metric: Option<String>,
    /// `DAY`, `HOUR` or `LIFETIME`.
    #[param(pattern = "^[A-Z_]{1,60}$", example = "DAY")]
    granularity: Option<String>,
    /// A day, as `2026-12-31`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    since: Option<String>,
    /// A day, as `2026-12-31`.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    until: Option<String>,
}

/// Numbers of a Flow's endpoint, as Meta counts them
#[utoipa::path(get, path = "/v1/projects/{project}/flows/{flow}/metrics", tag = "flows",
    params(FlowPath, MetricsQuery),
    responses(
        (status = 200, description = "The numbers", body = FlowMetric),
        (status = 409, description = "Meta refused: it tells numbers from 250 requests on"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn show_flow_metrics(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<FlowPath>,
    ApiQuery(query): ApiQuery<MetricsQuery>,
) -> Result<Json<FlowMetric>, ApiError> {
    let or = |word: Option<String>, usual: &str| word.unwrap_or_else(|| usual.to_owned());
    let query = MetricQuery {
        metric: or(query.metric, "ENDPOINT_REQUEST_COUNT"),
        granularity: or(query.granularity, "DAY"),
        since: query.since,
        until: query.until,
    };
    let metric = api
        .host
        .flows()
        .metrics(&project, &path.flow, &query)
        .await?;
    let metric = serde_json::from_value(metric).unwrap_or(FlowMetric {
        name: None,
        granularity: None,
        data_points: Vec::new(),
    });
    Ok(Json(metric))
}

/// The key of a project's Flow endpoint
#[utoipa::path(get, path = "/v1/projects/{project}/flow-key", tag = "flows",
    responses(
        (status = 200, description = "The public key", body = FlowKeyView),
        (status = 404, description = "There is no such project, or it has no key: the first Flow with a data endpoint makes one"),
    ))]
async fn show_flow_key(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<FlowKeyView>, ApiError> {
    let card = api.host.flows().key(project.project_id).await?;
    let card = card.ok_or_else(|| {
        let said = format!(
            "project `{}` has no key for Flows: pushing a Flow with a data endpoint makes one",
            project.name
        );
        not_found("no-flow-key", said)
    })?;
    Ok(Json(card.into()))
}

/// Makes a new key for a project's Flow endpoint
///
/// Meta takes it in the place of the one before, which opens nothing from then on: phones that have
/// it fetch the new one by themselves.
#[utoipa::path(post, path = "/v1/projects/{project}/flow-key", tag = "flows",
    responses(
        (status = 200, description = "The new public key", body = FlowKeyView),
        (status = 409, description = "The project has no number, or Meta refused"),
        (status = 502, description = "Meta did not answer"),
    ))]
async fn rotate_flow_key(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
) -> Result<Json<FlowKeyView>, ApiError> {
    let card = api.host.flows().rotate_key(&project).await?;
    caller.note(json!({ "phone_number_id": card.phone_number_id }));
    Ok(Json(card.into()))
}
