//! Taking Flows from one account to another.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::flow_endpoint::watch::status_change;
use crate::graph::Call;
use crate::ids;
use crate::platform::model::{Flow, FlowStatus};
use crate::webhooks::post_all;

use super::preview_token;

/// Flows of one request.
const MOST_FLOWS: usize = 100;

/// `POST /{WABA_ID}/migrate_flows`: drafts of the same JSON, in the account.
pub(crate) fn migrate(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let source_id = call.request.text("source_waba_id");
    let source_id = source_id.ok_or_else(|| GraphError::required("source_waba_id"))?;
    if !call.caller.reaches(&source_id) || !call.platform.world().wabas.contains_key(&source_id) {
        return Err(call.unknown(&source_id));
    }
    let names = call.request.texts("source_flow_names");
    if names.as_ref().is_some_and(|names| names.len() > MOST_FLOWS) {
        return Err(GraphError::parameter(format_args!(
            "Param source_flow_names must have at most {MOST_FLOWS} elements."
        )));
    }
    let now_ms = call.platform.clock.now_ms();
    let (migrated, failed, updates) = call.platform.edit(|world| {
        let (mut migrated, mut failed, mut updates) = (Vec::new(), Vec::new(), Vec::new());
        let own = world.flows.values().filter(|flow| flow.waba_id == source_id);
        let sources: Vec<Flow> = own.cloned().collect();
        let names = names.unwrap_or_else(|| sources.iter().map(|flow| flow.name.clone()).collect());
        for name in names {
            let fail = |code: &str, message: &str| {
                json!({"source_name": name, "error_code": code, "error_message": message})
            };
            let Some(source) = sources.iter().find(|flow| flow.name == name) else {
                failed.push(fail("4233041", "Flow with specified name does not exist in source WABA."));
                continue;
            };
            if world.flow_by_name(waba_id, &name).is_some() {
                failed.push(fail("4233020", "Flow with the same name exists in destination WABA."));
                continue;
            }
            let flow = Flow {
                id: ids::object_id(),
                waba_id: waba_id.to_owned(),
                status: FlowStatus::Draft,
                published_json: None,
                preview_token: preview_token(),
                created_at_ms: now_ms,
                updated_at_ms: now_ms,
                requests: Vec::new(),
                sends_ms: Vec::new(),
                alerts: Default::default(),
                ..source.clone()
            };
            migrated.push(json!({
                "source_name": name,
                "source_id": source.id,
                "migrated_id": flow.id,
            }));
            updates.push(status_change(&flow, None, now_ms));
            world.flows.insert(flow.id.clone(), flow);
        }
        (migrated, failed, updates)
    });
    post_all(call.platform, updates);
    Ok(json!({"migrated_flows": migrated, "failed_flows": failed}))
}
