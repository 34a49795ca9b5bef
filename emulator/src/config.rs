//! Everything that can be set: where to listen, what to remember, and how Meta behaves.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::ids;

/// The newest version of the Graph API that the emulator knows.
pub(crate) const NEWEST_VERSION: u32 = 26;

/// How an emulator is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the Graph API listens. Port 0 takes a free one.
    pub graph_addr: SocketAddr,
    /// Where the control API listens. Port 0 takes a free one.
    pub control_addr: SocketAddr,
    /// The bearer token of the control API.
    pub control_token: String,
    /// Where apps, numbers, tokens, customers and messages outlive the process. Without it they
    /// end with it.
    pub state_file: Option<PathBuf>,
    /// How the platform behaves at the start; the control API changes it later.
    pub settings: Settings,
    /// The seed of every random decision: delays, faults with a probability, shuffling.
    pub seed: u64,
    /// How many delivery attempts are remembered, and how many items per conversation.
    pub history: usize,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            graph_addr: loopback,
            control_addr: loopback,
            control_token: ids::app_secret(),
            state_file: None,
            settings: Settings::default(),
            seed: 0,
            history: 10_000,
        }
    }
}

/// How the platform behaves. Every field can be changed while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long each status takes after the step before it: somewhere between the two.
    pub status_delay_ms: DelayRange,
    /// How long a callback may take to answer.
    pub webhook_timeout_ms: u64,
    /// The waits between delivery attempts; the last one repeats until the horizon.
    pub webhook_retry_ms: Vec<u64>,
    /// How long after its first attempt a webhook is given up.
    pub webhook_horizon_ms: u64,
    /// Which deliveries wait for which.
    pub webhook_order: WebhookOrder,
    /// How many waiting updates of one conversation go into one POST.
    pub webhook_batch_size: usize,
    /// What a free-form send outside the customer service window meets.
    pub closed_window: ClosedWindow,
    /// The limit per business number and customer; off when absent.
    pub pair_rate: Option<PairRate>,
    /// Messages a second per business number; off when absent. Meta's default is 80.
    pub throughput_per_second: Option<u32>,
    /// How long the review of a template takes, by the emulator's clock; absent, only the control
    /// API decides.
    pub template_review_ms: Option<u64>,
    /// How long the review of a display name takes; absent, only the control API decides.
    pub name_review_ms: Option<u64>,
    /// Whether a Flow that is published may be edited: it is a draft again then, and customers go
    /// on getting what was published.
    pub published_flows_can_be_edited: bool,
    /// Whether publishing a Flow checks its endpoint, its key and its number, as Meta does.
    pub flow_publish_checks: bool,
    /// How long a Flow's endpoint may take to answer.
    pub flow_timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            status_delay_ms: DelayRange { min: 0, max: 30 },
            webhook_timeout_ms: 10_000,
            webhook_retry_ms: vec![
                0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
            ],
            webhook_horizon_ms: 7 * 24 * 60 * 60 * 1_000,
            webhook_order: WebhookOrder::PerCustomer,
            webhook_batch_size: 1,
            closed_window: ClosedWindow::FailsLater,
            pair_rate: None,
            throughput_per_second: None,
            template_review_ms: Some(60_000),
            name_review_ms: Some(60_000),
            published_flows_can_be_edited: true,
            flow_publish_checks: true,
            flow_timeout_ms: 10_000,
        }
    }
}

/// A delay is drawn evenly from `min..=max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayRange {
    pub min: u64,
    pub max: u64,
}

/// Which deliveries wait for which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOrder {
    /// A conversation's updates arrive in order: a failing one holds up those behind it.
    PerCustomer,
    /// First attempts are in order; a failed update steps aside for its retries.
    FirstAttempts,
    /// Nothing waits for anything.
    None,
}

/// What a free-form send outside the customer service window meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedWindow {
    /// It is accepted, then a `failed` status carries 131047. What the Cloud API does.
    FailsLater,
    /// It is refused with 131047 at once.
    Refused,
    /// It goes through.
    Ignored,
}

/// The pair rate limit: one message per interval, with a burst borrowed from the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRate {
    /// Time that one message uses up. Meta's is 6000.
    pub interval_ms: u64,
    /// Messages that may go out within one interval. Meta's is 45.
    pub burst: u32,
}

impl Default for PairRate {
    fn default() -> Self {
        Self {
            interval_ms: 6_000,
            burst: 45,
        }
    }
}
