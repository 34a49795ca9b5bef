//! The OpenAPI document says what the API does.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::host::support::{TestHost, answered};

pub(super) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Method, path and operation of everything that is documented.
pub(super) fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if item[method].is_object() {
                all.push((method, path.as_str(), &item[method]));
            }
        }
    }
    all
}

#[test]
fn the_document_is_whole() {
    let document = roost::api::openapi();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(path.starts_with("/v1/"), "{what}");
        let id = operation["operationId"].as_str().expect(&what);
        assert!(ids.insert(id.to_owned()), "{what}: `{id}` twice");
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{what}"
        );
        assert!(operation["tags"][0].is_string(), "{what}");
        assert_eq!(operation["security"], json!([{ "token": [] }]), "{what}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{what}"
        );
        for status in ["401", "403", "500", "503"] {
            let problem = &responses[status]["content"]["application/problem+json"];
            assert!(problem["schema"]["$ref"].is_string(), "{what}: {status}");
        }
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{what}: {status}");
        }
        for name in path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
        {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters
                    .iter()
                    .any(|it| it["name"] == name && it["in"] == "path"),
                "{what}"
            );
        }
    }
    assert!(ids.len() >= 7, "{ids:?}");
    references_lead_somewhere(&document, &document);
}

#[track_caller]
fn references_lead_somewhere(value: &Value, document: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let place = reference.strip_prefix('#').unwrap();
                assert!(
                    document.pointer(place).is_some(),
                    "`{reference}` leads nowhere"
                );
            }
            for field in fields.values() {
                references_lead_somewhere(field, document);
            }
        }
        Value::Array(items) => {
            for item in items {
                references_lead_somewhere(item, document);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn what_is_documented_is_there_and_wants_a_token() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let nobody = operator.with_token("");
    let document = nobody.get("/openapi.json").await.ok();
    assert_eq!(document, roost::api::openapi());
    for (method, path, _) in operations(&document) {
        let path = path.replace(['{', '}'], "");
        let method: Method = method.to_uppercase().parse().unwrap();
        let refused = answered(nobody.request(method.clone(), &path)).await;
        let refusal = (401, "token-missing".to_owned());
        assert_eq!(refused.refusal(), refusal, "{method} {path}");
    }
    assert_eq!(nobody.get("/livez").await.text, "ok");
    assert_eq!(nobody.get("/webhooks/whatsapp").await.status, 404);
}
