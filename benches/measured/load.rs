//! Customers who write at a steady rate, and how long each of them waits.
//!
//! Messages are due at fixed times, whether or not earlier ones are answered, and all times count from when a
//! message was due. So who is slow delays nobody's start, and what this program is late itself counts too.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use roost_emulator::control::SentKind;
use roost_emulator::control::wire::Cursor;
use tokio::task::JoinSet;

use super::world::{World, phone};
use crate::common::meta;

/// How long a 200 may take, and how long after the last message the replies may.
const PATIENCE: Duration = Duration::from_secs(30);

/// From the first look at the clock to the first message.
const AHEAD: Duration = Duration::from_millis(100);

/// How often customers write.
pub struct Load {
    client: reqwest::Client,
    rate: u32,
    customers: u32,
}

/// What became of one message.
pub struct Message {
    /// Until it was posted: how late this program was.
    pub posted: Duration,
    /// Until the 200, if it came.
    pub acknowledged: Option<Duration>,
    /// Until Meta had the bot's reply, if it came.
    pub replied: Option<Duration>,
}

impl Message {
    /// Until the reply to a message that had its 200 too.
    pub fn answered(&self) -> Option<Duration> {
        self.acknowledged.and(self.replied)
    }
}

/// A message that was posted.
struct Posted {
    text: String,
    due: SystemTime,
    posted: Duration,
    acknowledged: Option<Duration>,
}

impl Load {
    /// So many messages in a second, of so many customers in turn. The emulator must have started.
    pub fn new(rate: u32, customers: u32) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        Ok(Self {
            client: client.build()?,
            rate,
            customers,
        })
    }

    /// Has the customers write for so many seconds, and waits for the replies. `name` is in each text, and no
    /// other run's.
    pub async fn run(
        &self,
        world: &World,
        name: &str,
        url: &str,
        seconds: u32,
    ) -> Result<Vec<Message>> {
        let before = end_of_replies(world).await?;
        let posted = self.post(world, name, url, seconds).await?;
        let replies = replies(world, before, &posted).await?;
        let message = |one: Posted| {
            let reply = replies.get(&one.text);
            Message {
                posted: one.posted,
                acknowledged: one.acknowledged,
                replied: reply.map(|at| at.duration_since(one.due).unwrap_or_default()),
            }
        };
        Ok(posted.into_iter().map(message).collect())
    }

    /// Posts each message when it is due, and waits for what the host says.
    async fn post(
        &self,
        world: &World,
        name: &str,
        url: &str,
        seconds: u32,
    ) -> Result<Vec<Posted>> {
        let number = &world.numbers[0];
        let (start, wall) = (Instant::now() + AHEAD, SystemTime::now() + AHEAD);
        let mut posts = JoinSet::new();
        for n in 0..self.rate * seconds {
            let offset = Duration::from_secs_f64(f64::from(n) / f64::from(self.rate));
            let text = format!("{name} {n}");
            let texts = [(format!("wamid.{}", hex::encode(&text)), text.clone())];
            let from = phone(n % self.customers);
            let body = meta::written(&number.id, &number.waba_id, &from, texts);
            let request = meta::signed(&self.client, url, body);
            tokio::time::sleep_until((start + offset).into()).await;
            posts.spawn(async move {
                let since_due = || start.elapsed().saturating_sub(offset);
                let posted = since_due();
                let answer = request.send().await;
                let is_taken = answer.is_ok_and(|answer| answer.status().is_success());
                Posted {
                    text,
                    due: wall + offset,
                    posted,
                    acknowledged: is_taken.then(since_due),
                }
            });
        }
        let mut posted = posts.join_all().await;
        posted.sort_unstable_by_key(|one| one.due);
        Ok(posted)
    }
}

/// Where the replies of this run will begin.
async fn end_of_replies(world: &World) -> Result<u64> {
    let mut cursor = Cursor::default();
    loop {
        let page = world.control.sent(&cursor).await?;
        cursor.after = page.next;
        if page.items.is_empty() {
            return Ok(cursor.after);
        }
    }
}

/// When Meta had the first reply to each text, in the emulator's time, which is this process's. Nothing is waited for
/// that the host did not take.
async fn replies(
    world: &World,
    before: u64,
    posted: &[Posted],
) -> Result<HashMap<String, SystemTime>> {
    let taken = posted.iter().filter(|one| one.acknowledged.is_some());
    let mut missing: HashSet<&str> = taken.map(|one| one.text.as_str()).collect();
    let mut found = HashMap::new();
    let mut cursor = Cursor {
        number_id: Some(world.numbers[0].id.clone()),
        after: before,
        wait_ms: 1_000,
        ..Cursor::default()
    };
    let deadline = Instant::now() + PATIENCE;
    while !missing.is_empty() && Instant::now() < deadline {
        let page = world.control.sent(&cursor).await?;
        cursor.after = page.next;
        for item in page.items {
            let SentKind::Message(message) = item.kind else {
                continue;
            };
            let said = message.text().unwrap_or_default();
            let Some((text, _)) = said.split_once(" (visit ") else {
                continue;
            };
            let at = UNIX_EPOCH + Duration::from_millis(item.at_ms.unsigned_abs());
            missing.remove(text);
            found.entry(text.to_owned()).or_insert(at);
        }
    }
    Ok(found)
}
