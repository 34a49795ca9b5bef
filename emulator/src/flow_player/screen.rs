//! One screen of a Flow: what is visible, what can be entered and tapped, and what its data must be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::DAY_MS;
use crate::flow_endpoint::crypto::seal_file;
use crate::flow_json::components::component;
use crate::flow_json::expression::{self, is_true};
use crate::ids;
use crate::inbound::ActError;
use crate::platform::Platform;
use crate::platform::model::Media;
use crate::platform::thread::OpenFlow;
use crate::wire::FlowScreen;

/// How long the files of a Flow can be fetched.
const FILE_MS: i64 = 20 * DAY_MS;

/// The screen as the customer sees it; nothing when there is none.
pub(super) fn shown(flow: &OpenFlow) -> Option<FlowScreen> {
    let declared = flow.declared(&flow.screen)?;
    let form = flow.forms.get(&flow.screen);
    let components = visible(flow)
        .into_iter()
        .map(|component| {
            let mut component = component;
            let name = component["name"].as_str().map(str::to_owned);
            if let Some(value) = name.and_then(|name| form?.get(&name).cloned()) {
                component["value"] = without_secrets(&value);
            }
            component
        })
        .collect();
    Some(FlowScreen {
        id: flow.screen.clone(),
        title: declared["title"]
            .as_str()
            .map(|title| expression::plain(&expression::evaluate(title, &|r| flow.resolve(r)))),
        is_terminal: declared["terminal"] == true,
        components,
    })
}

/// What is visible on the screen, filled in, in order.
fn visible(flow: &OpenFlow) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(declared) = flow.declared(&flow.screen) {
        collect(flow, &declared["layout"]["children"], &mut found);
    }
    found
}

fn collect(flow: &OpenFlow, children: &Value, found: &mut Vec<Value>) {
    let resolve = |reference: &expression::Reference| flow.resolve(reference);
    for child in children.as_array().into_iter().flatten() {
        let kind = child["type"].as_str().unwrap_or_default();
        match kind {
            "Form" => collect(flow, &child["children"], found),
            "If" => {
                let condition = child["condition"].as_str().unwrap_or_default();
                let value = expression::condition(condition.trim_matches('`'), &resolve);
                let branch = if value.is_ok_and(|value| is_true(&value)) {
                    "then"
                } else {
                    "else"
                };
                collect(flow, &child[branch], found);
            }
            "Switch" => {
                let value = flow.filled(&child["value"]);
                collect(flow, &child["cases"][expression::plain(&value)], found);
            }
            _ => {
                let mut shown = json!({});
                for (key, value) in child.as_object().into_iter().flatten() {
                    // What happens later is filled in when it happens.
                    shown[key] = match key.ends_with("-action") {
                        true => value.clone(),
                        false => flow.filled(value),
                    };
                }
                if shown["visible"] != false {
                    found.push(shown);
                }
            }
        }
    }
}

/// The inputs that are visible.
pub(super) fn inputs(flow: &OpenFlow) -> Vec<Value> {
    let is_input = |shown: &Value| {
        let kind = shown["type"].as_str().and_then(component);
        kind.is_some_and(|kind| kind.input.is_some())
    };
    visible(flow).into_iter().filter(is_input).collect()
}

/// What the screen's inputs begin with.
pub(super) fn initial_values(flow: &OpenFlow) -> Map<String, Value> {
    let mut values = Map::new();
    for input in inputs(flow) {
        if let (Some(name), false) = (input["name"].as_str(), input["init-value"].is_null()) {
            values.insert(name.to_owned(), input["init-value"].clone());
        }
    }
    if let Some(declared) = flow.declared(&flow.screen) {
        forms(&declared["layout"]["children"], &mut |form| {
            let filled = flow.filled(&form["init-values"]);
            values.extend(filled.as_object().cloned().unwrap_or_default());
        });
    }
    values
}

fn forms(children: &Value, each: &mut impl FnMut(&Value)) {
    for child in children.as_array().into_iter().flatten() {
        if child["type"] == "Form" {
            each(child);
        }
        for key in ["children", "then", "else"] {
            forms(&child[key], each);
        }
    }
}

/// The action of the screen's footer.
pub(super) fn footer_action(flow: &OpenFlow) -> Result<Value, ActError> {
    let footer = visible(flow)
        .into_iter()
        .find(|shown| shown["type"] == "Footer");
    let footer = footer.ok_or_else(|| {
        ActError::Invalid(format!(
            "the screen `{}` has no footer: tap something",
            flow.screen
        ))
    })?;
    if footer["enabled"] == false {
        return Err(ActError::Invalid("the footer is not enabled".to_owned()));
    }
    Ok(footer["on-click-action"].clone())
}

/// The action of a component that is tapped: by its name, what stands on it, or an item's id.
pub(super) fn tapped_action(flow: &OpenFlow, wanted: &str) -> Result<Value, ActError> {
    let mut offered = Vec::new();
    for shown in visible(flow) {
        let names = ["name", "label", "text"].map(|key| shown[key].as_str());
        let action = &shown["on-click-action"];
        for item in shown["list-items"].as_array().into_iter().flatten() {
            let own = &item["on-click-action"];
            let action = if own.is_null() { action } else { own };
            let (id, title) = (item["id"].as_str(), item["main-content"]["title"].as_str());
            if id == Some(wanted) || title == Some(wanted) {
                return Ok(action.clone());
            }
            offered.extend(id.map(str::to_owned));
        }
        if action.is_null() || shown["list-items"].is_array() {
            continue;
        }
        if names.contains(&Some(wanted)) {
            return Ok(action.clone());
        }
        offered.extend(names.into_iter().flatten().next().map(str::to_owned));
    }
    Err(ActError::Invalid(format!(
        "nothing on the screen `{}` that acts is called `{wanted}`; there is {}",
        flow.screen,
        if offered.is_empty() {
            "nothing".to_owned()
        } else {
            offered.join(", ")
        }
    )))
}

/// What follows from choosing these values.
pub(super) fn select_actions(flow: &OpenFlow, values: &Map<String, Value>) -> Vec<Value> {
    let mut actions = Vec::new();
    for input in inputs(flow) {
        let Some(value) = input["name"].as_str().and_then(|name| values.get(name)) else {
            continue;
        };
        let unselects = matches!(value, Value::Null | Value::Bool(false));
        let key = if unselects {
            "on-unselect-action"
        } else {
            "on-select-action"
        };
        if !input[key].is_null() {
            actions.push(input[key].clone());
        }
        // An option may act by itself.
        for option in input["data-source"].as_array().into_iter().flatten() {
            if option["id"] == *value && !option[key].is_null() {
                actions.push(option[key].clone());
            }
        }
    }
    actions
}

/// The screens that the actions of a value lead to.
pub(super) fn navigations<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            if members.get("name").is_some_and(|name| name == "navigate") {
                found.extend(value["next"]["name"].as_str());
            }
            members.values().for_each(|value| navigations(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| navigations(item, found)),
        _ => {}
    }
}

/// Fails when an input cannot have a value.
pub(super) fn check_value(input: &Value, name: &str, value: &Value) -> Result<(), ActError> {
    let wrong = |why: String| Err(ActError::Invalid(format!("the input `{name}` {why}")));
    if value.is_null() {
        return Ok(());
    }
    let kind = input["type"].as_str().unwrap_or_default();
    if input["enabled"] == false {
        return wrong("is not enabled".to_owned());
    }
    let ids: Vec<&Value> = input["data-source"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|option| option["enabled"] != false)
        .map(|option| &option["id"])
        .collect();
    match kind {
        "CheckboxGroup" | "ChipsSelector" => {
            let Some(chosen) = value.as_array() else {
                return wrong("takes a list of ids".to_owned());
            };
            if let Some(other) = chosen.iter().find(|id| !ids.contains(id)) {
                return wrong(format!("does not offer {other}"));
            }
            let bound = |key: &str| input[key].as_u64().and_then(|n| usize::try_from(n).ok());
            if bound("max-selected-items").is_some_and(|max| chosen.len() > max)
                || bound("min-selected-items").is_some_and(|min| chosen.len() < min)
            {
                return wrong(format!(
                    "takes another number of items than {}",
                    chosen.len()
                ));
            }
        }
        "RadioButtonsGroup" | "Dropdown" if !ids.contains(&value) => {
            return wrong(format!("does not offer {value}"));
        }
        "OptIn" if !value.is_boolean() => {
            return wrong("takes true or false".to_owned());
        }
        "TextInput" | "TextArea" => {
            let Some(text) = value.as_str() else {
                return wrong("takes a text".to_owned());
            };
            let length = text.chars().count();
            let bound = |key: &str| match &input[key] {
                Value::String(text) => text.parse::<usize>().ok(),
                number => number.as_u64().and_then(|n| usize::try_from(n).ok()),
            };
            let max = bound("max-chars").or_else(|| bound("max-length"));
            let max = max.unwrap_or(if kind == "TextInput" { 80 } else { 600 });
            if length > max {
                return wrong(format!("takes at most {max} characters"));
            }
            if length > 0 && bound("min-chars").is_some_and(|min| length < min) {
                return wrong("takes more characters".to_owned());
            }
            let fits = match input["input-type"].as_str() {
                Some("number" | "passcode") => text.parse::<f64>().is_ok() || text.is_empty(),
                Some("email") => text.is_empty() || text.contains('@'),
                Some("phone") => text
                    .chars()
                    .all(|c| c.is_ascii_digit() || " +-()".contains(c)),
                _ => true,
            };
            if !fits {
                return wrong(format!(
                    "takes a {}",
                    input["input-type"].as_str().unwrap_or("text")
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Fails unless data has what a screen declares.
pub(super) fn check_data(declared: &Value, data: &Value) -> Result<(), String> {
    let screen = declared["id"].as_str().unwrap_or_default();
    for (name, schema) in declared["data"].as_object().into_iter().flatten() {
        let value = &data[name];
        let expected = schema["type"].as_str().unwrap_or_default();
        let fits = match expected {
            "string" => value.is_string(),
            "number" | "integer" => value.is_number(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            _ => true,
        };
        if !fits {
            let found = if value.is_null() {
                "missing".to_owned()
            } else {
                value.to_string()
            };
            return Err(format!(
                "data `{name}` of the screen {screen} should be of the type {expected}, but is {found}"
            ));
        }
    }
    Ok(())
}

/// Files that a customer picks become media of the number.
pub(super) fn files(
    platform: &Platform,
    number_id: &str,
    value: &Value,
) -> Result<Value, ActError> {
    let mut picked = Vec::new();
    for file in value.as_array().into_iter().flatten() {
        let data = file["data"].as_str().unwrap_or_default();
        let bytes = STANDARD.decode(data).map_err(ActError::BadMedia)?;
        let mime_type = file["mime_type"]
            .as_str()
            .unwrap_or("application/octet-stream");
        let file_name = file["file_name"].as_str().unwrap_or("file").to_owned();
        let media = Media {
            id: ids::object_id(),
            number_id: number_id.to_owned(),
            mime_type: mime_type.to_owned(),
            bytes: bytes.into(),
            expires_at_ms: platform.clock.now_ms() + FILE_MS,
            file_name: Some(file_name.clone()),
        };
        picked.push(json!({
            "id": media.id,
            "mime_type": media.mime_type,
            "sha256": STANDARD.encode(Sha256::digest(&media.bytes)),
            "file_name": file_name,
            "kind": super::media_kind(&media.mime_type).as_str(),
        }));
        platform.edit(|world| world.media.insert(media.id.clone(), media));
    }
    Ok(picked.into())
}

/// Files as the business gets them in a message.
pub(super) fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        Value::Object(members) if is_file(value) => {
            let mut members = members.clone();
            members.shift_remove("kind");
            Value::Object(members)
        }
        other => other.clone(),
    }
}

fn is_file(value: &Value) -> bool {
    value["sha256"].is_string() && value["kind"].is_string() && value["file_name"].is_string()
}

/// Files as an endpoint gets them: encrypted, at a URL.
pub(super) fn sealed_files(platform: &Platform, value: &Value) -> Value {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| sealed_files(platform, item))
            .collect(),
        Value::Object(_) if is_file(value) => {
            let id = value["id"].as_str().unwrap_or_default();
            let media = platform.world().media.get(id).cloned();
            let Some(media) = media else {
                return value.clone();
            };
            let sealed = seal_file(&media.bytes);
            let stored = Media {
                id: ids::object_id(),
                mime_type: "application/octet-stream".to_owned(),
                bytes: sealed.bytes.into(),
                ..media
            };
            let file = json!({
                "media_id": stored.id,
                "cdn_url": format!("{}/flow_media/{}", platform.graph_url, stored.id),
                "file_name": value["file_name"],
                "encryption_metadata": sealed.metadata,
            });
            platform.edit(|world| world.media.insert(stored.id.clone(), stored));
            file
        }
        Value::Object(members) => {
            let pairs = members
                .iter()
                .map(|(key, value)| (key.clone(), sealed_files(platform, value)));
            Value::Object(pairs.collect())
        }
        plain => plain.clone(),
    }
}
