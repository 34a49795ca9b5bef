//! The field `metric` of a Flow: how its endpoint did.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::{DAY_MS, SECOND_MS, datetime, day_ms};
use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::fields::Field;
use crate::platform::model::Flow;
use crate::platform::model::flow::EndpointRequest;

const NAMES: [&str; 5] = [
    "ENDPOINT_REQUEST_COUNT",
    "ENDPOINT_REQUEST_ERROR",
    "ENDPOINT_REQUEST_ERROR_RATE",
    "ENDPOINT_REQUEST_LATENCY_SECONDS_CEIL",
    "ENDPOINT_AVAILABILITY",
];
/// Requests below which there is no metric.
const FEWEST: usize = 250;

/// `metric.name(…).granularity(…).since(…).until(…)`.
pub(super) fn metric(call: &Call<'_>, flow: &Flow, field: &Field) -> Result<Value, GraphError> {
    let name = word(field, "name", &NAMES)?;
    let granularity = word(field, "granularity", &["DAY", "HOUR", "LIFETIME"])?;
    let now_ms = call.platform.clock.now_ms();
    let until_ms = date(field, "until")?.map_or(now_ms, |at_ms| at_ms + DAY_MS);
    let since_ms = date(field, "since")?.unwrap_or(match granularity {
        "LIFETIME" => 0,
        _ => until_ms - 30 * DAY_MS,
    });
    let is_ping = name == "ENDPOINT_AVAILABILITY";
    let requests: Vec<&EndpointRequest> = flow
        .requests
        .iter()
        .filter(|request| request.is_ping == is_ping)
        .filter(|request| (since_ms..until_ms).contains(&request.at_ms))
        .collect();
    if requests.len() < FEWEST {
        return Err(GraphError::managed(
            139_006,
            None,
            "Metric thresholds are not reached",
            format!(
                "The Flow has {} requests, and {FEWEST} are needed for a metric.",
                requests.len()
            ),
        ));
    }
    let step_ms = match granularity {
        "HOUR" => 3600 * SECOND_MS,
        _ => DAY_MS,
    };
    let mut buckets: BTreeMap<i64, Vec<&EndpointRequest>> = BTreeMap::new();
    for request in requests {
        let at_ms = match granularity {
            "LIFETIME" => flow.created_at_ms,
            _ => request.at_ms - request.at_ms.rem_euclid(step_ms),
        };
        buckets.entry(at_ms).or_default().push(request);
    }
    let points: Vec<Value> = buckets
        .iter()
        .map(|(at_ms, requests)| json!({"timestamp": datetime(*at_ms), "data": data(name, requests)}))
        .collect();
    Ok(json!({"name": name, "granularity": granularity, "data_points": points}))
}

fn data(name: &str, requests: &[&EndpointRequest]) -> Vec<Value> {
    let count = requests.len();
    let failed = requests
        .iter()
        .filter(|request| request.error.is_some())
        .count();
    let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
    match name {
        "ENDPOINT_REQUEST_COUNT" => return vec![json!({"key": "value", "value": count})],
        "ENDPOINT_REQUEST_ERROR_RATE" => {
            return vec![json!({"key": "value", "value": ratio(failed, count)})];
        }
        "ENDPOINT_AVAILABILITY" => {
            return vec![json!({"key": "value", "value": ratio(count - failed, count)})];
        }
        "ENDPOINT_REQUEST_ERROR" => {
            for error in requests.iter().filter_map(|request| request.error.clone()) {
                *by_key.entry(error).or_default() += 1;
            }
        }
        _ => {
            for request in requests {
                let seconds = request.duration_ms.div_ceil(1000);
                *by_key.entry(seconds.to_string()).or_default() += 1;
            }
        }
    }
    by_key
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

fn ratio(part: usize, all: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(part) / number(all.max(1))
}

fn word<'a>(field: &'a Field, key: &str, known: &[&'static str]) -> Result<&'a str, GraphError> {
    let given = field.modifier(key);
    let given = given.ok_or_else(|| GraphError::required(&format!("metric.{key}")))?;
    if known.contains(&given) {
        return Ok(given);
    }
    Err(GraphError::parameter(format_args!(
        "Param {key} must be one of {{{}}} - got \"{given}\".",
        known.join(", ")
    )))
}

fn date(field: &Field, key: &str) -> Result<Option<i64>, GraphError> {
    let Some(text) = field.modifier(key) else {
        return Ok(None);
    };
    let parts: Vec<i64> = text
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        [year, month @ 1..=12, day @ 1..=31] => Ok(Some(day_ms(*year, *month, *day))),
        _ => Err(GraphError::parameter(format_args!(
            "Param {key} must be a date in the form YYYY-MM-DD."
        ))),
    }
}
