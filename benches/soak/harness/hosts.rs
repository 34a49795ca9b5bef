//! The hosts: processes that are killed and started again, and the forwarder before them.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Options;
use super::common::serve::{START, Settings};
use super::plan::Kill;
use super::world::World;

/// All hosts.
pub(super) struct Fleet {
    hosts: Vec<Host>,
    settings: Settings,
    kills: AtomicU32,
    restarts: Mutex<Vec<Duration>>,
}

struct Host {
    child: tokio::sync::Mutex<Option<Child>>,
    /// Absent while it is down.
    address: watch::Sender<Option<SocketAddr>>,
    log: PathBuf,
}

impl Fleet {
    pub(super) async fn start(options: &Options, world: &World) -> Result<Self> {
        let host = |n: usize| Host {
            child: tokio::sync::Mutex::default(),
            address: watch::Sender::new(None),
            log: world.folder().join(format!("host-{}.log", n + 1)),
        };
        let fleet = Self {
            hosts: (0..options.hosts).map(host).collect(),
            settings: world.settings.clone(),
            kills: AtomicU32::new(0),
            restarts: Mutex::default(),
        };
        for n in 0..options.hosts {
            fleet.launch(n).await?;
        }
        Ok(fleet)
    }

    pub(super) fn kills(&self) -> u32 {
        self.kills.load(Ordering::Relaxed)
    }

    /// From a kill until the host listened again, shortest first.
    pub(super) fn restarts(&self) -> Vec<Duration> {
        let mut restarts = lock(&self.restarts).clone();
        restarts.sort();
        restarts
    }

    /// Where the hosts log.
    pub(super) fn logs(&self) -> Vec<PathBuf> {
        self.hosts.iter().map(|host| host.log.clone()).collect()
    }

    /// Starts a host until it listens. One that ends before, because Postgres is away, is started
    /// again, as any supervisor does.
    async fn launch(&self, n: usize) -> Result<()> {
        let until = Instant::now() + START;
        loop {
            let started = self.start_once(n).await;
            let Err(error) = started else { return Ok(()) };
            if Instant::now() > until {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn start_once(&self, n: usize) -> Result<()> {
        let host = &self.hosts[n];
        let log = File::options().create(true).append(true).open(&host.log)?;
        let started = self.settings.start(log).await;
        let serving = started.with_context(|| {
            let said = std::fs::read_to_string(&host.log).unwrap_or_default();
            let last = said.lines().last().unwrap_or_default();
            format!("the end of its log: {last}")
        })?;
        *host.child.lock().await = Some(serving.process);
        host.address.send_replace(Some(serving.address));
        Ok(())
    }

    /// SIGKILL, and at once another process in its place.
    async fn kill(self: &Arc<Self>, n: usize) -> Result<JoinHandle<Result<()>>> {
        let host = &self.hosts[n];
        let mut address = host.address.subscribe();
        let up = tokio::time::timeout(START, address.wait_for(Option::is_some));
        up.await
            .context("a host did not come up again")?
            .context("the host is there")?;
        let child = host.child.lock().await.take();
        host.address.send_replace(None);
        let mut child = child.context("a host that listens is a process")?;
        if let Some(status) = child.try_wait()? {
            bail!(
                "a host ended by itself ({status}); see {}",
                host.log.display()
            );
        }
        child.kill().await?;
        self.kills.fetch_add(1, Ordering::Relaxed);
        let (fleet, killed) = (self.clone(), Instant::now());
        Ok(tokio::spawn(async move {
            fleet.launch(n).await?;
            lock(&fleet.restarts).push(killed.elapsed());
            Ok(())
        }))
    }

    pub(super) async fn stop(&self) {
        for host in &self.hosts {
            if let Some(mut child) = host.child.lock().await.take() {
                // It may have ended already.
                let _ = child.kill().await;
            }
        }
    }
}

/// Kills as planned; later when the hosts are not up in time, so that no kill is left out.
pub(super) async fn kill(fleet: Arc<Fleet>, kills: Vec<Kill>, began: Instant) -> Result<()> {
    let mut starting = Vec::new();
    for kill in kills {
        tokio::time::sleep_until(began + kill.at).await;
        starting.push(fleet.kill(kill.host).await?);
    }
    for start in starting {
        start.await.context("a host that was killed")??;
    }
    Ok(())
}

/// A load balancer: each connection goes to the next host that is up.
pub(super) struct Forwarder {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Forwarder {
    pub(super) async fn start(fleet: Arc<Fleet>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            let turn = Arc::new(AtomicUsize::new(0));
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(fleet.clone(), turn.clone(), client));
            }
        });
        Ok(Self { address, accepting })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn stop(&self) {
        self.accepting.abort();
    }
}

async fn forward(fleet: Arc<Fleet>, turn: Arc<AtomicUsize>, mut client: TcpStream) {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for n in 0..fleet.hosts.len() {
        let host = &fleet.hosts[(first + n) % fleet.hosts.len()];
        let address = *host.address.borrow();
        let Some(address) = address else { continue };
        if let Ok(mut server) = TcpStream::connect(address).await {
            // Either end may be cut at any time: that is what this is for.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
