//! The audit log: written around every change, and its list.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::caller::{Caller, find_visible, uuid};
use super::extract::ApiQuery;
use super::page::Window;
use crate::access::{AuditEntry, AuditOutcome, NewAuditEntry, Scope};
use crate::http::{ApiError, RequestId};
use crate::views::audit::AuditRecord;
use crate::views::{Page, Time};

/// The longest part of a path that is written down.
const LONGEST_TARGET: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// Writes every change down, before and after. Without the row before there is no change.
pub(super) async fn write_down(
    State(api): State<Api>,
    caller: Caller,
    path: MatchedPath,
    Extension(RequestId(request_id)): Extension<RequestId>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    let started = Instant::now();
    let identity = caller.identity();
    let entry = NewAuditEntry {
        actor: &identity.name,
        token_id: identity.token_id,
        action: &api.action(request.method(), path.as_str()),
        target: &target(params.ok().as_ref()),
        request_id: &request_id,
    };
    let id = api.access.audit_begins(&entry).await?;
    let response = next.run(request).await;
    let error = response.extensions().get::<Arc<ApiError>>();
    let note = caller.noted();
    let (project_id, project_name) = note.project.unzip();
    let outcome = AuditOutcome {
        status: response.status().as_u16(),
        code: error.map(|error| error.code().to_owned()),
        project_id,
        project_name,
        note: note.changed,
        duration_ms: i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX),
    };
    if let Err(error) = api.access.audit_ends(id, &outcome).await {
        // The change is made: its row says that nobody knows, and the log says which.
        tracing::error!(%error, request.id = request_id, "the outcome of a change is not in the audit log");
    }
    Ok(response)
}

/// What a path may name by a person's number, which the log does not tell.
const PEOPLE: [&str; 2] = ["contact", "conversation"];

/// What the path names, besides the project. Of people it tells the host's own ids only.
fn target(params: Option<&RawPathParams>) -> Value {
    let params = params.into_iter().flatten();
    let named = params
        .filter(|(name, _)| *name != "project")
        .map(|(name, value)| {
            let is_hidden = PEOPLE.contains(&name) && uuid(value).is_none();
            let value: String = match is_hidden {
                true => "(by an id at Meta)".to_owned(),
                false => value.chars().take(LONGEST_TARGET).collect(),
            };
            (name.to_owned(), Value::String(value))
        });
    Value::Object(named.collect::<Map<_, _>>())
}

impl From<AuditEntry> for AuditRecord {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.audit_id.to_string(),
            at: Time(entry.at),
            actor: entry.actor,
            token_id: entry.token_id,
            action: entry.action,
            project_id: entry.project_id,
            project: entry.project_name,
            target: entry.target,
            changed: entry.note,
            request_id: entry.request_id,
            status: entry.status,
            code: entry.code,
            duration_ms: entry.duration_ms,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only changes of the project with this name or id.
    project: Option<String>,
}

/// What was changed, and by whom
///
/// Newest first. Needs the scope `admin`.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of the log", body = Page<AuditRecord>)))]
async fn list_audit(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(query): ApiQuery<AuditQuery>,
) -> Result<Json<Page<AuditRecord>>, ApiError> {
    caller.require(Scope::Admin)?;
    let window = Window::<i64>::read("audit", query.limit, query.cursor.as_deref())?;
    let project = match &query.project {
        Some(text) => Some(find_visible(&api, &caller, text).await?.project_id),
        None => caller.bound_to(),
    };
    let rows = api.access.audit(project, window.after, window.rows());
    let page = window.page(rows.await?, |row| row.audit_id, AuditRecord::from);
    Ok(Json(page))
}
