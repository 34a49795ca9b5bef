//! Business phone numbers and their accounts: reading them, registering a number.

use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::graph::Call;
use crate::graph::error::GraphError;
use crate::graph::fields::{NodeType, project};
use crate::platform::model::Number;
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
        "webhook_configuration",
    ],
    unset: &[
        "certificate",
        "conversational_automation",
        "country_code",
        "country_dial_code",
        "eligibility_for_api_business_global_search",
        "health_status",
        "is_preverified_number",
        "last_onboarded_time",
        "new_certificate",
        "new_display_name",
        "quality_score",
        "search_visibility",
        "username",
    ],
};

const ACCOUNT: NodeType = NodeType {
    name: "WhatsAppBusinessAccount",
    defaults: &["name", "timezone_id", "message_template_namespace"],
    unset: &[
        "disable_marketing_messages_on_cloud_api",
        "health_status",
        "is_enabled_for_insights",
        "marketing_messages_lite_api_status",
        "marketing_messages_onboarding_status",
        "on_behalf_of_business_info",
        "primary_business_location",
        "primary_funding_id",
        "purchase_order_number",
        "subscribed_apps",
    ],
};

const APP: NodeType = NodeType {
    name: "Application",
    defaults: &["category", "link", "name"],
    unset: &["description", "namespace", "logo_url"],
};

/// `GET /{PHONE_NUMBER_ID}`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let number = world.numbers.get(id).ok_or_else(|| missing(call, id))?;
    project_number(call, &world, number)
}

/// `GET /{WABA_ID}/phone_numbers`.
pub(crate) fn list(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let numbers = world.numbers.values();
    let data = numbers
        .filter(|number| number.waba_id == waba_id)
        .map(|number| project_number(call, &world, number))
        .collect::<Result<Vec<_>, _>>()?;
    if data.is_empty() {
        return Ok(json!({"data": []}));
    }
    Ok(json!({"data": data, "paging": {"cursors": {"before": "MAZDZD", "after": "MgZDZD"}}}))
}

/// `GET /{WABA_ID}`.
pub(crate) fn describe_waba(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let waba = world.wabas.get(id).ok_or_else(|| missing(call, id))?;
    let node = json!({
        "id": waba.id,
        "name": waba.name,
        "timezone_id": "1",
        "currency": "USD",
        "message_template_namespace": waba.business_id,
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "ownership_type": "SELF",
        "owner_business_info": {"id": waba.business_id, "name": waba.name},
        "country": "US",
        "status": "ACTIVE",
    });
    let asked = call.request.text("fields");
    project(&node, &ACCOUNT, asked.as_deref())
}

/// `POST /{PHONE_NUMBER_ID}/register`.
pub(crate) fn register(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    if request.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    let Some(pin) = request.text("pin") else {
        return Err(GraphError::parameter("The parameter pin is required."));
    };
    if pin.len() != 6 || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GraphError::parameter(
            "Param pin must be a string of 6 digits",
        ));
    }
    let now_ms = call.platform.clock.now_ms();
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| missing(call, id))?;
        count_registration(number, now_ms)?;
        if number.pin.as_ref().is_some_and(|set| *set != pin) {
            return Err(GraphError::cloud(133005));
        }
        number.pin = Some(pin);
        number.is_registered = true;
        Ok(json!({"success": true}))
    })
}

/// `POST /{PHONE_NUMBER_ID}/deregister`. The PIN stays.
pub(crate) fn deregister(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let now_ms = call.platform.clock.now_ms();
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| missing(call, id))?;
        if !number.is_registered {
            return Err(GraphError::cloud(133010));
        }
        count_registration(number, now_ms)?;
        number.is_registered = false;
        Ok(json!({"success": true}))
    })
}

/// Ten registrations and deregistrations in 72 hours.
fn count_registration(number: &mut Number, now_ms: i64) -> Result<(), GraphError> {
    let since_ms = now_ms - 72 * 60 * 60 * SECOND_MS;
    number.registrations_ms.retain(|at_ms| *at_ms > since_ms);
    if number.registrations_ms.len() >= 10 {
        return Err(GraphError::cloud(133016));
    }
    number.registrations_ms.push(now_ms);
    Ok(())
}

/// `GET /{APP_ID}`, which is also `GET /app`.
pub(crate) fn describe_app(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let app = world.apps.get(id).ok_or_else(|| missing(call, id))?;
    let node = json!({
        "id": app.id,
        "name": app.name,
        "category": "Business and pages",
        "link": format!("https://www.facebook.com/games/?app_id={}", app.id),
    });
    project(&node, &APP, call.request.text("fields").as_deref())
}

fn project_number(call: &Call<'_>, world: &World, number: &Number) -> Result<Value, GraphError> {
    let is_connected = number.is_registered;
    let node = json!({
        "id": number.id,
        "verified_name": number.verified_name,
        "code_verification_status": if is_connected { "VERIFIED" } else { "NOT_VERIFIED" },
        "display_phone_number": number.display_phone_number,
        "quality_rating": "GREEN",
        "platform_type": if is_connected { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": {"level": if is_connected { "STANDARD" } else { "NOT_APPLICABLE" }},
        "status": if is_connected { "CONNECTED" } else { "PENDING" },
        "name_status": "APPROVED",
        "new_name_status": "NONE",
        "account_mode": if number.allowed_recipients.is_some() { "SANDBOX" } else { "LIVE" },
        "is_official_business_account": false,
        "is_pin_enabled": number.pin.is_some(),
        "messaging_limit_tier": "TIER_250",
        "whatsapp_business_manager_messaging_limit": "TIER_250",
        "webhook_configuration": webhook_configuration(call, world, number),
        "is_on_biz_app": false,
    });
    let asked = call.request.text("fields");
    project(&node, &NUMBER, asked.as_deref())
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

fn missing(call: &Call<'_>, id: &str) -> GraphError {
    GraphError::unknown_object(call.request.method.as_str(), id)
}
