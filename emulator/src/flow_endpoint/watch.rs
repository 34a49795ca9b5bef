//! How a Flow's endpoint does: rates of errors, latencies, availability, and the `flows` webhooks
//! that tell of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::outbox::update::Update;
use crate::platform::model::Flow;
use crate::platform::model::flow::EndpointRequest;

const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Requests below which nothing is judged.
const FEWEST: usize = 10;
/// In percent.
const ERROR_RATES: [u64; 3] = [50, 10, 5];
/// In milliseconds.
const LATENCIES: [u64; 3] = [7_000, 5_000, 1_000];
/// In percent; below it there is an alert.
const AVAILABILITY: u64 = 90;

/// `flows` webhook with a change of status; `old` is absent when the Flow was just created.
pub(crate) fn status_change(flow: &Flow, old: Option<&str>, at_ms: i64) -> Update {
    let new = flow.status.as_str();
    let message = match old {
        Some(old) => format!("Flow {} changed status from {old} to {new}", flow.name),
        None => format!("Flow {} has been created with {new} status", flow.name),
    };
    let mut value = json!({
        "event": "FLOW_STATUS_CHANGE",
        "message": message,
        "flow_id": flow.id,
    });
    if let Some(old) = old {
        value["old_status"] = old.into();
    }
    value["new_status"] = new.into();
    Update::change(&flow.waba_id, "flows", value, at_ms)
}

/// What changed with the last request.
pub(super) fn changes(flow: &mut Flow, now_ms: i64) -> Vec<Update> {
    let found = [
        error_rate(flow, now_ms),
        latency(flow, now_ms),
        availability(flow, now_ms),
    ];
    let mut updates = Vec::new();
    for (event, threshold, value) in found.into_iter().flatten() {
        let before = flow.alerts.get(event).copied();
        if before == threshold {
            continue;
        }
        let (state, at) = match (threshold, before) {
            (Some(threshold), _) => ("ACTIVATED", threshold),
            (None, Some(before)) => ("DEACTIVATED", before),
            (None, None) => continue,
        };
        match threshold {
            Some(threshold) => flow.alerts.insert(event.to_owned(), threshold),
            None => flow.alerts.remove(event),
        };
        let mut value = value;
        value["event"] = event.into();
        value["flow_id"] = flow.id.as_str().into();
        value["threshold"] = at.into();
        value["alert_state"] = state.into();
        updates.push(Update::change(&flow.waba_id, "flows", value, now_ms));
    }
    updates
}

type Found = Option<(&'static str, Option<u64>, Value)>;

fn lately(flow: &Flow, minutes: i64, now_ms: i64) -> Vec<&EndpointRequest> {
    let requests = flow.requests.iter();
    requests
        .filter(|request| now_ms - request.at_ms < minutes * MINUTE_MS)
        .collect()
}

fn error_rate(flow: &Flow, now_ms: i64) -> Found {
    let requests = lately(flow, 30, now_ms);
    if requests.len() < FEWEST {
        return None;
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for error in requests
        .iter()
        .filter_map(|request| request.error.as_deref())
    {
        *kinds.entry(error).or_default() += 1;
    }
    let failed: usize = kinds.values().sum();
    let percent = |count: usize| {
        let (count, all) = (u32::try_from(count), u32::try_from(requests.len()));
        f64::from(count.unwrap_or(u32::MAX)) * 100.0 / f64::from(all.unwrap_or(u32::MAX))
    };
    let rate = percent(failed);
    let exceeded = |threshold: &&u64| {
        rate * 10.0 >= f64::from(u32::try_from(**threshold * 10).unwrap_or(u32::MAX))
    };
    let threshold = ERROR_RATES.iter().find(exceeded).copied();
    let errors: Vec<Value> = kinds
        .iter()
        .map(|(kind, count)| {
            json!({"error_type": kind, "error_rate": percent(*count), "error_count": count})
        })
        .collect();
    let value = json!({
        "message": format!("The error rate of the endpoint of the Flow {} changed to {rate:.1} percent", flow.name),
        "error_rate": rate,
        "errors": errors,
    });
    Some(("ENDPOINT_ERROR_RATE", threshold, value))
}

fn latency(flow: &Flow, now_ms: i64) -> Found {
    let mut durations: Vec<u64> = lately(flow, 30, now_ms)
        .iter()
        .map(|r| r.duration_ms)
        .collect();
    if durations.len() < FEWEST {
        return None;
    }
    durations.sort_unstable();
    let at = |percent: usize| durations[(durations.len() - 1) * percent / 100];
    let (p50, p90) = (at(50), at(90));
    let threshold = LATENCIES
        .iter()
        .find(|threshold| p90 >= **threshold)
        .copied();
    let value = json!({
        "message": format!("The p90 latency of the endpoint of the Flow {} changed to {p90} ms", flow.name),
        "p90_latency": p90,
        "p50_latency": p50,
        "requests_count": durations.len(),
    });
    Some(("ENDPOINT_LATENCY", threshold, value))
}

fn availability(flow: &Flow, now_ms: i64) -> Found {
    let pings: Vec<&EndpointRequest> = lately(flow, 10, now_ms)
        .into_iter()
        .filter(|request| request.is_ping)
        .collect();
    if pings.is_empty() {
        return None;
    }
    let good = pings.iter().filter(|ping| ping.error.is_none()).count();
    let percent = u64::try_from(good * 100 / pings.len()).unwrap_or_default();
    let threshold = (percent < AVAILABILITY).then_some(AVAILABILITY);
    let value = json!({
        "message": format!("The availability of the endpoint of the Flow {} changed to {percent} percent", flow.name),
        "availability": percent,
    });
    Some(("ENDPOINT_AVAILABILITY", threshold, value))
}
