//! Apps, accounts and portfolios: reading them, their settings, their users.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::fields::{Ask, NodeType, project, project_with};
use crate::graph::paging::{List, page};
use crate::graph::request::is_of_every_call;
use crate::graph::{Call, flows, health, numbers, subscriptions, templates};
use crate::platform::model::Waba;
use crate::platform::world::World;

const ACCOUNT: NodeType = NodeType {
    name: "WhatsAppBusinessAccount",
    defaults: &["name", "timezone_id", "message_template_namespace"],
    unset: &[
        "auth_international_rate_eligibility",
        "creation_time",
        "disable_marketing_messages_on_cloud_api",
        "marketing_messages_lite_api_status",
        "marketing_messages_onboarding_status",
        "on_behalf_of_business_info",
        "primary_business_location",
        "primary_funding_id",
        "purchase_order_number",
    ],
};

const APP: NodeType = NodeType {
    name: "Application",
    defaults: &["category", "link", "name"],
    unset: &["description", "namespace", "logo_url"],
};

/// The tasks that a user may have for an account.
const TASKS: [&str; 9] = [
    "MANAGE",
    "DEVELOP",
    "MANAGE_TEMPLATES",
    "MANAGE_PHONE",
    "VIEW_COST",
    "MANAGE_EXTENSIONS",
    "VIEW_PHONE_ASSETS",
    "MANAGE_PHONE_ASSETS",
    "VIEW_TEMPLATES",
];

/// `GET /{APP_ID}`, which is also `GET /app`.
pub(crate) fn describe_app(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let app = world.apps.get(id).ok_or_else(|| call.unknown(id))?;
    let node = json!({
        "id": app.id,
        "name": app.name,
        "category": "Business and pages",
        "link": format!("https://www.facebook.com/games/?app_id={}", app.id),
    });
    project(&node, &APP, &call.ask()?)
}

/// `GET /{WABA_ID}`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let node = {
        let world = call.platform.world();
        let waba = world.wabas.get(id).ok_or_else(|| call.unknown(id))?;
        node(&world, waba, &call.caller.app_id)
    };
    project_account(call, &node, &call.ask()?)
}

fn project_account(call: &Call<'_>, node: &Value, ask: &Ask) -> Result<Value, GraphError> {
    let id = node["id"].as_str().unwrap_or_default();
    project_with(node, &ACCOUNT, ask, |field| {
        let ask = Ask::within(field);
        Some(match field.name.as_str() {
            "phone_numbers" => numbers::list(call, id, &ask),
            "message_templates" => templates::list(call, id, &ask),
            "flows" => flows::list(call, id, &ask),
            "subscribed_apps" => subscriptions::list(call, id),
            "assigned_users" => users(call, id),
            _ => return None,
        })
    })
}

fn node(world: &World, waba: &Waba, app_id: &str) -> Value {
    json!({
        "id": waba.id,
        "name": waba.name,
        "timezone_id": "1",
        "currency": "USD",
        "message_template_namespace": namespace(&waba.id),
        "account_review_status": waba.account_review_status,
        "business_verification_status": "verified",
        "ownership_type": "SELF",
        "owner_business_info": {"id": waba.business_id, "name": waba.name},
        "country": "US",
        "status": "ACTIVE",
        "is_enabled_for_insights": waba.is_enabled_for_insights,
        "whatsapp_business_manager_messaging_limit": limit_of(world, waba),
        "health_status": health::of_account(world, waba, app_id),
    })
}

/// The limit of the portfolio, which its numbers share: the highest that one of them has.
pub(crate) fn limit_of(world: &World, waba: &Waba) -> String {
    let numbers = world.numbers.values();
    let own = numbers.filter(|number| number.waba_id == waba.id);
    let rank = |limit: &str| {
        let tiers = ["TIER_50", "TIER_250", "TIER_2K", "TIER_10K", "TIER_100K"];
        tiers
            .iter()
            .position(|tier| *tier == limit)
            .unwrap_or(tiers.len())
    };
    own.map(|number| number.messaging_limit.clone())
        .max_by_key(|limit| rank(limit))
        .unwrap_or_else(|| "TIER_250".to_owned())
}

/// A namespace as old clients have to name it: in the form of a UUID, and always the same one.
pub(crate) fn namespace(waba_id: &str) -> String {
    use sha2::Digest as _;
    let hex = hex::encode(&sha2::Sha256::digest(format!("namespace {waba_id}"))[..16]);
    format!(
        "{}_{}_{}_{}_{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// `POST /{WABA_ID}`: settings.
pub(crate) fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let known = ["is_enabled_for_insights", "name"];
    let unknown = call
        .request
        .params
        .keys()
        .find(|key| !known.contains(&key.as_str()) && !is_of_every_call(key));
    if let Some(unknown) = unknown {
        return Err(GraphError::not_known_here(format_args!(
            "the setting `{unknown}` of `POST /{{WABA_ID}}`"
        )));
    }
    let insights = call.request.truth("is_enabled_for_insights");
    let name = call.request.text("name");
    call.platform.edit(|world| {
        let waba = world.wabas.get_mut(id).ok_or_else(|| call.unknown(id))?;
        waba.is_enabled_for_insights = insights.unwrap_or(waba.is_enabled_for_insights);
        if let Some(name) = name {
            waba.name = name;
        }
        Ok(json!({"id": id, "success": true}))
    })
}

/// `GET /{BUSINESS_ID}/owned_whatsapp_business_accounts`.
pub(crate) fn list_owned(
    call: &Call<'_>,
    business_id: &str,
    edge: &str,
) -> Result<Value, GraphError> {
    let ask = call.ask()?;
    let nodes: Vec<Value> = {
        let world = call.platform.world();
        let wabas = world.wabas.values();
        wabas
            .filter(|waba| waba.business_id == business_id && call.caller.reaches(&waba.id))
            .map(|waba| node(&world, waba, &call.caller.app_id))
            .collect()
    };
    let mut items = Vec::new();
    for node in nodes {
        let id = node["id"].as_str().unwrap_or_default().to_owned();
        items.push((id, project_account(call, &node, &ask)?));
    }
    let list = List {
        node: business_id,
        edge,
    };
    page(call, list, &ask, &items)
}

/// `GET /{BUSINESS_ID}/client_whatsapp_business_accounts`: the emulator's portfolios own their
/// accounts, and share none.
pub(crate) fn list_clients(call: &Call<'_>, business_id: &str) -> Result<Value, GraphError> {
    let list = List {
        node: business_id,
        edge: "client_whatsapp_business_accounts",
    };
    page(call, list, &call.ask()?, &[])
}

/// `GET /{WABA_ID}/assigned_users`.
pub(crate) fn users(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let users = world.wabas.get(waba_id).map(|waba| &waba.assigned_users);
    let items: Vec<(String, Value)> = users
        .into_iter()
        .flatten()
        .map(|(id, tasks)| {
            let user = json!({"id": id, "name": format!("User {id}"), "tasks": tasks});
            (id.clone(), user)
        })
        .collect();
    let list = List {
        node: waba_id,
        edge: "assigned_users",
    };
    page(call, list, &call.ask()?, &items)
}

/// `POST /{WABA_ID}/assigned_users`.
pub(crate) fn assign_user(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let user = call.request.text("user");
    let user = user.ok_or_else(|| GraphError::required("user"))?;
    let tasks = call.request.words("tasks");
    let tasks = tasks.ok_or_else(|| GraphError::required("tasks"))?;
    if let Some(task) = tasks.iter().find(|task| !TASKS.contains(&task.as_str())) {
        return Err(GraphError::parameter(format_args!(
            "Param tasks[0] must be one of {{{}}} - got \"{task}\".",
            TASKS.join(", ")
        )));
    }
    call.platform.edit(|world| {
        let waba = world.wabas.get_mut(waba_id);
        let waba = waba.ok_or_else(|| call.unknown(waba_id))?;
        waba.assigned_users
            .insert(user, tasks.into_iter().collect());
        Ok(json!({"success": true}))
    })
}

/// `DELETE /{WABA_ID}/assigned_users`.
pub(crate) fn dismiss_user(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let user = call.request.text("user");
    let user = user.ok_or_else(|| GraphError::required("user"))?;
    call.platform.edit(|world| {
        let waba = world.wabas.get_mut(waba_id);
        let waba = waba.ok_or_else(|| call.unknown(waba_id))?;
        waba.assigned_users.remove(&user);
        Ok(json!({"success": true}))
    })
}
