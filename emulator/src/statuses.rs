//! What becomes of an accepted message: `sent`, `delivered`, `read`, or `failed`.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::{DAY_MS, timestamp};
use crate::codes;
use crate::outbox::update::{Content, Update};
use crate::outstanding::Duty;
use crate::platform::Platform;
use crate::platform::kinds::MessageType;
use crate::platform::model::Customer;
use crate::platform::thread::{AddressedBy, MessageStatus, SentMessage};
use crate::platform::world::World;
use crate::webhooks::{post, spawn};

/// What an accepted message will come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    Fails { code: u32 },
}

/// A message and the conversation that it is in.
#[derive(Clone, Debug)]
pub(crate) struct Tracked {
    pub(crate) message_id: String,
    pub(crate) number_id: String,
    pub(crate) phone: String,
}

/// Sends a message on its way; its statuses follow, each after a delay.
pub(crate) fn follow(platform: &Arc<Platform>, tracked: Tracked, fate: Fate) {
    let on_duty = platform.epoch().begin(Duty::Statuses);
    let task_platform = platform.clone();
    spawn(platform, async move {
        match fate {
            Fate::Arrives => travel(&task_platform, &tracked).await,
            Fate::Fails { code } => {
                tokio::time::sleep(task_platform.status_delay()).await;
                advance(&task_platform, &tracked, MessageStatus::Failed, Some(code));
            }
        }
        drop(on_duty);
    });
}

/// Delivers what waited for the customer's phone, which is on again.
pub(crate) fn deliver_waiting(platform: &Arc<Platform>, phone: &str) {
    for tracked in in_state(platform, None, phone, &[MessageStatus::Sent]) {
        let on_duty = platform.epoch().begin(Duty::Statuses);
        let task_platform = platform.clone();
        spawn(platform, async move {
            arrive(&task_platform, &tracked).await;
            drop(on_duty);
        });
    }
}

/// The customer opens the conversation: everything in it is delivered and read.
pub(crate) fn read_all(platform: &Arc<Platform>, number_id: &str, phone: &str) -> usize {
    let unread = [MessageStatus::Sent, MessageStatus::Delivered];
    let messages = in_state(platform, Some(number_id), phone, &unread);
    for tracked in &messages {
        advance(platform, tracked, MessageStatus::Delivered, None);
        advance(platform, tracked, MessageStatus::Read, None);
    }
    messages.len()
}

/// The customer listens to a voice message.
pub(crate) fn play(platform: &Arc<Platform>, number_id: &str, phone: &str, message_id: &str) {
    let tracked = Tracked {
        message_id: message_id.to_owned(),
        number_id: number_id.to_owned(),
        phone: phone.to_owned(),
    };
    for status in [
        MessageStatus::Delivered,
        MessageStatus::Read,
        MessageStatus::Played,
    ] {
        advance(platform, &tracked, status, None);
    }
}

async fn travel(platform: &Arc<Platform>, tracked: &Tracked) {
    tokio::time::sleep(platform.status_delay()).await;
    advance(platform, tracked, MessageStatus::Sent, None);
    arrive(platform, tracked).await;
}

/// From `sent` onwards, as far as the customer's switches let it.
async fn arrive(platform: &Arc<Platform>, tracked: &Tracked) {
    let is_reaction = platform
        .world()
        .thread(&tracked.number_id, &tracked.phone)
        .and_then(|thread| thread.messages().find(|m| m.id == tracked.message_id))
        .is_none_or(|message| message.message_type == MessageType::Reaction);
    // Reactions have no status but `sent`.
    if is_reaction {
        return;
    }
    tokio::time::sleep(platform.status_delay()).await;
    if !customer_is(platform, tracked, |customer| customer.is_reachable) {
        return;
    }
    advance(platform, tracked, MessageStatus::Delivered, None);
    if !customer_is(platform, tracked, |customer| customer.reads_automatically) {
        return;
    }
    tokio::time::sleep(platform.status_delay()).await;
    advance(platform, tracked, MessageStatus::Read, None);
}

fn customer_is(
    platform: &Platform,
    tracked: &Tracked,
    question: impl Fn(&Customer) -> bool,
) -> bool {
    let world = platform.world();
    world.customers.get(&tracked.phone).is_some_and(question)
}

/// Takes a message a step further, if it is not that far already, and tells the apps.
fn advance(
    platform: &Arc<Platform>,
    tracked: &Tracked,
    status: MessageStatus,
    error_code: Option<u32>,
) {
    let now_ms = platform.clock.now_ms();
    let update = platform.edit(|world| {
        let thread = world.thread_mut(&tracked.number_id, &tracked.phone);
        let message = thread.message_mut(&tracked.message_id)?;
        let from = message.status;
        // A message whose conversation was opened meanwhile may be ahead of its journey.
        if status <= from {
            return None;
        }
        message.status = status;
        message.error_code = error_code;
        let message = message.clone();
        let mut status = status_object(world, tracked, &message, now_ms);
        if has_pricing(from, message.status) {
            status["conversation"] = conversation(&message, now_ms);
            status["pricing"] = pricing(&message);
        }
        Some(Update {
            waba_id: world.waba_id_of(&tracked.number_id),
            number_id: tracked.number_id.clone(),
            customer: tracked.phone.clone(),
            content: Content::Status {
                contact: status_contact(world, tracked, message.status),
                status,
            },
        })
    });
    if let Some(update) = update {
        post(platform, update);
    }
}

/// Pricing is on `sent` and on the first of `delivered` and `read`.
fn has_pricing(from: MessageStatus, to: MessageStatus) -> bool {
    match to {
        MessageStatus::Sent | MessageStatus::Delivered => true,
        MessageStatus::Read => from < MessageStatus::Delivered,
        MessageStatus::Accepted | MessageStatus::Played | MessageStatus::Failed => false,
    }
}

/// The conversation that a message is counted in. Apps on v24.0 and later see it only of those who
/// came by an advertisement.
fn conversation(message: &SentMessage, now_ms: i64) -> Value {
    let id = hex::encode(&Sha256::digest(&message.id)[..16]);
    let mut conversation = json!({"id": id});
    if message.status == MessageStatus::Sent {
        conversation["expiration_timestamp"] = timestamp(now_ms + DAY_MS).into();
    }
    conversation["origin"] = json!({"type": category(message)});
    conversation
}

fn category(message: &SentMessage) -> &str {
    match message.is_entry_point {
        true => "referral_conversion",
        false => &message.category,
    }
}

fn pricing(message: &SentMessage) -> Value {
    let kind = match (message.is_billable, message.is_entry_point) {
        (_, true) => "free_entry_point",
        (true, false) => "regular",
        (false, false) => "free_customer_service",
    };
    json!({
        "billable": message.is_billable,
        "pricing_model": "PMP",
        "type": kind,
        "category": category(message),
    })
}

fn status_object(world: &World, tracked: &Tracked, message: &SentMessage, now_ms: i64) -> Value {
    let mut status = json!({
        "id": message.id,
        "status": message.status.as_str(),
        "timestamp": timestamp(now_ms),
    });
    let customer = world.customers.get(&tracked.phone);
    let is_hidden = message.addressed_by == AddressedBy::UserId
        && customer.is_some_and(|customer| customer.hides_phone);
    if !is_hidden {
        status["recipient_id"] = tracked.phone.as_str().into();
    }
    if let (Some(customer), Some(number)) = (customer, world.numbers.get(&tracked.number_id)) {
        status["recipient_user_id"] = world.user_id(&number.waba_id, customer).into();
    }
    if let Some(data) = &message.biz_opaque_callback_data {
        status["biz_opaque_callback_data"] = data.as_str().into();
    }
    if let Some(code) = message.error_code {
        let known = codes::lookup(code);
        status["errors"] = json!([{
            "code": code,
            "title": known.title,
            "message": known.title,
            "error_data": {"details": known.details},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }]);
    }
    status
}

/// The contact beside a status: none when it failed, without username when it was only sent.
fn status_contact(world: &World, tracked: &Tracked, status: MessageStatus) -> Option<Value> {
    if status == MessageStatus::Failed {
        return None;
    }
    let customer = world.customers.get(&tracked.phone)?;
    let number = world.numbers.get(&tracked.number_id)?;
    let user_id = world.user_id(&number.waba_id, customer);
    let mut contact = contact_object(customer, &user_id);
    if status == MessageStatus::Sent
        && let Some(profile) = contact["profile"].as_object_mut()
    {
        profile.remove("username");
    }
    Some(contact)
}

/// A customer as `contacts` shows them.
pub(crate) fn contact_object(customer: &Customer, user_id: &str) -> Value {
    let mut contact = json!({"profile": {"name": customer.name}});
    if let Some(username) = &customer.username {
        contact["profile"]["username"] = username.as_str().into();
    }
    if !customer.hides_phone {
        contact["wa_id"] = customer.phone.as_str().into();
    }
    contact["user_id"] = user_id.into();
    contact
}

/// The messages to a customer, oldest first, that have come exactly so far.
fn in_state(
    platform: &Platform,
    number_id: Option<&str>,
    phone: &str,
    states: &[MessageStatus],
) -> Vec<Tracked> {
    let world = platform.world();
    let mut found = Vec::new();
    for (id, threads) in &world.threads {
        if number_id.is_some_and(|wanted| wanted != id) {
            continue;
        }
        let messages = threads.get(phone).into_iter().flat_map(|t| t.messages());
        let mut tracked: Vec<Tracked> = messages
            .filter(|m| m.message_type != MessageType::Reaction && states.contains(&m.status))
            .map(|message| Tracked {
                message_id: message.id.clone(),
                number_id: id.clone(),
                phone: phone.to_owned(),
            })
            .collect();
        tracked.reverse();
        found.extend(tracked);
    }
    found
}
