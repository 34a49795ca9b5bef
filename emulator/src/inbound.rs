//! What a customer does: it becomes a message in the conversation and a webhook.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::{DAY_MS, timestamp};
use crate::graph::media::download_url;
use crate::ids::{self, Direction};
use crate::outbox::update::{Content, Update};
use crate::platform::Platform;
use crate::platform::model::Media;
use crate::platform::thread::{Choice, ChoiceKind, ReceivedMessage};
use crate::platform::world::World;
use crate::statuses::contact_object;
use crate::webhooks::post;
use crate::wire::{Act, MediaAct};

/// How long the media of a customer's message can be fetched.
const INBOUND_MEDIA_MS: i64 = 7 * DAY_MS;

/// Why a customer could not do that.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    #[error("there is no number `{0}`")]
    NumberNotFound(String),
    #[error("there is no customer `{0}`: add them first")]
    CustomerNotFound(String),
    #[error("the conversation has no message `{0}`")]
    MessageNotFound(String),
    #[error("no message of the bot offers `{wanted}`; it offers {offered}")]
    NoSuchChoice { wanted: String, offered: String },
    #[error("the media's `data` is not base64")]
    BadMedia(#[source] base64::DecodeError),
}

/// A customer in front of a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor<'a> {
    pub(crate) number_id: &'a str,
    pub(crate) phone: &'a str,
}

/// The parts of a message that differ between acts.
struct Spoken {
    message_type: &'static str,
    body: Value,
    /// The message that it answers.
    context: Option<String>,
}

impl Spoken {
    fn new(message_type: &'static str, body: Value, context: Option<String>) -> Self {
        Self {
            message_type,
            body,
            context,
        }
    }
}

/// Does it; gives the id of the message.
pub(crate) fn perform(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    act: Act,
) -> Result<String, ActError> {
    let now_ms = platform.clock.now_ms();
    let (id, update) = platform.edit(|world| {
        check_actor(world, actor)?;
        let spoken = speak(platform, world, actor, act)?;
        let id = ids::wamid(actor.phone, Direction::Inbound);
        let update = update_of(world, actor, &id, spoken, now_ms)?;
        let message = ReceivedMessage {
            id: id.clone(),
            at_ms: now_ms,
            is_read: false,
        };
        world.push_received(actor.number_id, actor.phone, message, platform.history);
        Ok((id, update))
    })?;
    post(platform, update);
    Ok(id)
}

/// Fails when the number or the customer does not exist.
pub(crate) fn check_actor(world: &World, actor: Actor<'_>) -> Result<(), ActError> {
    if !world.numbers.contains_key(actor.number_id) {
        return Err(ActError::NumberNotFound(actor.number_id.to_owned()));
    }
    if !world.customers.contains_key(actor.phone) {
        return Err(ActError::CustomerNotFound(actor.phone.to_owned()));
    }
    Ok(())
}

fn speak(
    platform: &Platform,
    world: &mut World,
    actor: Actor<'_>,
    act: Act,
) -> Result<Spoken, ActError> {
    Ok(match act {
        Act::Text { body, reply_to } => Spoken::new("text", json!({"body": body}), reply_to),
        Act::Tap { button, message_id } => tap(world, actor, &button, message_id)?,
        Act::Choose { row, message_id } => choose(world, actor, &row, message_id)?,
        Act::Image(media) => with_media(platform, world, actor, "image", media)?,
        Act::Audio(media) => with_media(platform, world, actor, "audio", media)?,
        Act::Video(media) => with_media(platform, world, actor, "video", media)?,
        Act::Document(media) => with_media(platform, world, actor, "document", media)?,
        Act::Sticker(media) => with_media(platform, world, actor, "sticker", media)?,
        Act::Location {
            latitude,
            longitude,
            name,
            address,
            reply_to,
        } => {
            let mut body = json!({"latitude": latitude, "longitude": longitude});
            set(&mut body, "name", name);
            set(&mut body, "address", address);
            Spoken::new("location", body, reply_to)
        }
        Act::Reaction { message_id, emoji } => {
            check_message(world, actor, &message_id)?;
            let mut body = json!({"message_id": message_id});
            set(&mut body, "emoji", emoji);
            Spoken::new("reaction", body, None)
        }
        Act::FlowReply {
            response,
            body,
            message_id,
        } => {
            let reply = json!({
                "name": "flow",
                "body": body.unwrap_or_else(|| "Sent".to_owned()),
                "response_json": response.to_string(),
            });
            let body = json!({"type": "nfm_reply", "nfm_reply": reply});
            Spoken::new("interactive", body, message_id)
        }
    })
}

fn tap(
    world: &World,
    actor: Actor<'_>,
    button: &str,
    message_id: Option<String>,
) -> Result<Spoken, ActError> {
    let kinds = [ChoiceKind::Button, ChoiceKind::QuickReply];
    let (context, choice) = find_choice(world, actor, button, message_id, &kinds)?;
    if choice.kind == ChoiceKind::QuickReply {
        let body = json!({"payload": choice.id, "text": choice.title});
        return Ok(Spoken::new("button", body, Some(context)));
    }
    let reply = json!({"id": choice.id, "title": choice.title});
    let body = json!({"type": "button_reply", "button_reply": reply});
    Ok(Spoken::new("interactive", body, Some(context)))
}

fn choose(
    world: &World,
    actor: Actor<'_>,
    row: &str,
    message_id: Option<String>,
) -> Result<Spoken, ActError> {
    let (context, choice) = find_choice(world, actor, row, message_id, &[ChoiceKind::Row])?;
    let mut reply = json!({"id": choice.id, "title": choice.title});
    set(&mut reply, "description", choice.description);
    let body = json!({"type": "list_reply", "list_reply": reply});
    Ok(Spoken::new("interactive", body, Some(context)))
}

/// The newest message that offers the choice, by its id or else by its title.
fn find_choice(
    world: &World,
    actor: Actor<'_>,
    wanted: &str,
    message_id: Option<String>,
    kinds: &[ChoiceKind],
) -> Result<(String, Choice), ActError> {
    if let Some(id) = &message_id {
        check_message(world, actor, id)?;
    }
    let mut offered = Vec::new();
    let thread = world.thread(actor.number_id, actor.phone);
    for message in thread.into_iter().flat_map(|thread| thread.messages()) {
        let is_other = message_id.as_ref().is_some_and(|id| *id != message.id);
        if is_other || message.error_code.is_some() {
            continue;
        }
        let here = || message.choices.iter().filter(|c| kinds.contains(&c.kind));
        let by_title = || here().find(|choice| choice.title == wanted);
        if let Some(choice) = here().find(|c| c.id == wanted).or_else(by_title) {
            return Ok((message.id.clone(), choice.clone()));
        }
        offered.extend(here().map(|choice| format!("`{}`", choice.id)));
    }
    let offered = if offered.is_empty() {
        "none".to_owned()
    } else {
        offered.join(", ")
    };
    Err(ActError::NoSuchChoice {
        wanted: wanted.to_owned(),
        offered,
    })
}

fn with_media(
    platform: &Platform,
    world: &mut World,
    actor: Actor<'_>,
    message_type: &'static str,
    act: MediaAct,
) -> Result<Spoken, ActError> {
    let bytes = STANDARD.decode(&act.data).map_err(ActError::BadMedia)?;
    let now_ms = platform.clock.now_ms();
    let media = Media {
        id: ids::object_id(),
        number_id: actor.number_id.to_owned(),
        mime_type: act.mime_type,
        bytes: bytes.into(),
        expires_at_ms: now_ms + INBOUND_MEDIA_MS,
    };
    let mut body = json!({});
    set(&mut body, "caption", act.caption);
    set(&mut body, "filename", act.filename);
    body["mime_type"] = media.mime_type.as_str().into();
    body["sha256"] = STANDARD.encode(Sha256::digest(&media.bytes)).into();
    body["id"] = media.id.as_str().into();
    body["url"] = download_url(platform, &media.id).into();
    match message_type {
        "audio" => body["voice"] = act.voice.into(),
        "sticker" => body["animated"] = act.animated.into(),
        _ => {}
    }
    world.media.retain(|_, known| now_ms < known.expires_at_ms);
    world.media.insert(media.id.clone(), media);
    Ok(Spoken::new(message_type, body, act.reply_to))
}

fn update_of(
    world: &World,
    actor: Actor<'_>,
    id: &str,
    spoken: Spoken,
    now_ms: i64,
) -> Result<Update, ActError> {
    let not_found = || ActError::CustomerNotFound(actor.phone.to_owned());
    let customer = world.customers.get(actor.phone).ok_or_else(not_found)?;
    let number = &world.numbers[actor.number_id];
    let user_id = world.user_id(&number.waba_id, customer);
    let mut message = json!({});
    if let Some(context) = &spoken.context {
        check_message(world, actor, context)?;
        let thread = world.thread(actor.number_id, actor.phone);
        let is_own = thread.is_some_and(|t| t.received.iter().any(|m| m.id == *context));
        message["context"] = json!({});
        if !is_own {
            message["context"]["from"] = number.digits().into();
        } else if !customer.hides_phone {
            message["context"]["from"] = customer.phone.as_str().into();
        }
        message["context"]["id"] = context.as_str().into();
    }
    if !customer.hides_phone {
        message["from"] = customer.phone.as_str().into();
    }
    message["from_user_id"] = user_id.as_str().into();
    message["id"] = id.into();
    message["timestamp"] = timestamp(now_ms).into();
    message["type"] = spoken.message_type.into();
    message[spoken.message_type] = spoken.body;
    Ok(Update {
        number_id: actor.number_id.to_owned(),
        customer: actor.phone.to_owned(),
        content: Content::Message {
            contact: contact_object(customer, &user_id),
            message,
        },
    })
}

fn check_message(world: &World, actor: Actor<'_>, id: &str) -> Result<(), ActError> {
    let thread = world.thread(actor.number_id, actor.phone);
    if thread.is_some_and(|thread| thread.has_message(id)) {
        Ok(())
    } else {
        Err(ActError::MessageNotFound(id.to_owned()))
    }
}

fn set(object: &mut Value, key: &str, value: Option<String>) {
    if let Some(value) = value {
        object[key] = value.into();
    }
}
