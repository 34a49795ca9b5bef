//! The victim's webhooks at a steady rate, and when each was answered.

use anyhow::Result;
use roost::projects::Secret;
use roost_emulator::control::wire::Cursor;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::report::{Figures, Used};
use super::world::{APP_SECRET, World, phone};

/// How long a class warms up.
const WARM_UP_SECONDS: u32 = 3;
/// How long after the last webhook its reply may come.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Load {
    pub rate: u32,
    pub seconds: u32,
    pub customers: u32,
}

/// A host that takes webhooks.
pub struct Side {
    pub webhook_url: String,
    pub process: tokio::process::Child,
}

/// One webhook: when it was due, and whether it was taken.
struct Posted {
    text: String,
    due: SystemTime,
    taken: bool,
}

impl Load {
    /// Sends the load to the victim.
    pub async fn run(&self, name: &str, world: &World, side: &Side) -> Result<Figures> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let before = world.control.sent(&Cursor::default()).await?.next;
        self.phase(
            &client,
            &format!("{name} warm"),
            side,
            world,
            WARM_UP_SECONDS,
        )
        .await?;
        let (used, began) = (Used::of(&side.process, world)?, Instant::now());
        let posted = self
            .phase(&client, &format!("{name} run"), side, world, self.seconds)
            .await?;
        let used = Used::of(&side.process, world)?.since(used, began.elapsed());
        let replies = replies(world, before, &posted).await?;
        let mut latencies: Vec<Duration> = Vec::new();
        let mut failed = 0;
        for one in &posted {
            match replies.get(&one.text) {
                Some(at) if one.taken => {
                    latencies.push(at.duration_since(one.due).unwrap_or_default());
                }
                _ => failed += 1,
            }
        }
        latencies.sort_unstable();
        Ok(Figures::new(latencies, failed, used))
    }

    /// One stretch of webhooks, each sent when it is due.
    async fn phase(
        &self,
        client: &reqwest::Client,
        name: &str,
        side: &Side,
        world: &World,
        seconds: u32,
    ) -> Result<Vec<Posted>> {
        let start = Instant::now() + Duration::from_millis(100);
        let wall = SystemTime::now() + Duration::from_millis(100);
        let mut posts = tokio::task::JoinSet::new();
        for n in 0..self.rate * seconds {
            let offset = Duration::from_secs_f64(f64::from(n) / f64::from(self.rate));
            let text = format!("{name} {n}");
            let phone = phone(n % self.customers);
            let body = webhook(&world.waba_id, &world.number_id, &phone, &text);
            let request = signed(client, &side.webhook_url, body.to_string());
            tokio::time::sleep_until((start + offset).into()).await;
            posts.spawn(async move {
                let answered = request.timeout(PATIENCE).send().await;
                Posted {
                    text,
                    due: wall + offset,
                    taken: answered.is_ok_and(|answer| answer.status().is_success()),
                }
            });
        }
        Ok(posts.join_all().await)
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

/// A POST of Meta's.
pub fn signed(client: &reqwest::Client, url: &str, body: String) -> reqwest::RequestBuilder {
    let signature = roost::http::sign(&Secret::new(APP_SECRET), body.as_bytes());
    client
        .post(url)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .body(body)
}

/// What it says: somebody wrote this.
pub fn webhook(waba: &str, number: &str, phone: &str, text: &str) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": waba, "changes": [{
        "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": number },
            "contacts": [{ "profile": { "name": "A customer" }, "wa_id": phone }],
            "messages": [{
                "from": phone, "id": format!("wamid.{}", hex::encode(text)), "type": "text",
                "timestamp": "1749416383", "text": { "body": text } }],
        } }] }] })
}
