//! Messages in, Meta's JSON or the offending field out; webhooks in, typed messages out.
//!
//! The cases are those of the npm package, which goes by the same declaration (`sdk/test/messages`): their JSON is that of Meta's
//! documentation.

use serde_json::{Map, Value, json};

use super::*;

const OUTBOUND: &str = include_str!("../../../sdk/test/messages/outbound.json");
const INBOUND: &str = include_str!("../../../sdk/test/messages/inbound.json");

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Long texts and lists are written as what repeats.
fn unfolded(value: Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("repeat") => {
            let times = usize::try_from(map["times"].as_u64().unwrap()).unwrap();
            match &map["repeat"] {
                Value::String(text) => text.repeat(times).into(),
                entry => vec![unfolded(entry.clone()); times].into(),
            }
        }
        Value::Object(map) => {
            let members = map.into_iter().map(|(name, value)| (name, unfolded(value)));
            Value::Object(members.collect())
        }
        Value::Array(list) => list.into_iter().map(unfolded).collect(),
        other => other,
    }
}

/// Whole numbers and others are the same in JavaScript.
fn in_one_kind_of_number(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Object(map) => {
            let members = map
                .into_iter()
                .map(|(name, value)| (name, in_one_kind_of_number(value)));
            Value::Object(members.collect())
        }
        Value::Array(list) => list.into_iter().map(in_one_kind_of_number).collect(),
        other => other,
    }
}

#[test]
fn each_type_becomes_the_json_of_metas_documentation() {
    let mut seen = 0;
    for case in cases(OUTBOUND) {
        if case["json"].is_null() {
            continue;
        }
        let name = case["type"].as_str().unwrap();
        let made = compose(name, &unfolded(case["message"].clone()));
        let made = made.unwrap_or_else(|error| panic!("{}: {error}", case["of"]));
        let expected = unfolded(case["json"].clone());
        assert_eq!(
            in_one_kind_of_number(made),
            in_one_kind_of_number(expected),
            "{}",
            case["of"]
        );
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn what_meta_would_refuse_is_refused_with_the_field_and_what_to_do() {
    let mut seen = 0;
    for case in cases(OUTBOUND) {
        let Some(refused) = case["refused"].as_str() else {
            continue;
        };
        let name = case["type"].as_str().unwrap();
        let error = compose(name, &unfolded(case["message"].clone())).unwrap_err();
        assert_eq!(error.to_string(), refused, "{}", case["of"]);
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn each_type_that_is_declared_has_a_case() {
    let cases = cases(OUTBOUND);
    for name in declared::DECLARED.messages.keys() {
        let has = cases
            .iter()
            .any(|case| case["type"] == name.as_str() && case["json"].is_object());
        assert!(
            has,
            "no case of {name}: write one into sdk/test/messages/outbound.json"
        );
    }
}

/// What is missing, of another type or of another message is told, and ends nothing.
#[test]
fn what_is_no_message_is_refused() {
    let to = "16505550100";
    let refused = [
        ("text-message", json!({ "to": to })),
        ("text-message", json!({ "to": to, "body": 7 })),
        ("text-message", json!({ "body": "hi" })),
        ("text-message", json!("hi")),
        (
            "buttons-message",
            json!({ "to": to, "body": "b", "buttons": "yes" }),
        ),
        (
            "buttons-message",
            json!({ "to": to, "body": "b", "buttons": ["yes"] }),
        ),
        (
            "buttons-message",
            json!({ "to": to, "body": "b", "header": { "sound": 1 }, "buttons": [{ "id": "a", "title": "A" }] }),
        ),
        (
            "media-message",
            json!({ "to": to, "kind": "film", "source": { "id": "1" } }),
        ),
        (
            "media-message",
            json!({ "to": to, "kind": "image", "source": { "id": "1", "link": "https://a.b" } }),
        ),
        (
            "location-message",
            json!({ "to": to, "latitude": null, "longitude": 1 }),
        ),
        ("hologram-message", json!({ "to": to })),
    ];
    for (name, message) in refused {
        assert!(compose(name, &message).is_err(), "{name}: {message}");
    }
    let names =
        json!({ "to": to, "source": { "Id": "1" }, "kind": "Image", "reply_to": "wamid.Q" });
    let made = compose("media-message", &names).unwrap();
    assert_eq!(made["image"]["id"], "1");
    assert_eq!(made["context"]["message_id"], "wamid.Q");
}

#[test]
fn an_object_of_json_that_would_take_much_memory_is_refused() {
    let flow = |data: String| json!({ "to": "16505550100", "body": "b", "flow": { "id": "1" }, "cta": "Go", "screen": "ONE", "data": data });
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(30_000));
    let error = compose("flow-message", &flow(many))
        .unwrap_err()
        .to_string();
    assert!(error.contains("larger than anything"), "{error}");
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(compose("flow-message", &flow(deep)).is_err());
}

/// As JavaScript has it: `{type, content, …}` with names like `replyTo`.
fn in_javascript(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.into_iter().filter(|(_, value)| !value.is_null());
            let mut out: Map<_, _> = members
                .map(|(name, value)| (camel(&name), in_javascript(value)))
                .collect();
            match out.remove("content") {
                Some(Value::String(case)) => {
                    out.insert("type".into(), kebab(&case).into());
                }
                Some(Value::Object(held)) => {
                    let (case, held) = held.into_iter().next().unwrap();
                    out.insert("type".into(), kebab(&case).into());
                    out.insert("content".into(), held);
                }
                _ => {}
            }
            Value::Object(out)
        }
        Value::Array(list) => list.into_iter().map(in_javascript).collect(),
        other => other,
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let rest = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    first + &rest.collect::<String>()
}

/// `ButtonReply` as JavaScript has it: `button_reply`.
fn kebab(case: &str) -> String {
    let mut out = String::new();
    for c in case.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[test]
fn what_comes_in_is_typed_as_the_npm_package_types_it() {
    let mut seen = 0;
    for case in cases(INBOUND) {
        let body = case["body"].to_string();
        let message = |value: Value| {
            let mut message = in_javascript(value);
            let raw: Value = serde_json::from_str(message["raw"].as_str().unwrap()).unwrap();
            assert!(raw.is_object(), "{}", case["of"]);
            let fields = message.as_object_mut().unwrap();
            fields.shift_remove("raw");
            if fields.get("type").is_some_and(|kind| kind == "unknown") {
                let content = fields.shift_remove("content").unwrap();
                let content: Value = serde_json::from_str(content.as_str().unwrap()).unwrap();
                assert_eq!(content, raw, "{}", case["of"]);
            }
            in_one_kind_of_number(json_within(message))
        };
        let messages: Value = read_messages(&body)
            .unwrap()
            .into_iter()
            .map(message)
            .collect();
        let expected = in_one_kind_of_number(case["messages"].clone());
        assert_eq!(messages, expected, "{}", case["of"]);
        let statuses: Value = read_statuses(&body)
            .unwrap()
            .into_iter()
            .map(message)
            .collect();
        let expected = in_one_kind_of_number(case["statuses"].clone());
        assert_eq!(statuses, expected, "{}", case["of"]);
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

/// What is JSON within a text in Rust, and is not in JavaScript.
fn json_within(mut message: Value) -> Value {
    for at in ["/content/response", "/content/message"] {
        if let Some(text) = message.pointer_mut(at)
            && let Some(inner) = text
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok())
        {
            *text = inner;
        }
    }
    message
}

#[test]
fn a_body_that_is_no_json_or_too_large_is_refused() {
    let error = read_messages("{\"entry\":\n[").unwrap_err();
    assert!(
        matches!(error, Unreadable::Malformed { line: 2, .. }),
        "{error}"
    );
    let many = format!("[{}0]", "0,".repeat(300_000));
    assert_eq!(read_messages(&many), Err(Unreadable::TooLarge));
    let long = format!("\"{}\"", "a".repeat(4 << 20));
    assert_eq!(read_statuses(&long), Err(Unreadable::TooLarge));
}

#[test]
fn receipts() {
    let read = receipt("wamid.A", Receipt::Read).unwrap();
    assert!(read.get("typing_indicator").is_none());
    let typing = receipt("wamid.A", Receipt::Typing).unwrap();
    assert_eq!(typing["typing_indicator"]["type"], "text");
    assert_eq!(typing["status"], "read");
    assert!(receipt("", Receipt::Read).is_err());
}
