//! The host: a victim and its neighbours, deployed once, and a process for each class.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::process::Child;

use super::service::Service;
use crate::common::serve;
use crate::measured::world::World;

/// Open files that `packaging/systemd` gives a host.
const FILES: u64 = 65_536;

/// Lets this process and the hosts that it starts open as many files as a host in production, or as many as there
/// may be. Gives how many.
pub fn take_all_files() -> Result<usize> {
    let now = getrlimit(Resource::Nofile);
    let files = now.maximum.unwrap_or(FILES).min(FILES);
    let files = files.max(now.current.unwrap_or(FILES));
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(files),
            ..now
        },
    )?;
    Ok(usize::try_from(files)?)
}

/// Deploys the victim, and one bot for all attackers, each of which is a project of its own.
pub async fn deploy(world: &World) -> Result<()> {
    let app = world.settings.deployer().await?;
    let victim = serve::bundle(&app, "bench/pipeline").await?;
    let attacker = serve::bundle(&app, "bench/neighbour").await?;
    for (n, number) in world.numbers.iter().enumerate() {
        let (name, bot) = match n {
            0 => ("victim".to_owned(), &victim),
            n => (format!("attacker-{n}"), &attacker),
        };
        serve::deploy(&app, &name, number, bot.clone()).await?;
    }
    app.stop().await;
    Ok(())
}

/// A process with what was deployed.
pub struct Host {
    pub address: SocketAddr,
    process: Child,
    log: PathBuf,
}

impl Host {
    /// Starts one with the defaults of `roost serve`, whose bots know the service as `service.test`.
    pub async fn start(world: &World, service: &Service, class: &str) -> Result<Self> {
        let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("neighbours");
        std::fs::create_dir_all(&logs)?;
        let log = logs.join(format!("{class}.log"));
        let service = format!("service.test=127.0.0.1:{}", service.port);
        let settings = world.settings.clone().with("ROOST_EGRESS_RESOLVE", service);
        let serving = settings.start(File::create(&log)?).await;
        let serving = serving.with_context(|| format!("its log is `{}`", log.display()))?;
        Ok(Self {
            address: serving.address,
            process: serving.process,
            log,
        })
    }

    /// The id of its process.
    pub fn id(&self) -> Result<u32> {
        let id = self.process.id();
        id.with_context(|| format!("the host has ended; its log is `{}`", self.log.display()))
    }

    /// Kills it. Fails when it has ended by itself.
    pub async fn end(mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!(
                "the host ended by itself ({status}); its log is `{}`",
                self.log.display()
            );
        }
        Ok(self.process.kill().await?)
    }
}
