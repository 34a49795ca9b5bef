//! Customers who write to projects, and wait for the answers.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use roost_emulator::ControlClient;
use roost_emulator::control::SentKind;
use roost_emulator::control::wire::Cursor;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use super::projects::Project;
use crate::common::meta;
use crate::measured::world::phone;

/// How long a 200 may take, and a reply after it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one look at the emulator waits for a reply.
const WAIT_MS: u64 = 10_000;

/// What bots put between what they were told and what they say.
const BETWEEN: &str = " | ";

/// What bots said, for those who wait for it.
#[derive(Clone)]
pub struct Replies {
    waiting: Waiting,
    _reading: Arc<AbortOnDropHandle<()>>,
}

/// By what they were told.
type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Reply>>>>;

struct Reply {
    /// In the emulator's time, which is this process's.
    at: SystemTime,
    number_id: String,
    words: String,
}

/// All customers, before one host.
#[derive(Clone)]
pub struct Customers {
    client: reqwest::Client,
    url: String,
    replies: Replies,
}

/// A message that was answered, with how long that took from its POST on.
#[derive(Clone, Copy)]
pub struct Answered {
    /// Until Meta had its 200.
    pub taken: Duration,
    /// Until Meta had the bot's reply, in whole milliseconds.
    pub replied: Duration,
}

/// Why a message was not answered.
#[derive(Debug)]
pub enum Unanswered {
    /// There was no 200.
    Refused(String),
    /// There was one, and no reply.
    Lost(String),
}

impl Replies {
    /// Reads what bots say until this is dropped.
    pub fn read(control: ControlClient) -> Self {
        let waiting = Waiting::default();
        let reading = tokio::spawn(read(control, waiting.clone()));
        Self {
            waiting,
            _reading: Arc::new(AbortOnDropHandle::new(reading)),
        }
    }

    fn to(&self, text: &str) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.waiting).insert(text.to_owned(), sender);
        receiver
    }
}

async fn read(control: ControlClient, waiting: Waiting) {
    let mut cursor = Cursor {
        wait_ms: WAIT_MS,
        ..Cursor::default()
    };
    while let Ok(page) = control.sent(&cursor).await {
        cursor.after = page.next;
        for item in page.items {
            let SentKind::Message(message) = item.kind else {
                continue;
            };
            let said = message.text().unwrap_or_default();
            let Some((told, words)) = said.split_once(BETWEEN) else {
                continue;
            };
            let Some(waits) = lock(&waiting).remove(told) else {
                continue;
            };
            // Who waited may have given up.
            let _ = waits.send(Reply {
                at: UNIX_EPOCH + Duration::from_millis(item.at_ms.unsigned_abs()),
                number_id: item.number_id,
                words: words.to_owned(),
            });
        }
    }
    // Nobody waits for what will not come.
    lock(&waiting).clear();
}

impl Customers {
    /// Before that host. The emulator must have started.
    pub fn new(host: SocketAddr, replies: &Replies) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        Ok(Self {
            client: client.build()?,
            url: meta::webhook_url(host),
            replies: replies.clone(),
        })
    }

    /// A customer writes to a project and waits for its bot's reply. No other message may have that text.
    pub async fn write(
        &self,
        project: &Project,
        customer: u32,
        text: &str,
    ) -> Result<Answered, Unanswered> {
        let reply = self.replies.to(text);
        let number = &project.number;
        let texts = [(format!("wamid.{}", hex::encode(text)), text.to_owned())];
        let body = meta::written(&number.id, &number.waba_id, &phone(customer), texts);
        let request = meta::signed(&self.client, &self.url, body);
        let (began, wall) = (Instant::now(), SystemTime::now());
        let refused = |why: String| Unanswered::Refused(format!("`{}`: {why}", project.name));
        let answer = request.send().await;
        let answer = answer.map_err(|error| refused(chain(&error)))?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.text().await.unwrap_or_default();
            return Err(refused(format!("{status}: {said}")));
        }
        let taken = began.elapsed();
        let lost = |why: String| Unanswered::Lost(format!("`{}`: {why}", project.name));
        let reply = match tokio::time::timeout(PATIENCE, reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => return Err(lost("the emulator cannot be read".to_owned())),
            Err(_) => return Err(lost(format!("no reply within {PATIENCE:?}"))),
        };
        let own = reply.words.split(BETWEEN).next();
        if reply.number_id != number.id || own != Some(project.word.as_str()) {
            let words = reply.words;
            return Err(lost(format!("another bot answered, with `{words}`")));
        }
        Ok(Answered {
            taken,
            replied: reply.at.duration_since(wall).unwrap_or_default(),
        })
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "a webhook was refused by {why}"),
            Self::Lost(why) => write!(f, "a webhook was not answered by {why}"),
        }
    }
}

impl std::error::Error for Unanswered {}

/// An error and its causes.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
