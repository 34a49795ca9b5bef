//! Reading of requests and of `fields`.

use axum::body::Bytes;
use axum::http::Request;
use serde_json::{Value, json};

use super::fields::{Ask, NodeType, parse, project};
use super::request::GraphRequest;

fn read(uri: &str, headers: &[(&str, &str)], body: &str) -> Result<GraphRequest, Value> {
    let mut request = Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let body = Bytes::copy_from_slice(body.as_bytes());
    GraphRequest::read(&parts, &body).map_err(|error| error.to_json()["error"].clone())
}

#[test]
fn the_version_is_optional() {
    for path in ["/v25.0/1/messages", "/v25/1/messages", "/1/messages"] {
        assert_eq!(read(path, &[], "").unwrap().segments, ["1", "messages"]);
    }
    assert_eq!(read("/v27.0/1", &[], "").unwrap_err()["code"], 2500);
}

#[test]
fn the_body_wins_over_the_query_and_the_query_over_the_header() {
    let header = [("authorization", "Bearer A")];
    let in_body = r#"{"access_token":"B","x":1}"#;
    let read_token = |headers: &[(&str, &str)], body: &str| {
        read("/1?access_token=Q&x=0", headers, body).unwrap().token
    };
    assert_eq!(read_token(&header, in_body).as_deref(), Some("B"));
    assert_eq!(read_token(&header, "").as_deref(), Some("Q"));
    assert_eq!(read("/1", &header, "").unwrap().token.as_deref(), Some("A"));
    assert_eq!(read_token(&[], in_body).as_deref(), Some("B"));
    assert_eq!(read_token(&[], "").as_deref(), Some("Q"));
    let request = read("/1?x=0", &[], in_body).unwrap();
    assert_eq!(Value::Object(request.params), json!({"x": 1}));
}

#[test]
fn objects_in_forms_are_json() {
    let form = [("content-type", "application/x-www-form-urlencoded")];

    let request = read("/1", &form, "to=%2B1+650&text=%7B%22body%22%3A%22hi%22%7D").unwrap();

    let expected = json!({"to": "+1 650", "text": {"body": "hi"}});
    assert_eq!(Value::Object(request.params), expected);
}

#[test]
fn a_body_that_is_no_json_object_is_a_parameter_error() {
    for body in ["{", "[1]", "hello"] {
        assert_eq!(read("/1", &[], body).unwrap_err()["code"], 100);
    }
}

#[test]
fn nested_fields_and_modifiers_are_understood() {
    let node_type = NodeType {
        name: "Node",
        defaults: &["e"],
        unset: &["g"],
    };
    let node = json!({"id": "1", "a": {"b": 1, "c": 2}, "d": null, "e": 3});

    let ask = |fields: Option<&str>| {
        let params = fields.map(|fields| ("fields".to_owned(), fields.into()));
        Ask::of(&params.into_iter().collect()).unwrap()
    };
    let shown = |fields| project(&node, &node_type, &ask(fields));

    let kept = shown(Some("a{c},d,e.modifier(x,y),g")).unwrap();

    assert_eq!(kept, json!({"a": {"c": 2}, "e": 3, "id": "1"}));
    let renamed = shown(Some("e.as(number), a{b.as(x)}.as(y)")).unwrap();
    assert_eq!(renamed, json!({"number": 3, "y": {"x": 1}, "id": "1"}));
    assert!(shown(Some("f")).is_err());
    assert_eq!(shown(None).unwrap(), json!({"e": 3, "id": "1"}));
}

#[test]
fn fields_that_cannot_be_read_say_where() {
    for (text, at) in [
        ("a{b", 3),
        ("a..b", 2),
        ("a.b(", 4),
        ("a}", 1),
        (",a", 0),
        ("a b", 2),
    ] {
        let error = parse(text).unwrap_err().to_json()["error"].clone();
        assert_eq!(error["code"], 2500, "{text}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("at character {at}:")),
            "{message}"
        );
    }
}
