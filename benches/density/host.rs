//! The host: a process of `roost serve`, started again for each part of the bench.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::serve::{Serving, Settings};

/// What the bench shows at the admin API.
pub const ADMIN_TOKEN: &str = "the-operator-of-the-density-bench";

/// How long a host may take to end its events and itself.
const STOP: Duration = Duration::from_secs(60);

/// Lines of a log that are shown when something went wrong.
const LAST_LINES: usize = 3;

pub struct Host {
    /// Where webhooks come in.
    pub address: SocketAddr,
    /// Where the admin API is.
    pub admin: SocketAddr,
    serving: Serving,
    log: PathBuf,
}

impl Host {
    /// Starts one. `name` tells its log from those of others.
    pub async fn start(settings: &Settings, name: &str) -> Result<Self> {
        let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("density");
        std::fs::create_dir_all(&logs)?;
        let log = logs.join(format!("{name}.log"));
        // It says the address of its webhooks; that of its admin API is chosen here.
        let admin = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let settings = settings
            .clone()
            .with("ROOST_ADMIN_LISTEN", admin.to_string())
            .with("ROOST_ADMIN_TOKEN", ADMIN_TOKEN)
            .with("ROOST_LOG", "warn")
            // No load balancer has to see that it stops.
            .with("ROOST_DRAIN_SECONDS", "0");
        let serving = settings.start(File::create(&log)?).await;
        let serving = serving.with_context(|| format!("its log is `{}`", log.display()))?;
        Ok(Self {
            address: serving.address,
            admin,
            serving,
            log,
        })
    }

    /// The id of its process.
    pub fn id(&self) -> Result<u32> {
        let id = self.serving.process.id();
        id.with_context(|| format!("the host has ended; its log is `{}`", self.log.display()))
    }

    /// Tells it to stop, as service managers do, and waits for its end.
    pub async fn stop(mut self) -> Result<()> {
        let id = i32::try_from(self.id()?)?;
        let id = Pid::from_raw(id).context("a process has an id")?;
        kill_process(id, Signal::TERM)?;
        let ended = tokio::time::timeout(STOP, self.serving.process.wait()).await;
        let Ok(ended) = ended else {
            self.serving.process.kill().await?;
            bail!(
                "the host did not stop within {STOP:?}; its log is `{}`",
                self.log.display()
            );
        };
        let ended = ended?;
        ensure!(
            ended.success(),
            "the host ended with {ended}; its log is `{}`",
            self.log.display()
        );
        Ok(())
    }

    /// Ends it without asking: the events that it runs would last too long.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.serving.process.kill().await?)
    }

    /// How it ended by itself, if it did.
    pub fn ended(&mut self) -> Result<Option<String>> {
        let status = self.serving.process.try_wait()?;
        Ok(status.map(|status| format!("the host ended by itself ({status})")))
    }

    /// The last things that it complained of.
    pub fn complaints(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.len().saturating_sub(LAST_LINES);
        lines[last..].iter().map(|&line| line.to_owned()).collect()
    }
}
