//! Flow JSON as an asset of a Flow: uploading it, listing it, and its bytes.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use crate::clock::SECOND_MS;
use crate::error::GraphError;
use crate::flow_endpoint::watch::status_change;
use crate::flow_json;
use crate::graph::Call;
use crate::graph::request::GraphRequest;
use crate::platform::Platform;
use crate::platform::model::{Flow, FlowStatus};
use crate::webhooks::post_all;
use crate::webhooks::signature::hex_hmac;

use super::{check_editable, flow_of};

const LARGEST_JSON: usize = 10 << 20;
/// How long a download URL is good for.
const URL_LIFETIME_S: i64 = 5 * 60;

/// `POST /{FLOW_ID}/assets`: the JSON is kept, whatever is wrong with it.
pub(crate) fn upload(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    match request.text("asset_type").as_deref() {
        Some("FLOW_JSON") => {}
        Some(other) => {
            return Err(GraphError::parameter(format_args!(
                "Param asset_type must be one of {{FLOW_JSON}} - got \"{other}\"."
            )));
        }
        None => return Err(GraphError::required("asset_type")),
    }
    if request.text("name").is_none() {
        return Err(GraphError::required("name"));
    }
    let file = request.files.get("file");
    let file = file.ok_or_else(|| GraphError::required("file"))?;
    if file.bytes.len() > LARGEST_JSON {
        return Err(GraphError::managed(
            100,
            None,
            "File is too large",
            "The Flow JSON has more than 10 MB.",
        ));
    }
    let text = String::from_utf8(file.bytes.to_vec()).map_err(|_| {
        GraphError::managed(
            139_001,
            None,
            "Error while processing Flow JSON",
            "The file is not text in UTF-8.",
        )
    })?;
    let errors = flow_json::validation_errors(&text);
    let now_ms = call.platform.clock.now_ms();
    let may_edit = call.platform.settings().published_flows_can_be_edited;
    let updates = call.platform.edit(|world| {
        let flow = world.flows.get_mut(id).ok_or_else(|| call.unknown(id))?;
        check_editable(flow, may_edit)?;
        flow.json = Some(text);
        flow.validation_errors.clone_from(&errors);
        flow.updated_at_ms = now_ms;
        let old = flow.status;
        flow.status = FlowStatus::Draft;
        let is_new = old != FlowStatus::Draft;
        let update = is_new.then(|| status_change(flow, Some(old.as_str()), now_ms));
        Ok::<_, GraphError>(update.into_iter().collect())
    })?;
    post_all(call.platform, updates);
    Ok(json!({"success": true, "validation_errors": errors}))
}

/// `GET /{FLOW_ID}/assets`.
pub(crate) fn assets(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let flow = flow_of(call, id)?;
    list_of(call, &flow)
}

pub(super) fn list_of(call: &Call<'_>, flow: &Flow) -> Result<Value, GraphError> {
    if flow.json.is_none() {
        return Ok(json!({"data": []}));
    }
    let expires_s = call.platform.clock.now_ms().div_euclid(SECOND_MS) + URL_LIFETIME_S;
    let hash = hash(call.platform, &flow.id, expires_s);
    let url = format!(
        "{}/flow_assets/{}?ext={expires_s}&hash={hash}",
        call.platform.graph_url, flow.id
    );
    Ok(json!({
        "data": [{"name": "flow.json", "asset_type": "FLOW_JSON", "download_url": url}],
        "paging": {"cursors": {"before": "QVFIUjRZAD", "after": "QVFIUjRZAD"}},
    }))
}

/// The bytes behind a download URL, which needs no token.
pub(crate) fn download(platform: &Arc<Platform>, request: &GraphRequest, id: &str) -> Response {
    let expires_s = request
        .text("ext")
        .and_then(|text| text.parse::<i64>().ok());
    let expires_s = expires_s.unwrap_or_default();
    let given = request.text("hash").unwrap_or_default();
    let is_genuine: bool = hash(platform, id, expires_s)
        .as_bytes()
        .ct_eq(given.as_bytes())
        .into();
    let is_fresh = platform.clock.now_ms() < expires_s.saturating_mul(SECOND_MS);
    let world = platform.world();
    match world.flows.get(id).and_then(|flow| flow.json.clone()) {
        Some(json) if is_genuine && is_fresh => {
            ([(header::CONTENT_TYPE, "application/json")], json).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn hash(platform: &Platform, id: &str, expires_s: i64) -> String {
    hex_hmac(
        &platform.media_key,
        format!("flow {id}:{expires_s}").as_bytes(),
    )
}
