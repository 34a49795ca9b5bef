//! Events as people see them: what came in, what became of it, and why.
//!
//! `model` has what is stored, `explain` says in one sentence whether the customer got an answer,
//! `store` has the SQL, `dead` replays and gives up what failed for good, `hidden` is for who may not
//! read what people wrote.
//!
//! Nothing here runs events or changes them, the inbox does: a replay makes a dead one pending again.
//! It keeps its number, and so its sends: what went out is not sent again.

mod dead;
mod explain;
mod hidden;
mod model;
mod store;

use std::collections::HashMap;

use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

use crate::inbox::{Adopted, EventId, Inbox, InboxError, Missed, RowState};
use crate::logs::LogStore;
use crate::projects::ProjectId;

pub use crate::whatsapp::SendState;
pub use explain::{Answer, Explanation, Facts, MetaError, explain};
pub use model::{
    DeliveryStatus, EventFilter, EventState, Head, ProjectFacts, SendStatus, StoredEvent,
    StoredRun, StoredSend,
};

/// The events of all projects.
#[derive(Clone)]
pub struct Events {
    pool: PgPool,
    inbox: Inbox,
    logs: LogStore,
    words: Words,
}

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Words {
    /// All but what the customer wrote.
    #[default]
    Shown,
    /// Nothing that people wrote, nothing of who they are, and nothing that a bot says: it may quote them.
    Hidden,
}

/// Why something about an event cannot be told or done.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("the project has no event `{0}`, or it is older than what is kept")]
    NotFound(EventId),
    #[error("event `{event_id}` is {state}: only dead events are replayed")]
    NotDead {
        event_id: EventId,
        state: EventState,
    },
    #[error(
        "event `{0}` is running: a run is not stopped; give the event up when it has ended, if it then waits for another"
    )]
    Runs(EventId),
    #[error(
        "event `{0}` has not failed: it waits for its turn, and `events show` says for what; only what has failed is given up"
    )]
    NotFailed(EventId),
    #[error("event `{event_id}` is {state}: there is nothing to give up")]
    Over {
        event_id: EventId,
        state: EventState,
    },
    #[error(transparent)]
    Inbox(#[from] InboxError),
}

impl From<sqlx::Error> for EventError {
    fn from(error: sqlx::Error) -> Self {
        Self::Inbox(error.into())
    }
}

/// An event, and what became of it.
#[derive(Clone, Debug)]
pub struct EventReport {
    pub event: StoredEvent,
    pub state: EventState,
    /// In order.
    pub runs: Vec<StoredRun>,
    /// In order.
    pub sends: Vec<StoredSend>,
    pub explanation: Explanation,
}

impl Events {
    pub fn new(pool: PgPool, inbox: Inbox, logs: LogStore) -> Self {
        Self {
            pool,
            inbox,
            logs,
            words: Words::default(),
        }
    }

    /// The same, for somebody who may not see all.
    pub fn with(&self, words: Words) -> Self {
        Self {
            words,
            ..self.clone()
        }
    }

    /// Events of a project before one of them, newest first.
    pub async fn list(
        &self,
        project: ProjectId,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<EventReport>, EventError> {
        let now = self.inbox.now().await?;
        let events = self.stored(project, filter, before, limit, now).await?;
        self.reports(project, events, now).await
    }

    /// One event with all that is known of it.
    pub async fn find(
        &self,
        project: ProjectId,
        event_id: EventId,
    ) -> Result<EventReport, EventError> {
        let now = self.inbox.now().await?;
        let event = self.stored_one(project, event_id).await?;
        let event = event.ok_or(EventError::NotFound(event_id))?;
        let reports = self.reports(project, vec![event], now).await?;
        let report = reports.into_iter().next();
        report.ok_or(EventError::NotFound(event_id))
    }

    /// What came in, as the bot gets it: with the customer's words.
    pub async fn payload(
        &self,
        project: ProjectId,
        event_id: EventId,
    ) -> Result<String, EventError> {
        let payload = self.stored_payload(project, event_id).await?;
        payload.ok_or(EventError::NotFound(event_id))
    }

    /// What came for the project's number before it was connected.
    pub async fn missed(&self, project: ProjectId) -> Result<Missed, EventError> {
        Ok(self.inbox.missed(project).await?)
    }

    /// Puts what came too early into the project's inbox, oldest first.
    pub async fn adopt(&self, project: ProjectId) -> Result<Adopted, EventError> {
        Ok(self.inbox.adopt(project).await?)
    }

    async fn reports(
        &self,
        project: ProjectId,
        mut events: Vec<StoredEvent>,
        now: DateTime<Utc>,
    ) -> Result<Vec<EventReport>, EventError> {
        let ids: Vec<EventId> = events.iter().map(|event| event.event_id).collect();
        let waiting = events
            .iter()
            .filter(|event| event.state == RowState::Pending);
        let queues: Vec<&str> = waiting.map(|event| event.queue.as_str()).collect();
        let (facts, mut runs, mut sends, mut complaints, mut heads) = futures::try_join!(
            self.project_facts(project),
            self.stored_runs(project, &ids),
            self.stored_sends(project, &ids),
            self.logs.complaints(project, &ids),
            self.heads(project, &queues, now),
        )?;
        if self.words == Words::Hidden {
            hidden::hide(&mut events, &mut runs, &mut sends, &mut heads);
            complaints.clear();
        }
        let mut runs = grouped(runs, |run| run.event_id);
        let mut sends = grouped(sends, |send| send.event_id);
        let complaints: HashMap<EventId, String> = complaints.into_iter().collect();
        let heads: HashMap<&str, &Head> = heads
            .iter()
            .map(|head| (head.queue.as_str(), head))
            .collect();
        let reports = events.into_iter().map(|event| {
            let runs = runs.remove(&event.event_id).unwrap_or_default();
            let sends = sends.remove(&event.event_id).unwrap_or_default();
            let facts = Facts {
                now,
                event: &event,
                runs: &runs,
                sends: &sends,
                complaint: complaints.get(&event.event_id).map(String::as_str),
                project: facts,
                head: heads.get(event.queue.as_str()).copied(),
                is_head_running: event.lease.is_some() && event.ready_at.is_some_and(|at| at > now),
            };
            let (explanation, state) = (explain(&facts), event.state(&runs, now));
            EventReport {
                event,
                state,
                runs,
                sends,
                explanation,
            }
        });
        Ok(reports.collect())
    }
}

fn grouped<T>(items: Vec<T>, of: impl Fn(&T) -> EventId) -> HashMap<EventId, Vec<T>> {
    let mut groups: HashMap<EventId, Vec<T>> = HashMap::new();
    for item in items {
        groups.entry(of(&item)).or_default().push(item);
    }
    groups
}
