//! What becomes of a project: provisioning, pausing, deleting, exports.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{bad_gateway, bad_request, conflict, unprocessable};
use super::{Api, ApiQuery, Bytes, Caller, ProjectPath, RowId};
use crate::access::Scope;
use crate::http::ApiError;
use crate::lifecycle::{LifecycleError, News, Standing, State as ProjectState, Step, StepChange};
use crate::views::Time;
use crate::views::projects::{ChangeView, ProjectView, StandingView, StepNews, StepView};
use crate::words::Told;

/// How often a stream shows that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(delete_project))
        .routes(routes!(restore_project))
        .routes(routes!(pause_project))
        .routes(routes!(resume_project))
        .routes(routes!(show_provisioning))
        .routes(routes!(retry_provisioning))
        .routes(routes!(follow_provisioning))
        .routes(routes!(export_project))
}

impl From<LifecycleError> for ApiError {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::Project(error) => error.into(),
            LifecycleError::NoMetaId(_) => unprocessable("bad-meta-id", error),
            LifecycleError::NoToken => unprocessable("bad-token", error),
            LifecycleError::NoPin => unprocessable("bad-pin", error),
            LifecycleError::NoNumber(_) => conflict("no-number", error),
            LifecycleError::BadProfile(_) => unprocessable("bad-profile", error),
            LifecycleError::Refused(_) => conflict("meta-refused", error),
            LifecycleError::Later(_) => bad_gateway("meta-unreachable", error),
        }
    }
}

impl From<Standing> for StandingView {
    fn from(standing: Standing) -> Self {
        Self {
            status: standing.state.into(),
            step: standing.step.map(Told::Known),
            error: standing.error,
            delete_after: standing.delete_after.map(Time),
            steps: standing.steps.into_iter().map(StepView::from).collect(),
        }
    }
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self {
            step: step.step.into(),
            state: step.state.into(),
            attempts: step.attempts,
            started_at: step.started_at.map(Time),
            ended_at: step.ended_at.map(Time),
            error: step.error,
            note: step.note,
            next_try_at: step.next_try_at.map(Time),
        }
    }
}

/// How to delete.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeleteQuery {
    /// Without a grace period: it cannot be undone.
    #[serde(default)]
    now: bool,
}

/// Deletes a project
///
/// Its bot stops at once, and Meta is told that its number left. Everything that it owns goes when
/// the host's grace period is over; until then `restore` undoes it, and the list of projects still has
/// it, and all that is below its own address is not found. Export it first. Needs the scope `admin`.
#[utoipa::path(delete, path = "/v1/projects/{project}", tag = "projects", params(DeleteQuery),
    responses((status = 202, description = "When everything of it goes", body = StandingView)))]
async fn delete_project(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<DeleteQuery>,
) -> Result<(StatusCode, Json<StandingView>), ApiError> {
    caller.require(Scope::Admin)?;
    let lifecycle = api.host.lifecycle();
    // Told as it was when it was asked for: soon there is nothing to tell.
    let mut standing = lifecycle.standing(project.project_id).await?;
    let delete_after = lifecycle.delete(project.project_id, query.now).await?;
    caller.note(json!({ "now": query.now }));
    if let Ok(now) = lifecycle.standing(project.project_id).await {
        standing = now;
    }
    standing.state = ProjectState::Deleting;
    standing.delete_after = Some(delete_after);
    Ok((StatusCode::ACCEPTED, Json(standing.into())))
}

/// Undoes the deletion of a project
///
/// Until its grace period is over. Its number is connected again, in the background. Needs the scope
/// `admin`.
#[utoipa::path(post, path = "/v1/projects/{project}/restore", tag = "projects",
    responses(
        (status = 200, description = "The project", body = ProjectView),
        (status = 409, description = "It is not being deleted, or its time is over; or the `Idempotency-Key` is in use"),
    ))]
async fn restore_project(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
) -> Result<Json<ProjectView>, ApiError> {
    caller.require(Scope::Admin)?;
    api.host.lifecycle().restore(project.project_id).await?;
    shown(&api, &project).await
}

/// Pauses a project
///
/// Its events are kept and wait; what runs ends. Deploys go on.
#[utoipa::path(post, path = "/v1/projects/{project}/pause", tag = "projects",
    responses(
        (status = 200, description = "The project", body = ProjectView),
        (status = 409, description = "It is being deleted, or the `Idempotency-Key` is in use"),
    ))]
async fn pause_project(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<ProjectView>, ApiError> {
    api.host.lifecycle().pause(project.project_id).await?;
    shown(&api, &project).await
}

/// Resumes a project
///
/// What waited is run, in its order.
#[utoipa::path(post, path = "/v1/projects/{project}/resume", tag = "projects",
    responses(
        (status = 200, description = "The project", body = ProjectView),
        (status = 409, description = "It is being deleted, or the `Idempotency-Key` is in use"),
    ))]
async fn resume_project(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<ProjectView>, ApiError> {
    api.host.lifecycle().resume(project.project_id).await?;
    shown(&api, &project).await
}

async fn shown(
    api: &Api,
    project: &crate::projects::Project,
) -> Result<Json<ProjectView>, ApiError> {
    let card = api.host.projects().card(project.project_id).await?;
    Ok(Json(card.into()))
}

/// How far a project's provisioning is
///
/// The latest state of every step, also of connecting its number and of removing it.
#[utoipa::path(get, path = "/v1/projects/{project}/provisioning", tag = "projects",
    responses((status = 200, description = "The steps", body = StandingView)))]
async fn show_provisioning(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<StandingView>, ApiError> {
    let standing = api.host.lifecycle().standing(project.project_id).await?;
    Ok(Json(standing.into()))
}

/// Has failed steps tried again
///
/// After what they complained of was mended.
#[utoipa::path(post, path = "/v1/projects/{project}/provisioning/retry", tag = "projects",
    responses((status = 202, description = "The steps", body = StandingView)))]
async fn retry_provisioning(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
) -> Result<(StatusCode, Json<StandingView>), ApiError> {
    let lifecycle = api.host.lifecycle();
    let steps = lifecycle.retry(project.project_id).await?;
    caller.note(json!({ "steps": steps }));
    let standing = lifecycle.standing(project.project_id).await?;
    Ok((StatusCode::ACCEPTED, Json(standing.into())))
}

/// A server-sent event of a project's provisioning.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what a stream holds")]
struct StepEvent {
    /// `step`, `end` or `gone`
    #[schema(pattern = "^(step|end|gone)$")]
    event: String,
    /// Of a `step`.
    #[schema(required = false, pattern = "^[0-9]{1,18}$")]
    id: String,
    /// JSON: the step as it is now, or a `Provisioning` at the end.
    data: String,
}

/// Follows a project's provisioning live
///
/// Server-sent events: `step` for each change of a step, from the beginning, or after the one that
/// `Last-Event-ID` names; then `end`, with how the project stands, when nothing more happens by
/// itself. `gone` ends it when the project was removed.
#[utoipa::path(get, path = "/v1/projects/{project}/provisioning/stream", tag = "projects",
    params(("Last-Event-ID" = Option<String>, Header, pattern = "^[0-9]{1,18}$",
        description = "The `id` of the last event that was seen")),
    responses((status = 200, description = "The changes: each event is one", body = StepEvent, content_type = "text/event-stream")))]
async fn follow_provisioning(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let after = after(&headers)?;
    let news = api
        .host
        .lifecycle()
        .follow(project.project_id, after)
        .await?;
    let events = news
        // The client asks again with the last id, and by then the database may be back.
        .take_while(|news| std::future::ready(news.is_ok()))
        .filter_map(|news| std::future::ready(news.ok()))
        .map(|news| Ok(event(news)))
        .take_until(api.draining.clone().cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn after(headers: &HeaderMap) -> Result<i64, ApiError> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let id = value.to_str().ok().and_then(RowId::parse);
    id.map(|RowId(id)| id).ok_or_else(|| {
        bad_request(
            "bad-last-event-id",
            "`Last-Event-ID` is not from this stream: send the `id` of the last event that was seen, or leave it out",
        )
    })
}

fn event(news: News) -> Event {
    let (name, id, data) = match news {
        News::Changed(change) => (
            StepNews::Step,
            Some(change.change_id),
            data(&ChangeView::from(change)),
        ),
        News::Ended(Some(standing)) => (StepNews::End, None, data(&StandingView::from(*standing))),
        News::Ended(None) => (StepNews::Gone, None, "{}".to_owned()),
    };
    let event = Event::default().event(name.word()).data(data);
    match id {
        Some(id) => event.id(id.to_string()),
        None => event,
    }
}

fn data<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl From<StepChange> for ChangeView {
    fn from(change: StepChange) -> Self {
        Self {
            step: change.step.into(),
            state: change.state.into(),
            attempts: change.attempts,
            error: change.error,
            note: change.note,
            next_try_at: change.next_try_at.map(Time),
            at: Time(change.at),
        }
    }
}

/// Exports all that a project has
///
/// A `tar.gz`: the project, its conversations and messages as JSON lines, its own schema as SQL and
/// CSV, its versions' code; of secrets the names only. Its last file is `manifest.json`: without it
/// the export was cut off. Needs the scope `admin`, and `people`.
#[utoipa::path(post, path = "/v1/projects/{project}/export", tag = "projects",
    responses((status = 200, description = "The export", body = Bytes, content_type = "application/gzip")))]
async fn export_project(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
) -> Result<Response, ApiError> {
    caller.require(Scope::Admin)?;
    caller.require_people("an export")?;
    let pieces = api.host.lifecycle().export(project.project_id).await?;
    let name = format!("attachment; filename=\"{}.tar.gz\"", project.name);
    let headers = [
        (header::CONTENT_TYPE, "application/gzip".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
