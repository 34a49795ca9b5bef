//! A number's settings and its username.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::request::is_of_every_call;
use crate::outbox::update::Update;
use crate::webhooks::post;

/// The groups of settings that there are.
const GROUPS: [&str; 4] = [
    "calling",
    "user_identity_change",
    "payload_encryption",
    "storage_configuration",
];

/// `GET /{PHONE_NUMBER_ID}/settings`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
    let mut settings = json!({
        "calling": {
            "status": "DISABLED",
            "call_icon_visibility": "DEFAULT",
            "callback_permission_status": "DISABLED",
        },
        "storage_configuration": {"status": "DEFAULT"},
    });
    for (key, value) in &number.settings {
        settings[key] = value.clone();
    }
    Ok(settings)
}

/// `POST /{PHONE_NUMBER_ID}/settings`: members of a group that are given replace what there was.
pub(crate) fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let mut given = call.request.params.clone();
    given.retain(|key, _| !is_of_every_call(key));
    if let Some(unknown) = given.keys().find(|key| !GROUPS.contains(&key.as_str())) {
        return Err(GraphError::parameter(format_args!(
            "Unexpected key \"{unknown}\" on param \"settings\"."
        )));
    }
    for (group, value) in &given {
        if !value.is_object() {
            return Err(GraphError::parameter(format_args!(
                "Param {group} must be a JSON object."
            )));
        }
    }
    let status = &given
        .get("calling")
        .map_or(Value::Null, |calling| calling["status"].clone());
    if !status.is_null() && !["ENABLED", "DISABLED"].iter().any(|word| *status == *word) {
        return Err(GraphError::parameter(
            "Param calling['status'] must be one of {ENABLED, DISABLED}.",
        ));
    }
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        for (group, value) in given {
            let slot = number.settings.entry(group).or_insert_with(|| json!({}));
            for (key, value) in value.as_object().into_iter().flatten() {
                slot[key] = value.clone();
            }
        }
        Ok(json!({"success": true}))
    })
}

/// `GET /{PHONE_NUMBER_ID}/username`.
pub(crate) fn username(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
    match &number.username {
        Some(username) => Ok(json!({"username": username, "status": "approved"})),
        None => Ok(json!({})),
    }
}

/// `GET /{PHONE_NUMBER_ID}/username_suggestions`: names that Meta reserves for the business, made of its verified name
/// (developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids).
pub(crate) fn suggestions(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
    let letters = |c: &char| c.is_ascii_alphanumeric();
    let name: String = number.verified_name.chars().filter(letters).collect();
    let name = name.to_ascii_lowercase();
    Ok(json!({"data": [{"username_suggestions": [name, format!("{name}_official")]}]}))
}

/// `POST /{PHONE_NUMBER_ID}/username`.
pub(crate) fn set_username(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let username = call.request.text("username");
    let username = username.ok_or_else(|| GraphError::required("username"))?;
    let username = username.trim_start_matches('@').to_owned();
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
    let length = username.chars().count();
    if !(3..=35).contains(&length) || !username.chars().all(is_part) {
        return Err(GraphError::parameter(
            "Param username must have 3 to 35 lowercase letters, digits, periods and underscores.",
        ));
    }
    let now_ms = call.platform.clock.now_ms();
    let update = call.platform.edit(|world| {
        let mut numbers = world.numbers.values();
        if numbers.any(|n| n.id != id && n.username.as_ref() == Some(&username)) {
            return Err(GraphError::cloud(147001));
        }
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        number.username = Some(username.clone());
        let value = json!({
            "display_phone_number": number.digits(),
            "username": username,
            "status": "approved",
        });
        let waba_id = &number.waba_id;
        Ok(Update::change(
            waba_id,
            "business_username_update",
            value,
            now_ms,
        ))
    })?;
    post(call.platform, update);
    Ok(json!({"status": "approved"}))
}

/// `DELETE /{PHONE_NUMBER_ID}/username`.
pub(crate) fn delete_username(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let now_ms = call.platform.clock.now_ms();
    let update = call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let had = number.username.take();
        let value = json!({"display_phone_number": number.digits(), "status": "deleted"});
        let update = || Update::change(&number.waba_id, "business_username_update", value, now_ms);
        Ok::<_, GraphError>(had.map(|_| update()))
    })?;
    if let Some(update) = update {
        post(call.platform, update);
    }
    Ok(json!({"success": true}))
}
