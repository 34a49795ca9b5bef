//! Versions: deploy, list, show, follow a build, switch, roll back.

mod view;

use std::time::Duration;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::error::{bad_request, conflict, not_found, unprocessable};
use crate::api::{Api, ApiJson, ApiPath, ApiQuery, Bytes, Caller, PageQuery, ProjectPath, Window};
use crate::deploys::upload::MAX_UPLOAD_BYTES;
use crate::deploys::{BundlingError, DeployError, NewDeploy, SwitchError, SwitchedTo, UploadError};
use crate::http::ApiError;
use crate::news::Change;
use crate::projects::{LogLine, Project, ProjectStore, Version, VersionId};
use crate::views::versions::{Switched, VersionLog, VersionLogLine, VersionView};
use crate::views::{Page, Time};

/// An upload may come over a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(300);
const LONGEST_WAIT_MS: u64 = 30_000;
const LONGEST_MESSAGE: usize = 2_000;

pub(super) fn routes() -> OpenApiRouter<Api> {
    let upload = OpenApiRouter::new()
        .routes(routes!(list_versions, create_version))
        .layer(DefaultBodyLimit::max(MAX_UPLOAD_BYTES));
    OpenApiRouter::new()
        .merge(upload)
        .routes(routes!(show_version))
        .routes(routes!(show_version_log))
        .routes(routes!(activate_version))
        .routes(routes!(roll_back))
}

/// The versions of a project, newest first
#[utoipa::path(get, path = "/v1/projects/{project}/versions", tag = "versions", params(PageQuery),
    responses((status = 200, description = "A page of versions", body = Page<VersionView>)))]
async fn list_versions(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Page<VersionView>>, ApiError> {
    let window = Window::<i32>::read("versions", query.limit, query.cursor.as_deref())?;
    let rows = api
        .host
        .projects()
        .versions_before(project.project_id, window.after, window.rows())
        .await?;
    let key = |version: &Version| version.number;
    Ok(Json(window.page(rows, key, |version| {
        view::shown(&caller, &project, version)
    })))
}

/// What is said of a deploy.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeployQuery {
    /// What changed, in the words of who deploys.
    #[param(max_length = 2000, pattern = r"^[^\u0000]*$")]
    message: Option<String>,
    /// Whether the version is to serve as soon as it is ready; it is unless this says `false`.
    activate: Option<bool>,
    /// Whether variables that its code reads by other names than the host's are linked to what the
    /// host knows, where nobody set them.
    link: Option<bool>,
}

/// Deploys a folder or a component
///
/// The body is a `tar.gz` of the bot's folder, or a WebAssembly component of the world
/// `roost:bot/bot`. The answer comes at once; the version is built in the background, and its log
/// can be followed. What fails, because the upload is neither or its bot does not start, is kept as a
/// version that failed, and leaves the version before it serving.
#[utoipa::path(post, path = "/v1/projects/{project}/versions", tag = "versions", params(DeployQuery),
    request_body(description = "A `tar.gz` of the bot's folder, or a component", content(
        (Bytes = "application/gzip"),
        (Bytes = "application/wasm"),
        (Bytes = "application/octet-stream"),
    )),
    responses((status = 202, description = "The version that will be built", body = VersionView)))]
async fn create_version(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<DeployQuery>,
    request: Request,
) -> Result<(StatusCode, Json<VersionView>), ApiError> {
    let message = query.message.filter(|message| !message.trim().is_empty());
    if let Some(message) = &message
        && (message.chars().count() > LONGEST_MESSAGE || message.contains('\0'))
    {
        return Err(bad_request(
            "bad-message",
            format!("`message` has {LONGEST_MESSAGE} characters at most, and no NUL"),
        ));
    }
    let upload = crate::api::bytes(request, UPLOAD_TIMEOUT).await?;
    let deploy = NewDeploy {
        upload: &upload,
        created_by: &caller.identity().name,
        message: message.as_deref(),
        serves_when_ready: query.activate.unwrap_or(true),
        takes_links: query.link.unwrap_or(false),
    };
    let version = api
        .host
        .deploys()
        .submit(project.project_id, &deploy)
        .await?;
    caller.note(json!({ "version": format!("v{}", version.number), "message": message, "link": query.link }));
    Ok((
        StatusCode::ACCEPTED,
        Json(view::shown(&caller, &project, version)),
    ))
}

/// Which version.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct VersionPath {
    /// Its name or its id, such as `v3`.
    version: String,
}

async fn find(
    projects: &ProjectStore,
    project: &Project,
    named: &str,
) -> Result<Version, ApiError> {
    let found = match number_of(named) {
        Some(number) => {
            projects
                .version_numbered(project.project_id, number)
                .await?
        }
        None => match uuid::Uuid::parse_str(named) {
            Ok(id) => projects.version(project.project_id, VersionId(id)).await?,
            Err(_) => None,
        },
    };
    found.ok_or_else(|| {
        let named: String = named.chars().take(60).collect();
        not_found(
            "version-not-found",
            format!("`{}` has no version `{named}`", project.name),
        )
    })
}

/// `v3` or `3`.
fn number_of(named: &str) -> Option<i32> {
    let digits = named.strip_prefix('v').unwrap_or(named);
    digits.parse().ok().filter(|number| *number > 0)
}

/// A version
#[utoipa::path(get, path = "/v1/projects/{project}/versions/{version}", tag = "versions",
    params(VersionPath),
    responses((status = 200, description = "The version", body = VersionView)))]
async fn show_version(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<VersionPath>,
) -> Result<Json<VersionView>, ApiError> {
    let version = find(api.host.projects(), &project, &path.version).await?;
    Ok(Json(view::shown(&caller, &project, version)))
}

/// Which part of a log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// Lines after this one; all of them without it.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    after: Option<i32>,
    /// How many lines at most.
    #[param(minimum = 1, maximum = 2000, default = 500)]
    limit: Option<i64>,
    /// How long to wait for a line, or for the end of the build, when there is none yet.
    #[param(minimum = 0, maximum = 30000, default = 0)]
    wait_ms: Option<u64>,
}

impl From<LogLine> for VersionLogLine {
    fn from(line: LogLine) -> Self {
        Self {
            line: line.line,
            level: line.level.into(),
            text: line.text,
            at: Time(line.at),
        }
    }
}

/// The log of a version's build
///
/// It can be followed while it is written: ask again with `after` and `wait_ms`. What the bot printed
/// while it started is shown to tokens with `people`; all others see what the host says.
#[utoipa::path(get, path = "/v1/projects/{project}/versions/{version}/log", tag = "versions",
    params(VersionPath, LogQuery),
    responses((status = 200, description = "Lines of the log", body = VersionLog)))]
async fn show_version_log(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<VersionPath>,
    ApiQuery(query): ApiQuery<LogQuery>,
) -> Result<Json<VersionLog>, ApiError> {
    let limit = query.limit.unwrap_or(500);
    let wait_ms = query.wait_ms.unwrap_or_default();
    let after = query.after.unwrap_or_default();
    if !(1..=2000).contains(&limit) || wait_ms > LONGEST_WAIT_MS || after < 0 {
        return Err(bad_request(
            "bad-log-query",
            format!("`limit` is 1 to 2000, `wait_ms` 0 to {LONGEST_WAIT_MS}, `after` 0 or more"),
        ));
    }
    let projects = api.host.projects();
    let mut news = api.host.news().listen();
    let until = tokio::time::Instant::now() + Duration::from_millis(wait_ms);
    loop {
        // Before the lines: what is written before a final state is there when it is.
        let version = find(projects, &project, &path.version).await?;
        let lines = projects
            .build_log(
                project.project_id,
                version.version_id,
                after,
                limit,
                caller.sees_people(),
            )
            .await?;
        let is_over = tokio::time::Instant::now() >= until || api.draining.is_cancelled();
        if !lines.is_empty() || version.state.is_final() || is_over {
            return Ok(Json(VersionLog {
                next_after: lines.last().map_or(after, |line| line.line),
                items: lines.into_iter().map(VersionLogLine::from).collect(),
                state: version.state.into(),
                error: view::shown_error(&caller, &version),
            }));
        }
        tokio::select! {
            _ = news.of(project.project_id, &[Change::BuildLog, Change::Build]) => {}
            () = tokio::time::sleep_until(until) => {}
            () = api.draining.cancelled() => {}
        }
    }
}

async fn switched(
    api: &Api,
    caller: &Caller,
    project: &Project,
    done: SwitchedTo,
) -> Result<Json<Switched>, ApiError> {
    let project = api.host.projects().by_id(project.project_id).await?;
    Ok(Json(Switched {
        from: done
            .from
            .map(|version| view::shown(caller, &project, version)),
        to: view::shown(caller, &project, done.to),
    }))
}

/// Why nothing was switched, as the caller may see it.
fn refused(caller: &Caller, error: SwitchError) -> ApiError {
    match &error {
        SwitchError::DoesNotStart { source, .. } if source.is_authors() && source.quotes_bot() => {
            let why = caller.shown(source.chain());
            conflict("version-does-not-start", format!("{error}: {why}"))
        }
        _ => error.into(),
    }
}

/// Has a version serve
///
/// It is made ready first; one that does not start any more changes nothing. A build that is under
/// way does not take its place by itself.
#[utoipa::path(post, path = "/v1/projects/{project}/versions/{version}/activate", tag = "versions",
    params(VersionPath),
    responses((status = 200, description = "What was switched", body = Switched)))]
async fn activate_version(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<VersionPath>,
) -> Result<Json<Switched>, ApiError> {
    let version = find(api.host.projects(), &project, &path.version).await?;
    let deploys = api.host.deploys();
    let done = deploys.activate(project.project_id, version.number).await;
    let done = done.map_err(|error| refused(&caller, error))?;
    caller.note(json!({ "version": format!("v{}", done.to.number) }));
    switched(&api, &caller, &project, done).await
}

/// How far to go back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    /// The version to serve, such as `v3`. Without it: the one before that is ready.
    #[schema(example = "v3")]
    to: Option<String>,
}

/// Has the version before serve again
#[utoipa::path(post, path = "/v1/projects/{project}/rollback", tag = "versions",
    request_body = Rollback,
    responses((status = 200, description = "What was switched", body = Switched)))]
async fn roll_back(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(wanted): ApiJson<Rollback>,
) -> Result<Json<Switched>, ApiError> {
    let to = match &wanted.to {
        Some(named) => Some(find(api.host.projects(), &project, named).await?.number),
        None => None,
    };
    let done = api.host.deploys().roll_back(project.project_id, to).await;
    let done = done.map_err(|error| refused(&caller, error))?;
    caller.note(json!({ "version": format!("v{}", done.to.number) }));
    switched(&api, &caller, &project, done).await
}

impl From<DeployError> for ApiError {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Upload(error) => error.into(),
            DeployError::Project(error) => error.into(),
            DeployError::Bundling(error @ BundlingError::NotConfined(_)) => Self::Refused {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: "builds-not-confined",
                detail: error.to_string(),
            },
            error if error.is_authors() => unprocessable("bot-does-not-start", error.chain()),
            DeployError::Provision(_) => Self::Unavailable(error.into()),
            error => Self::Internal(error.into()),
        }
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::TooLong(_) => crate::api::too_large(),
            error => Self::Internal(error.into()),
        }
    }
}

impl From<SwitchError> for ApiError {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::NoVersion(_) => not_found("version-not-found", error),
            SwitchError::NotReady { .. } => conflict("version-not-ready", error),
            SwitchError::Serves(_) => conflict("version-serves-already", error),
            SwitchError::NothingBefore(_) => conflict("nothing-to-roll-back-to", error),
            SwitchError::DoesNotStart { ref source, .. } if !source.is_authors() => {
                Self::Unavailable(error.into())
            }
            SwitchError::DoesNotStart { .. } => conflict("version-does-not-start", error.chain()),
            SwitchError::Project(error) => error.into(),
        }
    }
}
