//! Contacts: who they are, what they agreed to, all that is kept of them, and its end.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::error::{conflict, database, not_found, unprocessable};
use super::events::plain;
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, ProjectPath, Window, typed_word};
use crate::conversations::{ChangeError, Consent, ContactCard, ContactFilter, set_consent};
use crate::http::ApiError;
use crate::people::PeopleError;
use crate::projects::ProjectId;
use crate::views::people::{ConsentView, ContactView, ErasedView};
use crate::views::{Page, Time};
use crate::whatsapp::SendError;

/// What shows people.
const CONTACTS: &str = "a contact";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_contacts))
        .routes(routes!(show_contact, erase_contact))
        .routes(routes!(export_contact))
        .routes(routes!(opt_in))
        .routes(routes!(opt_out))
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NoConversation(_) => not_found("conversation-not-found", error),
            ChangeError::Invalid { .. } => unprocessable("bad-text", error),
            ChangeError::TooMany(..) => conflict("too-many", error),
            ChangeError::Database(error) => database(error),
        }
    }
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::NoConversation => not_found("conversation-not-found", error),
            PeopleError::NoContact => not_found("contact-not-found", error),
            PeopleError::TakenBy(_) => conflict("conversation-taken", error),
            PeopleError::Busy => conflict("contact-busy", error),
            PeopleError::WindowClosed | PeopleError::NeverWrote => conflict("window-closed", error),
            PeopleError::Unfit(_) => unprocessable("template-unfit", error),
            PeopleError::NoGroups => conflict("no-groups", error),
            PeopleError::NoNumber => conflict("no-number", error),
            PeopleError::OtherNumber => conflict("other-number", error),
            PeopleError::Media(error) => error.into(),
            PeopleError::Change(error) => error.into(),
            PeopleError::Message(error) => unprocessable("bad-message", error),
            PeopleError::Project(error) => error.into(),
            PeopleError::Database(error) => database(error),
            PeopleError::Send(error) => match error {
                SendError::Rejected(_) => conflict("meta-refused", error),
                SendError::RateLimited { .. } | SendError::Behind => conflict("meta-limit", error),
                SendError::Unreachable(_) => conflict("meta-unreachable", error),
                SendError::Unsettled { .. } => conflict("send-unsettled", error),
                SendError::TooMany(_) | SendError::Invalid(_) => {
                    unprocessable("bad-message", error)
                }
                SendError::Store(error) => database(error),
            },
        }
    }
}

impl From<ContactCard> for ContactView {
    fn from(card: ContactCard) -> Self {
        let consent = match (card.consent, card.consent_at, card.consent_source) {
            (Some(word), Some(at), Some(source)) => Some(ConsentView {
                word: word.into(),
                at: Time(at),
                source,
            }),
            _ => None,
        };
        Self {
            id: card.contact_id.to_string(),
            wa_id: card.wa_id,
            user_id: card.user_id,
            name: card.name,
            username: card.username,
            consent,
            conversation_ids: card.conversations.iter().map(Uuid::to_string).collect(),
            created_at: Time(card.created_at),
        }
    }
}

/// Which contact.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ContactPath {
    /// The contact's id, WhatsApp id or user id.
    contact: String,
}

async fn named(
    api: &Api,
    caller: &Caller,
    project: ProjectId,
    path: &ContactPath,
) -> Result<ContactCard, ApiError> {
    caller.require_people(CONTACTS)?;
    Ok(api.host.people().contact(project, &path.contact).await?)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ContactsQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How the name or the number begins, whatever its case; or the whole user id.
    #[param(pattern = r"^[^\u0000]*$")]
    text: Option<String>,
    /// What they said to messages of marketing.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    consent: Option<Consent>,
}

/// Contacts, those met last first
///
/// Needs a token with `people`, as all of contacts does.
#[utoipa::path(get, path = "/v1/projects/{project}/contacts", tag = "people", params(ContactsQuery),
    responses((status = 200, description = "A page of contacts", body = Page<ContactView>)))]
async fn list_contacts(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<ContactsQuery>,
) -> Result<Json<Page<ContactView>>, ApiError> {
    caller.require_people(CONTACTS)?;
    let window = Window::<Uuid>::read("contacts", query.limit, query.cursor.as_deref())?;
    let filter = ContactFilter {
        text: plain("text", query.text)?,
        consent: query.consent,
    };
    let store = api.host.people().conversations();
    let found = store
        .contacts(project.project_id, &filter, window.after, window.rows())
        .await
        .map_err(database)?;
    Ok(Json(window.page(
        found,
        |card| card.contact_id.0,
        ContactView::from,
    )))
}

/// A contact
#[utoipa::path(get, path = "/v1/projects/{project}/contacts/{contact}", tag = "people", params(ContactPath),
    responses((status = 200, description = "The contact", body = ContactView)))]
async fn show_contact(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ContactPath>,
) -> Result<Json<ContactView>, ApiError> {
    let card = named(&api, &caller, project.project_id, &path).await?;
    Ok(Json(card.into()))
}

/// All that the host keeps of a contact
///
/// Lines of JSON: what it is, then `{"table", "row"}` for each row, and at last `{"rows", "complete"}`. Without that
/// last line the export was cut off. What the bot keeps in its own schema is not in it.
#[utoipa::path(post, path = "/v1/projects/{project}/contacts/{contact}/export", tag = "people", params(ContactPath),
    responses((status = 200, description = "The lines", body = String, content_type = "application/x-ndjson")))]
async fn export_contact(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ContactPath>,
) -> Result<Response, ApiError> {
    let card = named(&api, &caller, project.project_id, &path).await?;
    caller.note(json!({ "contact": card.contact_id }));
    let lines = api
        .host
        .people()
        .export(project.project_id, card.contact_id);
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(lines)).into_response())
}

/// Erases a contact
///
/// With all that the host keeps of them: conversations, messages, statuses, labels, notes, events with their runs,
/// sends, and what bots logged of them. It is refused while the bot works on something of theirs (`contact-busy`). What
/// the bot keeps in its own schema stays, and so does what Meta has. Whoever writes again is a contact again.
#[utoipa::path(delete, path = "/v1/projects/{project}/contacts/{contact}", tag = "people", params(ContactPath),
    responses(
        (status = 200, description = "What was erased", body = ErasedView),
        (status = 409, description = "The bot works on something of this contact"),
    ))]
async fn erase_contact(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ContactPath>,
) -> Result<Json<ErasedView>, ApiError> {
    let card = named(&api, &caller, project.project_id, &path).await?;
    caller.note(json!({ "contact": card.contact_id }));
    // What this host's bots have just logged of them.
    api.host.log_writer().flush().await;
    let erased = api
        .host
        .people()
        .erase(project.project_id, card.contact_id)
        .await?;
    Ok(Json(ErasedView {
        conversations: erased.conversations,
        messages: erased.messages,
        events: erased.events,
    }))
}

/// Where a contact said it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentGiven {
    /// As in `checkout`, or `asked by phone`: 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500, example = "checkout")]
    source: String,
}

async fn set(
    api: &Api,
    caller: &Caller,
    project: ProjectId,
    path: &ContactPath,
    (consent, given): (Consent, ConsentGiven),
) -> Result<Json<ContactView>, ApiError> {
    let card = named(api, caller, project, path).await?;
    caller.note(json!({ "contact": card.contact_id, "consent": consent }));
    let store = api.host.people().conversations();
    set_consent(store, project, card.contact_id, consent, &given.source).await?;
    let id = card.contact_id.to_string();
    let card = api.host.people().contact(project, &id).await?;
    Ok(Json(card.into()))
}

/// Keeps that a contact agreed to messages of marketing
#[utoipa::path(post, path = "/v1/projects/{project}/contacts/{contact}/opt-in", tag = "people", params(ContactPath),
    request_body = ConsentGiven,
    responses((status = 200, description = "The contact", body = ContactView)))]
async fn opt_in(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ContactPath>,
    ApiJson(given): ApiJson<ConsentGiven>,
) -> Result<Json<ContactView>, ApiError> {
    let said = (Consent::OptedIn, given);
    set(&api, &caller, project.project_id, &path, said).await
}

/// Keeps that a contact wants no messages of marketing
#[utoipa::path(post, path = "/v1/projects/{project}/contacts/{contact}/opt-out", tag = "people", params(ContactPath),
    request_body = ConsentGiven,
    responses((status = 200, description = "The contact", body = ContactView)))]
async fn opt_out(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ContactPath>,
    ApiJson(given): ApiJson<ConsentGiven>,
) -> Result<Json<ContactView>, ApiError> {
    let said = (Consent::OptedOut, given);
    set(&api, &caller, project.project_id, &path, said).await
}
