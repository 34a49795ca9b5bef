//! The queue: what waits to run, for how long, and whose it is.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::bad_request;
use super::{Api, ApiQuery, Caller, ProjectPath};
use crate::http::ApiError;
use crate::inbox::{ProjectQueue, QueueSummary};
use crate::views::Time;
use crate::views::queue::{ProjectQueueView, QueueView};

/// Projects that are listed when nothing else is asked for.
const USUAL: u32 = 10;
const MOST: u32 = 100;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_queue))
        .routes(routes!(show_project_queue))
}

impl From<QueueSummary> for QueueView {
    fn from(summary: QueueSummary) -> Self {
        let depth = summary.depth;
        Self {
            pending: depth.pending,
            live: summary.live,
            running: depth.running,
            dead: depth.dead,
            oldest_received_at: depth.oldest_received_at.map(Time),
            oldest_age_ms: summary.oldest_age_ms,
            projects: summary.projects.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ProjectQueue> for ProjectQueueView {
    fn from(queue: ProjectQueue) -> Self {
        Self {
            project_id: queue.project_id.to_string(),
            name: queue.name,
            pending: queue.pending,
            live: queue.live,
            running: queue.running,
            held: queue.held,
            oldest_received_at: queue.oldest_received_at.map(Time),
            oldest_age_ms: queue.oldest_age_ms,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QueueQuery {
    /// How many projects to list.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
}

/// What waits to run, and the projects with the most
///
/// A token for one project sees that one.
#[utoipa::path(get, path = "/v1/queue", tag = "queue", params(QueueQuery),
    responses((status = 200, description = "The queue", body = QueueView)))]
async fn show_queue(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(query): ApiQuery<QueueQuery>,
) -> Result<Json<QueueView>, ApiError> {
    let limit = query.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("`limit` is {limit}; use 1 to {MOST}");
        return Err(bad_request("bad-limit", detail));
    }
    let summary = api.host.inbox().summary(caller.bound_to(), limit).await?;
    Ok(Json(summary.into()))
}

/// What waits to run of a project
#[utoipa::path(get, path = "/v1/projects/{project}/queue", tag = "queue",
    responses((status = 200, description = "The project's queue", body = QueueView)))]
async fn show_project_queue(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<QueueView>, ApiError> {
    let summary = api
        .host
        .inbox()
        .summary(Some(project.project_id), 1)
        .await?;
    Ok(Json(summary.into()))
}
