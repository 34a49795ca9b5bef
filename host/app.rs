//! The host as a whole: what is shared, built once, and how it starts and stops.

mod keys;
mod observed;

use crate::access::{Access, GivenKeys, HostKeys};
use crate::conversations::{self, ConversationStore, NewOutbound, Party, StatusUpdate};
use crate::deploys::{
    Awaken, BundlingSettings, DeployError, DeployParts, DeploySettings, DeployTasks, Deployed,
    Deploys,
};
use crate::egress::{Egress, EgressLimits, EgressPolicy, Rule, is_public};
use crate::events::Events;
use crate::http::{Health, HttpState, ListenerLimits, MayHaveAll, WebhookSettings};
use crate::inbox::{
    Clock, ConversationQueues, Dispatcher, DispatcherHandle, DispatcherSettings, EventId, Inbox,
    InboxLimits, Settled, StatusSink,
};
use crate::lifecycle::{Lifecycle, LifecycleParts, MachineHandle};
use crate::logs::{LogStore, LogWriter};
use crate::observing::{Observing, Scrape};
use crate::postgres::{
    Cell, Guard, MasterKey, Pool, PoolConfig, Quotas, Server, Share, TenantDatabase,
};
use crate::projects::{
    NewNumber, Project, ProjectError, ProjectId, ProjectName, ProjectSettings, ProjectStore,
    Secret, SettingError, SettingsChange, Vault, open_vault, remember_master_key,
};
use crate::retention::Keeper;
use crate::rooms::open_files;
use crate::runs::{ResidentSettings, Residents, Runner, Services};
use crate::sandbox::{Budget, Compiler, Sandbox, SandboxSettings};
use crate::sdk::Sdk;
use crate::telemetry::{Metrics, Telemetry, Tracer};
use crate::web::{Web, WebSettings};
use crate::whatsapp::onboarding::Onboarding;
use crate::whatsapp::{
    AccessToken, CallbackKey, Gateway, GraphClient, GraphEndpoint, GraphLimits, InFlightLimits,
    OutboundMessage, OutboundSink, Outbox, OutboxSettings, Settlement, StatusNotice,
};
use crate::workshop::Workshop;
use anyhow::{Context, Result};
use futures::future::BoxFuture;
use sqlx::Connection as _;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use keys::Sealed;

/// The control database's migrations.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The database that new projects' schemas go to.
const CELL: &str = "cell_1";

/// How long running events get to end when the host stops.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections to the admin API, at most.
const ADMIN_CONNECTIONS: usize = 512;

/// How long requests to the admin API get to end when the host stops.
const ADMIN_PATIENCE: Duration = Duration::from_secs(5);

/// How long an idle connection of the control pool is taken for alive without being asked.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// Everything that a host is told.
pub struct AppConfig {
    /// Where Postgres is.
    pub server: Server,
    /// What projects may have of it, and this host.
    pub quotas: Quotas,
    /// Artifacts, images and compiled engines.
    pub data: PathBuf,
    /// The SDK's files.
    pub sdk: PathBuf,
    /// Seals tokens and secrets, and signs callback data: 32 bytes that no database holds.
    pub master_key: [u8; 32],
    /// Where webhooks come in.
    pub listen: SocketAddr,
    /// Where the admin API is.
    pub admin_listen: SocketAddr,
    /// A token that may do everything, and is stored nowhere.
    pub admin_token: Option<Secret>,
    /// What Meta says at the webhook's handshake.
    pub verify_token: Secret,
    /// What Meta signs webhooks with; more than one while it is being changed.
    pub app_secrets: Vec<Secret>,
    /// Where Meta is.
    pub graph: GraphEndpoint,
    /// How long Meta may take to answer a call.
    pub graph_answer: Duration,
    /// What an event may use.
    pub budget: Budget,
    /// How many instances may live at once.
    pub instances: u32,
    /// The most memory that any project's instances may use, in bytes.
    pub bot_memory_max: usize,
    /// What the budgets of the instances that live may come to, in bytes.
    pub bot_memory_total: u64,
    /// Compiles what strangers made.
    pub compiler: Compiler,
    /// What may wait in the inbox, and for how long.
    pub inbox: InboxLimits,
    /// How events are claimed and tried again.
    pub dispatcher: DispatcherSettings,
    /// How long the host is not ready before it closes its door: as long as load balancers need to
    /// see it.
    pub drain: Duration,
    /// How long a send of unknown outcome waits for a status.
    pub settle_after: Duration,
    /// What bots may reach besides Meta.
    pub egress: EgressPolicy,
    /// How bots' own routes are served.
    pub web: WebSettings,
    /// When resident instances end.
    pub residents: ResidentSettings,
    /// How long a deleted project can be restored.
    pub delete_grace: Duration,
    /// What can be observed, and how long it is kept.
    pub observing: Observing,
    /// How many versions of a project are kept.
    pub keep_versions: u32,
    /// How uploads are bundled.
    pub bundling: BundlingSettings,
}

/// What operators do with a host: the part of it that the admin API works with.
pub struct Host {
    projects: ProjectStore,
    conversations: ConversationStore,
    deploys: Deploys,
    inbox: Inbox,
    outbox: Outbox,
    residents: Residents,
    lifecycle: Lifecycle,
    events: Events,
    logs: LogStore,
    log_writer: LogWriter,
    scrape: Scrape,
    keeper: Keeper,
    telemetry: Telemetry,
    pool: PgPool,
    sealed: keys::Sealed,
}

/// A running host.
pub struct App {
    host: Arc<Host>,
    dispatcher: DispatcherHandle,
    web: Web,
    machine: MachineHandle,
    deploying: DeployTasks,
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
        // `dev` chooses ports by flags of its own.
        let flags = match config.web.is_dev {
            true => ["--port", "--admin-port"],
            false => ["--listen", "--admin-listen"],
        };
        let listener = listen(config.listen, flags[0]).await?;
        let admin_listener = listen(config.admin_listen, flags[1]).await?;
        let vault = Arc::new(vault(&config).await?);
        // After a change of the master key, too, passwords and marks are made of the first one.
        config.master_key = vault.first_key();
        let first =
            MasterKey::new(&config.master_key).context("the first master key is damaged")?;
        config.server = config.server.with_master_key(first);
        let quotas = config.quotas;
        let (pool, share) = control_pool(&config.server, &vault, &quotas).await?;
        let cell = Cell::ensure(&config.server, CELL)
            .await
            .context("the cell cannot be made")?;
        cell.set_quotas(&quotas)
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
        let projects = ProjectStore::new(pool.clone(), vault.clone());
        let conversations = ConversationStore::new(pool.clone());
        let database = TenantDatabase::new(Pool::new(PoolConfig {
            max_total: share.tenants as usize,
            ..PoolConfig::default()
        }));
        let guard = Guard::new(cell.clone(), &database, &quotas);
        let egress = Arc::new(
            Egress::new(config.egress.clone(), EgressLimits::default())
                .context("the client for bots' requests cannot be made")?,
        );
        let telemetry = telemetry(&config)?;
        let outbox = outbox(&config, &pool)?.with_metrics(telemetry.metrics.clone());
        let clock = Clock::database();
        let logs = LogStore::new(pool.clone());
        let log_writer = LogWriter::start(
            &logs,
            config.observing.log_limits.clone(),
            clock.clone(),
            telemetry.metrics.clone(),
        );
        let sink = Arc::new(SettlingSink(outbox.clone()));
        let inbox = Inbox::new(pool.clone(), clock.clone(), sink)
            .with_limits(config.inbox.clone())
            .with_telemetry(telemetry.clone());
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
            awaken: awaken(inbox.clone()),
        })
        .with_context(|| format!("`{}` cannot be used", config.data.display()))?;
        let client = graph_client(&config)?;
        let secrets = keys.app_secrets().clone();
        let secrets = move || -> Vec<AccessToken> {
            let now = secrets.now();
            now.iter()
                .map(|secret| AccessToken::new(secret.expose()))
                .collect()
        };
        let onboarding = Onboarding::new(client.clone(), Arc::new(secrets));
        let sandbox = deploys.workshop().sandbox().clone();
        let services = Arc::new(Services {
            database: database.clone(),
            conversations: conversations.clone(),
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
        let scrape = Scrape::new(inbox.clone(), sandbox, database, pool.clone());
        let keeper = Keeper::new(pool.clone(), clock, config.observing.retention.clone());
        let residents = Residents::new(
            pool.clone(),
            &config.dispatcher.owner,
            deploys.workshop().sandbox().waiting_for_instances(),
            config.residents,
        );
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
            inbox: inbox.clone(),
            onboarding,
            cell,
            server: config.server.clone(),
            pool: pool.clone(),
            data: config.data.clone(),
            delete_grace: config.delete_grace,
        });
        let machine = lifecycle.start(&config.dispatcher.owner, config.dispatcher.lease);
        let (draining, closing) = (CancellationToken::new(), CancellationToken::new());
        keeper.clone().start(draining.clone());
        guard.start(draining.clone());
        let sealed = keys::Sealed {
            pool: pool.clone(),
            vault,
        };
        tokio::spawn(keys::keep(sealed.clone(), keys.clone(), draining.clone()));
        let address = listener.local_addr()?;
        let state = HttpState {
            inbox: inbox.clone(),
            webhook: Arc::new(WebhookSettings::of(
                keys.verify_tokens().clone(),
                keys.app_secrets().clone(),
            )),
            health: Health {
                pool: pool.clone(),
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
        let serving = crate::http::serve(
            listener,
            router,
            limits,
            may_have_all.clone(),
            closing.clone(),
        );
        let server = tokio::spawn(serving);
        let deploying = deploys.start();
        let host = Arc::new(Host {
            projects,
            conversations,
            deploys,
            inbox,
            outbox,
            residents,
            lifecycle,
            events,
            logs,
            log_writer,
            scrape,
            keeper,
            telemetry,
            pool,
            sealed,
        });
        let admin_address = admin_listener.local_addr()?;
        let api = crate::api::router(host.clone(), access, draining.clone());
        let serving = crate::http::serve(
            admin_listener,
            api,
            admin_limits,
            may_have_all,
            draining.clone(),
        );
        let admin = tokio::spawn(serving);
        tracing::info!(%address, %admin_address, "listening");
        Ok(Self {
            host,
            dispatcher,
            web,
            machine,
            deploying,
            address,
            admin_address,
            drain: config.drain,
            draining,
            closing,
            server,
            admin,
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
        self.host.residents.stop().await;
        self.host.outbox.drain().await;
        // Operators' requests get a moment; a stream that does not end must not hold up the host.
        let abort = self.admin.abort_handle();
        match tokio::time::timeout(ADMIN_PATIENCE, self.admin).await {
            Ok(joined) => ended(joined),
            Err(_) => abort.abort(),
        }
        self.host.log_writer.flush().await;
        self.host.telemetry.tracer.stop().await;
        self.host.pool.close().await;
        tracing::info!(
            finished = report.finished,
            released = report.released,
            "stopped"
        );
    }
}

impl Host {
    /// Projects and their versions.
    pub fn projects(&self) -> &ProjectStore {
        &self.projects
    }

    /// Conversations in the control database.
    pub fn conversations(&self) -> &ConversationStore {
        &self.conversations
    }

    /// How projects come and go, and their numbers at Meta.
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// The inbox.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// The control database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What the master key seals.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// The project of that name, with its schema; made if there is none.
    pub async fn create_project(&self, name: &ProjectName) -> Result<Project> {
        let project = self.projects.create(name).await?;
        self.deploys.provision(&project).await?;
        Ok(self.projects.by_id(project.project_id).await?)
    }

    /// Renames a project and changes its settings.
    pub async fn change_project(
        &self,
        project: ProjectId,
        name: Option<&ProjectName>,
        change: &SettingsChange,
    ) -> Result<ProjectSettings, ProjectError> {
        let most = self
            .deploys
            .workshop()
            .sandbox()
            .memory_for(Some(usize::MAX))
            >> 20;
        if let Some(Some(mib)) = change.memory
            && usize::try_from(mib).is_ok_and(|mib| mib > most)
        {
            return Err(ProjectError::Setting(SettingError::above(
                "memory", mib, most,
            )));
        }
        for (setting, list) in [
            ("egress_deny", &change.egress_deny),
            ("egress_only", &change.egress_only),
        ] {
            for text in list.iter().flatten().flatten() {
                if let Err(error) = text.parse::<Rule>() {
                    let error = SettingError::listed(setting, text, &error);
                    return Err(ProjectError::Setting(error));
                }
            }
        }
        let settings = self.projects.change(project, name, change).await?;
        self.residents.end(project).await;
        if change.links.is_some() {
            self.deploys.environment_changed();
        }
        Ok(settings)
    }

    /// Connects a number, and has the bot see it.
    pub async fn connect_number(&self, project: ProjectId, number: &NewNumber) -> Result<()> {
        self.projects.connect_number(project, number).await?;
        self.renew(project).await?;
        // What Meta refused may be allowed with this token.
        self.outbox.resume(&number.phone_number_id).await?;
        Ok(self.inbox.wake(project).await?)
    }

    /// Has the bot run with what its project is now, after something of it changed: its next event
    /// finds the change, and its resident instance ends.
    pub async fn renew(&self, project: ProjectId) -> Result<()> {
        self.deploys.renew(project).await?;
        self.residents.end(project).await;
        Ok(())
    }

    /// What deploys bots.
    pub fn deploys(&self) -> &Deploys {
        &self.deploys
    }

    /// Bundles a folder and deploys it.
    pub async fn deploy_folder(
        &self,
        project: ProjectId,
        bundle: crate::build::Bundle,
    ) -> Result<Deployed, DeployError> {
        let project = self.projects.by_id(project).await?;
        let artifact = self.deploys.workshop().artifact(bundle);
        let deployed = self.deploys.deploy(&project, artifact).await?;
        self.residents.end(project.project_id).await;
        if let Err(error) = self.lifecycle.deployed(project.project_id).await {
            tracing::warn!(%error, "a provisioning that waits for a deploy sees it a little later");
        }
        Ok(deployed)
    }

    /// The workshop that bundles folders.
    pub fn workshop(&self) -> &Workshop {
        self.deploys.workshop()
    }

    /// Waits until no event of a project is pending or running.
    pub async fn idle(&self, project: ProjectId) -> Result<()> {
        Ok(self.inbox.idle(project).await?)
    }
}

fn ended(joined: Result<(), tokio::task::JoinError>) {
    if let Err(error) = joined {
        tracing::error!(%error, "the listener failed");
    }
}

async fn listen(address: SocketAddr, flag: &str) -> Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind(address).await.map_err(|error| {
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
fn dispatcher_settings(config: &AppConfig) -> DispatcherSettings {
    let settings = config.dispatcher.clone();
    DispatcherSettings {
        max_running: settings.max_running.min(config.instances).max(1),
        ..settings
    }
}

/// Events that waited for a version, or for a secret, run at once.
fn awaken(inbox: Inbox) -> Awaken {
    Arc::new(move |project| {
        let inbox = inbox.clone();
        Box::pin(async move {
            if let Err(error) = inbox.wake(project).await {
                tracing::warn!(%error, "waiting events are found at the next look into the inbox");
            }
        })
    })
}

fn needed_migration() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

async fn workshop(config: &AppConfig) -> Result<Workshop> {
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

fn graph_client(config: &AppConfig) -> Result<GraphClient> {
    let limits = GraphLimits {
        answer: config.graph_answer,
        ..GraphLimits::default()
    };
    GraphClient::new(config.graph.clone(), limits).context("the client for Meta cannot be made")
}

fn telemetry(config: &AppConfig) -> Result<Telemetry> {
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

fn outbox(config: &AppConfig, pool: &PgPool) -> Result<Outbox> {
    let client = graph_client(config)?;
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
        Arc::new(ConversationSink),
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

/// What the outbox sent, into the conversation it belongs to.
struct ConversationSink;

impl OutboundSink for ConversationSink {
    fn record<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        message: &'a OutboundMessage,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let outbound = NewOutbound {
                project_id: ProjectId(message.project_id),
                phone_number_id: message.phone_number_id.clone(),
                to: Party::addressed(message.recipient.as_deref(), message.wa_id.as_deref()),
                wamid: message.wamid.clone(),
                message_type: message.kind.clone(),
                body: message.body.to_string(),
                event_id: Some(message.event_id),
                at: sqlx::types::chrono::Utc::now(),
            };
            conversations::record_outbound(connection, &ConversationQueues, &outbound).await?;
            Ok(())
        })
    }
}

/// Statuses, to the send that they settle.
struct SettlingSink(Outbox);

impl StatusSink for SettlingSink {
    fn settle<'a>(
        &'a self,
        _project_id: ProjectId,
        update: &'a StatusUpdate,
    ) -> BoxFuture<'a, Result<Settled, sqlx::Error>> {
        Box::pin(async move {
            let notice = StatusNotice {
                wamid: update.wamid.clone(),
                status: update.status.clone(),
                wa_id: None,
                callback_data: update.callback_data.clone(),
                error_code: StatusNotice::code_of(update.errors.as_deref()),
            };
            Ok(match self.0.settle(&notice).await? {
                Settlement::Foreign => Settled::Foreign,
                Settlement::Ours {
                    callback_data,
                    settled_event,
                } => Settled::Ours {
                    callback_data,
                    waiting: settled_event.map(EventId),
                },
            })
        })
    }
}
