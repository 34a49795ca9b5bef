//! The shared parts of a host that take more than a line to make.

use super::{AppConfig, MIGRATIONS};
use crate::access::{Access, GivenKeys, HostKeys};
use crate::egress::is_public;
use crate::http::{Health, HttpState, ListenerLimits, MayHaveAll, WebhookSettings};
use crate::inbox::DispatcherSettings;
use crate::operator::Host;
use crate::postgres::{Cell, MasterKey, Quotas, Server, Share};
use crate::projects::{Vault, open_vault, remember_master_key};
use crate::rooms::open_files;
use crate::sandbox::{Sandbox, SandboxSettings};
use crate::sdk::Sdk;
use crate::telemetry::{Metrics, Telemetry, Tracer};
use crate::web::Web;
use crate::whatsapp::onboarding::Onboarding;
use crate::whatsapp::{AccessToken, GraphClient, GraphLimits};
use crate::workshop::Workshop;
use anyhow::{Context, Result};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgPool};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The database that new projects' schemas go to.
const CELL: &str = "cell_1";

/// Connections to the admin API, at most.
const ADMIN_CONNECTIONS: usize = 512;

/// How long an idle connection of the control pool is taken for alive without being asked.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// What everything else stands on: the databases, prepared, and the keys.
pub(super) struct Base {
    pub(super) vault: Arc<Vault>,
    pub(super) pool: PgPool,
    pub(super) share: Share,
    pub(super) cell: Cell,
    pub(super) keys: HostKeys,
    pub(super) access: Access,
}

impl Base {
    /// Prepares the databases of the server. After a change of the master key the settings have the
    /// first one, because passwords and marks are made of it.
    pub(super) async fn prepare(config: &mut AppConfig) -> Result<Self> {
        let vault = Arc::new(vault(config).await?);
        config.master_key = vault.first_key();
        let first =
            MasterKey::new(&config.master_key).context("the first master key is damaged")?;
        config.server = config.server.clone().with_master_key(first);
        let (pool, share) = control_pool(&config.server, &vault, &config.quotas).await?;
        let cell = Cell::ensure(&config.server, CELL)
            .await
            .context("the cell cannot be made")?;
        cell.set_quotas(&config.quotas)
            .await
            .context("the limits of projects cannot be written down")?;
        let given = GivenKeys {
            admin: config.admin_token.take(),
            verify_token: Some(config.verify_token.clone()),
            app_secrets: config.app_secrets.clone(),
        };
        let keys = HostKeys::open(pool.clone(), vault.clone(), given).await?;
        let access = Access::new(pool.clone(), vault.clone(), keys.clone());
        if !access.has_admin().await? {
            tracing::warn!(
                "nobody can use the admin API: start with ROOST_ADMIN_TOKEN, and make tokens with it"
            );
        }
        Ok(Self {
            vault,
            pool,
            share,
            cell,
            keys,
            access,
        })
    }
}

/// The listeners, before anybody is let in.
pub(super) struct Doors {
    pub(super) public: TcpListener,
    pub(super) admin: TcpListener,
}

/// The tasks that let people in.
pub(super) struct Serving {
    pub(super) public: JoinHandle<()>,
    pub(super) admin: JoinHandle<()>,
}

impl Doors {
    /// Takes both addresses, or says which one is in use.
    pub(super) async fn bind(config: &AppConfig) -> Result<Self> {
        // `dev` chooses ports by flags of its own.
        let flags = match config.web.is_dev {
            true => ["--port", "--admin-port"],
            false => ["--listen", "--admin-listen"],
        };
        Ok(Self {
            public: listen(config.listen, flags[0]).await?,
            admin: listen(config.admin_listen, flags[1]).await?,
        })
    }

    /// Serves: the public one until `closing`, the admin's until `draining`.
    pub(super) fn open(
        self,
        config: &AppConfig,
        host: &Arc<Host>,
        web: &Web,
        (access, keys): (Access, HostKeys),
        (draining, closing): (CancellationToken, CancellationToken),
    ) -> Serving {
        let state = HttpState {
            inbox: host.inbox().clone(),
            webhook: Arc::new(WebhookSettings::of(
                keys.verify_tokens().clone(),
                keys.app_secrets().clone(),
            )),
            health: Health {
                pool: host.pool().clone(),
                needed_migration: needed_migration(),
                draining: draining.clone(),
            },
        };
        let in_front = axum::middleware::from_fn_with_state(web.clone(), crate::web::dispatch);
        let router = crate::http::router(state).layer(in_front);
        let proxies = config.web.trusted_proxies.clone();
        let may_have_all: MayHaveAll =
            Arc::new(move |address| !is_public(address) || proxies.trusts(address));
        let limits = ListenerLimits::default();
        // Operators are few, and the files that the process may open are for webhooks and bots.
        let admin_limits = ListenerLimits {
            connections: ADMIN_CONNECTIONS.min(open_files() / 16),
            ..limits
        };
        let api = crate::api::router(host.clone(), access, draining.clone());
        let public = may_have_all.clone();
        let public = crate::http::serve(self.public, router, limits, public, closing);
        let admin = crate::http::serve(self.admin, api, admin_limits, may_have_all, draining);
        Serving {
            public: tokio::spawn(public),
            admin: tokio::spawn(admin),
        }
    }
}

async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            anyhow::anyhow!(
                "port {} is in use by another program: stop it, or choose another port with {flag}",
                address.port()
            )
        } else {
            anyhow::Error::new(error).context(format!("cannot listen on {address}"))
        }
    })
}

/// The vault of this host's key, with all keys that the database has. Fails when it is another's.
async fn vault(config: &AppConfig) -> Result<Vault> {
    let mut there = config.server.control_if_there().await?;
    let vault = open_vault(there.as_mut(), &config.master_key).await?;
    if let Some(there) = there {
        // It was only asked.
        let _ = there.close().await;
    }
    Ok(vault)
}

async fn control_pool(server: &Server, vault: &Vault, quotas: &Quotas) -> Result<(PgPool, Share)> {
    server
        .ensure()
        .await
        .context("the control database cannot be prepared")?;
    let share = server
        .share(quotas)
        .await
        .context("Postgres cannot be asked how many connections it takes")?;
    let pool = PgPoolOptions::new()
        .max_connections(share.control)
        .acquire_timeout(Duration::from_secs(10))
        // A connection that was in use a moment ago is there: asking each time costs as much as
        // most statements do.
        .test_before_acquire(false)
        .before_acquire(|connection, of| {
            Box::pin(async move {
                if of.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(server.control_options())
        .await
        .context("the control database cannot be reached")?;
    MIGRATIONS
        .run(&pool)
        .await
        .context("the control database cannot be migrated")?;
    remember_master_key(&pool, vault).await?;
    Ok((pool, share))
}

/// No more runs than instances: one more would only wait, with an event that another host could run.
pub(super) fn dispatcher_settings(config: &AppConfig) -> DispatcherSettings {
    let settings = config.dispatcher.clone();
    DispatcherSettings {
        max_running: settings.max_running.min(config.instances).max(1),
        ..settings
    }
}

fn needed_migration() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

pub(super) async fn workshop(config: &AppConfig) -> Result<Workshop> {
    let sandbox = Sandbox::new(SandboxSettings {
        instances: config.instances,
        max_memory_bytes: config.bot_memory_max,
        total_memory_bytes: config.bot_memory_total,
        cache: Some(config.data.join("cache")),
        compiler: Some(config.compiler.clone()),
    })?;
    let sdk = Sdk::open(&config.sdk)?;
    Ok(Workshop::start(&sandbox, sdk).await?)
}

pub(super) fn graph_client(config: &AppConfig) -> Result<GraphClient> {
    let limits = GraphLimits {
        answer: config.graph_answer,
        ..GraphLimits::default()
    };
    GraphClient::new(config.graph.clone(), limits).context("the client for Meta cannot be made")
}

pub(super) fn telemetry(config: &AppConfig) -> Result<Telemetry> {
    let observing = &config.observing;
    let tracer = match &observing.otlp_endpoint {
        Some(endpoint) => Tracer::export(endpoint, &config.dispatcher.owner)?,
        None => Tracer::default(),
    };
    Ok(Telemetry {
        metrics: Metrics::new(observing.metrics_projects),
        tracer,
    })
}

/// Calls about numbers, with the secrets of the Meta app as they are at each.
pub(super) fn onboarding(client: GraphClient, keys: &HostKeys) -> Onboarding {
    let secrets = keys.app_secrets().clone();
    let secrets = move || -> Vec<AccessToken> {
        let now = secrets.now();
        now.iter()
            .map(|secret| AccessToken::new(secret.expose()))
            .collect()
    };
    Onboarding::new(client, Arc::new(secrets))
}
