//! The SQL of events as people see them.

use std::collections::HashMap;

use sqlx::postgres::PgRow;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder, Row};

use super::Events;
use super::explain::MetaError;
use super::model::{
    DeliveryStatus, EventFilter, EventState, Head, ProjectFacts, SendStatus, StoredEvent,
    StoredRun, StoredSend,
};
use crate::inbox::EventId;
use crate::plans::by_values;
use crate::projects::ProjectId;
use crate::whatsapp::SendState;
use crate::words::Told;

/// Events with the conversation that they are of, if of any, and their queue.
const EVENTS: &str = "
    select e.event_id, e.kind, e.state, e.dedupe_key, e.queue, e.attempts, e.deferrals, e.last_error,
           e.received_at, e.finished_at, e.discarded_at, m.type as message_type,
           c.conversation_id, p.wa_id, p.user_id, c.group_id, p.name, q.lease, q.ready_at,
           e.not_before
    from event e
    left join conversation_queue q on q.project_id = e.project_id and q.queue = e.queue
    left join conversation c on c.project_id = e.project_id and c.conversation_id = e.conversation_id
    left join contact p on p.project_id = c.project_id and p.contact_id = c.contact_id
    left join message m on m.project_id = e.project_id and e.kind = 'message'
      and m.wamid = substr(e.dedupe_key, 3)
    where e.project_id = ";

/// The message, what Meta reported of it, when, and why.
type Reported = (String, Told<DeliveryStatus>, DateTime<Utc>, Option<String>);

const RUNS_NOW: &str = "exists (
    select from run r join conversation_queue l
      on l.project_id = e.project_id and l.queue = e.queue and l.lease = r.run_id
    where r.project_id = e.project_id and r.event_id = e.event_id and r.ended_at is null
      and l.ready_at > ";

impl Events {
    pub(super) async fn stored(
        &self,
        project: ProjectId,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let mut query = QueryBuilder::new(EVENTS);
        query.push_bind(project);
        in_state(&mut query, filter.state, now);
        narrow(&mut query, project, filter);
        if let Some(before) = before {
            query.push(" and e.event_id < ").push_bind(before);
        }
        query
            .push(" order by e.event_id desc limit ")
            .push_bind(limit);
        let mut tx = by_values(&self.pool).await?;
        let found = query.build_query_as().fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    pub(super) async fn stored_one(
        &self,
        project: ProjectId,
        event_id: EventId,
    ) -> Result<Option<StoredEvent>, sqlx::Error> {
        let mut query = QueryBuilder::new(EVENTS);
        query.push_bind(project);
        query.push(" and e.event_id = ").push_bind(event_id);
        query.build_query_as().fetch_optional(&self.pool).await
    }

    /// Dead events after one of them that the filter lets through whatever state it names, oldest first.
    pub(super) async fn stored_dead(
        &self,
        project: ProjectId,
        filter: &EventFilter,
        after: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<EventId>, sqlx::Error> {
        let mut query = QueryBuilder::new(
            "select e.event_id from event e where e.state = 'dead' and e.project_id = ",
        );
        query.push_bind(project);
        if let Some(after) = after {
            query.push(" and e.event_id > ").push_bind(after);
        }
        narrow(&mut query, project, filter);
        query.push(" order by e.event_id limit ").push_bind(limit);
        let mut tx = by_values(&self.pool).await?;
        let found = query.build_query_scalar().fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    pub(super) async fn stored_payload(
        &self,
        project: ProjectId,
        event_id: EventId,
    ) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("select payload from event where project_id = $1 and event_id = $2")
            .bind(project)
            .bind(event_id)
            .fetch_optional(&self.pool)
            .await
    }

    pub(super) async fn project_facts(
        &self,
        project: ProjectId,
    ) -> Result<ProjectFacts, sqlx::Error> {
        sqlx::query_as(
            "select p.status = 'active' as is_active, p.active_version_id is not null as has_version,
                    exists (select from number n where n.project_id = p.project_id) as has_number,
                    (select n.token_refused_at from number n where n.project_id = p.project_id)
                      as token_refused_at,
                    p.max_running, p.events_per_minute
             from project p where p.project_id = $1",
        )
        .bind(project)
        .fetch_one(&self.pool)
        .await
    }

    pub(super) async fn stored_runs(
        &self,
        project: ProjectId,
        events: &[EventId],
    ) -> Result<Vec<StoredRun>, sqlx::Error> {
        sqlx::query_as(
            "select run_id, event_id, attempt, owner, version_id, started_at, ended_at, outcome,
                    error, wall_us, cpu_us, memory_bytes, host_calls, sends, response_status,
                    refusal
             from run where project_id = $1 and event_id = any($2)
             order by started_at, attempt, run_id",
        )
        .bind(project)
        .bind(events)
        .fetch_all(&self.pool)
        .await
    }

    /// Sends with their statuses. A message's conversation tells whether it went to the customer.
    pub(super) async fn stored_sends(
        &self,
        project: ProjectId,
        events: &[EventId],
    ) -> Result<Vec<StoredSend>, sqlx::Error> {
        let rows = sqlx::query(
            "select s.send_id, s.event_id, s.attempt, s.state, s.response_status, s.response_body,
                    s.setback_body, s.setback, s.wamid, s.settle_by, s.created_at, s.updated_at, m.type as message_type,
                    m.conversation_id = e.conversation_id as is_to_customer
             from send s
             left join event e on e.project_id = s.project_id and e.event_id = s.event_id
             left join message m on m.project_id = s.project_id and m.wamid = s.wamid
             where s.project_id = $1 and s.event_id = any($2)
             order by s.event_id, s.sequence, s.send_id",
        )
        .bind(project)
        .bind(events)
        .fetch_all(&self.pool)
        .await?;
        let mut sends: Vec<StoredSend> = rows.iter().map(send_of).collect::<Result<_, _>>()?;
        let wamids: Vec<&str> = sends
            .iter()
            .filter_map(|send| send.wamid.as_deref())
            .collect();
        let mut statuses = self.statuses(project, &wamids).await?;
        for send in &mut sends {
            let found = send.wamid.as_ref().and_then(|wamid| statuses.remove(wamid));
            send.statuses = found.unwrap_or_default();
        }
        Ok(sends)
    }

    async fn statuses(
        &self,
        project: ProjectId,
        wamids: &[&str],
    ) -> Result<HashMap<String, Vec<SendStatus>>, sqlx::Error> {
        let rows: Vec<Reported> = sqlx::query_as(
            "select wamid, status, at, errors::text from message_status
             where project_id = $1 and wamid = any($2)
             order by message_status_rank(status), at",
        )
        .bind(project)
        .bind(wamids)
        .fetch_all(&self.pool)
        .await?;
        let mut statuses: HashMap<String, Vec<SendStatus>> = HashMap::new();
        for (wamid, status, at, errors) in rows {
            let error = errors.as_deref().and_then(MetaError::of_status);
            let status = SendStatus { status, at, error };
            statuses.entry(wamid).or_default().push(status);
        }
        Ok(statuses)
    }

    /// The event of each queue that runs next: the oldest pending one, unless it lets others pass.
    pub(super) async fn heads(
        &self,
        project: ProjectId,
        queues: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Vec<Head>, sqlx::Error> {
        sqlx::query_as(
            "select h.queue, h.event_id, h.kind, h.last_error
             from (select distinct unnest($2::text[]) as queue) n
             cross join lateral (
               select queue, event_id, kind, last_error from event
               where project_id = $1 and queue = n.queue and state = 'pending'
               order by not_before is not null and not_before > $3, event_id limit 1) h",
        )
        .bind(project)
        .bind(queues)
        .bind(now)
        .fetch_all(&self.pool)
        .await
    }
}

/// The state, as a condition on `event e`.
fn in_state(query: &mut QueryBuilder<Postgres>, state: Option<EventState>, now: DateTime<Utc>) {
    match state {
        None => {}
        Some(EventState::Running) => {
            query.push(" and e.state = 'pending' and ").push(RUNS_NOW);
            query.push_bind(now).push(")");
        }
        Some(EventState::Pending) => {
            query
                .push(" and e.state = 'pending' and not ")
                .push(RUNS_NOW);
            query.push_bind(now).push(")");
        }
        Some(EventState::Done) => {
            query.push(" and e.state = 'done' and e.discarded_at is null");
        }
        Some(EventState::Discarded) => {
            query.push(" and e.discarded_at is not null");
        }
        Some(EventState::Dead) => {
            query.push(" and e.state = 'dead'");
        }
    }
}

/// The rest of the filter, likewise.
fn narrow(query: &mut QueryBuilder<Postgres>, project: ProjectId, filter: &EventFilter) {
    if let Some(kind) = filter.kind {
        query.push(" and e.kind = ").push_bind(kind);
    }
    if let Some(since) = filter.since {
        query.push(" and e.received_at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" and e.received_at < ").push_bind(until);
    }
    if let Some(error) = &filter.error {
        query.push(" and position(lower(").push_bind(error.clone());
        query.push(") in lower(e.last_error)) > 0");
    }
    if let Some(outcome) = filter.outcome {
        query.push(
            " and (select r.outcome from run r
                   where r.project_id = e.project_id and r.event_id = e.event_id
                   order by r.started_at desc, r.attempt desc limit 1) = ",
        );
        query.push_bind(outcome);
    }
    if let Some(contact) = &filter.contact {
        query.push(
            " and e.conversation_id in (
               select f.conversation_id from conversation f
               left join contact k on k.project_id = f.project_id and k.contact_id = f.contact_id
               where f.project_id = ",
        );
        query.push_bind(project).push(" and ");
        query.push_bind(plain(contact));
        query.push(" in (k.wa_id, k.user_id, f.group_id, f.conversation_id::text))");
    }
}

/// Numbers are written with signs and spaces, and stored without.
fn plain(contact: &str) -> String {
    let is_sign = |c: char| matches!(c, '+' | ' ' | '-' | '(' | ')');
    let is_number = contact.chars().all(|c| c.is_ascii_digit() || is_sign(c));
    if is_number {
        contact.chars().filter(char::is_ascii_digit).collect()
    } else {
        contact.trim().to_owned()
    }
}

fn send_of(row: &PgRow) -> Result<StoredSend, sqlx::Error> {
    let state: SendState = row.try_get("state")?;
    let refusal: Option<Vec<u8>> = match state {
        SendState::Rejected => row.try_get("response_body")?,
        SendState::Released => row.try_get("setback_body")?,
        SendState::Prepared | SendState::Unsettled | SendState::Sent => None,
    };
    Ok(StoredSend {
        send_id: row.try_get("send_id")?,
        event_id: row.try_get("event_id")?,
        attempt: row.try_get("attempt")?,
        state,
        message_type: row.try_get("message_type")?,
        is_to_customer: row.try_get("is_to_customer")?,
        response_status: row.try_get("response_status")?,
        error: refusal.and_then(|body| MetaError::of_answer(&body)),
        setback: row
            .try_get::<Option<String>, _>("setback")?
            .filter(|_| state == SendState::Released),
        wamid: row.try_get("wamid")?,
        settle_by: row.try_get("settle_by")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        statuses: Vec::new(),
    })
}
