//! The admin API, by which everything is made.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::host::ADMIN_TOKEN;
use crate::common::meta::Number;

/// How long an answer may take. Some wait for Meta, or for a build.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a number may take to be connected, and a version to be built, while others are.
const SETTLED: Duration = Duration::from_secs(300);

/// From one look at a number that Meta took long for to the next.
const LOOK: Duration = Duration::from_millis(500);

/// How long one look at a build waits for its next line.
const WAIT_MS: u32 = 20_000;

/// The metric that counts live instances.
const INSTANCES: &str = "roost_instances ";

#[derive(Clone)]
pub struct Admin {
    client: reqwest::Client,
    base: String,
}

impl Admin {
    /// The emulator must have started.
    pub fn new(address: SocketAddr) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        Ok(Self {
            client: client.build()?,
            base: format!("http://{address}"),
        })
    }

    /// Makes a project, and waits until its number is connected.
    pub async fn create(&self, name: &str, number: &Number) -> Result<()> {
        let new = json!({ "name": name });
        let request = self.request(Method::POST, "/v1/projects").json(&new);
        answer(request).await?;
        let number = json!({
            "phone_number_id": number.id, "waba_id": number.waba_id, "token": number.token,
        });
        let path = format!("/v1/projects/{name}/number");
        let request = self.request(Method::PUT, &path).json(&number);
        let mut standing = answer(request).await?;
        let deadline = Instant::now() + SETTLED;
        while standing["connected"] != true {
            let is_early = Instant::now() < deadline;
            ensure!(is_early, "its number is not connected in time: {standing}");
            tokio::time::sleep(LOOK).await;
            standing = answer(self.request(Method::GET, &path)).await?;
        }
        Ok(())
    }

    /// Uploads a folder, and waits until its version serves.
    pub async fn deploy(&self, name: &str, upload: Vec<u8>) -> Result<()> {
        let versions = format!("/v1/projects/{name}/versions");
        let request = self.request(Method::POST, &versions);
        let request = request.header("content-type", "application/gzip");
        let version = answer(request.body(upload)).await?;
        let version = version["name"].as_str().context("a version has a name")?;
        let path = format!("{versions}/{version}");
        let deadline = Instant::now() + SETTLED;
        let mut after = Value::from(0);
        loop {
            let log = format!("{path}/log?after={after}&wait_ms={WAIT_MS}");
            let page = answer(self.request(Method::GET, &log)).await?;
            match page["state"].as_str() {
                Some("ready") => break,
                Some("failed") => bail!("{version} was not built: {}", page["error"]),
                _ => {}
            }
            let is_early = Instant::now() < deadline;
            ensure!(is_early, "{version} is not built in time");
            after = page["next_after"].clone();
        }
        while answer(self.request(Method::GET, &path)).await?["active"] != true {
            let is_early = Instant::now() < deadline;
            ensure!(is_early, "{version} is built, and does not serve");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// How many instances live.
    pub async fn instances(&self) -> Result<u64> {
        let answer = self.request(Method::GET, "/metrics").send().await?;
        let text = answer.error_for_status()?.text().await?;
        let count = text.lines().find_map(|line| line.strip_prefix(INSTANCES));
        let count = count.context("the metrics have no `roost_instances`")?;
        Ok(count.trim().parse()?)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.client.request(method, url).bearer_auth(ADMIN_TOKEN)
    }
}

/// What the API answered, when it did what was asked.
async fn answer(request: RequestBuilder) -> Result<Value> {
    let answer = request.send().await.context("the admin API is away")?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(
        status.is_success(),
        "the admin API refused with {status}: {text}"
    );
    Ok(serde_json::from_str(&text)?)
}
