//! Forgetting by age: events with their runs and sends, messages, logs, and what nobody got.
//!
//! One host at a time sweeps, in chunks, about once an hour. What it never deletes: events that are
//! not done or dead, done events within Meta's seven days of repeats, sends whose event is still
//! there or whose outcome is not known, and sends of which statuses may still come (30 days).

mod store;

use std::time::Duration;

use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::flows::forget_tokens;
use crate::inbox::Clock;
use crate::leases::Turn;
use crate::logs::LogLimits;
use crate::media::{MediaSettings, forget_old as forget_media};

/// Done events find Meta's repeats, which come for seven days.
pub const SHORTEST_DAYS: u32 = 8;

/// Statuses of a message come for so long, and find their send by its row.
const STATUS_DAYS: u32 = 30;

/// Which host sweeps.
const TURN: i64 = 0x726f_6f73_745f_6b70;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long things are kept where a project does not say otherwise.
#[derive(Clone, Debug)]
pub struct RetentionPolicy {
    /// Events, runs, sends, and webhooks that nobody got.
    pub event_days: u32,
    /// Messages of conversations, and their statuses.
    pub message_days: u32,
    pub log_days: u32,
    /// Media of customers.
    pub media: MediaSettings,
    /// How much of a project's log is kept whatever its age.
    pub log_limits: LogLimits,
    /// About how often is swept.
    pub every: Duration,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self {
            event_days: 30,
            message_days: 365,
            log_days: 14,
            media: MediaSettings::default(),
            log_limits: LogLimits::default(),
            every: Duration::from_secs(60 * 60),
        }
    }
}

/// What a sweep deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub events: u64,
    pub sends: u64,
    pub messages: u64,
    pub statuses: u64,
    pub log_lines: u64,
    pub unrouted: u64,
    /// Media of customers whose bytes are gone.
    pub media: u64,
    /// Tokens of Flows that were sent and are over.
    pub flow_tokens: u64,
    /// Empty queues, which are made again when they are needed.
    pub queues: u64,
}

/// Sweeps.
#[derive(Clone)]
pub struct Keeper {
    pool: PgPool,
    clock: Clock,
    policy: RetentionPolicy,
}

impl Keeper {
    pub fn new(pool: PgPool, clock: Clock, policy: RetentionPolicy) -> Self {
        Self {
            pool,
            clock,
            policy,
        }
    }

    /// Sweeps until it is stopped.
    pub fn start(self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(async move {
            // Hosts that start together do not sweep together, and none while it starts.
            let mut pause = self
                .policy
                .every
                .mul_f64(0.02 + 0.08 * rand::random::<f64>());
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                let swept = tokio::select! {
                    () = stop.cancelled() => return,
                    swept = self.sweep() => swept,
                };
                match swept {
                    Ok(Some(swept)) if swept != Swept::default() => tracing::info!(
                        swept.events,
                        swept.sends,
                        swept.messages,
                        swept.statuses,
                        swept.log_lines,
                        swept.unrouted,
                        swept.media,
                        "what is older than its retention is deleted"
                    ),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the sweep of old rows failed; trying again later");
                    }
                }
                pause = self.policy.every.mul_f64(0.8 + 0.4 * rand::random::<f64>());
            }
        })
    }

    /// Deletes what is old enough; `None` when another host does so now.
    ///
    /// Cancel safety: what was deleted is deleted, the rest goes with the next sweep.
    pub async fn sweep(&self) -> Result<Option<Swept>, sqlx::Error> {
        let Some(turn) = Turn::take(&self.pool, TURN).await? else {
            return Ok(None);
        };
        let swept = self.sweep_all(self.now().await?).await;
        turn.end().await?;
        swept.map(Some)
    }

    async fn sweep_all(&self, now: DateTime<Utc>) -> Result<Swept, sqlx::Error> {
        let before = |days: u32| now - DAY * days;
        let mut swept = Swept {
            media: forget_media(&self.pool, &self.policy.media).await?,
            ..Swept::default()
        };
        for group in self.groups().await? {
            let event_days = group.days.map_or(self.policy.event_days, days);
            let message_days = group.days.map_or(self.policy.message_days, days);
            swept.events += self
                .sweep_events(&group, before(event_days.max(SHORTEST_DAYS)))
                .await?;
            let send_days = event_days.max(STATUS_DAYS);
            swept.sends += self.sweep_sends(&group, before(send_days)).await?;
            swept.messages += self.sweep_messages(&group, before(message_days)).await?;
            swept.statuses += self.sweep_statuses(&group, before(message_days)).await?;
        }
        swept.unrouted = self
            .sweep_unrouted(before(self.policy.event_days.max(SHORTEST_DAYS)))
            .await?;
        swept.flow_tokens = forget_tokens(&self.pool).await?;
        swept.queues = self.sweep_queues(before(SHORTEST_DAYS)).await?;
        for (project, log_days) in self.logging_projects().await? {
            let log_days = log_days.map_or(self.policy.log_days, days);
            swept.log_lines += self.sweep_log(project, before(log_days)).await?;
            swept.log_lines += self.shorten_log(project).await?;
        }
        Ok(swept)
    }
}

/// As the database has it: never negative.
fn days(days: i32) -> u32 {
    u32::try_from(days).unwrap_or(0)
}
