//! The envelope of webhooks: `object`, `entry`, `changes`, `value`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::outbox::update::{Content, Update};
use crate::platform::world::World;

/// One POST's worth of updates.
///
/// Neighbours of the same number and kind share a `value`, those of the same account an entry:
/// receivers that take only the first of anything lose the rest.
pub(crate) fn envelope(world: &World, updates: &[Arc<Update>]) -> Value {
    let mut entries: Vec<Value> = Vec::new();
    for update in updates {
        let waba_id = world
            .numbers
            .get(&update.number_id)
            .map_or("", |number| number.waba_id.as_str());
        let position = entries
            .iter()
            .position(|entry| entry["id"] == waba_id)
            .unwrap_or_else(|| {
                entries.push(json!({"id": waba_id, "changes": []}));
                entries.len() - 1
            });
        if let Some(changes) = entries[position]["changes"].as_array_mut() {
            add_to_changes(world, changes, update);
        }
    }
    json!({"object": "whatsapp_business_account", "entry": entries})
}

fn add_to_changes(world: &World, changes: &mut Vec<Value>, update: &Update) {
    let key = update.content.key();
    let is_shared = changes.last().is_some_and(|change| {
        let value = &change["value"];
        value["metadata"]["phone_number_id"] == update.number_id.as_str() && value[key].is_array()
    });
    if !is_shared {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": metadata(world, &update.number_id),
        });
        changes.push(json!({"value": value, "field": "messages"}));
    }
    let Some(value) = changes.last_mut().map(|change| &mut change["value"]) else {
        return;
    };
    let (contact, item) = match &update.content {
        Content::Message { contact, message } => (Some(contact), message),
        Content::Status { contact, status } => (contact.as_ref(), status),
    };
    if let Some(contact) = contact {
        let contacts = list(value, "contacts");
        if !contacts.contains(contact) {
            contacts.push(contact.clone());
        }
    }
    list(value, key).push(item.clone());
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
