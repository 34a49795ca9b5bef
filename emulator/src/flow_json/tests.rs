//! What is found wrong with Flow JSON, and that nothing is with what is right.

use serde_json::{Value, json};

use super::validation_errors;

/// The keys of the errors, without repetitions.
fn errors(flow: &Value) -> Vec<String> {
    let mut found: Vec<String> = validation_errors(&flow.to_string())
        .iter()
        .map(|error| error["error"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

fn footer(action: Value) -> Value {
    json!({"type": "Footer", "label": "Go", "on-click-action": action})
}

fn complete(payload: Value) -> Value {
    footer(json!({"name": "complete", "payload": payload}))
}

fn navigate(to: &str, payload: Value) -> Value {
    footer(json!({"name": "navigate", "next": {"type": "screen", "name": to}, "payload": payload}))
}

fn screen(id: &str, children: Vec<Value>) -> Value {
    json!({"id": id, "layout": {"type": "SingleColumnLayout", "children": children}})
}

fn last(id: &str, children: Vec<Value>) -> Value {
    let mut screen = screen(id, children);
    screen["terminal"] = true.into();
    screen
}

fn flow(screens: Vec<Value>) -> Value {
    json!({"version": "7.1", "screens": screens})
}

/// Two screens, the first of which leads to the second with what was entered.
fn two() -> Value {
    let mut end = last(
        "END",
        vec![
            json!({"type": "TextBody", "text": "${data.name}"}),
            complete(json!({})),
        ],
    );
    end["data"] = json!({"name": {"type": "string", "__example__": "Ann"}});
    let start = screen(
        "START",
        vec![
            json!({"type": "TextInput", "name": "name", "label": "Name"}),
            navigate("END", json!({"name": "${form.name}"})),
        ],
    );
    flow(vec![start, end])
}

fn children(flow: &mut Value, screen: usize) -> &mut Vec<Value> {
    flow["screens"][screen]["layout"]["children"]
        .as_array_mut()
        .unwrap()
}

#[test]
fn nothing_is_wrong_with_what_is_right() {
    assert_eq!(validation_errors(&two().to_string()), [Value::Null; 0]);
    let every = flow(vec![last(
        "ALL",
        vec![
            json!({"type": "TextHeading", "text": "A"}),
            json!({"type": "TextBody", "text": ["A", "B"], "markdown": true, "font-weight": "bold"}),
            json!({"type": "RichText", "text": "# A"}),
            json!({"type": "TextArea", "name": "area", "label": "Area", "max-length": 100}),
            json!({"type": "CheckboxGroup", "name": "check", "label": "C", "data-source": [{"id": "1", "title": "One"}]}),
            json!({"type": "Dropdown", "name": "drop", "label": "D", "data-source": [{"id": "1", "title": "One"}]}),
            json!({"type": "ChipsSelector", "name": "chips", "label": "C", "data-source": [{"id": "1", "title": "One"}, {"id": "2", "title": "Two"}]}),
            json!({"type": "OptIn", "name": "opt", "label": "Yes"}),
            json!({"type": "EmbeddedLink", "text": "More", "on-click-action": {"name": "open_url", "url": "https://example.com"}}),
            json!({"type": "DatePicker", "name": "date", "label": "Date"}),
            json!({"type": "CalendarPicker", "name": "calendar", "label": "Day", "mode": "single"}),
            json!({"type": "Image", "src": "UE5H", "alt-text": "A"}),
            json!({"type": "PhotoPicker", "name": "photo", "label": "Photo", "max-uploaded-photos": 1}),
            json!({"type": "If", "condition": "${form.opt} && (${form.drop} == '1')", "then": [{"type": "TextBody", "text": "x"}]}),
            json!({"type": "Switch", "value": "${form.drop}", "cases": {"1": [{"type": "TextCaption", "text": "x"}]}}),
            complete(json!({"area": "${form.area}", "photo": "${form.photo}"})),
        ],
    )]);
    assert_eq!(validation_errors(&every.to_string()), [Value::Null; 0]);
    let old = json!({"version": "2.1", "screens": [last("OLD", vec![json!({
        "type": "Form", "name": "form", "children": [
            {"type": "TextInput", "name": "a", "label": "A"},
            complete(json!({"a": "${form.a}"})),
        ],
    })])]});
    assert_eq!(validation_errors(&old.to_string()), [Value::Null; 0]);
}

#[test]
fn each_rule_finds_what_breaks_it() {
    type Edit = fn(&mut Value);
    let table: Vec<(&str, Edit)> = vec![
        ("MISSING_FLOW_JSON_VERSION", |f| f["version"] = Value::Null),
        ("INVALID_FLOW_JSON_VERSION", |f| f["version"] = "9.9".into()),
        ("INVALID_PROPERTY_KEY", |f| f["colour"] = 1.into()),
        ("INVALID_PROPERTY_KEY", |f| {
            f["screens"][0]["colour"] = 1.into()
        }),
        ("INVALID_PROPERTY_KEY", |f| {
            children(f, 0)[0]["colour"] = 1.into()
        }),
        ("MISSING_REQUIRED_PROPERTY", |f| {
            children(f, 0)[0]["label"] = json!(null)
        }),
        ("MIN_ITEMS_REQUIRED", |f| f["screens"] = json!([])),
        ("PATTERN_MISMATCH", |f| {
            f["screens"][0]["id"] = "START 1".into()
        }),
        ("SCREEN_ID_IS_RESERVED_KEYWORD", |f| {
            f["screens"][0]["id"] = "SUCCESS".into()
        }),
        ("DUPLICATE_SCREEN_IDS", |f| {
            f["screens"][0]["id"] = "END".into()
        }),
        ("MISSING_TERMINAL_SCREEN", |f| {
            f["screens"][1]["terminal"] = false.into()
        }),
        ("INVALID_COMPLETE_ACTION", |f| {
            f["screens"][1]["terminal"] = false.into()
        }),
        ("MISSING_FOOTER_ON_TERMINAL_SCREEN", |f| {
            children(f, 1).pop();
        }),
        ("MAX_FOOTER_PER_SCREEN", |f| {
            let footer = children(f, 1)[1].clone();
            children(f, 1).push(footer);
        }),
        ("DUPLICATE_FORM_COMPONENT_NAMES", |f| {
            let input = children(f, 0)[0].clone();
            children(f, 0).push(input);
        }),
        ("INVALID_PROPERTY_VALUE", |f| {
            children(f, 0)[0]["type"] = "TextImput".into()
        }),
        ("INVALID_PROPERTY_VALUE", |f| {
            children(f, 0)[0]["label"] = "x".repeat(21).into()
        }),
        ("INVALID_PROPERTY_TYPE", |f| {
            children(f, 0)[0]["required"] = "yes".into()
        }),
        ("INVALID_ENUM_VALUE", |f| {
            children(f, 0)[0]["input-type"] = "colour".into()
        }),
        ("INVALID_ENUM_VALUE", |f| {
            f["screens"][0]["layout"]["type"] = "Grid".into()
        }),
        ("INVALID_SCREEN_DATA", |f| {
            f["screens"][1]["data"]["name"] = json!({"type": "string"})
        }),
        ("INVALID_SCREEN_DATA", |f| {
            f["screens"][1]["data"]["name"]["__example__"] = 1.into()
        }),
        ("INVALID_SCREEN_DYNAMIC_DATA", |f| {
            children(f, 1)[0]["text"] = "${data.none}".into()
        }),
        ("INVALID_ON_CLICK_ACTION_PAYLOAD", |f| {
            children(f, 0)[1]["on-click-action"]["payload"]["name"] = "${form.none}".into()
        }),
        ("INVALID_NAVIGATE_ACTION_PAYLOAD", |f| {
            children(f, 0)[1]["on-click-action"]["payload"] = json!({})
        }),
        ("INVALID_NAVIGATE_ACTION_PAYLOAD", |f| {
            children(f, 0)[1]["on-click-action"]["payload"]["name"] = 5.into()
        }),
        ("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", |f| {
            children(f, 0)[1]["on-click-action"]["next"]["name"] = "NONE".into()
        }),
        ("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", |f| {
            children(f, 0)[1]["on-click-action"]["next"]["name"] = "START".into()
        }),
        ("MISSING_REQUIRED_TYPE_PROPERTY", |f| {
            children(f, 1)[1]["on-click-action"] = json!({"name": "data_exchange", "payload": {}})
        }),
        ("MISSING_REQUIRED_TYPE_PROPERTY", |f| {
            f["data_api_version"] = "3.0".into()
        }),
        ("INVALID_ROUTING_MODEL", |f| {
            f["routing_model"] = json!({"START": [], "END": []})
        }),
        ("INVALID_ROUTING_MODEL", |f| {
            f["routing_model"] = json!({"START": ["END"]})
        }),
        ("INVALID_ROUTING_MODEL", |f| {
            f["routing_model"] = json!({"START": ["END"], "END": ["START"]})
        }),
        ("INVALID_ROUTING_MODEL", |f| {
            f["screens"]
                .as_array_mut()
                .unwrap()
                .push(last("ALONE", vec![complete(json!({}))]))
        }),
        ("INVALID_DEPENDENCIES", |f| {
            children(f, 1)[1]["right-caption"] = "x".into()
        }),
        ("NOT_KEYWORD_SCHEMA_VALIDATION_FAILED", |f| {
            f["screens"][0]["success"] = true.into()
        }),
        ("MISSING_FOOTER_IN_IF_ELSE_BRANCHES", |f| {
            let footer = children(f, 1).pop().unwrap();
            children(f, 1)
                .push(json!({"type": "If", "condition": "${data.name} == 'x'", "then": [footer]}));
        }),
        ("INVALID_PROPERTY_VALUE", |f| {
            children(f, 1).push(json!({"type": "If", "condition": "(${data.name}", "then": [{"type": "TextBody", "text": "x"}]}))
        }),
        ("COMPONENTS_OUTSIDE_FORM", |f| {
            children(f, 0).push(json!({"type": "Form", "name": "form", "children": [{"type": "TextInput", "name": "b", "label": "B"}]}))
        }),
        ("INVALID_PROPERTY_VALUE_FORMAT", |f| {
            children(f, 1).insert(0, json!({"type": "Image", "src": "no base64!"}))
        }),
        ("MIN_VALUE_GREATER_THAN_MAX", |f| {
            children(f, 0)[0]["min-chars"] = 5.into();
            children(f, 0)[0]["max-chars"] = 2.into();
        }),
        ("INVALID_ACTION_PAYLOAD_PROPERTY", |f| {
            children(f, 0)[0] = json!({"type": "PhotoPicker", "name": "name", "label": "Photo"});
        }),
    ];
    for (expected, edit) in table {
        let mut flow = two();
        edit(&mut flow);
        // A member that is null stands for one that is missing.
        let text = flow
            .to_string()
            .replace("\"version\":null,", "")
            .replace("\"label\":null,", "")
            .replace(",\"label\":null", "");
        let flow: Value = serde_json::from_str(&text).unwrap();
        let found = errors(&flow);
        assert!(
            found.contains(&expected.to_owned()),
            "{expected} is not in {found:?}: {flow}"
        );
    }
    assert_eq!(validation_errors("{\"a\"")[0]["error"], "INVALID_FLOW_JSON");
}

#[test]
fn a_component_is_there_since_its_version() {
    let mut flow = two();
    children(&mut flow, 1).insert(0, json!({"type": "RichText", "text": "x"}));
    flow["version"] = "5.0".into();
    assert!(errors(&flow).contains(&"INVALID_PROPERTY_VALUE".to_owned()));
    flow["version"] = "5.1".into();
    assert_eq!(errors(&flow), [""; 0]);
}

#[test]
fn an_error_says_where() {
    let text = "{\n \"version\": \"7.1\",\n \"screens\": [\n  {\"id\": 7}\n ]\n}";
    let errors = validation_errors(text);
    let id = errors
        .iter()
        .find(|error| error["error"] == "INVALID_PROPERTY_TYPE")
        .unwrap();
    assert_eq!(id["pointers"][0]["path"], "screens[0].id");
    let place = ["line_start", "column_start", "line_end", "column_end"]
        .map(|key| id[key].as_u64().unwrap());
    assert_eq!(place, [4, 10, 4, 10]);
}
