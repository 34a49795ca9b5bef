//! What the attackers do, and how often they are told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::common::meta::{self, Number};

/// How long an attacker's message waits for its 200. Meta waits some ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A class of attackers: what their bots do with each message (`guests/bench/neighbour`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// They loop.
    Cpu,
    /// They allocate until there is no more.
    Memory,
    /// They keep the database busy with statements.
    Sql,
    /// They make hundreds of slow requests.
    Outbound,
    /// They log megabytes.
    Log,
    /// They do nothing, for five times as many messages.
    Webhooks,
}

pub const ALL: [Attack; 6] = [
    Attack::Cpu,
    Attack::Memory,
    Attack::Sql,
    Attack::Outbound,
    Attack::Log,
    Attack::Webhooks,
];

impl Attack {
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Sql => "sql",
            Self::Outbound => "outbound",
            Self::Log => "log",
            Self::Webhooks => "webhooks",
        }
    }

    /// How long it is measured. Of an event that lasts until its time is up, a minute, the end belongs to it: all of
    /// them end at once, and others begin.
    pub fn seconds(self, usual: u32) -> u32 {
        match self {
            Self::Cpu | Self::Sql => usual.max(70),
            Self::Memory | Self::Outbound | Self::Log | Self::Webhooks => usual,
        }
    }

    /// Whether the host says who gets how much of a processor. Of Postgres' processes the kernel does.
    pub fn is_the_hosts_to_share_out(self) -> bool {
        self != Self::Sql
    }

    /// From a message to one attacker to the next.
    fn pause(self) -> Duration {
        match self {
            Self::Webhooks => Duration::from_millis(100),
            _ => Duration::from_millis(500),
        }
    }
}

/// Attackers who get messages, until this is dropped.
pub struct Attackers {
    attack: Attack,
    began: Instant,
    tally: Arc<Tally>,
    posting: Vec<AbortOnDropHandle<()>>,
}

/// What was posted to attackers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Posts {
    /// By the clock.
    pub due: u32,
    pub posted: u32,
    /// Of those, with a 200.
    pub taken: u32,
    /// And with another answer.
    pub refused: u32,
}

#[derive(Default)]
struct Tally {
    posted: AtomicU32,
    taken: AtomicU32,
    refused: AtomicU32,
}

/// Posts an attack's messages.
#[derive(Clone)]
struct Courier {
    attack: Attack,
    client: reqwest::Client,
    url: String,
    tally: Arc<Tally>,
}

impl Attackers {
    /// Has each attacker get messages. Attackers take turns, so that none comes with every message to the victim.
    pub fn begin(attack: Attack, numbers: &[Number], url: &str) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        let courier = Courier {
            attack,
            client: client.build()?,
            url: url.to_owned(),
            tally: Arc::default(),
        };
        let began = Instant::now();
        let posting = numbers.iter().enumerate().map(|(n, number)| {
            let turn = attack.pause().mul_f64(n as f64 / numbers.len() as f64);
            let posting = courier.clone().post(n, number.clone(), began + turn);
            AbortOnDropHandle::new(tokio::spawn(posting))
        });
        Ok(Self {
            attack,
            began,
            posting: posting.collect(),
            tally: courier.tally.clone(),
        })
    }

    /// Posts nothing more, and says what was.
    pub fn end(self) -> Posts {
        let rounds = self.began.elapsed().as_secs_f64() / self.attack.pause().as_secs_f64();
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        Posts {
            due: (rounds * self.posting.len() as f64) as u32,
            posted: count(&self.tally.posted),
            taken: count(&self.tally.taken),
            refused: count(&self.tally.refused),
        }
    }
}

impl Courier {
    /// Posts each message when it is due, whatever became of those before. Each is from somebody else, so that none
    /// waits for another in the inbox.
    async fn post(self, attacker: usize, number: Number, first: Instant) {
        let mut due = tokio::time::interval_at(first.into(), self.attack.pause());
        let mut posts = JoinSet::new();
        for message in 0_u32.. {
            due.tick().await;
            while posts.try_join_next().is_some() {}
            let text = format!("{} {attacker} {message}", self.attack.word());
            let texts = [(format!("wamid.{}", hex::encode(&text)), text)];
            let from = format!("1666{attacker:03}{:04}", message % 10_000);
            let body = meta::written(&number.id, &number.waba_id, &from, texts);
            let request = meta::signed(&self.client, &self.url, body);
            let tally = self.tally.clone();
            tally.posted.fetch_add(1, Ordering::Relaxed);
            posts.spawn(async move {
                let counter = match request.send().await {
                    Ok(answer) if answer.status().is_success() => &tally.taken,
                    // A host that has too much of it says so: that is the attacker's loss.
                    Ok(_) => &tally.refused,
                    Err(_) => return,
                };
                counter.fetch_add(1, Ordering::Relaxed);
            });
        }
    }
}
