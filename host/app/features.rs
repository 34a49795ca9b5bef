//! The features of a host, made of what they share.
//!
//! What is made here runs once `app` starts it, but for what tells other hosts and what takes logs.

use super::AppConfig;
use super::parts::{Base, graph_client, onboarding, telemetry, workshop};
use crate::access::HostKeys;
use crate::changes::{Changes, ChangesParts};
use crate::conversations::ConversationStore;
use crate::deploys::{DeployParts, DeploySettings, Deploys};
use crate::egress::{Egress, EgressLimits};
use crate::events::Events;
use crate::flows::{Addresses, FlowListener, FlowParts, Flows};
use crate::inbox::{Clock, Inbox};
use crate::lifecycle::{Lifecycle, LifecycleParts, TokenClerk, Tokens};
use crate::logs::{LogStore, LogWriter};
use crate::media::{MOST_BYTES, Media, MediaParts};
use crate::news::{NewsTasks, Newsroom};
use crate::observing::Scrape;
use crate::operator::{Host, Sealed};
use crate::people::{People, PeopleParts};
use crate::postgres::{Cell, Guard, Pool, PoolConfig, TenantDatabase};
use crate::projects::{ProjectStore, Vault};
use crate::retention::Keeper;
use crate::runs::{Residents, Runner, SendSettler, SentMessages, Services};
use crate::telemetry::Telemetry;
use crate::templates::Templates;
use crate::web::{Web, WebSettings};
use crate::whatsapp::{CallbackKey, Gateway, GraphClient, InFlightLimits, Outbox, OutboxSettings};
use anyhow::{Context, Result};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a file may take to come from its address.
const MEDIA_LASTS: Duration = Duration::from_secs(120);

/// What features share.
pub(super) struct Shared {
    pub(super) pool: PgPool,
    pub(super) outbox: Outbox,
    pub(super) telemetry: Telemetry,
    projects: ProjectStore,
    templates: Templates,
    cell: Cell,
    database: TenantDatabase,
    client: GraphClient,
    clock: Clock,
    logs: LogStore,
    log_writer: LogWriter,
    inbox: Inbox,
    news: Newsroom,
    people: People,
    media: Media,
    /// Until it begins.
    clerk: Mutex<Option<TokenClerk>>,
}

impl Shared {
    pub(super) fn start(config: &AppConfig, base: &Base) -> Result<(Self, NewsTasks)> {
        let pool = base.pool.clone();
        let telemetry = telemetry(config)?;
        let projects = ProjectStore::new(pool.clone(), base.vault.clone());
        let (tokens, clerk) = Tokens::new(projects.clone());
        let client = graph_client(config)?.with_watch(tokens);
        let (news, telling) = Newsroom::start(pool.clone());
        let outbox =
            outbox(config, &pool, client.clone(), &news)?.with_metrics(telemetry.metrics.clone());
        let clock = Clock::database();
        let logs = LogStore::new(pool.clone());
        let log_writer = LogWriter::start(
            &logs,
            config.observing.log_limits.clone(),
            clock.clone(),
            telemetry.metrics.clone(),
        );
        let sink = Arc::new(SendSettler::new(outbox.clone()));
        let templates = Templates::new(
            pool.clone(),
            projects.clone(),
            client.clone(),
            telemetry.metrics.clone(),
        );
        let media = Media::new(MediaParts {
            pool: pool.clone(),
            projects: projects.clone(),
            client: client.clone(),
            egress: Arc::new(media_egress(config)?),
            metrics: telemetry.metrics.clone(),
            settings: config.observing.retention.media.clone(),
        });
        let inbox = Inbox::new(pool.clone(), clock.clone(), sink)
            .with_media(media.doorbell().clone())
            .with_limits(config.inbox.clone())
            .with_listener(Arc::new(templates.clone()))
            .with_listener(Arc::new(FlowListener::new(pool.clone())))
            .with_newsroom(news.clone())
            .with_telemetry(telemetry.clone());
        let people = People::new(PeopleParts {
            pool: pool.clone(),
            conversations: ConversationStore::new(pool.clone()).with_news(news.clone()),
            inbox: inbox.clone(),
            outbox: outbox.clone(),
            projects: projects.clone(),
            templates: templates.clone(),
            media: media.clone(),
        });
        let shared = Self {
            projects,
            templates,
            people,
            media,
            clerk: Mutex::new(Some(clerk)),
            cell: base.cell.clone(),
            database: TenantDatabase::new(Pool::new(PoolConfig {
                max_total: base.share.tenants as usize,
                ..PoolConfig::default()
            })),
            pool,
            outbox,
            telemetry,
            client,
            clock,
            logs,
            log_writer,
            inbox,
            news,
        };
        Ok((shared, telling))
    }

    /// What operators work with.
    pub(super) fn host(
        &self,
        deploys: Deploys,
        lifecycle: Lifecycle,
        changes: Changes,
        flows: Flows,
        sealed: Sealed,
    ) -> Host {
        let (pool, inbox) = (self.pool.clone(), self.inbox.clone());
        let sandbox = deploys.workshop().sandbox().clone();
        Host {
            events: Events::new(pool.clone(), inbox.clone(), self.logs.clone()),
            scrape: Scrape::new(
                inbox.clone(),
                sandbox,
                self.database.clone(),
                self.projects.clone(),
                pool.clone(),
            ),
            projects: self.projects.clone(),
            templates: self.templates.clone(),
            people: self.people.clone(),
            media: self.media.clone(),
            news: self.news.clone(),
            logs: self.logs.clone(),
            log_writer: self.log_writer.clone(),
            deploys,
            inbox,
            lifecycle,
            changes,
            flows,
            pool,
            sealed,
        }
    }

    /// Forgets by age, guards what projects may have, opens what was snoozed, fetches media, and compares templates with
    /// Meta, until `draining`.
    pub(super) fn keep_house(&self, config: &AppConfig, draining: &CancellationToken) {
        let retention = config.observing.retention.clone();
        let keeper = Keeper::new(self.pool.clone(), self.clock.clone(), retention);
        keeper.start(draining.clone());
        let guard = Guard::new(self.cell.clone(), &self.database, &config.quotas);
        guard.start(draining.clone());
        self.templates.clone().start(draining.clone());
        self.people.open_snoozed(draining.clone());
        self.media.clone().start(draining.clone());
        let clerk = self
            .clerk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(clerk) = clerk {
            tokio::spawn(clerk.write(draining.clone()));
        }
    }
}

/// What deploys bots.
pub(super) async fn deploys(config: &AppConfig, shared: &Shared) -> Result<Deploys> {
    let egress = Egress::new(config.egress.clone(), EgressLimits::default())
        .context("the client for bots' requests cannot be made")?;
    Deploys::new(DeployParts {
        projects: shared.projects.clone(),
        workshop: workshop(config).await?,
        cell: shared.cell.clone(),
        database: shared.database.clone(),
        egress: Arc::new(egress),
        folder: config.data.clone(),
        logs: shared.log_writer.clone(),
        metrics: shared.telemetry.metrics.clone(),
        settings: DeploySettings {
            owner: config.dispatcher.owner.clone(),
            keep_versions: config.keep_versions,
            graph_version: config.graph.version().to_owned(),
            is_local: config.web.is_dev,
            bundling: config.bundling.clone(),
        },
        news: shared.news.clone(),
    })
    .with_context(|| format!("`{}` cannot be used", config.data.display()))
}

/// The instances that outlive their events.
pub(super) fn residents(config: &AppConfig, shared: &Shared, deploys: &Deploys) -> Residents {
    let sandbox = deploys.workshop().sandbox();
    Residents::new(
        shared.pool.clone(),
        &config.dispatcher.owner,
        sandbox.waiting_for_instances(),
        config.residents,
    )
}

/// What follows changes of projects.
pub(super) fn changes(shared: &Shared, deploys: &Deploys, residents: &Residents) -> Changes {
    Changes::new(ChangesParts {
        projects: shared.projects.clone(),
        deploys: deploys.clone(),
        residents: residents.clone(),
        outbox: shared.outbox.clone(),
        inbox: shared.inbox.clone(),
        news: shared.news.clone(),
    })
}

/// How projects come and go.
pub(super) fn lifecycle(
    config: &AppConfig,
    shared: &Shared,
    keys: &HostKeys,
    deploys: &Deploys,
    changes: &Changes,
) -> Lifecycle {
    Lifecycle::new(LifecycleParts {
        projects: shared.projects.clone(),
        deploys: deploys.clone(),
        changes: changes.clone(),
        news: shared.news.clone(),
        onboarding: onboarding(shared.client.clone(), keys),
        cell: shared.cell.clone(),
        server: config.server.clone(),
        pool: shared.pool.clone(),
        data: config.data.clone(),
        delete_grace: config.delete_grace,
    })
}

/// What is done with Flows. Meta finds their endpoints at `address` in development, else below the domain.
pub(super) fn flows(
    config: &AppConfig,
    shared: &Shared,
    vault: Arc<Vault>,
    address: SocketAddr,
) -> Flows {
    let addresses = match (&config.web.domain, config.web.is_dev) {
        (_, true) => Addresses::Local(address),
        (Some(domain), false) => Addresses::Domain(domain.to_string()),
        (None, false) => Addresses::None,
    };
    Flows::new(FlowParts {
        pool: shared.pool.clone(),
        vault,
        projects: shared.projects.clone(),
        client: shared.client.clone(),
        addresses,
    })
}

/// What runs events and web requests.
pub(super) fn runner(
    config: &AppConfig,
    shared: &Shared,
    deploys: &Deploys,
    residents: &Residents,
    flows: &Flows,
) -> Runner {
    let gateway = Gateway::with_limits(
        shared.pool.clone(),
        shared.client.clone(),
        shared.outbox.clone(),
        &InFlightLimits::default(),
        crate::memory::trim,
    );
    let services = Arc::new(Services {
        database: shared.database.clone(),
        people: shared.people.clone(),
        flows: flows.tokens().clone(),
        gateway,
        templates: shared.templates.clone(),
        media: shared.media.clone(),
        outbox: shared.outbox.clone(),
        endpoint: config.graph.clone(),
        logs: shared.log_writer.clone(),
        telemetry: shared.telemetry.clone(),
    });
    Runner::new(deploys.clone(), services, residents.clone(), config.budget)
}

/// Bots' own routes.
pub(super) fn web(
    config: &AppConfig,
    shared: &Shared,
    keys: &HostKeys,
    deploys: &Deploys,
    (runner, flows): (&Runner, &Flows),
) -> Web {
    let settings = WebSettings {
        app_secrets: keys.app_secrets().clone(),
        ..config.web.clone()
    };
    Web::new(
        settings,
        shared.projects.clone(),
        deploys.clone(),
        runner.clone(),
        flows.clone(),
    )
}

/// The way to files that people name by their address.
fn media_egress(config: &AppConfig) -> Result<Egress> {
    let limits = EgressLimits {
        max_response_bytes: MOST_BYTES as u64,
        total: MEDIA_LASTS,
        ..EgressLimits::default()
    };
    Egress::new(config.egress.clone(), limits).context("the client for media cannot be made")
}

fn outbox(
    config: &AppConfig,
    pool: &PgPool,
    client: GraphClient,
    news: &Newsroom,
) -> Result<Outbox> {
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
        Arc::new(SentMessages { news: news.clone() }),
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
