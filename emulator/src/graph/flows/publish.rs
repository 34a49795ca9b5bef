//! Publishing a Flow, and taking it back.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::flow_endpoint::{self, watch::status_change};
use crate::flow_json;
use crate::graph::Call;
use crate::platform::model::{Flow, FlowStatus};
use crate::platform::world::World;
use crate::webhooks::post_all;

use super::flow_of;

fn refused(title: &str, message: impl Into<String>) -> GraphError {
    GraphError::managed(139_002, None, title, message)
}

/// `POST /{FLOW_ID}/publish`.
pub(crate) async fn publish(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let platform = call.platform;
    let flow = flow_of(call, id)?;
    match flow.status {
        FlowStatus::Draft => {}
        FlowStatus::Blocked => {
            return Err(GraphError::managed(
                139_000,
                None,
                "Blocked by integrity",
                "The account or the Flow is blocked by integrity.",
            ));
        }
        _ => {
            return Err(refused(
                "Flow is published already",
                "Only drafts can be published.",
            ));
        }
    }
    let json = flow.json.clone().ok_or_else(|| {
        refused(
            "Flow has no Flow JSON",
            "Upload the Flow JSON before publishing the Flow.",
        )
    })?;
    if !flow.validation_errors.is_empty() {
        return Err(refused(
            "Publishing without fixing validation errors is not allowed",
            "You need to fix all validation errors before publishing the Flow.",
        ));
    }
    if !flow_json::can_be_published(&json) {
        return Err(refused(
            "Flow JSON version is frozen",
            "The version of the Flow JSON is frozen: update it to a newer one to publish the Flow.",
        ));
    }
    if platform.settings().flow_publish_checks {
        let has_endpoint = flow_json::top_level(&json, "data_api_version").is_some();
        let number_id = check_number(&platform.world(), &flow, has_endpoint)?;
        if has_endpoint {
            check_endpoint(call, &flow, &number_id).await?;
        }
    }
    let now_ms = platform.clock.now_ms();
    let update = platform.edit(|world| {
        let flow = world.flows.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let old = flow.status;
        flow.status = FlowStatus::Published;
        flow.published_json = Some(json);
        flow.updated_at_ms = now_ms;
        Ok::<_, GraphError>(status_change(flow, Some(old.as_str()), now_ms))
    })?;
    post_all(platform, vec![update]);
    Ok(json!({"success": true}))
}

/// A number that customers can be written from; with a key, when there is an endpoint.
fn check_number(world: &World, flow: &Flow, has_endpoint: bool) -> Result<String, GraphError> {
    let numbers = world.numbers.values();
    let connected: Vec<_> = numbers
        .filter(|number| number.waba_id == flow.waba_id && number.is_registered)
        .collect();
    let Some(first) = connected.first() else {
        return Err(refused(
            "Missing phone number",
            "The account has no phone number that is connected.",
        ));
    };
    if !has_endpoint {
        return Ok(first.id.clone());
    }
    let mut with_key = connected.iter().filter(|number| {
        let key = number.encryption.as_ref();
        key.is_some_and(|key| key.signature_status == "VALID")
    });
    match with_key.next() {
        Some(number) => Ok(number.id.clone()),
        None => Err(refused(
            "Missing public key",
            "Upload and sign the public key of a phone number of the account first.",
        )),
    }
}

async fn check_endpoint(call: &Call<'_>, flow: &Flow, number_id: &str) -> Result<(), GraphError> {
    if flow.endpoint_uri.is_none() {
        return Err(refused(
            "Missing endpoint URI",
            "Set the endpoint_uri of the Flow: its Flow JSON has a data_api_version.",
        ));
    }
    let listens = {
        let world = call.platform.world();
        let waba = world.wabas.get(&flow.waba_id);
        let apps = waba.into_iter().flat_map(|waba| waba.subscriptions.keys());
        let mut apps = apps.filter_map(|id| world.apps.get(id));
        apps.any(|app| app.fields.contains("flows"))
    };
    if !listens {
        return Err(refused(
            "Missing Flows webhook subscription",
            "Subscribe an app of the account to the webhook field flows.",
        ));
    }
    flow_endpoint::ping(call.platform, &flow.id, number_id)
        .await
        .map_err(|error| {
            let message = format!("The endpoint did not pass the health check: {error}.");
            refused("Endpoint is not available", message)
        })
}

/// `POST /{FLOW_ID}/deprecate`.
pub(crate) fn deprecate(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let now_ms = call.platform.clock.now_ms();
    let update = call.platform.edit(|world| {
        let flow = world.flows.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let refused =
            |title: &str, message: &str| GraphError::managed(139_003, None, title, message);
        match flow.status {
            FlowStatus::Deprecated => {
                return Err(refused(
                    "Flow is already deprecated",
                    "The Flow is deprecated already.",
                ));
            }
            FlowStatus::Draft if flow.published_json.is_none() => {
                return Err(refused(
                    "Can't deprecate unpublished Flow",
                    "Only Flows that were published can be deprecated.",
                ));
            }
            _ => {}
        }
        let old = std::mem::replace(&mut flow.status, FlowStatus::Deprecated);
        flow.updated_at_ms = now_ms;
        Ok::<_, GraphError>(status_change(flow, Some(old.as_str()), now_ms))
    })?;
    post_all(call.platform, vec![update]);
    Ok(json!({"success": true}))
}
