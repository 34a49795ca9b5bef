//! Conversations: the list, the stream of what changes, and what people do with one.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::error::{database, not_found, unprocessable};
use super::events::plain;
use super::logs::last_event_id;
use super::messages::{__path_list_messages, __path_send_message, list_messages, send_message};
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, ProjectPath, Window, not_null, typed_word};
use crate::conversations::{
    ConversationCard, ConversationChange, ConversationFilter, ConversationTail, LabelUse,
    ListPlace, MAX_NAME_CHARS, MAX_REASON_CHARS, Note, Session, SessionChange, Taker, checked,
};
use crate::http::ApiError;
use crate::projects::ProjectId;
use crate::views::people::{
    ConversationContact, ConversationView, LabelView, NoteView, TakenView, TakeoverView,
};
use crate::views::{Page, Time};

/// What shows people.
const CONVERSATIONS: &str = "a conversation";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_conversations))
        .routes(routes!(follow_conversations))
        .routes(routes!(show_conversation, change_conversation))
        .routes(routes!(list_messages, send_message))
        .routes(routes!(take_conversation))
        .routes(routes!(release_conversation))
        .routes(routes!(snooze_conversation))
        .routes(routes!(resolve_conversation))
        .routes(routes!(open_conversation))
        .routes(routes!(read_conversation))
        .routes(routes!(add_label, remove_label))
        .routes(routes!(list_notes, add_note))
        .routes(routes!(remove_note))
        .routes(routes!(list_labels))
}

impl From<ConversationCard> for ConversationView {
    fn from(card: ConversationCard) -> Self {
        let taken = card.taken_at.map(|at| TakeoverView {
            at: Time(at),
            by: card.taken_by,
            reason: card.taken_why,
        });
        let contact = card.contact_id.map(|id| ConversationContact {
            id: id.to_string(),
            wa_id: card.wa_id,
            user_id: card.user_id,
            name: card.name,
            username: card.username,
            consent: card.consent.map(Into::into),
        });
        Self {
            id: card.conversation_id.to_string(),
            contact,
            group_id: card.group_id,
            phone_number_id: card.phone_number_id,
            state: card.state,
            session: card.session.into(),
            snoozed_until: card.snoozed_until.map(Time),
            assignee: card.assignee,
            taken,
            labels: card.labels,
            unread: card.unread,
            last_inbound_at: card.last_inbound_at.map(Time),
            window_closes_at: card.window_closes_at.map(Time),
            is_window_open: card.is_window_open,
            created_at: Time(card.created_at),
            touched_at: card.touched_at.map(Time),
        }
    }
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.note_id.to_string(),
            author: note.author,
            text: note.body,
            created_at: Time(note.created_at),
        }
    }
}

/// Which conversation.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ConversationPath {
    /// The conversation's id, or the WhatsApp id or user id of its contact.
    conversation: String,
}

impl ConversationPath {
    pub(super) fn name(&self) -> &str {
        &self.conversation
    }
}

/// The conversation that a path names, if the caller may see it.
pub(super) async fn named(
    api: &Api,
    caller: &Caller,
    project: ProjectId,
    conversation: &str,
) -> Result<ConversationCard, ApiError> {
    caller.require_people(CONVERSATIONS)?;
    let people = api.host.people();
    Ok(people.conversation(project, conversation).await?)
}

/// The one that is to be changed, which the audit log names.
pub(super) async fn to_change(
    api: &Api,
    caller: &Caller,
    project: ProjectId,
    path: &ConversationPath,
) -> Result<ConversationCard, ApiError> {
    let card = named(api, caller, project, &path.conversation).await?;
    caller.note(json!({ "conversation": card.conversation_id }));
    Ok(card)
}

/// The same, as it is after a change.
async fn changed(
    api: &Api,
    project: ProjectId,
    before: &ConversationCard,
) -> Result<Json<ConversationView>, ApiError> {
    let people = api.host.people();
    let card = people.again(project, before.conversation_id).await?;
    Ok(Json(card.into()))
}

/// Somebody's name, as the body says it, or the token's.
pub(super) fn by(caller: &Caller, said: Option<String>) -> Result<String, ApiError> {
    let name = said.unwrap_or_else(|| caller.identity().name.clone());
    Ok(checked("by", &name, MAX_NAME_CHARS, false)?)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConversationsQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// The bot's state.
    #[param(pattern = r"^[^\u0000]*$")]
    state: Option<String>,
    /// Whether somebody has to look after it.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    session: Option<Session>,
    /// Has this label.
    #[param(pattern = r"^[^\u0000]*$")]
    label: Option<String>,
    /// Is assigned to this person.
    #[param(pattern = r"^[^\u0000]*$")]
    assignee: Option<String>,
    /// Whether there are messages that nobody has answered or read.
    unread: Option<bool>,
    /// Whether a person has it in the bot's place.
    taken: Option<bool>,
    /// How the contact's name or number begins, whatever its case; or the whole user id. Of more than 1,000 such
    /// contacts some are left out.
    #[param(pattern = r"^[^\u0000]*$")]
    text: Option<String>,
}

/// Conversations, those that changed last first
///
/// Needs a token with `people`, as all of conversations does.
#[utoipa::path(get, path = "/v1/projects/{project}/conversations", tag = "people", params(ConversationsQuery),
    responses((status = 200, description = "A page of conversations", body = Page<ConversationView>)))]
async fn list_conversations(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<ConversationsQuery>,
) -> Result<Json<Page<ConversationView>>, ApiError> {
    caller.require_people(CONVERSATIONS)?;
    let window = Window::<ListPlace>::read("conversations", query.limit, query.cursor.as_deref())?;
    let filter = ConversationFilter {
        state: plain("state", query.state)?,
        session: query.session,
        label: plain("label", query.label)?,
        assignee: plain("assignee", query.assignee)?,
        is_unread: query.unread,
        is_taken: query.taken,
        text: plain("text", query.text)?,
    };
    let store = api.host.people().conversations();
    let found = store
        .conversations(project.project_id, &filter, window.after, window.rows())
        .await
        .map_err(database)?;
    Ok(Json(window.page(
        found,
        ConversationCard::place,
        ConversationView::from,
    )))
}

/// A server-sent event with a conversation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what a stream holds")]
struct ConversationEvent {
    /// `conversation`
    #[schema(pattern = "^conversation$")]
    event: String,
    /// How far the stream is.
    #[schema(pattern = "^[0-9]{1,18}$")]
    id: String,
    /// A `Conversation` as JSON.
    data: String,
}

/// The conversations that change from now on
///
/// Server-sent events named `conversation`, with the conversation as it is then, whichever host, person, bot or contact
/// changed it: a message came or went, or something was said of it. A client that was cut off goes on by
/// `Last-Event-ID`. One that was erased is not told. The stream ends when the host stops.
#[utoipa::path(get, path = "/v1/projects/{project}/conversations/stream", tag = "people",
    params(("Last-Event-ID" = Option<String>, Header, pattern = "^[0-9]{1,18}$",
        description = "The `id` of the last event that was seen")),
    responses((status = 200, description = "Conversations as they change", content_type = "text/event-stream", body = ConversationEvent)))]
async fn follow_conversations(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    caller.require_people(CONVERSATIONS)?;
    let after = last_event_id(&headers)?;
    let store = api.host.people().conversations();
    let tail = store
        .follow(project.project_id, after)
        .await
        .map_err(database)?;
    let changes =
        futures::StreamExt::take_until(changes(tail), api.draining.clone().cancelled_owned());
    Ok(Sse::new(changes).keep_alive(KeepAlive::default()))
}

/// Ends when the database fails: clients come again, and miss nothing.
fn changes(tail: ConversationTail) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((tail, VecDeque::new()), async |(mut tail, mut waiting)| {
        if waiting.is_empty() {
            match tail.next().await {
                Ok(changed) => waiting.extend(changed),
                Err(error) => {
                    tracing::warn!(%error, "conversations could not be followed");
                    return None;
                }
            }
        }
        let card: ConversationCard = waiting.pop_front()?;
        let event = Event::default()
            .event("conversation")
            .id(card.touched.to_string());
        let event = event.json_data(ConversationView::from(card)).ok()?;
        Some((Ok(event), (tail, waiting)))
    })
}

/// A conversation
#[utoipa::path(get, path = "/v1/projects/{project}/conversations/{conversation}", tag = "people",
    params(ConversationPath),
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn show_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let card = named(&api, &caller, project.project_id, &path.conversation).await?;
    Ok(Json(card.into()))
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedConversation {
    /// The bot's state: what decides how the next message is understood. Null: none.
    #[serde(default, deserialize_with = "maybe_null")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200)]
    state: Option<Option<String>>,
    /// Who looks after it. Null: nobody.
    #[serde(default, deserialize_with = "maybe_null")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 100)]
    assignee: Option<Option<String>>,
}

/// Null says something else than nothing.
fn maybe_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes a conversation's state, or who looks after it
#[utoipa::path(patch, path = "/v1/projects/{project}/conversations/{conversation}", tag = "people",
    params(ConversationPath), request_body = ChangedConversation,
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn change_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    ApiJson(wanted): ApiJson<ChangedConversation>,
) -> Result<Json<ConversationView>, ApiError> {
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    caller.note(json!({
        "conversation": card.conversation_id, "state": wanted.state, "assignee": wanted.assignee,
    }));
    let change = ConversationChange {
        state: wanted.state,
        assignee: wanted.assignee,
    };
    let store = api.host.people().conversations();
    store
        .change(project.project_id, card.conversation_id, &change)
        .await?;
    changed(&api, project.project_id, &card).await
}

/// Who takes a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedTakeover {
    /// Who has it from now on; left out: the name of the token.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    by: Option<String>,
    /// Why, for those who look at it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 500)]
    reason: Option<String>,
    /// Also when another person has it.
    #[serde(default)]
    #[schema(required = false)]
    force: bool,
}

/// Takes a conversation in the bot's place
///
/// Until it is released no message of it reaches the bot: each ends as an event with the outcome `person`, and is in the
/// history. What waited already ends so at once. What the bot is working on is not stopped.
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/take", tag = "people",
    params(ConversationPath), request_body = WantedTakeover,
    responses(
        (status = 200, description = "It is theirs", body = TakenView),
        (status = 409, description = "Another person has it (`conversation-taken`)"),
    ))]
async fn take_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    ApiJson(wanted): ApiJson<WantedTakeover>,
) -> Result<Json<TakenView>, ApiError> {
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let name = by(&caller, wanted.by)?;
    let reason = wanted
        .reason
        .map(|reason| checked("reason", &reason, MAX_REASON_CHARS, false))
        .transpose()?;
    caller.note(json!({ "conversation": card.conversation_id, "by": name, "force": wanted.force }));
    let taker = Taker {
        by: Some(&name),
        why: reason.as_deref(),
        is_forced: wanted.force,
    };
    let people = api.host.people();
    let taken = people
        .take(project.project_id, card.conversation_id, &taker)
        .await?;
    let Json(conversation) = changed(&api, project.project_id, &card).await?;
    Ok(Json(TakenView {
        conversation,
        ended_events: taken.ended,
        running_event: taken.running.map(|event| event.to_string()),
    }))
}

/// Gives a conversation back to the bot
///
/// What comes from now on reaches the bot again. What came meanwhile does not.
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/release", tag = "people",
    params(ConversationPath),
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn release_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let people = api.host.people();
    people
        .release(project.project_id, card.conversation_id)
        .await?;
    changed(&api, project.project_id, &card).await
}

async fn set_session(
    api: &Api,
    caller: &Caller,
    project: ProjectId,
    path: &ConversationPath,
    change: SessionChange,
) -> Result<Json<ConversationView>, ApiError> {
    let card = to_change(api, caller, project, path).await?;
    let store = api.host.people().conversations();
    store
        .set_session(project, card.conversation_id, change)
        .await?;
    changed(api, project, &card).await
}

/// Until when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SnoozedUntil {
    /// RFC 3339; a time that comes.
    #[schema(format = DateTime, example = "2030-01-31T09:30:00Z")]
    until: String,
}

/// Puts a conversation aside until a time
///
/// It opens again then, or with the contact's next message.
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/snooze", tag = "people",
    params(ConversationPath), request_body = SnoozedUntil,
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn snooze_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    ApiJson(snoozed): ApiJson<SnoozedUntil>,
) -> Result<Json<ConversationView>, ApiError> {
    let until = super::time_given("until", Some(&snoozed.until))
        .map_err(|error| unprocessable("bad-time", error))?;
    let until = until.ok_or_else(|| unprocessable("bad-time", "`until` is no time"))?;
    let change = SessionChange::Snoozed(until);
    set_session(&api, &caller, project.project_id, &path, change).await
}

/// Says that nobody has to look after a conversation
///
/// It opens again with the contact's next message.
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/resolve", tag = "people",
    params(ConversationPath),
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn resolve_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let change = SessionChange::Resolved;
    set_session(&api, &caller, project.project_id, &path, change).await
}

/// Opens a conversation that was snoozed or resolved
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/open", tag = "people",
    params(ConversationPath),
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn open_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let change = SessionChange::Open;
    set_session(&api, &caller, project.project_id, &path, change).await
}

/// Says that somebody has read a conversation
///
/// Here only: the contact does not see it.
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/read", tag = "people",
    params(ConversationPath),
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn read_conversation(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let store = api.host.people().conversations();
    store
        .mark_seen(project.project_id, card.conversation_id)
        .await?;
    changed(&api, project.project_id, &card).await
}

/// Which label of which conversation.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct LabelPath {
    /// The conversation's id, or the WhatsApp id or user id of its contact.
    conversation: String,
    /// Up to 50 characters.
    label: String,
}

impl LabelPath {
    fn split(self) -> (ConversationPath, String) {
        let conversation = self.conversation;
        (ConversationPath { conversation }, self.label)
    }
}

/// Gives a conversation a label
#[utoipa::path(put, path = "/v1/projects/{project}/conversations/{conversation}/labels/{label}", tag = "people",
    params(LabelPath),
    responses(
        (status = 200, description = "The conversation", body = ConversationView),
        (status = 409, description = "The conversation has as many labels as it may"),
        (status = 422, description = "It is no label"),
    ))]
async fn add_label(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<LabelPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let (path, label) = path.split();
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let store = api.host.people().conversations();
    store
        .add_label(project.project_id, card.conversation_id, &label)
        .await?;
    changed(&api, project.project_id, &card).await
}

/// Takes a label away
#[utoipa::path(delete, path = "/v1/projects/{project}/conversations/{conversation}/labels/{label}", tag = "people",
    params(LabelPath),
    responses((status = 200, description = "The conversation", body = ConversationView)))]
async fn remove_label(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<LabelPath>,
) -> Result<Json<ConversationView>, ApiError> {
    let (path, label) = path.split();
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let store = api.host.people().conversations();
    let had_it = match label.contains('\0') {
        true => false,
        false => {
            store
                .remove_label(project.project_id, card.conversation_id, &label)
                .await?
        }
    };
    match had_it {
        true => changed(&api, project.project_id, &card).await,
        false => Err(not_found(
            "label-not-found",
            "the conversation has no such label",
        )),
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NotesQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What people noted beside a conversation, oldest first
#[utoipa::path(get, path = "/v1/projects/{project}/conversations/{conversation}/notes", tag = "people",
    params(ConversationPath, NotesQuery),
    responses((status = 200, description = "A page of notes", body = Page<NoteView>)))]
async fn list_notes(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    ApiQuery(query): ApiQuery<NotesQuery>,
) -> Result<Json<Page<NoteView>>, ApiError> {
    let card = named(&api, &caller, project.project_id, &path.conversation).await?;
    let window = Window::<Uuid>::read("notes", query.limit, query.cursor.as_deref())?;
    let store = api.host.people().conversations();
    let notes = store
        .notes(
            project.project_id,
            card.conversation_id,
            window.after,
            window.rows(),
        )
        .await
        .map_err(database)?;
    Ok(Json(window.page(
        notes,
        |note| note.note_id,
        NoteView::from,
    )))
}

/// A note to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNote {
    /// 1 to 4,000 characters. The contact never sees it.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// Who wrote it; left out: the name of the token.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    by: Option<String>,
}

/// Adds a note
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/notes", tag = "people",
    params(ConversationPath), request_body = NewNote,
    responses((status = 201, description = "The note", body = NoteView)))]
async fn add_note(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    ApiJson(new): ApiJson<NewNote>,
) -> Result<(StatusCode, Json<NoteView>), ApiError> {
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let author = by(&caller, new.by)?;
    let store = api.host.people().conversations();
    let note = store
        .add_note(project.project_id, card.conversation_id, &author, &new.text)
        .await?;
    caller.note(json!({ "conversation": card.conversation_id, "note": note.note_id }));
    Ok((StatusCode::CREATED, Json(note.into())))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct NotePath {
    /// The conversation's id, or the WhatsApp id or user id of its contact.
    conversation: String,
    /// The note's id.
    #[param(value_type = String)]
    note: Uuid,
}

/// Removes a note
#[utoipa::path(delete, path = "/v1/projects/{project}/conversations/{conversation}/notes/{note}", tag = "people",
    params(NotePath),
    responses((status = 204, description = "It is removed")))]
async fn remove_note(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<NotePath>,
) -> Result<StatusCode, ApiError> {
    let conversation = ConversationPath {
        conversation: path.conversation,
    };
    let card = to_change(&api, &caller, project.project_id, &conversation).await?;
    let store = api.host.people().conversations();
    let was_there = store
        .remove_note(project.project_id, card.conversation_id, path.note)
        .await?;
    match was_there {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_found(
            "note-not-found",
            "the conversation has no such note",
        )),
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LabelsQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The labels of a project's conversations
#[utoipa::path(get, path = "/v1/projects/{project}/labels", tag = "people", params(LabelsQuery),
    responses((status = 200, description = "A page of labels", body = Page<LabelView>)))]
async fn list_labels(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<LabelsQuery>,
) -> Result<Json<Page<LabelView>>, ApiError> {
    caller.require_people("a label")?;
    let window = Window::<String>::read("labels", query.limit, query.cursor.as_deref())?;
    let store = api.host.people().conversations();
    let labels = store
        .labels(project.project_id, window.after.as_deref(), window.rows())
        .await
        .map_err(database)?;
    let view = |label: LabelUse| LabelView {
        label: label.label,
        conversations: label.conversations,
    };
    Ok(Json(window.page(labels, |label| label.label.clone(), view)))
}

/// JSON that came from outside, as it is.
pub(super) fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
