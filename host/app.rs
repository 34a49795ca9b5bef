//! The host as a whole: what is shared, built once, and how it starts and stops.
//!
//! `config` is what it is told, `parts` makes what takes more than a line, and what operators do with it
//! is `operator`.

mod config;
mod parts;

use crate::changes::{Changes, ChangesParts};
use crate::conversations::ConversationStore;
use crate::deploys::{DeployParts, DeploySettings, DeployTasks, Deploys};
use crate::egress::{Egress, EgressLimits};
use crate::events::Events;
use crate::inbox::{Clock, Dispatcher, DispatcherHandle, Inbox};
use crate::lifecycle::{Lifecycle, LifecycleParts, MachineHandle};
use crate::logs::{LogStore, LogWriter};
use crate::news::{NewsTasks, Newsroom};
use crate::observing::Scrape;
use crate::operator::{Host, Sealed, keep_keys};
use crate::postgres::{Guard, Pool, PoolConfig, TenantDatabase};
use crate::projects::ProjectStore;
use crate::retention::Keeper;
use crate::runs::{Residents, Runner, SendSettler, SentMessages, Services};
use crate::telemetry::Telemetry;
use crate::web::{Web, WebSettings};
use crate::whatsapp::{CallbackKey, Gateway, GraphClient, InFlightLimits, Outbox, OutboxSettings};
use anyhow::{Context, Result};
use parts::{Base, Doors, dispatcher_settings, graph_client, onboarding, telemetry, workshop};
use sqlx::PgPool;
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
        let base = Base::prepare(&mut config).await?;
        let (pool, keys, cell) = (base.pool, base.keys, base.cell);
        let projects = ProjectStore::new(pool.clone(), base.vault.clone());
        let database = TenantDatabase::new(Pool::new(PoolConfig {
            max_total: base.share.tenants as usize,
            ..PoolConfig::default()
        }));
        let guard = Guard::new(cell.clone(), &database, &config.quotas);
        let egress = Arc::new(
            Egress::new(config.egress.clone(), EgressLimits::default())
                .context("the client for bots' requests cannot be made")?,
        );
        let telemetry = telemetry(&config)?;
        let client = graph_client(&config)?;
        let outbox =
            outbox(&config, &pool, client.clone())?.with_metrics(telemetry.metrics.clone());
        let clock = Clock::database();
        let logs = LogStore::new(pool.clone());
        let log_writer = LogWriter::start(
            &logs,
            config.observing.log_limits.clone(),
            clock.clone(),
            telemetry.metrics.clone(),
        );
        let sink = Arc::new(SendSettler::new(outbox.clone()));
        let inbox = Inbox::new(pool.clone(), clock.clone(), sink)
            .with_limits(config.inbox.clone())
            .with_telemetry(telemetry.clone());
        let (news, telling) = Newsroom::start(pool.clone());
        let deploys = Deploys::new(DeployParts {
            projects: projects.clone(),
            workshop: workshop(&config).await?,
            cell: cell.clone(),
            database: database.clone(),
            egress,
            folder: config.data.clone(),
            logs: log_writer.clone(),
            metrics: telemetry.metrics.clone(),
            settings: DeploySettings {
                owner: config.dispatcher.owner.clone(),
                keep_versions: config.keep_versions,
                graph_version: config.graph.version().to_owned(),
                is_local: config.web.is_dev,
                bundling: config.bundling.clone(),
            },
            news: news.clone(),
        })
        .with_context(|| format!("`{}` cannot be used", config.data.display()))?;
        let onboarding = onboarding(client.clone(), &keys);
        let sandbox = deploys.workshop().sandbox().clone();
        let services = Arc::new(Services {
            database: database.clone(),
            conversations: ConversationStore::new(pool.clone()),
            gateway: Gateway::with_limits(
                pool.clone(),
                client,
                outbox.clone(),
                &InFlightLimits::default(),
                crate::memory::trim,
            ),
            outbox: outbox.clone(),
            endpoint: config.graph.clone(),
            logs: log_writer.clone(),
            telemetry: telemetry.clone(),
        });
        let events = Events::new(pool.clone(), inbox.clone(), logs.clone());
        let residents = Residents::new(
            pool.clone(),
            &config.dispatcher.owner,
            sandbox.waiting_for_instances(),
            config.residents,
        );
        let scrape = Scrape::new(inbox.clone(), sandbox, database, pool.clone());
        let keeper = Keeper::new(pool.clone(), clock, config.observing.retention.clone());
        let changes = Changes::new(ChangesParts {
            projects: projects.clone(),
            deploys: deploys.clone(),
            residents: residents.clone(),
            outbox: outbox.clone(),
            inbox: inbox.clone(),
            news: news.clone(),
        });
        let runner = Runner::new(deploys.clone(), services, residents.clone(), config.budget);
        let web = Web::new(
            WebSettings {
                app_secrets: keys.app_secrets().clone(),
                ..config.web.clone()
            },
            projects.clone(),
            deploys.clone(),
            runner.clone(),
        );
        let dispatcher = Dispatcher::start(
            inbox.clone(),
            Arc::new(runner),
            dispatcher_settings(&config),
        );
        let lifecycle = Lifecycle::new(LifecycleParts {
            projects: projects.clone(),
            deploys: deploys.clone(),
            changes: changes.clone(),
            news: news.clone(),
            onboarding,
            cell,
            server: config.server.clone(),
            pool: pool.clone(),
            data: config.data.clone(),
            delete_grace: config.delete_grace,
        });
        let deploying = deploys.start(changes.followers());
        let machine = lifecycle.start(&config.dispatcher.owner, config.dispatcher.lease);
        let (draining, closing) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(changes.clone().follow_others(closing.clone()));
        keeper.start(draining.clone());
        guard.start(draining.clone());
        let sealed = Sealed {
            pool: pool.clone(),
            vault: base.vault,
        };
        tokio::spawn(keep_keys(sealed.clone(), keys.clone(), draining.clone()));
        let host = Arc::new(Host {
            projects,
            deploys,
            inbox,
            lifecycle,
            changes,
            news,
            events,
            logs,
            log_writer,
            scrape,
            pool,
            sealed,
        });
        let (address, admin_address) = (doors.public.local_addr()?, doors.admin.local_addr()?);
        let serving = doors.open(
            &config,
            &host,
            &web,
            (base.access, keys),
            (draining.clone(), closing.clone()),
        );
        tracing::info!(%address, %admin_address, "listening");
        Ok(Self {
            host,
            outbox,
            residents,
            telemetry,
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

fn outbox(config: &AppConfig, pool: &PgPool, client: GraphClient) -> Result<Outbox> {
    let settings = OutboxSettings {
        settle_after: config.settle_after,
        ..OutboxSettings::new(CallbackKey::new(derived(
            &config.master_key,
            b"callback data",
        )))
    };
    Ok(Outbox::new(
        pool.clone(),
        client,
        settings,
        Arc::new(SentMessages),
    )?)
}

/// A key for one purpose, made of the master key.
fn derived(master_key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    use hmac::{KeyInit, Mac};
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(master_key)
        .expect("HMAC takes keys of any length");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}
