//! Signed webhooks at a steady rate, and when each was stored and answered.

use anyhow::{Result, bail};
use roost::projects::Secret;
use roost_emulator::control::wire::Cursor;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::report::{Figures, Used};
use super::world::{APP_SECRET, World, phone};

/// How long a side warms up.
const WARM_UP_SECONDS: u32 = 5;
/// How long after the last webhook its reply may come.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Load {
    pub rate: u32,
    pub seconds: u32,
    pub customers: u32,
}

/// A process that takes webhooks.
pub struct Side {
    pub webhook_url: String,
    pub process: tokio::process::Child,
}

/// One webhook: when it was due, and what the 200 took.
struct Posted {
    text: String,
    due: SystemTime,
    ack: Duration,
}

impl Load {
    /// Sends the load to one side, and stops it.
    pub async fn run(&self, name: &str, world: &World, mut side: Side) -> Result<Figures> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let before = world.control.sent(&Cursor::default()).await?.next;
        self.phase(&client, name, &side, world, WARM_UP_SECONDS, "warm")
            .await?;
        let used = Used::of(&side.process)?;
        let began = Instant::now();
        let posted = self
            .phase(&client, name, &side, world, self.seconds, "run")
            .await?;
        let replies = replies(world, before, &posted).await?;
        let took = began.elapsed();
        let used = Used::of(&side.process)?.since(used);
        side.process.start_kill()?;
        side.process.wait().await?;
        let mut ack: Vec<Duration> = posted.iter().map(|one| one.ack).collect();
        let mut reply: Vec<Duration> = Vec::new();
        for one in &posted {
            match replies.get(&one.text) {
                Some(at) => reply.push(at.duration_since(one.due).unwrap_or_default()),
                None => bail!("{name} never answered `{}`", one.text),
            }
        }
        ack.sort_unstable();
        reply.sort_unstable();
        Ok(Figures::new(ack, reply, took, used))
    }

    /// One stretch of webhooks, each sent when it is due.
    async fn phase(
        &self,
        client: &reqwest::Client,
        name: &str,
        side: &Side,
        world: &World,
        seconds: u32,
        phase: &str,
    ) -> Result<Vec<Posted>> {
        let start = Instant::now() + Duration::from_millis(100);
        let wall = SystemTime::now() + Duration::from_millis(100);
        let mut posts = tokio::task::JoinSet::new();
        for n in 0..self.rate * seconds {
            let offset = Duration::from_secs_f64(f64::from(n) / f64::from(self.rate));
            let text = format!("{name} {phase} {n}");
            let body = webhook(world, n % self.customers, &text).to_string();
            let request = client
                .post(&side.webhook_url)
                .header("content-type", "application/json")
                .header(
                    "x-hub-signature-256",
                    roost::http::sign(&Secret::new(APP_SECRET), body.as_bytes()),
                )
                .body(body);
            tokio::time::sleep_until((start + offset).into()).await;
            posts.spawn(async move {
                let status = request.send().await?.status();
                let ack = start.elapsed().saturating_sub(offset);
                anyhow::ensure!(status.is_success(), "a webhook was answered with {status}");
                Ok(Posted {
                    text,
                    due: wall + offset,
                    ack,
                })
            });
        }
        let mut posted = Vec::new();
        while let Some(one) = posts.join_next().await {
            posted.push(one??);
        }
        Ok(posted)
    }
}

/// When each text was answered, in the emulator's time, which is this process's.
async fn replies(
    world: &World,
    before: u64,
    posted: &[Posted],
) -> Result<HashMap<String, SystemTime>> {
    let deadline = Instant::now() + PATIENCE;
    let (mut found, mut after) = (HashMap::new(), before);
    let is_complete = |found: &HashMap<String, SystemTime>| {
        posted.iter().all(|one| found.contains_key(&one.text))
    };
    while !is_complete(&found) && Instant::now() < deadline {
        let page = world
            .control
            .sent(&Cursor {
                after,
                wait_ms: 1_000,
                ..Cursor::default()
            })
            .await?;
        after = page.next;
        for item in page.items {
            let at = UNIX_EPOCH + Duration::from_millis(item.at_ms.unsigned_abs());
            let item = serde_json::to_value(&item)?;
            let said = item["body"]["body"].as_str().unwrap_or_default();
            if let Some((text, _)) = said.split_once(" (visit ") {
                found.entry(text.to_owned()).or_insert(at);
            }
        }
    }
    Ok(found)
}

fn webhook(world: &World, customer: u32, text: &str) -> Value {
    let phone = phone(customer);
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": world.waba_id, "changes": [{
        "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": world.number_id },
            "contacts": [{ "profile": { "name": "A customer" }, "wa_id": phone }],
            "messages": [{
                "from": phone, "id": format!("wamid.{}", hex::encode(text)), "type": "text",
                "timestamp": "1749416383", "text": { "body": text } }],
        } }] }] })
}
