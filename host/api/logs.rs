//! Bots' logs: in pages, and live.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{bad_request, database};
use super::events::plain;
use super::{Api, ApiQuery, Caller, ProjectPath, RowId, Window, time_given, typed_word};
use crate::http::ApiError;
use crate::inbox::EventId;
use crate::logs::{LogFilter, LogLine, Tail};
use crate::views::logs::LogView;
use crate::views::{Page, Time};
use crate::words::LogLevel;

/// What a client that lost the stream says it had last.
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_logs))
        .routes(routes!(follow_logs))
}

impl From<LogLine> for LogView {
    fn from(line: LogLine) -> Self {
        Self {
            id: line.log_id.to_string(),
            level: line.level.into(),
            at: Time(line.at),
            message: line.message,
            event_id: line.event_id.map(|id| id.to_string()),
            run_id: line.run_id.map(|id| id.to_string()),
            version_id: line.version_id.map(|id| id.to_string()),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogsQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// This level and those above it.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    level: Option<LogLevel>,
    /// What one event logged.
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    event: Option<RowId>,
    /// What the line contains, whatever its case.
    #[param(pattern = r"^[^\u0000]*$")]
    text: Option<String>,
    /// Logged at this time or later: RFC 3339.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Logged before this time: RFC 3339.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// What a project's bot logged, newest first
///
/// Needs a token with `people`: bots log what people write.
#[utoipa::path(get, path = "/v1/projects/{project}/logs", tag = "logs", params(LogsQuery),
    responses((status = 200, description = "A page of lines", body = Page<LogView>)))]
async fn list_logs(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<LogsQuery>,
) -> Result<Json<Page<LogView>>, ApiError> {
    caller.require_people("what a bot logs")?;
    let window = Window::<i64>::read("logs", query.limit, query.cursor.as_deref())?;
    let filter = LogFilter {
        level: query.level,
        event_id: query.event.map(|RowId(id)| EventId(id)),
        text: plain("text", query.text)?,
        since: time_given("since", query.since.as_deref())?,
        until: time_given("until", query.until.as_deref())?,
    };
    // What this host's bots have just logged.
    api.host.log_writer().flush().await;
    let lines = api
        .host
        .logs()
        .list(project.project_id, &filter, window.after, window.rows())
        .await
        .map_err(database)?;
    Ok(Json(window.page(lines, |line| line.log_id, LogView::from)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FollowQuery {
    /// This level and those above it.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    level: Option<LogLevel>,
    /// What one event logs.
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    event: Option<RowId>,
    /// What the line contains, whatever its case.
    #[param(pattern = r"^[^\u0000]*$")]
    text: Option<String>,
    /// Begins after the line with this id; without it, with what comes from now on.
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    after: Option<RowId>,
}

/// A server-sent event with a line.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what a stream holds")]
struct LineEvent {
    /// `line`
    #[schema(pattern = "^line$")]
    event: String,
    /// The line's.
    #[schema(pattern = "^[0-9]{1,18}$")]
    id: String,
    /// A `LogLine` as JSON.
    data: String,
}

/// What a project's bot logs from now on
///
/// Server-sent events named `line`, with a line as JSON; of all hosts. Their ids are the lines': a
/// client that was cut off goes on by `Last-Event-ID`. The stream ends when the host stops. Needs a token
/// with `people`.
#[utoipa::path(get, path = "/v1/projects/{project}/logs/stream", tag = "logs",
    params(FollowQuery, ("Last-Event-ID" = Option<String>, Header, pattern = "^[0-9]{1,18}$",
        description = "The `id` of the last event that was seen")),
    responses((status = 200, description = "Lines as they come: each event is one", content_type = "text/event-stream", body = LineEvent)))]
async fn follow_logs(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<FollowQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    caller.require_people("what a bot logs")?;
    let filter = LogFilter {
        level: query.level,
        event_id: query.event.map(|RowId(id)| EventId(id)),
        text: plain("text", query.text)?,
        ..LogFilter::default()
    };
    let after = match last_event_id(&headers)? {
        Some(after) => Some(after),
        None => query.after.map(|RowId(id)| id),
    };
    let tail = api
        .host
        .logs()
        .follow(project.project_id, filter, after)
        .await
        .map_err(database)?;
    let lines = lines(tail).take_until(api.draining.clone().cancelled_owned());
    Ok(Sse::new(lines).keep_alive(KeepAlive::default()))
}

pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(RowId::parse);
    id.map(|RowId(id)| Some(id)).ok_or_else(|| {
        bad_request(
            "bad-last-event-id",
            "`Last-Event-ID` is no `id` of this stream",
        )
    })
}

/// Ends when the database fails: clients come again, and miss nothing.
fn lines(tail: Tail) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((tail, VecDeque::new()), async |(mut tail, mut waiting)| {
        if waiting.is_empty() {
            match tail.next().await {
                Ok(lines) => waiting.extend(lines),
                Err(error) => {
                    tracing::warn!(%error, "a log could not be followed");
                    return None;
                }
            }
        }
        let line: LogLine = waiting.pop_front()?;
        let id = line.log_id.to_string();
        let event = Event::default().event("line").id(id);
        let event = event.json_data(LogView::from(line)).ok()?;
        Some((Ok(event), (tail, waiting)))
    })
}
