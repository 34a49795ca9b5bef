//! The envelope of webhooks: `object`, `entry`, `changes`, `value`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::outbox::update::{Content, Update};
use crate::platform::world::World;

/// Since this version, statuses have a conversation only when the customer came by an advertisement.
const WITHOUT_CONVERSATION: u32 = 24;

/// One POST's worth of updates.
///
/// Neighbours of the same number and kind share a `value`, those of the same account an entry:
/// receivers that take only the first of anything lose the rest.
///
/// `version` is the one in which the app gets its webhooks.
pub(crate) fn envelope(world: &World, updates: &[Arc<Update>], version: u32) -> Value {
    let mut entries: Vec<Value> = Vec::new();
    for update in updates {
        let waba_id = update.waba_id.as_str();
        let time_s = match &update.content {
            Content::Change { at_ms, .. } => Some(at_ms.div_euclid(SECOND_MS)),
            _ => None,
        };
        let is_same = |entry: &Value| entry["id"] == waba_id && entry["time"].as_i64() == time_s;
        let position = entries.iter().position(is_same).unwrap_or_else(|| {
            let mut entry = json!({"id": waba_id});
            if let Some(time_s) = time_s {
                entry["time"] = time_s.into();
            }
            entry["changes"] = json!([]);
            entries.push(entry);
            entries.len() - 1
        });
        if let Some(changes) = entries[position]["changes"].as_array_mut() {
            add_to_changes(world, changes, update, version);
        }
    }
    json!({"object": "whatsapp_business_account", "entry": entries})
}

fn add_to_changes(world: &World, changes: &mut Vec<Value>, update: &Update, version: u32) {
    let (contact, key, item) = match &update.content {
        Content::Message { contact, message } => (contact.as_ref(), "messages", message),
        Content::Status { contact, status } => (contact.as_ref(), "statuses", status),
        Content::Preference {
            contact,
            preference,
        } => (Some(contact), "user_preferences", preference),
        Content::Change { field, value, .. } => {
            changes.push(json!({"value": value, "field": field}));
            return;
        }
    };
    let field = update.content.field();
    let is_shared = changes.last().is_some_and(|change| {
        let value = &change["value"];
        value["metadata"]["phone_number_id"] == update.number_id.as_str() && value[key].is_array()
    });
    if !is_shared {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": metadata(world, &update.number_id),
        });
        changes.push(json!({"value": value, "field": field}));
    }
    let Some(value) = changes.last_mut().map(|change| &mut change["value"]) else {
        return;
    };
    if let Some(contact) = contact {
        let contacts = list(value, "contacts");
        if !contacts.contains(contact) {
            contacts.push(contact.clone());
        }
    }
    let mut item = item.clone();
    let is_entry_point = item["pricing"]["type"] == "free_entry_point";
    if version >= WITHOUT_CONVERSATION
        && !is_entry_point
        && let Some(status) = item.as_object_mut()
    {
        status.shift_remove("conversation");
    }
    list(value, key).push(item);
}

/// The array under a key of an object, made when absent.
fn list<'a>(value: &'a mut Value, key: &str) -> &'a mut Vec<Value> {
    let slot = &mut value[key];
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    match slot {
        Value::Array(items) => items,
        _ => unreachable!("the slot was made an array above"),
    }
}

fn metadata(world: &World, number_id: &str) -> Value {
    let digits = world
        .numbers
        .get(number_id)
        .map_or_else(String::new, |number| number.digits());
    json!({"display_phone_number": digits, "phone_number_id": number_id})
}
