//! What a host is told before it starts.

use crate::deploys::BundlingSettings;
use crate::egress::EgressPolicy;
use crate::inbox::{DispatcherSettings, InboxLimits};
use crate::observing::Observing;
use crate::postgres::{Quotas, Server};
use crate::projects::Secret;
use crate::runs::ResidentSettings;
use crate::sandbox::{Budget, Compiler};
use crate::web::WebSettings;
use crate::whatsapp::GraphEndpoint;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
