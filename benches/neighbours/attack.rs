//! What the attackers do, and the service that some of them call.

use anyhow::Result;
use axum::Router;
use clap::ValueEnum;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

use super::load::{signed, webhook};
use super::world::World;

/// A class of attackers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// Bots that loop.
    Cpu,
    /// Bots that allocate until there is no more.
    Memory,
    /// Bots whose statements keep the database busy.
    Sql,
    /// Bots that make hundreds of slow requests.
    Outbound,
    /// Bots that log megabytes.
    Log,
    /// Bots that do nothing, of which each gets ten messages a second.
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

    /// How long an attacker waits between two messages.
    fn pause(self) -> Duration {
        match self {
            Self::Webhooks => Duration::from_millis(100),
            _ => Duration::from_millis(500),
        }
    }

    /// Has every attacker get messages until the result is dropped. Each comes from somebody else, so that none
    /// waits for another.
    pub fn begin(
        self,
        world: &World,
        numbers: &[String],
        webhook_url: &str,
    ) -> Vec<AbortOnDropHandle<()>> {
        let attackers = numbers.iter().enumerate().map(|(n, number)| {
            let (waba, number) = (world.waba_id.clone(), number.clone());
            let (url, client) = (webhook_url.to_owned(), reqwest::Client::new());
            let attacking = async move {
                let mut ticks = tokio::time::interval(self.pause());
                for message in 0_u32.. {
                    ticks.tick().await;
                    let phone = format!("1666{:03}{:04}", n, message % 10_000);
                    let text = format!("{} {n} {message}", self.word());
                    let body = webhook(&waba, &number, &phone, &text);
                    // A host that has too much of it says so: that is the attacker's loss.
                    let _ = signed(&client, &url, body.to_string()).send().await;
                }
            };
            AbortOnDropHandle::new(tokio::spawn(attacking))
        });
        attackers.collect()
    }
}

/// A service that takes its time.
pub struct Service {
    pub port: u16,
    _serving: AbortOnDropHandle<std::io::Result<()>>,
}

impl Service {
    pub async fn start() -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let router = Router::new().fallback(|| async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            "x".repeat(64 << 10)
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            port,
            _serving: AbortOnDropHandle::new(serving),
        })
    }
}
