//! What an operator can observe of a host: settings, and the numbers that a scrape asks for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout};

use crate::inbox::{Inbox, InboxError, QueueDepth};

use crate::logs::LogLimits;
use crate::media::MediaSettings;
use crate::postgres::TenantDatabase;
use crate::projects::ProjectStore;
use crate::retention::RetentionPolicy;
use crate::sandbox::Sandbox;
use crate::telemetry::{PoolSample, Sample};

/// However often is scraped, the inbox is asked no oftener.
const FRESH: Duration = Duration::from_secs(5);

/// A scrape that waits longer has given up.
const PATIENCE: Duration = Duration::from_secs(3);

/// The settings of what can be observed.
#[derive(Args, Clone, Debug)]
pub struct ObservingArgs {
    /// How long events are kept with their runs and sends, in days: 8 or more.
    #[arg(long, env = "ROOST_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(8..=3650))]
    pub retention_days: u32,
    /// How long the messages of conversations are kept, in days.
    #[arg(long, env = "ROOST_MESSAGE_RETENTION_DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub message_retention_days: u32,
    /// How long bots' logs are kept, in days.
    #[arg(long, env = "ROOST_LOG_RETENTION_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub log_retention_days: u32,
    /// How long media of customers is kept, in days; 0: none is. A project may say otherwise.
    #[arg(long, env = "ROOST_MEDIA_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=3650))]
    pub media_retention_days: u32,
    /// How much media of customers a project keeps, in MiB. A project may say otherwise.
    #[arg(long, env = "ROOST_MEDIA_QUOTA", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub media_quota: u32,
    /// How many projects have metrics of their own.
    #[arg(long, env = "ROOST_METRICS_PROJECTS", default_value_t = 0)]
    pub metrics_projects: usize,
    /// Where an OpenTelemetry collector takes traces over HTTP, as in `http://127.0.0.1:4318`.
    #[arg(long, env = "ROOST_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

impl From<ObservingArgs> for Observing {
    fn from(args: ObservingArgs) -> Self {
        Self {
            otlp_endpoint: args.otlp_endpoint.filter(|endpoint| !endpoint.is_empty()),
            metrics_projects: args.metrics_projects,
            retention: RetentionPolicy {
                event_days: args.retention_days,
                message_days: args.message_retention_days,
                log_days: args.log_retention_days,
                media: MediaSettings {
                    days: args.media_retention_days,
                    quota_mib: args.media_quota,
                },
                ..RetentionPolicy::default()
            },
            log_limits: LogLimits::default(),
        }
    }
}

/// What of a host can be observed, and how long it is kept.
#[derive(Clone, Debug, Default)]
pub struct Observing {
    /// An OTLP collector; none: no traces.
    pub otlp_endpoint: Option<String>,
    /// How many projects have numbers of their own.
    pub metrics_projects: usize,
    pub retention: RetentionPolicy,
    pub log_limits: LogLimits,
}

/// Answers scrapes.
pub struct Scrape {
    inbox: Inbox,
    sandbox: Sandbox,
    tenants: TenantDatabase,
    projects: ProjectStore,
    control: PgPool,
    /// What the inbox said last.
    last: Mutex<Option<(Instant, Sample)>>,
}

impl Scrape {
    pub fn new(
        inbox: Inbox,
        sandbox: Sandbox,
        tenants: TenantDatabase,
        projects: ProjectStore,
        control: PgPool,
    ) -> Self {
        Self {
            inbox,
            sandbox,
            tenants,
            projects,
            control,
            last: Mutex::default(),
        }
    }

    /// All numbers, as Prometheus reads them. While the database does not answer, those of the queue
    /// are the last ones.
    pub async fn render(&self) -> Result<String, std::fmt::Error> {
        let queue = self.queue().await;
        let tenants = self.tenants.pool().metrics();
        let held = self.tenants.held();
        let idle = self.control.num_idle();
        let sample = Sample {
            instances: self.sandbox.instances() as u64,
            instances_max: u64::from(self.sandbox.max_instances()),
            tenants: PoolSample {
                in_use: tenants.in_use as u64,
                idle: tenants.idle as u64,
                waiting: tenants.waiting as u64,
                waits_total: tenants.waits_total,
                exhausted_total: tenants.exhausted_total,
            },
            control: PoolSample {
                in_use: u64::from(self.control.size()).saturating_sub(idle as u64),
                idle: idle as u64,
                ..PoolSample::default()
            },
            held_full: held.full as u64,
            held_endless: held.endless as u64,
            ..queue
        };
        self.inbox.telemetry().metrics.render(&sample)
    }

    async fn queue(&self) -> Sample {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sample)) = last.filter(|(at, _)| at.elapsed() < FRESH) {
            return sample;
        }
        let (depth, now, refused) = match timeout(PATIENCE, self.depth()).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the depth of the queue could not be read");
                return last.map(|(_, sample)| sample).unwrap_or_default();
            }
            Err(_) => return last.map(|(_, sample)| sample).unwrap_or_default(),
        };
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let oldest = depth.oldest_received_at;
        let sample = Sample {
            pending: count(depth.pending),
            running: count(depth.running),
            dead: count(depth.dead),
            refused_tokens: count(refused),
            oldest: oldest
                .and_then(|at| (now - at).to_std().ok())
                .unwrap_or_default(),
            ..Sample::default()
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), sample));
        sample
    }

    async fn depth(&self) -> Result<(QueueDepth, DateTime<Utc>, i64), InboxError> {
        let depth = self.inbox.depth(None).await?;
        let refused = self.projects.count_refused_tokens().await?;
        Ok((depth, self.inbox.now().await?, refused))
    }
}
