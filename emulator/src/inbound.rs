//! What a customer does: it becomes a message in the conversation and a webhook.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::{DAY_MS, SECOND_MS, timestamp};
use crate::ids::{self, Direction};
use crate::outbox::update::{Content, Update};
use crate::platform::Platform;
use crate::platform::kinds::{InteractiveType, MediaKind, MessageType};
use crate::platform::model::{Customer, Media, digits_of};
use crate::platform::thread::{Captioned, Choice, ChoiceKind, ReceivedMessage};
use crate::platform::world::World;
use crate::statuses::contact_object;
use crate::urls::download_url;
use crate::webhooks::post;
use crate::wire::{Act, Circumstances, MediaAct};

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
    #[error("{0}")]
    Invalid(String),
    #[error("the customer has no Flow open: open one first")]
    NoOpenFlow,
    #[error("no message of the bot opens a Flow")]
    NoFlow,
}

/// A customer in front of a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor<'a> {
    pub(crate) number_id: &'a str,
    pub(crate) phone: &'a str,
}

/// The parts of a message that differ between acts.
pub(crate) struct Spoken {
    message_type: MessageType,
    body: Value,
    /// The message that it answers.
    context: Option<String>,
    /// Members of the message beside its type's.
    beside: Map<String, Value>,
}

impl Spoken {
    /// What is kept of it so that its caption can be changed later.
    fn captioned(&self) -> Option<Box<Captioned>> {
        use MessageType::{Document, Image, Video};
        matches!(self.message_type, Image | Video | Document).then(|| {
            Box::new(Captioned {
                message_type: self.message_type,
                body: self.body.clone(),
                context: self.context.clone(),
            })
        })
    }

    pub(crate) fn new(message_type: MessageType, body: Value, context: Option<String>) -> Self {
        Self {
            message_type,
            body,
            context,
            beside: Map::new(),
        }
    }

    fn beside(mut self, key: &str, value: Value) -> Self {
        self.beside.insert(key.to_owned(), value);
        self
    }
}

/// Does it; gives the id of the message.
pub(crate) fn perform(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    act: Act,
    circumstances: &Circumstances,
) -> Result<String, ActError> {
    if let Act::ChangeNumber { phone } = act {
        return change_number(platform, actor, &digits_of(&phone));
    }
    say(platform, actor, circumstances, |world| {
        speak(platform, world, actor, act)
    })
}

/// Puts a message of the customer into the conversation and tells it.
pub(crate) fn say(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    circumstances: &Circumstances,
    speak: impl FnOnce(&mut World) -> Result<Spoken, ActError>,
) -> Result<String, ActError> {
    let now_ms = platform.clock.now_ms();
    let id = ids::wamid(actor.phone, Direction::Inbound);
    let update = platform.edit(|world| {
        check_actor(world, actor)?;
        let spoken = speak(world)?;
        let captioned = spoken.captioned();
        let update = update_of(world, actor, &id, spoken, circumstances, now_ms)?;
        let message = ReceivedMessage {
            id: id.clone(),
            at_ms: now_ms,
            is_read: false,
            captioned,
        };
        world.push_received(actor.number_id, actor.phone, message, platform.history);
        if circumstances.referral.is_some() {
            let thread = world.thread_mut(actor.number_id, actor.phone);
            thread.entered_at_ms = Some(now_ms);
        }
        Ok(update)
    })?;
    // Who is blocked does not notice it, and is not heard.
    let is_blocked = {
        let world = platform.world();
        let number = world.numbers.get(actor.number_id);
        number.is_some_and(|number| number.blocked.contains(actor.phone))
    };
    if !is_blocked {
        post(platform, update);
    }
    Ok(id)
}

/// Fails unless number and customer exist.
pub(crate) fn check_actor(world: &World, actor: Actor<'_>) -> Result<(), ActError> {
    if !world.numbers.contains_key(actor.number_id) {
        return Err(ActError::NumberNotFound(actor.number_id.to_owned()));
    }
    if !world.customers.contains_key(actor.phone) {
        return Err(ActError::CustomerNotFound(actor.phone.to_owned()));
    }
    Ok(())
}

/// The customer has another phone number from now on. That is told, and opens no window.
fn change_number(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    phone: &str,
) -> Result<String, ActError> {
    if !(5..=15).contains(&phone.len()) {
        return Err(ActError::Invalid(format!(
            "`{phone}` is not a phone number"
        )));
    }
    let now_ms = platform.clock.now_ms();
    let id = ids::wamid(actor.phone, Direction::Inbound);
    let update = platform.edit(|world| {
        check_actor(world, actor)?;
        if world.customers.contains_key(phone) {
            return Err(ActError::Invalid(format!(
                "`{phone}` is another customer's"
            )));
        }
        let waba_id = world.waba_id_of(actor.number_id);
        let Some(mut customer) = world.customers.remove(actor.phone) else {
            return Err(ActError::CustomerNotFound(actor.phone.to_owned()));
        };
        let previous_user_id = world.user_id(&waba_id, &customer);
        customer.phone = phone.to_owned();
        let user_id = world.user_id(&waba_id, &customer);
        let body = format!(
            "User {} changed from {} to {phone}",
            customer.name, actor.phone
        );
        world.customers.insert(phone.to_owned(), customer);
        let message = json!({
            "from": actor.phone,
            "from_user_id": previous_user_id,
            "id": id,
            "timestamp": timestamp(now_ms),
            "type": "system",
            "system": {
                "body": body,
                "wa_id": phone,
                "type": "user_changed_number",
                "user_id": user_id,
                "previous_user_id": previous_user_id,
            },
        });
        Ok(Update {
            waba_id,
            number_id: actor.number_id.to_owned(),
            customer: actor.phone.to_owned(),
            content: Content::Message {
                contact: None,
                message,
            },
        })
    })?;
    post(platform, update);
    Ok(id)
}

/// The customer stops a number's marketing messages, or wants them again.
pub(crate) fn prefer(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    wants_marketing: bool,
) -> Result<Customer, ActError> {
    let now_ms = platform.clock.now_ms();
    let (customer, update) = platform.edit(|world| {
        check_actor(world, actor)?;
        let waba_id = world.waba_id_of(actor.number_id);
        let not_found = || ActError::CustomerNotFound(actor.phone.to_owned());
        let customer = world.customers.get_mut(actor.phone).ok_or_else(not_found)?;
        match wants_marketing {
            true => customer.stopped_marketing.remove(actor.number_id),
            false => customer
                .stopped_marketing
                .insert(actor.number_id.to_owned()),
        };
        let customer = customer.clone();
        let user_id = world.user_id(&waba_id, &customer);
        let (value, detail) = match wants_marketing {
            true => ("resume", "User requested to resume marketing messages"),
            false => ("stop", "User requested to stop marketing messages"),
        };
        let mut preference = json!({});
        if !customer.hides_phone {
            preference["wa_id"] = customer.phone.as_str().into();
        }
        preference["user_id"] = user_id.as_str().into();
        preference["detail"] = detail.into();
        preference["category"] = "marketing_messages".into();
        preference["value"] = value.into();
        preference["timestamp"] = now_ms.div_euclid(SECOND_MS).into();
        let update = Update {
            waba_id,
            number_id: actor.number_id.to_owned(),
            customer: actor.phone.to_owned(),
            content: Content::Preference {
                contact: contact_object(&customer, &user_id),
                preference,
            },
        };
        Ok::<_, ActError>((customer, update))
    })?;
    post(platform, update);
    Ok(customer)
}

fn speak(
    platform: &Platform,
    world: &mut World,
    actor: Actor<'_>,
    act: Act,
) -> Result<Spoken, ActError> {
    Ok(match act {
        Act::Text { body, reply_to } => {
            Spoken::new(MessageType::Text, json!({"body": body}), reply_to)
        }
        Act::Tap { button, message_id } => tap(world, actor, &button, message_id)?,
        Act::Choose { row, message_id } => choose(world, actor, &row, message_id)?,
        Act::Image(media) => with_media(platform, world, actor, MediaKind::Image, media)?,
        Act::Audio(media) => with_media(platform, world, actor, MediaKind::Audio, media)?,
        Act::Video(media) => with_media(platform, world, actor, MediaKind::Video, media)?,
        Act::Document(media) => with_media(platform, world, actor, MediaKind::Document, media)?,
        Act::Sticker(media) => with_media(platform, world, actor, MediaKind::Sticker, media)?,
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
            Spoken::new(MessageType::Location, body, reply_to)
        }
        Act::Contacts { contacts, reply_to } => {
            if contacts.is_empty() {
                return Err(ActError::Invalid("`contacts` is empty".to_owned()));
            }
            let is_asked = reply_to
                .as_deref()
                .is_some_and(|id| asks_for_contact(world, actor, id));
            let origin = if is_asked { "contact_request" } else { "other" };
            Spoken::new(MessageType::Contacts, contacts.into(), reply_to)
                .beside("origin", origin.into())
        }
        Act::Order {
            catalog_id,
            product_items,
            text,
            reply_to,
        } => {
            let mut body = json!({"catalog_id": catalog_id});
            set(&mut body, "text", Some(text.unwrap_or_default()));
            body["product_items"] = product_items.into();
            Spoken::new(MessageType::Order, body, reply_to)
        }
        Act::CallPermission {
            accepts,
            is_permanent,
            message_id,
        } => {
            let mut reply = json!({
                "response": if accepts { "accept" } else { "reject" },
                "is_permanent": is_permanent,
                "response_source": "user_action",
            });
            if accepts && !is_permanent {
                let expires_ms = platform.clock.now_ms() + 7 * DAY_MS;
                reply["expiration_timestamp"] = timestamp(expires_ms).into();
            }
            let body = json!({"type": "call_permission_reply", "call_permission_reply": reply});
            Spoken::new(MessageType::Interactive, body, message_id)
        }
        Act::Address {
            values,
            saved_address_id,
            message_id,
        } => {
            let mut response = json!({});
            set(&mut response, "saved_address_id", saved_address_id);
            response["values"] = values.clone();
            let lines = values
                .as_object()
                .into_iter()
                .flat_map(|values| values.values());
            let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
            nfm_reply("address_message", &lines.join("\n"), &response, message_id)
        }
        Act::Welcome => Spoken::new(MessageType::RequestWelcome, Value::Null, None),
        Act::Unsupported { kind } => {
            let title = "Message type unknown";
            let errors = json!([{
                "code": 131_051,
                "title": title,
                "message": title,
                "error_data": {"details": "Message type is currently not supported."},
            }]);
            let body = kind.map_or(Value::Null, |kind| json!({"type": kind}));
            Spoken::new(MessageType::Unsupported, body, None).beside("errors", errors)
        }
        Act::Edit { message_id, body } => {
            check_message(world, actor, &message_id)?;
            let message = edited(world, actor, &message_id, &body);
            let edit = json!({"original_message_id": message_id, "message": message});
            Spoken::new(MessageType::Edit, edit, None)
        }
        Act::Revoke { message_id } => {
            check_message(world, actor, &message_id)?;
            let revoke = json!({"original_message_id": message_id});
            Spoken::new(MessageType::Revoke, revoke, None)
        }
        Act::ChangeNumber { .. } => {
            return Err(ActError::Invalid(
                "a change of number is no message".to_owned(),
            ));
        }
        Act::Reaction { message_id, emoji } => {
            check_message(world, actor, &message_id)?;
            let mut body = json!({"message_id": message_id});
            set(&mut body, "emoji", emoji);
            Spoken::new(MessageType::Reaction, body, None)
        }
        Act::FlowReply {
            response,
            body,
            message_id,
        } => {
            let body = body.unwrap_or_else(|| "Sent".to_owned());
            nfm_reply("flow", &body, &response, message_id)
        }
    })
}

/// The answer of a Flow or of an address message.
pub(crate) fn nfm_reply(
    name: &str,
    body: &str,
    response: &Value,
    context: Option<String>,
) -> Spoken {
    let reply = json!({"name": name, "body": body, "response_json": response.to_string()});
    let body = json!({"type": "nfm_reply", "nfm_reply": reply});
    Spoken::new(MessageType::Interactive, body, context)
}

/// Whether a message of the business asks for the customer's contact.
fn asks_for_contact(world: &World, actor: Actor<'_>, message_id: &str) -> bool {
    let thread = world.thread(actor.number_id, actor.phone);
    let mut messages = thread.into_iter().flat_map(|thread| thread.messages());
    messages.any(|message| {
        message.id == message_id && message.body["type"] == InteractiveType::ContactInfo.as_str()
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
        return Ok(Spoken::new(MessageType::Button, body, Some(context)));
    }
    let reply = json!({"id": choice.id, "title": choice.title});
    let body = json!({"type": "button_reply", "button_reply": reply});
    Ok(Spoken::new(MessageType::Interactive, body, Some(context)))
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
    Ok(Spoken::new(MessageType::Interactive, body, Some(context)))
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
    kind: MediaKind,
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
        file_name: act.filename.clone(),
    };
    let mut body = json!({});
    set(&mut body, "caption", act.caption);
    set(&mut body, "filename", act.filename);
    body["mime_type"] = media.mime_type.as_str().into();
    body["sha256"] = STANDARD.encode(Sha256::digest(&media.bytes)).into();
    body["id"] = media.id.as_str().into();
    body["url"] = download_url(platform, &media.id).into();
    match kind {
        MediaKind::Audio => body["voice"] = act.voice.into(),
        MediaKind::Sticker => body["animated"] = act.animated.into(),
        MediaKind::Document | MediaKind::Image | MediaKind::Video => {}
    }
    let message_type = match kind {
        MediaKind::Audio => MessageType::Audio,
        MediaKind::Document => MessageType::Document,
        MediaKind::Image => MessageType::Image,
        MediaKind::Sticker => MessageType::Sticker,
        MediaKind::Video => MessageType::Video,
    };
    world.media.retain(|_, known| now_ms < known.expires_at_ms);
    world.media.insert(media.id.clone(), media);
    Ok(Spoken::new(message_type, body, act.reply_to))
}

fn update_of(
    world: &World,
    actor: Actor<'_>,
    id: &str,
    spoken: Spoken,
    circumstances: &Circumstances,
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
    if circumstances.forwarded || circumstances.frequently_forwarded {
        let word = match circumstances.frequently_forwarded {
            true => "frequently_forwarded",
            false => "forwarded",
        };
        message["context"][word] = true.into();
    }
    if let Some(product) = &circumstances.referred_product {
        message["context"]["from"] = number.digits().into();
        message["context"]["id"] = id.into();
        message["context"]["referred_product"] = product.clone();
    }
    if let Some(referral) = &circumstances.referral {
        message["referral"] = referral.clone();
    }
    if !customer.hides_phone {
        message["from"] = customer.phone.as_str().into();
    }
    message["from_user_id"] = user_id.as_str().into();
    message["id"] = id.into();
    message["timestamp"] = timestamp(now_ms).into();
    let word = spoken.message_type.as_str();
    message["type"] = word.into();
    if !spoken.body.is_null() {
        message[word] = spoken.body;
    }
    for (key, value) in spoken.beside {
        message[key] = value;
    }
    Ok(Update {
        waba_id: number.waba_id.clone(),
        number_id: actor.number_id.to_owned(),
        customer: actor.phone.to_owned(),
        content: Content::Message {
            contact: Some(contact_object(customer, &user_id)),
            message,
        },
    })
}

/// What a message says after it was edited: of pictures, videos and documents another caption, else another text.
fn edited(world: &World, actor: Actor<'_>, id: &str, body: &str) -> Value {
    let thread = world.thread(actor.number_id, actor.phone);
    let received = thread.and_then(|thread| thread.received.iter().find(|known| known.id == id));
    let Some(captioned) = received.and_then(|known| known.captioned.as_deref()) else {
        return json!({"type": "text", "text": {"body": body}});
    };
    let word = captioned.message_type.as_str();
    let mut message = json!({"type": word, word: captioned.body});
    message[word]["caption"] = body.into();
    if let Some(context) = &captioned.context {
        message["context"] = json!({"id": context});
    }
    message
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
