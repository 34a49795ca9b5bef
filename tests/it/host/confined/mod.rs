//! Builds are foreign code: what a build reaches when everything in it is hostile, on a real host and by its door.

mod npm;
#[cfg(target_arch = "x86_64")]
mod packaging;
mod registries;
mod uploads;

use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::support::{Answered, Operator, answered, eventually_within};

/// A hostile build may use up 20 s of a processor that it shares with other tests.
const LONGEST_BUILD: Duration = Duration::from_secs(200);

/// Hands an upload in as a deploy does.
async fn post(operator: &Operator, project: &str, upload: Vec<u8>) -> Answered {
    let path = format!("/v1/projects/{project}/versions");
    let request = operator.request(Method::POST, &path);
    let request = request.header("content-type", "application/gzip");
    answered(request.body(upload)).await
}

/// Waits until nothing more becomes of a version, and gives it.
async fn ended(operator: &Operator, project: &str, version: &str) -> Value {
    let path = format!("/v1/projects/{project}/versions/{version}");
    eventually_within(
        LONGEST_BUILD,
        "the version is ready or failed",
        async || {
            let version = operator.get(&path).await.ok();
            let state = version["state"].as_str().unwrap_or_default();
            ["ready", "failed"].contains(&state).then_some(version)
        },
    )
    .await
}

/// Deploys, and gives what the author reads of why it failed; nothing when it did not.
pub(super) async fn refusal(operator: &Operator, project: &str, upload: Vec<u8>) -> Option<String> {
    let answer = post(operator, project, upload).await;
    if !answer.status.is_success() {
        return Some(answer.text);
    }
    let name = answer.ok()["name"].as_str().unwrap().to_owned();
    let version = ended(operator, project, &name).await;
    (version["state"] == "failed").then(|| version["error"].to_string())
}
