//! The inbox in the control database: how full it is, what is dead, and what may be forgotten.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::arrival::Waiting;
use super::clock::Clock;
use super::model::{AccountListener, EventId, StatusSink};
use crate::accounts::Accounts;
use crate::media::Doorbell;
use crate::news::{Change, Newsroom};
use crate::plans::by_values;
use crate::projects::ProjectId;
use crate::telemetry::Telemetry;

/// After so long who waits for rest looks without news: what ends on other hosts is not told here.
const ANYWAY: Duration = Duration::from_secs(2);

/// The durable inbox. Clones share what wakes the dispatchers of this process.
#[derive(Clone)]
pub struct Inbox {
    pub(super) pool: PgPool,
    pub(super) clock: Clock,
    pub(super) sink: Arc<dyn StatusSink>,
    pub(super) listeners: Vec<Arc<dyn AccountListener>>,
    pub(super) accounts: Accounts,
    pub(super) limits: InboxLimits,
    pub(super) waiting: Waiting,
    /// Whether something was stored that no claim of this process has looked for yet.
    pub(super) news: Arc<AtomicBool>,
    /// Changes when there may be something to claim.
    pub(super) claimable: watch::Sender<()>,
    /// Changes when there is one thing less to wait for.
    pub(super) ended: watch::Sender<()>,
    pub(super) telemetry: Telemetry,
    newsroom: Option<Newsroom>,
    pub(super) media: Option<Doorbell>,
}

/// What may wait in the inbox, and for how long.
#[derive(Clone, Debug)]
pub struct InboxLimits {
    /// Events that may wait for one project; Meta keeps what comes on top, and repeats it.
    pub pending_per_project: u32,
    /// The age at which a message that waits is not run any more; `None`: it waits for ever.
    pub message_deadline: Option<Duration>,
    /// Likewise for a status. The host's own record has it all the same.
    pub status_deadline: Option<Duration>,
}

#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Trying again helps once the project's bot has caught up.
    #[error("{bound} events wait for the project already")]
    Full { bound: usize },
    /// Trying again may help.
    #[error("the control database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// Likewise, once somebody has tidied up.
    #[error("the disk of the control database is full: make room on it")]
    NoRoom(#[source] sqlx::Error),
    #[error("the control database refused what the inbox asked of it")]
    Database(#[source] sqlx::Error),
}

/// What waits in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct QueueDepth {
    /// Not done and not dead: the running ones too.
    pub pending: i64,
    pub running: i64,
    pub dead: i64,
    /// When the oldest pending event came.
    pub oldest_received_at: Option<DateTime<Utc>>,
}

impl Default for InboxLimits {
    fn default() -> Self {
        Self {
            pending_per_project: 100_000,
            message_deadline: None,
            status_deadline: Some(Duration::from_secs(60 * 60)),
        }
    }
}

impl From<sqlx::Error> for InboxError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(ref e) if e.code().as_deref() == Some("53100") => {
                Self::NoRoom(error)
            }
            // Class 08: connection, 53: resources, 57P0x: the server stops or starts.
            sqlx::Error::Database(ref e)
                if e.code().is_some_and(|code| {
                    code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")
                }) =>
            {
                Self::Unavailable(error)
            }
            other => Self::Database(other),
        }
    }
}

impl Inbox {
    pub fn new(pool: PgPool, clock: Clock, sink: Arc<dyn StatusSink>) -> Self {
        Self {
            accounts: Accounts::new(pool.clone()),
            pool,
            clock,
            sink,
            listeners: Vec::new(),
            limits: InboxLimits::default(),
            waiting: Waiting::default(),
            news: Arc::default(),
            claimable: watch::Sender::new(()),
            ended: watch::Sender::new(()),
            telemetry: Telemetry::default(),
            newsroom: None,
            media: None,
        }
    }

    /// With somebody who fetches the media of messages.
    pub fn with_media(self, doorbell: Doorbell) -> Self {
        Self {
            media: Some(doorbell),
            ..self
        }
    }

    /// With somebody who tells followers of conversations what came.
    pub fn with_newsroom(self, newsroom: Newsroom) -> Self {
        Self {
            newsroom: Some(newsroom),
            ..self
        }
    }

    /// Tells that conversations of a project have changed, once that is committed.
    pub(super) fn tell(&self, project_id: ProjectId) {
        if let Some(newsroom) = &self.newsroom {
            newsroom.tell(project_id, Change::Conversation);
        }
    }

    pub fn with_limits(self, limits: InboxLimits) -> Self {
        Self { limits, ..self }
    }

    /// With somebody who hears of changes of accounts.
    pub fn with_listener(mut self, listener: Arc<dyn AccountListener>) -> Self {
        self.listeners.push(listener);
        self
    }

    /// With somewhere for numbers and spans to go.
    pub fn with_telemetry(self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self }
    }

    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// The time by which events are told.
    pub async fn now(&self) -> Result<DateTime<Utc>, InboxError> {
        let now = sqlx::query_scalar("select coalesce($1, statement_timestamp())")
            .bind(self.clock.told())
            .fetch_one(&self.pool)
            .await?;
        Ok(now)
    }

    /// Tells the dispatchers of this process that there may be something to claim.
    pub fn nudge(&self) {
        self.claimable.send_replace(());
    }

    /// What waits for one project, or for all of them.
    pub async fn depth(&self, project_id: Option<ProjectId>) -> Result<QueueDepth, InboxError> {
        let mut tx = by_values(&self.pool).await?;
        let depth = sqlx::query_as(
            "select
               (select count(*) from event
                where state = 'pending' and ($1::uuid is null or project_id = $1)) as pending,
               (select count(*) from conversation_queue
                where lease is not null and ready_at > coalesce($2, statement_timestamp())
                  and ($1::uuid is null or project_id = $1)) as running,
               (select count(*) from event
                where state = 'dead' and ($1::uuid is null or project_id = $1)) as dead,
               (select min(received_at) from event
                where state = 'pending' and ($1::uuid is null or project_id = $1)) as oldest_received_at",
        )
        .bind(project_id)
        .bind(self.clock.told())
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(depth)
    }

    /// Waits until a project has nothing pending and nothing running.
    pub async fn idle(&self, project_id: ProjectId) -> Result<(), InboxError> {
        let mut ended = self.ended.subscribe();
        while self.is_busy(project_id).await? {
            // The sender lives in `self`.
            let _ = tokio::time::timeout(ANYWAY, ended.changed()).await;
        }
        Ok(())
    }

    /// Waits until a project has nothing more to run but what failed twice and waits for another try: its
    /// conversation goes on without it.
    ///
    /// *Cancel safety*: it changes nothing.
    pub async fn rests(&self, project_id: ProjectId) -> Result<(), InboxError> {
        let mut ended = self.ended.subscribe();
        loop {
            let is_busy: bool = sqlx::query_scalar(
                "select exists (
                   select from event
                   where project_id = $1 and state = 'pending'
                     and not (attempts >= 2 and coalesce(not_before > now(), false)))",
            )
            .bind(project_id)
            .fetch_one(&self.pool)
            .await?;
            if !is_busy {
                return Ok(());
            }
            let _ = tokio::time::timeout(ANYWAY, ended.changed()).await;
        }
    }

    async fn is_busy(&self, project_id: ProjectId) -> Result<bool, InboxError> {
        let is_busy = sqlx::query_scalar(
            "select exists (select from event where project_id = $1 and state = 'pending')",
        )
        .bind(project_id)
        .fetch_one(&self.pool)
        .await?;
        Ok(is_busy)
    }

    /// Ends the back-offs of a project: what made its events fail may be gone. Call it when a
    /// version is activated or a project resumed.
    pub async fn wake(&self, project_id: ProjectId) -> Result<(), InboxError> {
        sqlx::query(
            "with back as (
               update event set not_before = null
               where project_id = $1 and state = 'pending' and not_before is not null)
             update conversation_queue
             set aside = 0,
                 ready_at = case when lease is null
                                 then least(ready_at, coalesce($2, statement_timestamp()))
                                 else ready_at end
             where project_id = $1 and pending > 0
               and (aside > 0 or lease is null and ready_at > coalesce($2, statement_timestamp()))",
        )
        .bind(project_id)
        .bind(self.clock.told())
        .execute(&self.pool)
        .await?;
        self.claimable.send_replace(());
        Ok(())
    }

    /// Ends the back-off of an event that waited for news of a send. That is a convenience: without
    /// it the event runs when its time is up.
    pub(super) async fn wait_is_over(&self, project_id: ProjectId, event_id: EventId) {
        let woken = sqlx::query(
            "update conversation_queue q set ready_at = coalesce($3, statement_timestamp())
             from event e
             where e.project_id = $1 and e.event_id = $2 and e.state = 'pending'
               and e.deferrals > 0 and q.project_id = e.project_id and q.queue = e.queue
               and q.lease is null and q.ready_at > coalesce($3, statement_timestamp())",
        )
        .bind(project_id)
        .bind(event_id)
        .bind(self.clock.told())
        .execute(&self.pool)
        .await;
        match woken {
            Ok(_) => {
                self.claimable.send_replace(());
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                event.id = %event_id,
                "an event waits longer than it must"
            ),
        }
    }
}
