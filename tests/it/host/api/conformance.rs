//! What the OpenAPI document allows is taken, and what it does not allow is refused.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::openapi::{METHODS, operations};
use crate::host::support::{Operator, TestHost, answered};

async fn with_project() -> (TestHost, Operator) {
    let mut host = TestHost::start().await;
    host.project("soup").await;
    let operator = host.operator();
    (host, operator)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_events_are_all_or_those_with_something_in_common() {
    let (_host, operator) = with_project().await;
    let document = roost::api::openapi();
    let [all, alike] = [0, 1].map(|n| &document["components"]["schemas"]["DeadEvents"]["oneOf"][n]);
    assert_eq!(all["required"], json!(["all"]));
    assert_eq!(all["properties"]["all"]["enum"], json!([true]));
    assert_eq!(alike["minProperties"], 1);
    assert_eq!(alike["properties"]["error"]["type"], "string");
    for either in [all, alike] {
        assert_eq!(either["additionalProperties"], false);
    }
    for word in ["replay", "discard"] {
        let path = format!("/v1/projects/soup/events/{word}");
        for refused in [
            json!({}),
            json!({ "all": false }),
            json!({ "all": null }),
            json!({ "kind": null }),
            json!({ "contact": "" }),
            json!({ "error": "a\0" }),
            json!({ "outcome": "melted" }),
            json!({ "all": true, "kind": "message" }),
            json!({ "all": false, "kind": "message" }),
        ] {
            let answer = operator.post(&path, &refused).await;
            assert_eq!(answer.status, 422, "{refused}: {}", answer.text);
        }
        for taken in [
            json!({ "all": true }),
            json!({ "kind": "message", "outcome": "timeout" }),
            json!({ "since": "0001-01-01T00:00:00Z", "until": "9999-12-31t23:59:59.9z" }),
        ] {
            let answer = operator.post(&path, &taken).await;
            assert_eq!(answer.ok()["events"], 0, "{taken}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_query_or_a_header_may_be_is_what_is_taken() {
    let (_host, operator) = with_project().await;
    for (path, status) in [
        ("events?since=0000-01-01T00:00:00Z", 200),
        ("events?until=9999-12-31T23:59:59%2B00:30", 200),
        ("events?since=%202026-01-31T09:30:00Z", 400),
        ("events?contact=", 200),
        ("events?outcome=timeout", 200),
        ("events?outcome=Timeout&kind=MESSAGE", 200),
        ("logs?level=WARN", 200),
        ("events?outcome=melted", 400),
        ("events?contact=a%00", 400),
        ("logs?event=999999999999999999", 200),
        ("logs?event=1000000000000000000", 400),
        ("logs?event=-1", 400),
        ("logs?text=%00", 400),
        ("events/%2B1", 404),
    ] {
        let answer = operator.get(&format!("/v1/projects/soup/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    for stream in ["logs/stream", "provisioning/stream"] {
        for id in ["-1", "+1", "null", "1000000000000000000"] {
            let path = format!("/v1/projects/soup/{stream}");
            let request = operator.request(Method::GET, &path);
            let answer = answered(request.header("last-event-id", id)).await;
            let refusal = (400, "bad-last-event-id".to_owned());
            assert_eq!(answer.refusal(), refusal, "{stream} after {id}");
        }
    }
    let document = roost::api::openapi();
    for (method, path, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().unwrap() {
            let (name, schema) = (&parameter["name"], &parameter["schema"]);
            assert!(
                schema["type"].is_string(),
                "{method} {path}: {name}: {schema}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_says_which_methods_it_knows() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let document = roost::api::openapi();
    let all = METHODS.map(str::to_uppercase);
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_known = |method: &&String| item.get(method.to_lowercase()).is_some();
        let known: BTreeSet<&str> = all.iter().filter(is_known).map(String::as_str).collect();
        let path = path.replace(['{', '}'], "");
        for method in all.iter().filter(|method| !is_known(method)) {
            let asked = operator.request(method.parse().unwrap(), &path);
            let refused = answered(asked).await;
            let what = format!("{method} {path}");
            assert_eq!(
                refused.refusal(),
                (405, "wrong-method".to_owned()),
                "{what}"
            );
            let allowed = refused.headers["allow"].to_str().unwrap();
            let allowed = allowed.split(',').map(str::trim);
            let allowed: BTreeSet<&str> = allowed.filter(|method| *method != "HEAD").collect();
            assert_eq!(allowed, known, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_with_all_its_secrets_takes_no_other() {
    let (_host, operator) = with_project().await;
    let env: String = (0..256).map(|n| format!("KEY_{n}=x\n")).collect();
    let import = operator.request(Method::POST, "/v1/projects/soup/secrets/import");
    let imported = answered(import.body(env)).await.ok();
    assert_eq!(imported["set"].as_array().unwrap().len(), 256);
    let path = "/v1/projects/soup/secrets/ONE_MORE";
    let refused = operator.put(path, &json!({ "value": "x" })).await;
    assert_eq!(refused.refusal(), (409, "too-many-secrets".to_owned()));
    let path = "/v1/projects/soup/secrets/KEY_0";
    operator.put(path, &json!({ "value": "y" })).await.ok();
    let new = |secrets: Value| json!({ "name": "stew", "secrets": secrets });
    for refused in [
        json!({ "1A": "x" }),
        json!({ "A": "\0" }),
        json!({ "": "x" }),
    ] {
        let refused = operator.post("/v1/projects", &new(refused)).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
    let many: serde_json::Map<_, _> = (0..257).map(|n| (format!("K{n}"), json!("x"))).collect();
    let refused = operator.post("/v1/projects", &new(many.into())).await;
    assert_eq!(refused.refusal(), (409, "too-many-secrets".to_owned()));
    let document = roost::api::openapi();
    let secrets = &document["components"]["schemas"]["NewProject"]["properties"]["secrets"];
    assert_eq!(secrets["maxProperties"], 256);
    for part in ["propertyNames", "additionalProperties"] {
        assert!(secrets[part]["pattern"].is_string(), "{part}: {secrets}");
    }
}

#[test]
fn bodies_of_bytes_and_streams_are_described_as_what_they_are() {
    let document = roost::api::openapi();
    let mut seen = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().values();
        for (kind, content) in answers
            .chain([&operation["requestBody"]])
            .filter_map(|body| body["content"].as_object())
            .flatten()
        {
            seen.insert(kind.clone());
            let schema = &content["schema"];
            let schema = match schema["$ref"].as_str() {
                Some(reference) => document.pointer(&reference[1..]).unwrap(),
                None => schema,
            };
            let what = format!("{method} {path}: {kind}: {schema}");
            match kind.as_str() {
                "application/gzip" | "application/wasm" | "application/octet-stream" => {
                    assert_eq!(schema["format"], "binary", "{what}");
                }
                "text/event-stream" => {
                    for field in ["event", "data"] {
                        let required = schema["required"].as_array().unwrap();
                        assert!(required.contains(&field.into()), "{what}");
                    }
                }
                _ => {}
            }
        }
    }
    assert!(seen.len() >= 7, "{seen:?}");
}
