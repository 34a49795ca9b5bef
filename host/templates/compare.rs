//! Whether a template as it is written is what Meta has: not letter by letter, because Meta adds to what it is given.

use serde_json::{Map, Value, json};

use super::model::{Category, Draft};

/// What of a component says nothing of what people see: samples, and what Meta adds.
const LEFT_OUT: [&str; 4] = [
    "example",
    "flow_json",
    "flow_name",
    "zero_tap_terms_accepted",
];

/// What is different, in words; nothing when Meta has what is written.
pub(super) fn differences(written: &Draft, at_meta: &Draft) -> Vec<String> {
    let mut all = Vec::new();
    if let (Some(here), Some(there)) = (written.category, at_meta.category)
        && here != there
    {
        all.push(format!("the category: {here} here, {there} at Meta"));
    }
    if written.category == Some(Category::Authentication) {
        // Meta writes the texts, and lists the button as another one.
        return all;
    }
    let (here, there) = (components(&written.json), components(&at_meta.json));
    for name in [
        "HEADER",
        "BODY",
        "FOOTER",
        "BUTTONS",
        "LIMITED_TIME_OFFER",
        "CAROUSEL",
        "CALL_PERMISSION_REQUEST",
    ] {
        let is_it = |component: &&Value| component["type"] == name;
        let (here, there) = (here.iter().find(is_it), there.iter().find(is_it));
        if here == there {
            continue;
        }
        let name = name.to_ascii_lowercase().replace('_', " ");
        all.push(match (here, there) {
            (Some(_), None) => format!("the {name}: only here"),
            (None, _) => format!("the {name}: only at Meta"),
            (Some(_), Some(_)) => format!("the {name}"),
        });
    }
    if let (Some(here), Some(there)) = (written.ttl_seconds, at_meta.ttl_seconds)
        && here != there
    {
        all.push("message_send_ttl_seconds".to_owned());
    }
    all
}

/// Components in the one form in which two that mean the same are equal.
pub(super) fn components(json: &Map<String, Value>) -> Vec<Value> {
    let components = json.get("components").and_then(Value::as_array);
    components.into_iter().flatten().map(canonical).collect()
}

/// The same of the text that is stored.
pub(super) fn stored(components: &str) -> Vec<Value> {
    let json: Value = serde_json::from_str(components).unwrap_or_default();
    json.as_array()
        .into_iter()
        .flatten()
        .map(canonical)
        .collect()
}

fn canonical(json: &Value) -> Value {
    match json {
        Value::Object(map) => {
            let mut same = Map::new();
            for (key, value) in map {
                let is_empty = value.is_null() || *value == json!(false) || *value == json!("");
                let is_default = key == "flow_action"
                    && value
                        .as_str()
                        .is_some_and(|word| word.eq_ignore_ascii_case("navigate"));
                if is_empty || is_default || LEFT_OUT.contains(&key.as_str()) {
                    continue;
                }
                let value = match (key.as_str(), value) {
                    ("type" | "format" | "otp_type" | "flow_action", Value::String(word)) => {
                        word.to_ascii_uppercase().into()
                    }
                    // An id may be a number, and a phone number may have a plus.
                    ("flow_id", Value::Number(id)) => id.to_string().into(),
                    ("phone_number", Value::String(number)) => {
                        number.trim_start_matches('+').into()
                    }
                    (_, value) => canonical(value),
                };
                same.insert(key.clone(), value);
            }
            Value::Object(same)
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}
