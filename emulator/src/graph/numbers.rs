//! Business phone numbers: reading them, and what `POST /{PHONE_NUMBER_ID}` changes.

use serde_json::{Value, json};

use crate::clock::datetime;
use crate::error::GraphError;
use crate::graph::fields::{Ask, NodeType, project_with};
use crate::graph::paging::{List, page};
use crate::graph::request::is_of_every_call;
use crate::graph::{Call, accounts, automation, health, profile, registration, subscriptions};
use crate::platform::agenda::{self, What};
use crate::platform::model::{NameRequest, Number};
use crate::platform::world::World;

const NUMBER: NodeType = NodeType {
    name: "WhatsAppBusinessPhoneNumber",
    defaults: &[
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "last_onboarded_time",
        "webhook_configuration",
    ],
    unset: &[
        "certificate",
        "eligibility_for_api_business_global_search",
        "new_certificate",
    ],
};

/// `GET /{PHONE_NUMBER_ID}`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let node = {
        let world = call.platform.world();
        let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
        node(call, &world, number)
    };
    project_number(call, &node, &call.ask()?)
}

/// `GET /{WABA_ID}/phone_numbers`.
pub(crate) fn list(call: &Call<'_>, waba_id: &str, ask: &Ask) -> Result<Value, GraphError> {
    let nodes: Vec<Value> = {
        let world = call.platform.world();
        let numbers = world.numbers.values();
        let own = numbers.filter(|number| number.waba_id == waba_id);
        own.map(|number| node(call, &world, number)).collect()
    };
    let mut items = Vec::new();
    for node in filtered(nodes, ask)? {
        let id = node["id"].as_str().unwrap_or_default().to_owned();
        items.push((id, project_number(call, &node, ask)?));
    }
    let list = List {
        node: waba_id,
        edge: "phone_numbers",
    };
    page(call, list, ask, &items)
}

/// `filtering` and `sort`.
fn filtered(mut nodes: Vec<Value>, ask: &Ask) -> Result<Vec<Value>, GraphError> {
    let read = |key: &str| match ask.params.get(key) {
        // The documentation's samples have single quotes.
        Some(Value::String(text)) => {
            serde_json::from_str(&text.replace('\'', "\"")).unwrap_or_else(|_| json!([text]))
        }
        Some(value) => value.clone(),
        None => json!([]),
    };
    for filter in read("filtering").as_array().into_iter().flatten() {
        let (field, operator) = (filter["field"].as_str(), filter["operator"].as_str());
        let (Some(field @ ("account_mode" | "status")), Some("EQUAL" | "IN")) = (field, operator)
        else {
            return Err(GraphError::not_known_here(format_args!(
                "the filter {filter}"
            )));
        };
        let wanted = &filter["value"];
        nodes.retain(|node| match wanted {
            Value::Array(values) => values.contains(&node[field]),
            value => node[field] == *value,
        });
    }
    for order in read("sort").as_array().into_iter().flatten() {
        let (key, descends) = match order.as_str().unwrap_or_default() {
            "last_onboarded_time_ascending" => ("last_onboarded_time", false),
            "last_onboarded_time_descending" => ("last_onboarded_time", true),
            other => {
                return Err(GraphError::not_known_here(format_args!(
                    "the order `{other}`"
                )));
            }
        };
        nodes.sort_by_key(|node| node[key].as_str().unwrap_or_default().to_owned());
        if descends {
            nodes.reverse();
        }
    }
    Ok(nodes)
}

/// `POST /{PHONE_NUMBER_ID}`: its callback, its PIN, its display name.
pub(crate) async fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let params = &call.request.params;
    if params.contains_key("webhook_configuration") {
        return subscriptions::override_number(call, id).await;
    }
    if params.contains_key("pin") {
        return registration::set_pin(call, id);
    }
    if let Some(name) = call.request.text("new_display_name") {
        return request_name(call, id, name);
    }
    match params.keys().find(|key| !is_of_every_call(key)) {
        None => Err(GraphError::required("webhook_configuration")),
        Some(key) => Err(GraphError::not_known_here(format_args!(
            "the parameter `{key}` of `POST /{{PHONE_NUMBER_ID}}`"
        ))),
    }
}

fn project_number(call: &Call<'_>, node: &Value, ask: &Ask) -> Result<Value, GraphError> {
    let id = node["id"].as_str().unwrap_or_default();
    project_with(node, &NUMBER, ask, |field| match field.name.as_str() {
        "whatsapp_business_profile" => Some(profile::read(call, id, &Ask::within(field))),
        _ => None,
    })
}

fn node(call: &Call<'_>, world: &World, number: &Number) -> Value {
    let is_connected = number.is_registered;
    let waba = world.wabas.get(&number.waba_id);
    let limit = waba.map(|waba| accounts::limit_of(world, waba));
    let new_name = number.new_name.as_ref();
    json!({
        "id": number.id,
        "verified_name": number.verified_name,
        "code_verification_status": number.code_verification_status,
        "display_phone_number": number.display_phone_number,
        "country_code": crate::ids::country_of(&number.digits()),
        "country_dial_code": crate::ids::calling_code_of(&number.digits()),
        "quality_rating": number.quality_rating,
        "quality_score": {"score": number.quality_rating},
        "platform_type": if is_connected { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": {"level": if is_connected { number.throughput.as_str() } else { "NOT_APPLICABLE" }},
        "status": number.standing(),
        "name_status": number.name_status,
        "new_display_name": new_name.map(|new| new.name.as_str()),
        "new_name_status": new_name.map_or("NONE", |new| new.status.as_str()),
        "account_mode": if number.allowed_recipients.is_some() { "SANDBOX" } else { "LIVE" },
        "is_official_business_account": number.is_official_business_account,
        "is_pin_enabled": number.pin.is_some(),
        "is_preverified_number": false,
        "messaging_limit_tier": number.messaging_limit,
        "whatsapp_business_manager_messaging_limit": limit,
        "last_onboarded_time": number.last_onboarded_ms.map(datetime),
        "webhook_configuration": webhook_configuration(call, world, number),
        "conversational_automation": automation::shown(number),
        "health_status": health::of_number(world, number, &call.caller.app_id),
        "search_visibility": "NON_VISIBLE",
        "username": number.username,
        "is_on_biz_app": false,
    })
}

/// Where the caller's app gets this number's webhooks; null when nowhere.
fn webhook_configuration(call: &Call<'_>, world: &World, number: &Number) -> Value {
    let app_id = &call.caller.app_id;
    let app = world.apps.get(app_id).and_then(|app| app.callback.as_ref());
    let waba = world.wabas.get(&number.waba_id);
    let subscription = waba.and_then(|waba| waba.subscriptions.get(app_id));
    let overrides = [
        ("phone_number", number.override_callbacks.get(app_id)),
        (
            "whatsapp_business_account",
            subscription.and_then(|s| s.override_callback.as_ref()),
        ),
        ("application", app),
    ];
    let set: serde_json::Map<String, Value> = overrides
        .into_iter()
        .filter_map(|(key, callback)| Some((key.to_owned(), callback?.url.as_str().into())))
        .collect();
    if set.is_empty() {
        Value::Null
    } else {
        Value::Object(set)
    }
}

/// `POST /{PHONE_NUMBER_ID}` with `new_display_name`.
fn request_name(call: &Call<'_>, id: &str, name: String) -> Result<Value, GraphError> {
    if !(3..=75).contains(&name.trim().chars().count()) {
        return Err(GraphError::managed(
            100,
            None,
            "Invalid display name",
            "A display name has between 3 and 75 characters.",
        ));
    }
    let platform = call.platform;
    let delay_ms = platform.settings().name_review_ms;
    let now_ms = platform.clock.now_ms();
    platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if number.allowed_recipients.is_some() {
            return Err(GraphError::managed(
                100,
                None,
                "Display name cannot be changed",
                "The display name of a test number cannot be changed.",
            ));
        }
        number.new_name = Some(NameRequest {
            name: name.clone(),
            status: "PENDING_REVIEW".to_owned(),
        });
        if let Some(delay_ms) = delay_ms {
            let number_id = id.to_owned();
            let at_ms = now_ms.saturating_add_unsigned(delay_ms);
            agenda::schedule(platform, world, at_ms, What::NameReview { number_id, name });
        }
        Ok(json!({"success": true}))
    })
}
