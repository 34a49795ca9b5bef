//! Every setting of `roost serve`: flag, variable, default.
//!
//! `given` reads them and collects every mistake, `production` refuses what is unsafe.

mod given;
mod production;

pub use given::{Mistake, Mistakes, serve_args, variables};
pub use production::Unsafe;

use crate::app::AppConfig;
use crate::deploys::BundlingSettings;
use crate::egress::{EgressArgs, EgressPolicy};
use crate::inbox::{DispatcherSettings, InboxLimits};
use crate::observing::ObservingArgs;
use crate::postgres::{MasterKey, QuotaArgs, Server, TenantAuth};
use crate::projects::Secret;
use crate::runs::ResidentSettings;
use crate::sandbox::{Budget, Compiler, DEFAULT_MEMORY_BYTES};
use crate::telemetry::LogFormat;
use crate::web::{Domain, TrustedProxies, WebSettings};
use crate::whatsapp::GraphEndpoint;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How the host logs in as a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TenantLogin {
    /// By the operating system's user, over a unix socket whose server maps it.
    Peer,
    /// By passwords made of the master key.
    Scram,
}

/// The settings of a host.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Where Postgres is: an administrator's URL.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = database_url)]
    pub database_url: String,
    /// How the host logs in as a project.
    #[arg(long, env = "ROOST_TENANT_AUTH", value_enum, default_value = "scram")]
    pub tenant_auth: TenantLogin,
    /// Seals tokens and secrets: 64 hexadecimal digits, the same on every host.
    #[arg(long, env = "ROOST_MASTER_KEY", hide_env_values = true, value_parser = master_key_text)]
    pub master_key: String,
    /// Where webhooks come in.
    #[arg(long, env = "ROOST_LISTEN", default_value = "127.0.0.1:4000")]
    pub listen: SocketAddr,
    /// Where the admin API is.
    #[arg(long, env = "ROOST_ADMIN_LISTEN", default_value = "127.0.0.1:4001")]
    pub admin_listen: SocketAddr,
    /// A token for the admin API that may do everything: the first one, before others are made.
    #[arg(long, env = "ROOST_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,
    /// Below which each project has a host name for its bot's own routes, as `bots.example.com`.
    #[arg(long, env = "ROOST_DOMAIN")]
    pub domain: Option<Domain>,
    /// Proxies whose `X-Forwarded-*` are believed: addresses, networks, `loopback`, `private`.
    #[arg(long, env = "ROOST_TRUSTED_PROXIES", default_value = "loopback")]
    pub trusted_proxies: TrustedProxies,
    /// Artifacts, images and compiled engines.
    #[arg(long, env = "ROOST_DATA", default_value = ".roost")]
    pub data: PathBuf,
    /// The SDK's files.
    #[arg(long, env = "ROOST_SDK", default_value = ".tools/sdk")]
    pub sdk: PathBuf,
    /// What Meta says at the webhook's handshake.
    #[arg(long, env = "ROOST_VERIFY_TOKEN", hide_env_values = true)]
    pub verify_token: String,
    /// What Meta signs webhooks with; several, while it is being changed.
    #[arg(
        long,
        env = "ROOST_APP_SECRETS",
        value_delimiter = ',',
        required = true,
        hide_env_values = true
    )]
    pub app_secrets: Vec<String>,
    /// Where Meta is.
    #[arg(
        long,
        env = "ROOST_GRAPH_URL",
        default_value = "https://graph.facebook.com",
        value_parser = graph_url
    )]
    pub graph_url: String,
    /// Meta's version for requests that name none.
    #[arg(long, env = "ROOST_GRAPH_VERSION", default_value = "v25.0", value_parser = graph_version)]
    pub graph_version: String,
    /// How long Meta may take to answer a call, in seconds.
    #[arg(long, env = "ROOST_GRAPH_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub graph_seconds: u64,
    /// How many instances may live at once.
    #[arg(long, env = "ROOST_INSTANCES", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub instances: u32,
    /// The most memory that a project's setting `memory` may give an instance, in MiB.
    #[arg(long, env = "ROOST_BOT_MEMORY_MAX", default_value_t = 512, value_parser = clap::value_parser!(u32).range(32..=4000))]
    pub bot_memory_max: u32,
    /// What the memory of all instances that live at once may come to, each with what it may use, in MiB; 0: 128 for
    /// each of `--instances`.
    #[arg(long, env = "ROOST_BOT_MEMORY_TOTAL", default_value_t = 0)]
    pub bot_memory_total: u32,
    /// How long an event may take, in seconds.
    #[arg(long, env = "ROOST_WALL_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub wall_seconds: u64,
    /// How much processor time an event may take, in seconds.
    #[arg(long, env = "ROOST_CPU_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub cpu_seconds: u64,
    /// How many calls of the host an event may make: database, conversations, sends, requests.
    #[arg(long, env = "ROOST_EVENT_CALLS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub event_calls: u32,
    /// How many HTTP requests an event may make.
    #[arg(long, env = "ROOST_EVENT_REQUESTS", default_value_t = 500)]
    pub event_requests: u32,
    /// How many messages an event may send.
    #[arg(long, env = "ROOST_EVENT_SENDS", default_value_t = 100)]
    pub event_sends: u32,
    /// How long a host may be silent before its events are given to another, in seconds.
    #[arg(long, env = "ROOST_LEASE_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub lease_seconds: u64,
    /// How many events may run at once on this host; no more than there are instances.
    #[arg(long, env = "ROOST_MAX_RUNNING", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_running: u32,
    /// How many events of a project that says nothing else may run at once, on all hosts.
    #[arg(long, env = "ROOST_RUNNING_PER_PROJECT", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub running_per_project: u32,
    /// How many events may wait for one project before Meta is told to come again.
    #[arg(long, env = "ROOST_PENDING_PER_PROJECT", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub pending_per_project: u32,
    /// The age at which a message that waits is not run any more, in seconds; 0: none.
    #[arg(long, env = "ROOST_MESSAGE_DEADLINE_SECONDS", default_value_t = 0)]
    pub message_deadline_seconds: u64,
    /// The age at which a status that waits is not run any more, in seconds; 0: none.
    #[arg(long, env = "ROOST_STATUS_DEADLINE_SECONDS", default_value_t = 3600)]
    pub status_deadline_seconds: u64,
    /// How long a host that stops is not ready before it closes its door, in seconds.
    #[arg(long, env = "ROOST_DRAIN_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=3_600))]
    pub drain_seconds: u64,
    /// How long a send of unknown outcome waits for a status, in seconds; longer than Meta may take.
    #[arg(long, env = "ROOST_SETTLE_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(2..=86_400))]
    pub settle_seconds: u64,
    /// How many versions of a project are kept, and as many that failed.
    #[arg(long, env = "ROOST_KEEP_VERSIONS", default_value_t = 20)]
    pub keep_versions: u32,
    /// Registries that uploads may name in their `.npmrc` beside npm's own and `npm_config_registry`:
    /// `https://npm.example.com`; several with commas.
    #[arg(
        long,
        env = "ROOST_NPM_REGISTRIES",
        value_name = "URL",
        value_delimiter = ','
    )]
    pub npm_registries: Vec<String>,
    /// Refuses settings that are unsafe in production, which it also does by itself when Meta is the
    /// real one or webhooks come in by an address that is not this machine's own.
    #[arg(
        long,
        env = "ROOST_PRODUCTION",
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub production: bool,
    /// Unsafe settings that are meant, by name; several with commas.
    #[arg(long, env = "ROOST_ALLOW_UNSAFE", value_delimiter = ',')]
    pub allow_unsafe: Vec<Unsafe>,
    /// How long a deleted project can be restored, in hours.
    #[arg(
        long,
        env = "ROOST_DELETE_GRACE_HOURS",
        default_value_t = 168,
        value_parser = clap::value_parser!(u64).range(0..=87_600)
    )]
    pub delete_grace_hours: u64,
    #[command(flatten)]
    pub quotas: QuotaArgs,
    #[command(flatten)]
    pub egress: EgressArgs,
    #[command(flatten)]
    pub observing: ObservingArgs,
    /// How log lines look.
    #[arg(long, env = "ROOST_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// What is logged, as in `info,bot=debug`.
    #[arg(long, env = "ROOST_LOG", default_value = "info")]
    pub log: String,
}

impl ServeArgs {
    /// Checks the settings and makes a host's configuration of them.
    pub fn into_config(self) -> Result<AppConfig> {
        let master_key = master_key(&self.master_key).context("ROOST_MASTER_KEY")?;
        let auth = match self.tenant_auth {
            TenantLogin::Peer => TenantAuth::Peer,
            TenantLogin::Scram => TenantAuth::Scram {
                master_key: MasterKey::new(&master_key).context("ROOST_MASTER_KEY")?,
                epoch: 1,
            },
        };
        let server = Server::from_url(&self.database_url, auth).context("DATABASE_URL")?;
        let lease = Duration::from_secs(self.lease_seconds.max(1));
        let web = WebSettings {
            domain: self.domain,
            trusted_proxies: self.trusted_proxies,
            running: self.instances.div_ceil(2) as usize,
            ..WebSettings::default()
        };
        let egress = EgressPolicy::from(self.egress);
        Ok(AppConfig {
            bundling: BundlingSettings::of_this_program(
                Some(registries(self.npm_registries)),
                egress.clone(),
            ),
            server,
            quotas: self.quotas.into(),
            data: self.data,
            sdk: self.sdk,
            master_key,
            listen: self.listen,
            admin_listen: self.admin_listen,
            admin_token: self.admin_token.map(Secret::new),
            verify_token: Secret::new(self.verify_token),
            app_secrets: self.app_secrets.into_iter().map(Secret::new).collect(),
            graph: GraphEndpoint::new(&self.graph_url, &self.graph_version)
                .context("ROOST_GRAPH_URL")?,
            graph_answer: Duration::from_secs(self.graph_seconds),
            budget: Budget {
                wall: Duration::from_secs(self.wall_seconds),
                cpu: Duration::from_secs(self.cpu_seconds),
                host_calls: self.event_calls,
                requests: self.event_requests,
                sends: self.event_sends,
                ..Budget::default()
            },
            instances: self.instances,
            bot_memory_max: (self.bot_memory_max as usize) << 20,
            compiler: Compiler::of_this_program(),
            bot_memory_total: match self.bot_memory_total {
                0 => u64::from(self.instances) * DEFAULT_MEMORY_BYTES as u64,
                mib => u64::from(mib) << 20,
            },
            inbox: InboxLimits {
                pending_per_project: self.pending_per_project,
                message_deadline: seconds(self.message_deadline_seconds),
                status_deadline: seconds(self.status_deadline_seconds),
            },
            drain: Duration::from_secs(self.drain_seconds),
            dispatcher: DispatcherSettings {
                max_running: self.max_running,
                max_running_per_project: self.running_per_project,
                lease,
                heartbeat: lease / 3,
                ..DispatcherSettings::new(host_name())
            },
            settle_after: Duration::from_secs(self.settle_seconds),
            egress,
            web,
            residents: ResidentSettings {
                lease,
                ..ResidentSettings::default()
            },
            delete_grace: Duration::from_secs(self.delete_grace_hours.saturating_mul(60 * 60)),
            observing: self.observing.into(),
            keep_versions: self.keep_versions.max(1),
        })
    }
}

/// Those that are allowed, npm's own and the host's.
fn registries(allowed: Vec<String>) -> Arc<[String]> {
    let hosts = std::env::var("npm_config_registry").ok();
    let usual = ["https://registry.npmjs.org".to_owned()];
    usual.into_iter().chain(hosts).chain(allowed).collect()
}

fn master_key_text(text: &str) -> Result<String, String> {
    match master_key(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn database_url(text: &str) -> Result<String, String> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err("must begin with `postgres://`".to_owned());
    }
    // Any key will do to look at the address.
    let key = MasterKey::new(&[0xa5; 32]).map_err(|error| error.to_string())?;
    match Server::from_url_with_key(text, key) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn graph_version(text: &str) -> Result<String, String> {
    match GraphEndpoint::new("https://graph.facebook.com", text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn graph_url(text: &str) -> Result<String, String> {
    match GraphEndpoint::new(text, "v25.0") {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A time that 0 stands for none of.
fn seconds(seconds: u64) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// 32 bytes of 64 hexadecimal digits.
fn master_key(text: &str) -> Result<[u8; 32]> {
    let bytes = hex::decode(text.trim())
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    match bytes {
        Some(key) => Ok(key),
        None => bail!(
            "it must be 64 hexadecimal digits: make one with `openssl rand -hex 32`, \
             keep it, and give every host the same"
        ),
    }
}

/// Names this host to operators.
fn host_name() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    format!("{name}:{}", std::process::id())
}
