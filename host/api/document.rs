//! The OpenAPI document: what the code says of each operation, and what all of them share.
//!
//! Tokens, keys, extractors and the listener refuse requests before a handler sees them. Their
//! answers follow from an operation's method, path and body, so they are added here and not
//! repeated at each handler.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use super::extract::ROW_ID;
use crate::http::Problem;

/// Operations of a path item; its other fields are no operations.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Roost",
        description = "The admin API of a host for WhatsApp bots.\n\n\
            Errors are `application/problem+json`; `code` does not change and is what programs branch on. \
            Lists come in pages: give `next_cursor` of one as `cursor` to get the next. \
            A POST with an `Idempotency-Key` can be sent again: it does nothing again and gets the same answer, \
            for a day. Every change is in the audit log."
    ),
    components(schemas(Problem)),
    tags(
        (name = "projects", description = "Bots, each with its number, schema, secrets and conversations"),
        (name = "queue", description = "What waits to run"),
        (name = "flows", description = "Forms that open in WhatsApp, and the key of their endpoints"),
        (name = "media", description = "What customers sent, and files that messages are to carry"),
        (name = "events", description = "What woke bots, what became of it, and why"),
        (name = "logs", description = "What bots log"),
        (name = "people", description = "Contacts, conversations, and the people who look after them"),
        (name = "versions", description = "Deploys, their builds, and which one serves"),
        (name = "secrets", description = "What a bot finds in `process.env`; values are never shown"),
        (name = "tokens", description = "Who may use this API"),
        (name = "keys", description = "The host's own keys, changed while it runs"),
        (name = "audit", description = "What was changed, and by whom"),
    )
)]
struct Beginning;

/// The document before the resources.
pub(super) fn beginning() -> Document {
    Beginning::openapi()
}

/// The document with everything that operations share.
pub(super) fn complete(document: &Document) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["securitySchemes"]["token"] = json!({
        "type": "http", "scheme": "bearer",
        "description": "A token of this host: `roost_…`, or the one it was started with",
    });
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                complete_operation(path, method, operation);
            }
        }
    }
    document
}

/// Operation ids by method and path.
pub(super) fn operations(document: &Value) -> HashMap<(String, String), String> {
    let mut found = HashMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(id) = item[method]["operationId"].as_str() {
                found.insert((method.to_owned(), path.clone()), id.to_owned());
            }
        }
    }
    found
}

fn complete_operation(path: &str, method: &str, operation: &mut Map<String, Value>) {
    operation.insert("security".into(), json!([{ "token": [] }]));
    add_parameters(path, method, operation);
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let query: Vec<&str> = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    let has_query = !query.is_empty();
    // A filter may name a project, and a cursor a place in the list.
    let names_something = query
        .iter()
        .any(|name| matches!(*name, "cursor" | "project"));
    let has_body = operation.contains_key("requestBody");
    let (has_path, is_post) = (path.contains('{'), method == "post");
    let shared = [
        (
            true,
            "401",
            "No token, or one that is not known or has expired",
        ),
        (true, "403", "The token may not do this"),
        (true, "500", "The host failed; its log says why"),
        (
            true,
            "503",
            "The host's database cannot be reached, or the host is stopping; try again",
        ),
        (
            has_path || names_something,
            "404",
            "What the address names is not there, or the token may not know of it",
        ),
        (
            has_path || has_query || has_body || is_post,
            "400",
            "The request is not as documented",
        ),
        (
            has_body || is_post,
            "408",
            "The body did not arrive in time",
        ),
        (
            has_body || is_post,
            "422",
            "The request is well-formed, and means nothing that can be done",
        ),
        (has_body, "413", "The body is too long"),
        (has_body, "415", "The body is of another type"),
        (
            is_post,
            "409",
            "It cannot be done in the state that things are in, or its `Idempotency-Key` is in use",
        ),
    ];
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    for (applies, status, description) in shared {
        if applies && !responses.contains_key(status) {
            responses.insert(status.into(), json!({ "description": description }));
        }
    }
    for (status, response) in responses.iter_mut() {
        let is_refusal = status.starts_with(['4', '5']);
        if is_refusal && response.get("content").is_none() {
            response["content"] = json!({
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
            });
        }
    }
    responses.sort_keys();
}

fn add_parameters(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(parameters) = parameters.as_array_mut() else {
        return;
    };
    for parameter in &mut *parameters {
        // One that may be left out is not null: on the way there is no such thing.
        let kind = &mut parameter["schema"]["type"];
        if let Some([kinds @ .., last]) = kind.as_array().map(Vec::as_slice)
            && last == "null"
            && let [only] = kinds
        {
            *kind = only.clone();
        }
    }
    for name in path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
    {
        let is_there = parameters
            .iter()
            .any(|parameter| parameter["in"] == "path" && parameter["name"] == name);
        if !is_there {
            let description = match name {
                "project" => "The project's name or id".to_owned(),
                "key" => "Which key: `master-key`, `admin-key`, `verify-token` or `app-secret`"
                    .to_owned(),
                name => format!("The id of the {}", name.trim_end_matches("_id")),
            };
            let schema = match name {
                "event" => json!({ "type": "string", "pattern": ROW_ID }),
                _ => json!({ "type": "string" }),
            };
            parameters.push(json!({
                "name": name, "in": "path", "required": true,
                "description": description, "schema": schema,
            }));
        }
    }
    if method == "post" {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes it safe to send the request again: 1 to 200 visible ASCII characters, new for each request",
            "schema": { "type": "string", "pattern": "^[!-~]{1,200}$" },
        }));
    }
}
