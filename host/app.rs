//! The host as a whole: what is shared, built once, and how it starts and stops.
//!
//! `config` is what it is told, `parts` makes what everything stands on, `features` what it does, and what
//! operators do with it is `operator`.

mod config;
mod features;
mod parts;

use crate::deploys::DeployTasks;
use crate::inbox::{Dispatcher, DispatcherHandle};
use crate::lifecycle::MachineHandle;
use crate::news::NewsTasks;
use crate::operator::{Host, Sealed, keep_keys};
use crate::runs::Residents;
use crate::telemetry::Telemetry;
use crate::web::Web;
use crate::whatsapp::Outbox;
use anyhow::Result;
use features::Shared;
use parts::{Base, Doors, dispatcher_settings};
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use config::AppConfig;

/// The control database's migrations.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// How long running events get to end when the host stops.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long requests to the admin API get to end when the host stops.
const ADMIN_PATIENCE: Duration = Duration::from_secs(5);

/// A running host.
pub struct App {
    host: Arc<Host>,
    outbox: Outbox,
    residents: Residents,
    telemetry: Telemetry,
    dispatcher: DispatcherHandle,
    web: Web,
    machine: MachineHandle,
    deploying: DeployTasks,
    telling: NewsTasks,
    address: SocketAddr,
    admin_address: SocketAddr,
    drain: Duration,
    /// The host says that it is not ready.
    draining: CancellationToken,
    /// The door closes.
    closing: CancellationToken,
    server: JoinHandle<()>,
    admin: JoinHandle<()>,
}

impl Deref for App {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl App {
    /// Starts a host: from here on it takes webhooks and runs events.
    pub async fn start(mut config: AppConfig) -> Result<Self> {
        // The process may have one already, from another host in it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let doors = Doors::bind(&config).await?;
        let (address, admin_address) = (doors.public.local_addr()?, doors.admin.local_addr()?);
        let base = Base::prepare(&mut config).await?;
        let (shared, telling) = Shared::start(&config, &base)?;
        let deploys = features::deploys(&config, &shared).await?;
        let residents = features::residents(&config, &shared, &deploys);
        let changes = features::changes(&shared, &deploys, &residents);
        let lifecycle = features::lifecycle(&config, &shared, &base.keys, &deploys, &changes);
        let flows = features::flows(&config, &shared, base.vault.clone(), address);
        let runner = features::runner(&config, &shared, &deploys, &residents, &flows);
        let web = features::web(&config, &shared, &base.keys, &deploys, (&runner, &flows));
        let sealed = Sealed {
            pool: shared.pool.clone(),
            vault: base.vault,
        };
        let host = Arc::new(shared.host(deploys, lifecycle, changes, flows, sealed));

        // All of it is there. From here on it runs.
        let owner = &config.dispatcher.owner;
        let handler = Arc::new(runner);
        let dispatcher =
            Dispatcher::start(host.inbox.clone(), handler, dispatcher_settings(&config));
        let deploying = host.deploys.start(host.changes.followers());
        let machine = host.lifecycle.start(owner, config.dispatcher.lease);
        let (draining, closing) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(host.changes.clone().follow_others(closing.clone()));
        shared.keep_house(&config, &draining);
        let (sealed, keys) = (host.sealed.clone(), base.keys.clone());
        tokio::spawn(keep_keys(sealed, keys, draining.clone()));
        let serving = doors.open(
            &config,
            &host,
            &web,
            (base.access, base.keys),
            (draining.clone(), closing.clone()),
        );
        tracing::info!(%address, %admin_address, "listening");
        Ok(Self {
            host,
            outbox: shared.outbox,
            residents,
            telemetry: shared.telemetry,
            dispatcher,
            web,
            machine,
            deploying,
            telling,
            address,
            admin_address,
            drain: config.drain,
            draining,
            closing,
            server: serving.public,
            admin: serving.admin,
        })
    }

    /// Where webhooks come in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin API is.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Stops: it is not ready any more, and works on until load balancers have seen that; then the
    /// door closes, webhooks and running events end, and sends under way are recorded.
    pub async fn stop(self) {
        self.draining.cancel();
        tokio::time::sleep(self.drain).await;
        self.closing.cancel();
        self.deploying.stop().await;
        let door = self.server.abort_handle();
        let closed = tokio::time::timeout(PATIENCE, self.server);
        let runs = self.dispatcher.drain(PATIENCE);
        let steps = self.machine.drain(PATIENCE);
        let (closed, report, (), ()) = tokio::join!(closed, runs, self.web.stop(PATIENCE), steps);
        match closed {
            Ok(joined) => ended(joined),
            Err(_) => {
                tracing::warn!("requests that did not end in {PATIENCE:?} were cut off");
                door.abort();
            }
        }
        self.residents.stop().await;
        self.outbox.drain().await;
        // Operators' requests get a moment; a stream that does not end must not hold up the host.
        let abort = self.admin.abort_handle();
        match tokio::time::timeout(ADMIN_PATIENCE, self.admin).await {
            Ok(joined) => ended(joined),
            Err(_) => abort.abort(),
        }
        self.host.log_writer.flush().await;
        self.telemetry.tracer.stop().await;
        self.telling.stop().await;
        self.host.pool.close().await;
        tracing::info!(
            finished = report.finished,
            released = report.released,
            "stopped"
        );
    }
}

fn ended(joined: Result<(), tokio::task::JoinError>) {
    if let Err(error) = joined {
        tracing::error!(%error, "the listener failed");
    }
}
