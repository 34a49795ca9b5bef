//! Flows over the Graph API: creating, reading, changing, deleting them.

mod assets;
pub(crate) mod encryption;
mod metrics;
mod migrate;
mod publish;

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rand::RngExt as _;
use reqwest::Url;
use serde_json::{Value, json};

use crate::clock::{DAY_MS, SECOND_MS, datetime};
use crate::error::GraphError;
use crate::flow_endpoint::watch::status_change;
use crate::flow_json;
use crate::graph::fields::{Ask, Field, NodeType, project_with};
use crate::graph::paging::{List, page};
use crate::graph::request::GraphRequest;
use crate::graph::{Call, accounts, health};
use crate::ids;
use crate::platform::Platform;
use crate::platform::model::{Flow, FlowStatus};
use crate::platform::world::World;
use crate::webhooks::post_all;

pub(crate) use assets::{assets, download, upload};
pub(crate) use migrate::migrate;
pub(crate) use publish::{deprecate, publish};

const FLOW: NodeType = NodeType {
    name: "WhatsAppFlow",
    defaults: &["name", "status", "categories", "validation_errors"],
    unset: &[],
};

const CATEGORIES: [&str; 8] = [
    "SIGN_UP",
    "SIGN_IN",
    "APPOINTMENT_BOOKING",
    "LEAD_GENERATION",
    "CONTACT_US",
    "CUSTOMER_SUPPORT",
    "SURVEY",
    "OTHER",
];

/// How long a preview can be looked at.
const PREVIEW_MS: i64 = 30 * DAY_MS;
const LONGEST_NAME: usize = 200;

/// `POST /{WABA_ID}/flows`.
pub(crate) fn create(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let (platform, request) = (call.platform, call.request);
    let name = name_of(call)?.ok_or_else(|| GraphError::required("name"))?;
    let categories = categories_of(call)?.ok_or_else(|| GraphError::required("categories"))?;
    let endpoint_uri = endpoint_of(call)?;
    let json = json_of(call);
    let clone_id = request.text("clone_flow_id");
    if json.is_some() && clone_id.is_some() {
        return Err(invalid(
            "Multiple sources",
            "Only one of flow_json and clone_flow_id can be given.",
        ));
    }
    let publishes = request.truth("publish").unwrap_or(false);
    let now_ms = platform.clock.now_ms();
    let (flow, updates) = platform.edit(|world| {
        check_unique(world, waba_id, &name, None)?;
        let mut flow = Flow {
            id: ids::object_id(),
            waba_id: waba_id.to_owned(),
            name,
            categories,
            status: FlowStatus::Draft,
            json: None,
            published_json: None,
            validation_errors: Vec::new(),
            endpoint_uri,
            application_id: call.caller.app_id.clone(),
            preview_token: preview_token(),
            preview_expires_at_ms: now_ms + PREVIEW_MS,
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
            requests: Vec::new(),
            sends_ms: Vec::new(),
            alerts: Default::default(),
        };
        if let Some(id) = clone_id {
            let source = world
                .flows
                .get(&id)
                .filter(|source| call.caller.reaches(&source.waba_id));
            let source = source.ok_or_else(|| {
                invalid(
                    "Cloned Flow does not exist",
                    "The Flow to clone does not exist.",
                )
            })?;
            flow.json.clone_from(&source.json);
            flow.validation_errors.clone_from(&source.validation_errors);
            flow.endpoint_uri = flow.endpoint_uri.or_else(|| source.endpoint_uri.clone());
        }
        if let Some(json) = json {
            flow.validation_errors = flow_json::validation_errors(&json);
            flow.json = Some(json);
        }
        let mut updates = vec![status_change(&flow, None, now_ms)];
        // Publishing needs Flow JSON without errors; otherwise the Flow stays a draft.
        if publishes && flow.json.is_some() && flow.validation_errors.is_empty() {
            flow.published_json.clone_from(&flow.json);
            flow.status = FlowStatus::Published;
            updates.push(status_change(&flow, Some("DRAFT"), now_ms));
        }
        world.flows.insert(flow.id.clone(), flow.clone());
        Ok::<_, GraphError>((flow, updates))
    })?;
    post_all(platform, updates);
    Ok(json!({
        "id": flow.id,
        "success": true,
        "validation_errors": flow.validation_errors,
    }))
}

fn invalid(title: &str, message: impl Into<String>) -> GraphError {
    GraphError::managed(100, None, title, message)
}

fn name_of(call: &Call<'_>) -> Result<Option<String>, GraphError> {
    let Some(name) = call.request.text("name") else {
        return Ok(None);
    };
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(GraphError::parameter(format_args!(
            "Param name must be between 1 and {LONGEST_NAME} characters long."
        )));
    }
    Ok(Some(name))
}

fn categories_of(call: &Call<'_>) -> Result<Option<Vec<String>>, GraphError> {
    let Some(categories) = call.request.words("categories") else {
        return Ok(None);
    };
    if categories.is_empty() {
        return Err(GraphError::parameter("Param categories must not be empty."));
    }
    match categories
        .iter()
        .find(|word| !CATEGORIES.contains(&word.as_str()))
    {
        None => Ok(Some(categories)),
        Some(word) => Err(GraphError::parameter(format_args!(
            "Param categories[0] must be one of {{{}}} - got \"{word}\".",
            CATEGORIES.join(", ")
        ))),
    }
}

fn endpoint_of(call: &Call<'_>) -> Result<Option<String>, GraphError> {
    let Some(uri) = call.request.text("endpoint_uri") else {
        return Ok(None);
    };
    let is_web = Url::parse(&uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match is_web {
        true => Ok(Some(uri)),
        false => Err(invalid(
            "Invalid endpoint URI",
            "The endpoint_uri is not a valid URI.",
        )),
    }
}

/// `flow_json`: text, or what a form made of it.
fn json_of(call: &Call<'_>) -> Option<String> {
    match call.request.params.get("flow_json")? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn check_unique(
    world: &World,
    waba_id: &str,
    name: &str,
    but: Option<&str>,
) -> Result<(), GraphError> {
    let known = world.flow_by_name(waba_id, name);
    match known.filter(|flow| Some(flow.id.as_str()) != but) {
        None => Ok(()),
        Some(_) => Err(GraphError::managed(
            100,
            None,
            "Flow name is not unique",
            "The name of a Flow must be unique within its WhatsApp Business Account. Choose \
             another name.",
        )),
    }
}

fn preview_token() -> String {
    hex::encode(rand::rng().random::<[u8; 16]>())
}

/// `GET /{WABA_ID}/flows`.
pub(crate) fn list(call: &Call<'_>, waba_id: &str, ask: &Ask) -> Result<Value, GraphError> {
    let mut flows: Vec<Flow> = {
        let world = call.platform.world();
        let flows = world.flows.values();
        flows
            .filter(|flow| flow.waba_id == waba_id)
            .cloned()
            .collect()
    };
    flows.sort_by(|a, b| (b.created_at_ms, &b.id).cmp(&(a.created_at_ms, &a.id)));
    let mut items = Vec::new();
    for flow in flows {
        let shown = shown(call, &flow, ask)?;
        items.push((flow.id, shown));
    }
    let list = List {
        node: waba_id,
        edge: "flows",
    };
    page(call, list, ask, &items)
}

/// `GET /{FLOW_ID}`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let flow = flow_of(call, id)?;
    shown(call, &flow, &call.ask()?)
}

fn flow_of(call: &Call<'_>, id: &str) -> Result<Flow, GraphError> {
    let world = call.platform.world();
    world.flows.get(id).cloned().ok_or_else(|| call.unknown(id))
}

fn shown(call: &Call<'_>, flow: &Flow, ask: &Ask) -> Result<Value, GraphError> {
    let json = flow.json.as_deref().unwrap_or_default();
    let seconds = call.request.text("date_format").as_deref() == Some("U");
    let moment = |at_ms: i64| match seconds {
        true => json!(at_ms.div_euclid(SECOND_MS)),
        false => json!(datetime(at_ms)),
    };
    let node = json!({
        "id": flow.id,
        "name": flow.name,
        "status": flow.status.as_str(),
        "categories": flow.categories,
        "validation_errors": flow.validation_errors,
        "json_version": flow_json::top_level(json, "version"),
        "data_api_version": flow_json::top_level(json, "data_api_version"),
        "endpoint_uri": flow.endpoint_uri,
        "data_channel_uri": flow.endpoint_uri,
        "updated_at": moment(flow.updated_at_ms),
    });
    project_with(&node, &FLOW, ask, |field| {
        Some(match field.name.as_str() {
            "preview" => preview(call, flow, field, &moment),
            "health_status" => {
                let world = call.platform.world();
                let number = field.modifier("phone_number");
                Ok(health::of_flow(&world, flow, number, &call.caller.app_id))
            }
            "whatsapp_business_account" => Ok(narrow(account_of(call, flow), field)),
            "application" => Ok(narrow(application_of(call, flow), field)),
            "metric" => metrics::metric(call, flow, field),
            "assets" => assets::list_of(call, flow),
            _ => return None,
        })
    })
}

/// The inner fields of a node that a field is.
fn narrow(node: Value, field: &Field) -> Value {
    let Some(inner) = &field.inner else {
        return node;
    };
    let pairs = inner.iter().filter_map(|field| {
        let value = node.get(&field.name)?;
        Some((field.label().to_owned(), value.clone()))
    });
    Value::Object(pairs.collect())
}

fn account_of(call: &Call<'_>, flow: &Flow) -> Value {
    let world = call.platform.world();
    let name = world.wabas.get(&flow.waba_id).map_or("", |waba| &waba.name);
    json!({
        "id": flow.waba_id,
        "name": name,
        "currency": "USD",
        "timezone_id": "1",
        "business_type": "ent",
        "message_template_namespace": accounts::namespace(&flow.waba_id),
    })
}

fn application_of(call: &Call<'_>, flow: &Flow) -> Value {
    let world = call.platform.world();
    let id = &flow.application_id;
    let name = world.apps.get(id).map_or("", |app| &app.name);
    json!({
        "id": id,
        "name": name,
        "link": format!("https://www.facebook.com/games/?app_id={id}"),
    })
}

/// A link to look at the Flow; a new one when it is invalidated or has expired.
fn preview(
    call: &Call<'_>,
    flow: &Flow,
    field: &Field,
    moment: &dyn Fn(i64) -> Value,
) -> Result<Value, GraphError> {
    let platform = call.platform;
    let now_ms = platform.clock.now_ms();
    let is_new =
        field.modifier("invalidate") == Some("true") || now_ms >= flow.preview_expires_at_ms;
    let (mut token, mut expires_at_ms) = (flow.preview_token.clone(), flow.preview_expires_at_ms);
    if is_new {
        (token, expires_at_ms) = (preview_token(), now_ms + PREVIEW_MS);
        platform.edit(|world| {
            if let Some(flow) = world.flows.get_mut(&flow.id) {
                flow.preview_token.clone_from(&token);
                flow.preview_expires_at_ms = expires_at_ms;
            }
        });
    }
    Ok(json!({
        "preview_url": format!("{}/flow_preview/{}?token={token}", platform.graph_url, flow.id),
        "expires_at": moment(expires_at_ms),
    }))
}

/// The page behind a preview link: the Flow's screens, as they are declared.
pub(crate) fn preview_page(platform: &Arc<Platform>, request: &GraphRequest, id: &str) -> Response {
    let world = platform.world();
    let now_ms = platform.clock.now_ms();
    let token = request.text("token").unwrap_or_default();
    let flow = world.flows.get(id);
    let flow =
        flow.filter(|flow| flow.preview_token == token && now_ms < flow.preview_expires_at_ms);
    let Some(flow) = flow else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let page = format!(
        "<!doctype html><title>{name}</title><h1>{name}</h1><p>A preview of the emulator: the \
         Flow JSON of its screens.</p><pre>{json}</pre>",
        name = escape(&flow.name),
        json = escape(
            flow.json
                .as_deref()
                .unwrap_or("The Flow has no Flow JSON yet.")
        ),
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// `POST /{FLOW_ID}`.
pub(crate) fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let (name, categories) = (name_of(call)?, categories_of(call)?);
    let endpoint_uri = endpoint_of(call)?;
    let application_id = call.request.text("application_id");
    let now_ms = call.platform.clock.now_ms();
    let may_edit = call.platform.settings().published_flows_can_be_edited;
    call.platform.edit(|world| {
        let flow = world.flows.get(id).ok_or_else(|| call.unknown(id))?;
        check_editable(flow, may_edit)?;
        if let Some(name) = &name {
            check_unique(world, &flow.waba_id, name, Some(id))?;
        }
        if endpoint_uri.is_some() {
            let json = flow.json.as_deref().unwrap_or_default();
            let version = flow_json::top_level(json, "version");
            let version = version.and_then(|version| flow_json::version_of(&version));
            if version.is_some_and(|version| version < (3, 0)) {
                return Err(invalid(
                    "Endpoint URI is not supported",
                    "endpoint_uri can be set for Flow JSON of the version 3.0 and later.",
                ));
            }
        }
        if let Some(app_id) = &application_id
            && !world.apps.contains_key(app_id)
        {
            return Err(invalid(
                "App does not exist",
                "The application_id is not one of an app.",
            ));
        }
        let flow = world.flows.get_mut(id).ok_or_else(|| call.unknown(id))?;
        flow.name = name.unwrap_or_else(|| flow.name.clone());
        flow.categories = categories.unwrap_or_else(|| flow.categories.clone());
        flow.endpoint_uri = endpoint_uri.or_else(|| flow.endpoint_uri.clone());
        flow.application_id = application_id.unwrap_or_else(|| flow.application_id.clone());
        flow.updated_at_ms = now_ms;
        Ok(json!({"success": true}))
    })
}

/// A Flow that is not published can be edited; whether a published one can be is a setting.
fn check_editable(flow: &Flow, may_edit: bool) -> Result<(), GraphError> {
    let refused =
        |message: &str| GraphError::managed(139_001, None, "Flow can't be updated", message);
    match flow.status {
        FlowStatus::Draft => Ok(()),
        FlowStatus::Published if may_edit => Ok(()),
        FlowStatus::Published => Err(refused("A published Flow can't be updated.")),
        FlowStatus::Deprecated => Err(refused("A deprecated Flow can't be updated.")),
        FlowStatus::Blocked | FlowStatus::Throttled if may_edit => Ok(()),
        FlowStatus::Blocked | FlowStatus::Throttled => Err(refused(
            "A Flow that is blocked or throttled can't be updated.",
        )),
    }
}

/// `DELETE /{FLOW_ID}`.
pub(crate) fn delete(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    call.platform.edit(|world| {
        let flow = world.flows.get(id).ok_or_else(|| call.unknown(id))?;
        // A published Flow whose JSON was edited is a draft again, and published all the same.
        if flow.status != FlowStatus::Draft || flow.published_json.is_some() {
            return Err(GraphError::managed(
                139_004,
                None,
                "Can't delete published Flow",
                "Only Flows in the DRAFT state that were never published can be deleted.",
            ));
        }
        world.flows.remove(id);
        Ok(json!({"success": true}))
    })
}
