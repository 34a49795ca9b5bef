//! The messages of a conversation: its history, and what a person writes.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::conversations::{ConversationPath, by, named, raw, to_change};
use super::error::{database, unprocessable};
use super::events::plain;
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, ProjectPath, Window, not_null};
use crate::conversations::{Content, ConversationId, ConversationStore, StoredMessage};
use crate::http::ApiError;
use crate::media::Medium;
use crate::people::{MediaKind, MediaSource, NewReply, Reply};
use crate::projects::ProjectId;
use crate::templates::{ButtonValue, Filling, Given};
use crate::views::people::{MediaView, MessageView};
use crate::views::{Page, Time};
use crate::words::Told;

impl From<StoredMessage> for MessageView {
    fn from(message: StoredMessage) -> Self {
        let content = Content::of(&message.message_type, &message.body);
        let event_id = message.event_id.filter(|id| *id > 0);
        Self {
            id: message.wamid,
            direction: message.direction.into(),
            r#type: message.message_type,
            text: content.text,
            media: content.media.map(|media| MediaView {
                id: media.id,
                link: media.link,
                mime_type: media.mime_type,
                sha256: media.sha256,
                filename: media.filename,
                state: None,
                told: None,
                size: None,
            }),
            written_by: message.written_by,
            event_id: event_id.map(|id| id.to_string()),
            status: message.status.as_deref().map(Told::of),
            status_at: message.status_at.map(Time),
            errors: message.errors.map(raw),
            sent_at: Time(message.sent_at),
            body: raw(message.body),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MessagesQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// What the message says, whatever its case: its text, caption, title or name.
    #[param(pattern = r"^[^\u0000]*$")]
    text: Option<String>,
}

/// Messages that are looked through for one page of those that say something.
const LOOKED_THROUGH: usize = 5_000;

/// Those that are read at once for it.
const AT_ONCE: i64 = 500;

/// The history of a conversation, newest first
///
/// Each message with what Meta reported of it, and who wrote it when a person did. With `text` a page may have few
/// messages, or none, and a `next_cursor` all the same: 5,000 messages are looked through for one.
#[utoipa::path(get, path = "/v1/projects/{project}/conversations/{conversation}/messages", tag = "people",
    params(ConversationPath, MessagesQuery),
    responses((status = 200, description = "A page of messages", body = Page<MessageView>)))]
pub(super) async fn list_messages(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    ApiQuery(query): ApiQuery<MessagesQuery>,
) -> Result<Json<Page<MessageView>>, ApiError> {
    let card = named(&api, &caller, project.project_id, path.name()).await?;
    let window = Window::<i64>::read("messages", query.limit, query.cursor.as_deref())?;
    let store = api.host.people().conversations();
    if let Some(text) = plain("text", query.text)? {
        let (project, conversation) = (project.project_id, card.conversation_id);
        let (found, looked_to) = find(store, (project, conversation), &window, &text).await?;
        let found = found.into_iter().map(MessageView::from);
        let mut part = window.part(found.collect(), looked_to);
        tell_of_media(&api, project, &mut part.items).await?;
        return Ok(Json(part));
    }
    let messages = store
        .messages(
            project.project_id,
            card.conversation_id,
            window.after,
            window.rows(),
        )
        .await
        .map_err(database)?;
    let mut page = window.page(messages, |message| message.position, MessageView::from);
    tell_of_media(&api, project.project_id, &mut page.items).await?;
    Ok(Json(page))
}

/// Says of each medium whether the host has it.
async fn tell_of_media(
    api: &Api,
    project: ProjectId,
    messages: &mut [MessageView],
) -> Result<(), ApiError> {
    let with_media = messages.iter().filter(|message| message.media.is_some());
    let wamids: Vec<String> = with_media.map(|message| message.id.clone()).collect();
    if wamids.is_empty() {
        return Ok(());
    }
    let found = api.host.media().of_messages(project, &wamids).await?;
    let mut found: HashMap<String, Medium> = found
        .into_iter()
        .map(|medium| (medium.wamid.clone(), medium))
        .collect();
    for message in messages {
        if let (Some(view), Some(medium)) = (&mut message.media, found.remove(&message.id)) {
            view.state = Some(medium.state.into());
            view.told = medium.told;
            view.size = medium.size;
        }
    }
    Ok(())
}

/// Messages that say this, and how far they were looked for; `None`: to the beginning.
async fn find(
    store: &ConversationStore,
    (project, conversation): (ProjectId, ConversationId),
    window: &Window<i64>,
    text: &str,
) -> Result<(Vec<StoredMessage>, Option<i64>), ApiError> {
    let wanted = text.to_lowercase();
    let says_it = |message: &StoredMessage| {
        let content = Content::of(&message.message_type, &message.body);
        let said = content.text.map(|said| said.to_lowercase());
        said.is_some_and(|said| said.contains(&wanted))
    };
    let (mut found, mut before, mut looked) = (Vec::new(), window.after, 0);
    while looked < LOOKED_THROUGH {
        let messages = store
            .messages(project, conversation, before, AT_ONCE)
            .await
            .map_err(database)?;
        let is_end = messages.len() < AT_ONCE as usize;
        looked += messages.len();
        for message in messages {
            before = Some(message.position);
            if says_it(&message) {
                found.push(message);
                if found.len() == window.limit() {
                    return Ok((found, before));
                }
            }
        }
        if is_end {
            return Ok((found, None));
        }
    }
    Ok((found, before))
}

/// A message that a person writes: exactly one of `text`, `media` and `template`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyWanted {
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = TextWanted, required = false)]
    text: Option<TextWanted>,
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = MediaWanted, required = false)]
    media: Option<MediaWanted>,
    /// The only message for who has not written for 24 hours. What does not fit the template is refused
    /// (`template-unfit`).
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = TemplateWanted, required = false)]
    template: Option<TemplateWanted>,
    /// The id of a message to quote.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 512)]
    reply_to: Option<String>,
    /// Who writes it; left out: the name of the token.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    by: Option<String>,
}

/// A text.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TextWanted {
    #[schema(min_length = 1, max_length = 4096)]
    body: String,
    /// Whether WhatsApp shows a preview of the first link.
    #[serde(default)]
    #[schema(required = false)]
    preview_url: bool,
}

/// What kind of media.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MediaWord {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

/// Media: by Meta's id of it, or by an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MediaWanted {
    kind: MediaWord,
    /// Meta's id of media that was uploaded to, or received by, the number.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 512)]
    id: Option<String>,
    /// A public https address that Meta fetches.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 2048)]
    link: Option<String>,
    /// Not for audio and stickers.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1024)]
    caption: Option<String>,
    /// Of a document.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 240)]
    filename: Option<String>,
}

/// An approved template.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateWanted {
    #[schema(min_length = 1, max_length = 512)]
    name: String,
    /// The language code, for instance `en_US`; needed when the template is there in several.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 20)]
    language: Option<String>,
    /// What stands above the text, as Meta's parameter: `{"type": "image", "image": {"link": "https://…"}}`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Object, required = false)]
    header: Option<Value>,
    /// For the variables of the text, in order.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    body: Vec<String>,
    /// For variables that have names.
    #[serde(default)]
    #[schema(required = false)]
    named: BTreeMap<String, String>,
    /// What buttons take, by their places from 0.
    #[serde(default)]
    #[schema(required = false)]
    buttons: BTreeMap<String, String>,
}

impl TemplateWanted {
    fn message(self) -> Result<Reply, ApiError> {
        let in_order = self.body.into_iter().map(|text| Given { name: None, text });
        let named = self.named.into_iter().map(|(name, text)| Given {
            name: Some(name),
            text,
        });
        let mut buttons = Vec::new();
        for (place, text) in self.buttons {
            let place: u32 = place.parse().map_err(|_| {
                unprocessable(
                    "bad-message",
                    "`buttons` has their places, from 0, as names",
                )
            })?;
            buttons.push((place, ButtonValue::Text(text)));
        }
        Ok(Reply::Template {
            name: self.name,
            language: self.language,
            values: Filling {
                header: self.header,
                body: in_order.chain(named).collect(),
                buttons,
                ..Filling::default()
            },
        })
    }
}

impl ReplyWanted {
    fn message(&mut self) -> Result<Reply, ApiError> {
        let said = (self.text.take(), self.media.take(), self.template.take());
        match said {
            (Some(text), None, None) => Ok(Reply::Text {
                body: text.body,
                preview_url: text.preview_url,
            }),
            (None, Some(media), None) => media.message(),
            (None, None, Some(template)) => template.message(),
            _ => Err(unprocessable(
                "bad-message",
                "a message is exactly one of `text`, `media` and `template`",
            )),
        }
    }
}

impl MediaWanted {
    fn message(self) -> Result<Reply, ApiError> {
        let source = match (self.id, self.link) {
            (Some(id), None) => MediaSource::Id(id),
            (None, Some(link)) => MediaSource::Link(link),
            _ => {
                return Err(unprocessable(
                    "bad-message",
                    "`media` has exactly one of `id` and `link`",
                ));
            }
        };
        Ok(Reply::Media {
            kind: match self.kind {
                MediaWord::Image => MediaKind::Image,
                MediaWord::Video => MediaKind::Video,
                MediaWord::Audio => MediaKind::Audio,
                MediaWord::Document => MediaKind::Document,
                MediaWord::Sticker => MediaKind::Sticker,
            },
            source,
            caption: self.caption,
            filename: self.filename,
        })
    }
}

/// Writes a message by hand
///
/// It goes the way of the bot's own: written down before it goes out, and, with an `Idempotency-Key`, sent once however
/// often it is asked for. For 24 hours after the contact's last message WhatsApp takes any message, and then only
/// templates (`window-closed`). The bot does not hear of it, and goes on answering unless the conversation is taken.
#[utoipa::path(post, path = "/v1/projects/{project}/conversations/{conversation}/messages", tag = "people",
    params(ConversationPath), request_body = ReplyWanted,
    responses(
        (status = 201, description = "Meta took it", body = MessageView),
        (status = 409, description = "WhatsApp does not take it now (`window-closed`), Meta refused it (`meta-refused`, \
            `meta-limit`), or it could not go out (`meta-unreachable`). `send-unsettled`: nobody knows whether it went \
            out; ask again with the same `Idempotency-Key` after a minute"),
    ))]
pub(super) async fn send_message(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<ConversationPath>,
    headers: HeaderMap,
    ApiJson(mut wanted): ApiJson<ReplyWanted>,
) -> Result<(StatusCode, Json<MessageView>), ApiError> {
    let card = to_change(&api, &caller, project.project_id, &path).await?;
    let author = by(&caller, wanted.by.take())?;
    let message = wanted.message()?;
    caller.note(json!({ "conversation": card.conversation_id, "by": author }));
    let key = headers.get("idempotency-key");
    let key = key.and_then(|key| key.to_str().ok());
    let owner = caller
        .identity()
        .token_id
        .map_or(uuid::Uuid::nil(), |id| id.0);
    let new = NewReply {
        message: &message,
        reply_to: wanted.reply_to.as_deref(),
        author: &author,
        key: key.map(|key| (owner, key)),
    };
    let people = api.host.people();
    let sent = people.reply(project.project_id, &card, &new).await?;
    Ok((StatusCode::CREATED, Json(sent.into())))
}
