//! Events: what came in, what became of it and why; dead ones run again or given up.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::uuid;
use super::dead_events::DeadEvents;
use super::error::{bad_request, conflict, database, not_found};
use super::event_view::detail;
use super::{
    Api, ApiJson, ApiPath, ApiQuery, Caller, ProjectPath, RowId, Window, time_given, typed_word,
};
use crate::events::{EventError, EventFilter, EventReport, EventState, Events, Words};
use crate::http::ApiError;
use crate::inbox::{EventId, EventKind, InboxError, Outcome};
use crate::logs::LogFilter;
use crate::views::events::{AdoptedView, EventCount, EventDetail, EventView, MissedView};
use crate::views::logs::LogView;
use crate::views::{Page, Time};

/// Lines of a bot's log that come with an event.
const LOG_LINES: i64 = 200;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_events))
        .routes(routes!(replay_events))
        .routes(routes!(discard_events))
        .routes(routes!(show_event))
        .routes(routes!(replay_event))
        .routes(routes!(discard_event))
        .routes(routes!(show_missed))
        .routes(routes!(adopt_missed))
}

impl From<EventError> for ApiError {
    fn from(error: EventError) -> Self {
        match error {
            EventError::NotFound(_) => not_found("event-not-found", error),
            EventError::NotDead { .. } => conflict("event-not-dead", error),
            EventError::Runs(_) => conflict("event-runs", error),
            EventError::NotFailed(_) => conflict("event-not-failed", error),
            EventError::Over { .. } => conflict("event-over", error),
            EventError::Inbox(
                InboxError::Unavailable(error)
                | InboxError::NoRoom(error)
                | InboxError::Database(error),
            ) => database(error),
            EventError::Inbox(error @ InboxError::Full { .. }) => {
                conflict("too-many-waiting", error)
            }
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Where the events are in their life.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    state: Option<EventState>,
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    kind: Option<EventKind>,
    /// Of this customer or conversation: a phone number, a user id, a group's or a conversation's id.
    #[param(pattern = r"^[^\u0000]*$")]
    contact: Option<String>,
    /// How the last run ended, as in `timeout`.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    outcome: Option<Outcome>,
    /// What the last error contains, whatever its case.
    #[param(pattern = r"^[^\u0000]*$")]
    error: Option<String>,
    /// Received at this time or later: RFC 3339.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Received before this time: RFC 3339.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// Events, newest first
///
/// Each with one sentence that says why the customer did or did not get an answer. A token without
/// `people` sees no digit of a number and no word of a bot, and cannot look for them.
#[utoipa::path(get, path = "/v1/projects/{project}/events", tag = "events", params(EventsQuery),
    responses((status = 200, description = "A page of events", body = Page<EventView>)))]
async fn list_events(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<EventsQuery>,
) -> Result<Json<Page<EventView>>, ApiError> {
    let window = Window::<i64>::read("events", query.limit, query.cursor.as_deref())?;
    may_ask(&caller, query.contact.as_deref(), query.error.as_deref())?;
    let filter = EventFilter {
        state: query.state,
        kind: query.kind,
        contact: plain("contact", query.contact)?,
        outcome: query.outcome,
        error: plain("error", query.error)?,
        since: time_given("since", query.since.as_deref())?,
        until: time_given("until", query.until.as_deref())?,
    };
    let events = shown_to(&api, &caller);
    let before = window.after.map(EventId);
    let found = events
        .list(project.project_id, &filter, before, window.rows())
        .await?;
    let key = |report: &EventReport| report.event.event_id.0;
    Ok(Json(window.page(found, key, EventView::from)))
}

#[derive(Deserialize)]
struct EventPath {
    event: RowId,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventQuery {
    /// Shows what came in, with the customer's words and number.
    payload: Option<bool>,
}

/// An event, with its runs, its sends and its log
///
/// The customer's words and number are shown only when `payload` asks for them. A token without `people`
/// sees neither, nor the log, nor what the bot or Meta said.
#[utoipa::path(get, path = "/v1/projects/{project}/events/{event}", tag = "events", params(EventQuery),
    responses((status = 200, description = "The event", body = EventDetail)))]
async fn show_event(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<EventPath>,
    ApiQuery(query): ApiQuery<EventQuery>,
) -> Result<Json<EventDetail>, ApiError> {
    let event_id = EventId(path.event.0);
    let wants_payload = query.payload.unwrap_or(false);
    if wants_payload {
        caller.require_people("`payload`")?;
    }
    // What this host's bots have just logged.
    api.host.log_writer().flush().await;
    let events = shown_to(&api, &caller);
    let report = events.find(project.project_id, event_id).await?;
    if !caller.sees_people() {
        return Ok(Json(detail(report, Vec::new(), None)));
    }
    let of_event = LogFilter {
        event_id: Some(event_id),
        ..LogFilter::default()
    };
    let mut lines = api
        .host
        .logs()
        .list(project.project_id, &of_event, None, LOG_LINES)
        .await
        .map_err(database)?;
    lines.reverse();
    let payload = match wants_payload {
        true => Some(
            api.host
                .events()
                .payload(project.project_id, event_id)
                .await?,
        ),
        false => None,
    };
    let log = lines.into_iter().map(LogView::from).collect();
    Ok(Json(detail(report, log, payload)))
}

/// Runs a dead event again
///
/// Before the newer ones of its conversation. What it sent is not sent again; what Meta refused before is
/// asked again.
#[utoipa::path(post, path = "/v1/projects/{project}/events/{event}/replay", tag = "events",
    responses((status = 200, description = "The event as it is now", body = EventView)))]
async fn replay_event(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<EventPath>,
) -> Result<Json<EventView>, ApiError> {
    let (events, event_id) = (shown_to(&api, &caller), EventId(path.event.0));
    events.replay(project.project_id, event_id).await?;
    let report = events.find(project.project_id, event_id).await?;
    Ok(Json(report.into()))
}

/// Gives up an event
///
/// One that is dead, or that failed and waits for another run: later messages of its conversation go on.
/// It is kept for its retention, and never run again. One that runs is not stopped.
#[utoipa::path(post, path = "/v1/projects/{project}/events/{event}/discard", tag = "events",
    responses((status = 200, description = "The event as it is now", body = EventView)))]
async fn discard_event(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<EventPath>,
) -> Result<Json<EventView>, ApiError> {
    let (events, event_id) = (shown_to(&api, &caller), EventId(path.event.0));
    events.discard(project.project_id, event_id).await?;
    let report = events.find(project.project_id, event_id).await?;
    Ok(Json(report.into()))
}

/// Runs dead events again
///
/// Each before the newer ones of its conversation. What they sent is not sent again; what Meta refused
/// before is asked again.
#[utoipa::path(post, path = "/v1/projects/{project}/events/replay", tag = "events", request_body = DeadEvents,
    responses((status = 200, description = "How many are pending again", body = EventCount)))]
async fn replay_events(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(which): ApiJson<DeadEvents>,
) -> Result<Json<EventCount>, ApiError> {
    let filter = which.filter()?;
    may_ask(&caller, filter.contact.as_deref(), filter.error.as_deref())?;
    let events = api
        .host
        .events()
        .replay_all(project.project_id, &filter)
        .await?;
    caller.note(json!({ "events": events }));
    Ok(Json(EventCount { events }))
}

/// Gives up dead events
///
/// They are kept for their retention, and never run again.
#[utoipa::path(post, path = "/v1/projects/{project}/events/discard", tag = "events", request_body = DeadEvents,
    responses((status = 200, description = "How many are given up", body = EventCount)))]
async fn discard_events(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(which): ApiJson<DeadEvents>,
) -> Result<Json<EventCount>, ApiError> {
    let filter = which.filter()?;
    may_ask(&caller, filter.contact.as_deref(), filter.error.as_deref())?;
    let events = api
        .host
        .events()
        .discard_all(project.project_id, &filter)
        .await?;
    caller.note(json!({ "events": events }));
    Ok(Json(EventCount { events }))
}

/// What Meta sent for the project's number before it was connected
#[utoipa::path(get, path = "/v1/projects/{project}/missed", tag = "events",
    responses((status = 200, description = "How much there is", body = MissedView)))]
async fn show_missed(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<MissedView>, ApiError> {
    let missed = api.host.events().missed(project.project_id).await?;
    Ok(Json(MissedView {
        webhooks: missed.count,
        too_long: missed.too_long,
        oldest_received_at: missed.oldest_received_at.map(Time),
    }))
}

/// Takes over what Meta sent before the number was connected
///
/// The bot gets it as if it came now. After 24 hours Meta lets only templates go to those who wrote.
#[utoipa::path(post, path = "/v1/projects/{project}/missed/adopt", tag = "events",
    responses((status = 200, description = "What became of it", body = AdoptedView)))]
async fn adopt_missed(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
) -> Result<Json<AdoptedView>, ApiError> {
    let adopted = api.host.events().adopt(project.project_id).await?;
    caller.note(json!({ "events": adopted.events }));
    Ok(Json(AdoptedView {
        events: adopted.events,
        duplicates: adopted.duplicates,
    }))
}

/// Events as a caller may see them.
fn shown_to(api: &Api, caller: &Caller) -> Events {
    api.host.events().with(match caller.sees_people() {
        true => Words::Shown,
        false => Words::Hidden,
    })
}

/// Refuses who looks for what they may not see: the answer would tell it.
fn may_ask(caller: &Caller, contact: Option<&str>, error: Option<&str>) -> Result<(), ApiError> {
    // A conversation's id says nothing of who it is with.
    if contact.is_some_and(|contact| uuid(contact).is_none()) {
        caller.require_people("a search for a person")?;
    }
    match error {
        Some(_) => caller.require_people("a search in what bots say"),
        None => Ok(()),
    }
}

/// A text that the database can be asked for.
pub(super) fn plain(name: &str, text: Option<String>) -> Result<Option<String>, ApiError> {
    match text {
        Some(text) if text.contains('\0') => Err(bad_request(
            "bad-query",
            format!("`{name}` has a NUL character; remove it"),
        )),
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}
