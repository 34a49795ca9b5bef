//! `POST /` with `batch`: several calls in one, where later ones may use answers of earlier ones.
//!
//! Also `GET /?ids=`, which reads several nodes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::error::GraphError;
use crate::graph::answer;
use crate::graph::listener::Cut;
use crate::graph::request::{GraphRequest, body_params, major_version, pairs};
use crate::platform::Platform;

/// Calls in a batch.
const MOST_CALLS: usize = 50;

/// Answers `POST /` with `batch`.
pub(crate) async fn run(
    platform: &Arc<Platform>,
    request: &GraphRequest,
    cut: &Cut,
) -> Result<Value, GraphError> {
    let calls = match request.structured("batch") {
        Some(Value::Array(calls)) => calls,
        Some(_) => {
            return Err(GraphError::parameter(
                "Param batch must be an array of requests.",
            ));
        }
        None => return Err(GraphError::required("batch")),
    };
    if calls.is_empty() || calls.len() > MOST_CALLS {
        return Err(GraphError::parameter(format_args!(
            "Too many requests in batch message. Maximum batch size is {MOST_CALLS}"
        )));
    }
    let with_headers = request.truth("include_headers").unwrap_or(true);
    // Bodies of what was answered, by the names of the calls; null for what failed.
    let mut by_name: HashMap<String, Option<Value>> = HashMap::new();
    let mut answers = Vec::new();
    for call in &calls {
        let name = call["name"].as_str().map(str::to_owned);
        let outcome = match one(platform, request, call, &by_name, cut).await {
            // What it depends on failed: it is not made, and not answered.
            None => {
                by_name.extend(name.map(|name| (name, None)));
                answers.push(Value::Null);
                continue;
            }
            Some(outcome) => outcome,
        };
        let is_success = outcome.status.is_success();
        let is_needed = calls.iter().any(|other| depends(other, name.as_deref()));
        let omits = call["omit_response_on_success"].as_bool();
        let is_omitted = is_success && is_needed && omits.unwrap_or(name.is_some());
        by_name.extend(name.map(|name| (name, is_success.then(|| outcome.body.clone()))));
        if is_omitted {
            answers.push(Value::Null);
            continue;
        }
        let mut answer = json!({"code": outcome.status.as_u16()});
        if with_headers {
            answer["headers"] = json!([
                {"name": "Content-Type", "value": "application/json"},
                {"name": "facebook-api-version", "value": format!("v{}.0", outcome.version)},
            ]);
        }
        answer["body"] = outcome.body.to_string().into();
        answers.push(answer);
    }
    Ok(Value::Array(answers))
}

/// Reads the nodes of `ids`, by their ids.
pub(crate) async fn nodes(
    platform: &Arc<Platform>,
    request: &GraphRequest,
    cut: &Cut,
) -> Result<Value, GraphError> {
    let ids = request.texts("ids").unwrap_or_default();
    if ids.is_empty() {
        return Err(GraphError::generic(
            StatusCode::BAD_REQUEST,
            2635,
            "Cannot specify an empty identifier".to_owned(),
        ));
    }
    let mut found = Map::new();
    for id in ids {
        let mut part = request.clone();
        part.params.remove("ids");
        part.segments = vec![id.clone()];
        found.insert(id, answer(platform, &part, cut.clone()).await?);
    }
    Ok(Value::Object(found))
}

struct Outcome {
    status: StatusCode,
    version: u32,
    body: Value,
}

/// Whether a call uses the answer of another one.
fn depends(call: &Value, name: Option<&str>) -> bool {
    let Some(name) = name else {
        return false;
    };
    let uses = format!("{{result={name}:");
    call["depends_on"] == name || call.to_string().contains(&uses)
}

/// Makes one call; nothing when what it depends on failed.
async fn one(
    platform: &Arc<Platform>,
    batch: &GraphRequest,
    call: &Value,
    by_name: &HashMap<String, Option<Value>>,
    cut: &Cut,
) -> Option<Outcome> {
    if let Some(needed) = call["depends_on"].as_str()
        && matches!(by_name.get(needed), Some(None))
    {
        return None;
    }
    let url = filled(call["relative_url"].as_str().unwrap_or_default(), by_name)?;
    let body = match &call["body"] {
        Value::String(text) => filled(text, by_name)?,
        Value::Null => String::new(),
        object => filled(&object.to_string(), by_name)?,
    };
    let request = request_of(batch, call, &url, &body);
    let (version, answered) = match request {
        Ok(request) => {
            let answered = answer(platform, &request, cut.clone()).await;
            (request.version, answered)
        }
        Err(error) => (batch.version, Err(error)),
    };
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (error.status, error.to_json()),
    };
    Some(Outcome {
        status,
        version,
        body,
    })
}

fn request_of(
    batch: &GraphRequest,
    call: &Value,
    url: &str,
    body: &str,
) -> Result<GraphRequest, GraphError> {
    let method = call["method"].as_str().unwrap_or("GET").to_uppercase();
    let method: Method = method
        .parse()
        .map_err(|_| GraphError::parameter("Invalid HTTP method in batch request"))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
        .collect();
    let mut version = batch.version;
    if let Some(asked) = segments.first().and_then(|first| major_version(first)) {
        version = asked.max(crate::graph::request::OLDEST_VERSION);
        segments.remove(0);
    }
    let mut params = pairs(query.as_bytes());
    if body.starts_with(['{', '[']) {
        params.extend(body_params(
            "application/json",
            &body.as_bytes().to_vec().into(),
        )?);
    } else {
        params.extend(pairs(body.as_bytes()));
    }
    let own_token = params.remove("access_token");
    let own_token = own_token.and_then(|token| token.as_str().map(str::to_owned));
    if own_token.is_none()
        && let Some(proof) = batch.params.get("appsecret_proof")
    {
        params.entry("appsecret_proof").or_insert(proof.clone());
    }
    // The names of parts of the batch, where the call has its files; the first one is `file`.
    let attached = call["attached_files"].as_str().unwrap_or_default();
    let mut files = BTreeMap::new();
    for part in attached
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let Some(file) = batch.files.get(part) else {
            return Err(GraphError::parameter(format_args!(
                "File {part} has not been attached"
            )));
        };
        let name = if files.is_empty() { "file" } else { part };
        files.insert(name.to_owned(), file.clone());
    }
    Ok(GraphRequest {
        method,
        version,
        segments,
        params,
        token: own_token.or_else(|| batch.token.clone()),
        files,
        headers: Default::default(),
        raw: Default::default(),
    })
}

/// Puts answers of earlier calls where `{result=NAME:PATH}` stands; nothing when one failed.
fn filled(text: &str, by_name: &HashMap<String, Option<Value>>) -> Option<String> {
    let mut made = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{result=") {
        let Some(end) = rest[at..].find('}') else {
            break;
        };
        made.push_str(&rest[..at]);
        let reference = &rest[at + "{result=".len()..at + end];
        if let Some((name, path)) = reference.split_once(':') {
            let answer = by_name.get(name)?.as_ref()?;
            made.push_str(&found(answer, path).join(","));
        }
        rest = &rest[at + end + 1..];
    }
    made.push_str(rest);
    Some(made)
}

/// The plain values at a JSONPath of the kind that batches use: `$.data.*.id`, `$.data[0].id`.
fn found(answer: &Value, path: &str) -> Vec<String> {
    let steps = path
        .trim_start_matches('$')
        .replace('[', ".")
        .replace(']', "");
    let mut values = vec![answer];
    for step in steps.split('.').filter(|step| !step.is_empty()) {
        values = values
            .into_iter()
            .flat_map(|value| match (value, step) {
                (Value::Array(items), "*") => items.iter().collect(),
                (Value::Object(members), "*") => members.values().collect(),
                (Value::Array(items), index) => {
                    let index = index.parse::<usize>().ok();
                    index
                        .and_then(|index| items.get(index))
                        .into_iter()
                        .collect()
                }
                (value, key) => value.get(key).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    let plain = values.into_iter().filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    });
    plain.collect()
}
