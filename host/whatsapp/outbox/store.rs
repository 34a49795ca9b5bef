//! The SQL of sends.
//!
//! Times are the database's: hosts compare them with each other. A send of unknown outcome is sent
//! again only when a host's own clock says so too, which nobody sets: both may be one machine's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::OutboundSink;
use super::context::SendContext;
use super::delivery::Setback;
use super::effect::Effect;
use super::row::{self, Found, Lease, Origin, Watched};
use super::sent::wamid;
use crate::portions::{PORTION, delete_all};
use crate::whatsapp::client::GraphResponse;

#[derive(Clone)]
pub(super) struct Store {
    pub(super) pool: PgPool,
    sink: Arc<dyn OutboundSink>,
    settle_after: Duration,
    clock: Steady,
}

/// The host's clock as it was at its start, and on from there.
#[derive(Clone, Copy)]
struct Steady {
    start: DateTime<Utc>,
    since: Instant,
}

impl Steady {
    fn begins() -> Self {
        Self {
            start: Utc::now(),
            since: Instant::now(),
        }
    }

    fn now(self) -> DateTime<Utc> {
        self.start + self.since.elapsed()
    }
}

/// What became of a send that was to be marked.
enum Marked {
    /// With the event of a send that was not `sent` before.
    Kept(Option<i64>),
    /// Not at all: the sink could not record it.
    Untold,
}

impl Store {
    pub(super) fn new(pool: PgPool, sink: Arc<dyn OutboundSink>, settle_after: Duration) -> Self {
        Self {
            pool,
            sink,
            settle_after,
            clock: Steady::begins(),
        }
    }

    /// The row that this request takes, made when there is none. `None`: another run has just made
    /// the same one; look again.
    pub(super) async fn find_or_prepare(
        &self,
        context: &SendContext,
        effect: &Effect,
        sequence: u32,
        taken: &[i64],
    ) -> Result<Option<Found>, sqlx::Error> {
        let attempt = context.attempt();
        let row = sqlx::query(FIND_OR_PREPARE)
            .bind(attempt.project_id)
            .bind(attempt.event_id)
            .bind(effect.hash.as_slice())
            .bind(taken)
            .bind(i32::try_from(sequence).unwrap_or(i32::MAX))
            .bind(attempt.attempt)
            .bind(context.phone_number_id())
            .bind(effect.message().to_string())
            .bind(effect.callback_data.as_deref())
            .bind(self.clock.now())
            .bind(self.settle_after.as_secs_f64())
            .bind(&effect.recipient)
            .bind(context.writer())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(row::found).transpose()
    }

    /// Takes up a row that may be sent again. `None`: another run was faster.
    pub(super) async fn retake(
        &self,
        lease: Lease,
        context: &SendContext,
        effect: &Effect,
    ) -> Result<Option<Lease>, sqlx::Error> {
        let row = sqlx::query(
            "update send
             set state = 'prepared', tries = tries + 1, settle_by = null, doubted_at = null,
                 updated_at = now(), attempt = $3, callback_data = $4, request_body = $5
             where send_id = $1 and tries = $2
               and (state = 'released' or state = 'unsettled' and settle_by <= now())
             returning tries",
        )
        .bind(lease.send_id)
        .bind(lease.tries)
        .bind(context.attempt().attempt)
        .bind(effect.callback_data.as_deref())
        .bind(effect.message().to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(Lease {
                tries: row.try_get("tries")?,
                ..lease
            })
        })
        .transpose()
    }

    /// Before a further try within one call. `None`: another run has taken over.
    pub(super) async fn renew(&self, lease: Lease) -> Result<Option<Lease>, sqlx::Error> {
        let row = sqlx::query(
            "update send
             set tries = tries + 1, updated_at = now()
             where send_id = $1 and tries = $2 and state = 'prepared'
             returning tries",
        )
        .bind(lease.send_id)
        .bind(lease.tries)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(Lease {
                tries: row.try_get("tries")?,
                ..lease
            })
        })
        .transpose()
    }

    /// From prepared to unsettled. The time begins anew for one whose end is too far away: the
    /// database's clock was set back.
    pub(super) async fn doubt(&self, lease: Lease, wait: Duration) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update send
             set state = 'unsettled', settle_by = now() + make_interval(secs => $3),
                 doubted_at = $4, updated_at = now()
             where send_id = $1 and tries = $2
               and (state = 'prepared'
                    or state = 'unsettled' and settle_by > now() + make_interval(secs => $3))",
        )
        .bind(lease.send_id)
        .bind(lease.tries)
        .bind(wait.as_secs_f64())
        .bind(self.clock.now())
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Certain not to have gone out, and why. Also from unsettled, to which another run may have
    /// put it.
    pub(super) async fn release(&self, lease: Lease, why: &Setback) -> Result<(), sqlx::Error> {
        let (answer, reason) = match why {
            Setback::Answer(answer) => (Some(answer), None),
            Setback::Silence(reason) => (None, Some(reason)),
        };
        sqlx::query(
            "update send
             set state = 'released', settle_by = null, doubted_at = null, updated_at = now(),
                 setback_status = $3, setback_body = $4, setback = $5
             where send_id = $1 and tries = $2 and state in ('prepared', 'unsettled')",
        )
        .bind(lease.send_id)
        .bind(lease.tries)
        .bind(answer.map(|answer| i32::from(answer.status.as_u16())))
        .bind(answer.map(|answer| answer.body.as_ref()))
        .bind(reason)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    pub(super) async fn record_rejected(
        &self,
        lease: Lease,
        response: &GraphResponse,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update send
             set state = 'rejected', settle_by = null, doubted_at = null, request_body = null, updated_at = now(),
                 response_status = $3, response_body = $4
             where send_id = $1 and tries = $2 and state in ('prepared', 'unsettled')",
        )
        .bind(lease.send_id)
        .bind(lease.tries)
        .bind(i32::from(response.status.as_u16()))
        .bind(response.body.as_ref())
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Meta has the message, whoever says so: no state but `sent` stands against that.
    ///
    /// Returns the event whose send was not `sent` before. Ends the series of refusals of the
    /// number, and of the recipient when it is known.
    pub(super) async fn record_sent(
        &self,
        send_id: i64,
        response: &GraphResponse,
        origin: Origin<'_>,
    ) -> Result<Option<i64>, sqlx::Error> {
        match self.mark_sent(send_id, response, origin, true).await? {
            Marked::Kept(event_id) => Ok(event_id),
            // What the sink cannot record must not make the host forget a send.
            Marked::Untold => match self.mark_sent(send_id, response, origin, false).await? {
                Marked::Kept(event_id) => Ok(event_id),
                Marked::Untold => Ok(None),
            },
        }
    }

    /// Marks a send in one transaction with what the sink makes of it.
    async fn mark_sent(
        &self,
        send_id: i64,
        response: &GraphResponse,
        origin: Origin<'_>,
        is_told: bool,
    ) -> Result<Marked, sqlx::Error> {
        let wamid = wamid(&response.body);
        let mut recorded = None;
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query(MARK_SENT)
            .bind(send_id)
            .bind(wamid.as_deref())
            .bind(i32::from(response.status.as_u16()))
            .bind(response.body.as_ref())
            .bind(origin.known_by())
            .bind(origin.recipient())
            .fetch_optional(&mut *transaction)
            .await?;
        match (&row, &wamid) {
            (Some(row), Some(wamid)) if is_told => {
                let message = row::outbound(row, wamid, &response.body)?;
                if let Err(error) = self.sink.record(&mut transaction, &message).await {
                    tracing::error!(
                        project.id = %message.project_id, event.id = message.event_id, error = %error,
                        "a message that was sent is missing in its conversation"
                    );
                    transaction.rollback().await?;
                    return Ok(Marked::Untold);
                }
                recorded = Some(message);
            }
            (Some(_), Some(_)) => {}
            (Some(_), None) => tracing::warn!(send.id = send_id, "Meta's answer names no message"),
            (None, _) if matches!(origin, Origin::Answer(_)) => {
                complete(&mut transaction, send_id, wamid.as_deref(), response).await?;
            }
            (None, _) => {}
        }
        let event_id = row
            .as_ref()
            .map(|row| row.try_get("event_id"))
            .transpose()?;
        transaction.commit().await?;
        if let Some(message) = &recorded {
            self.sink.recorded(message);
        }
        Ok(Marked::Kept(event_id))
    }

    /// The row of a status. `None` when it was deleted.
    pub(super) async fn watched(&self, send_id: i64) -> Result<Option<Watched>, sqlx::Error> {
        let row = sqlx::query(
            "select state = 'sent' as is_sent, callback_data, request_body, response_body, project_id,
                    phone_number_id
             from send
             where send_id = $1",
        )
        .bind(send_id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(row::watched).transpose()
    }

    /// How long a send may stay unsettled; zero when it is decided, none when it is being tried.
    pub(super) async fn settles_in(&self, send_id: i64) -> Option<Duration> {
        let seconds: Result<Option<f64>, _> = sqlx::query_scalar(
            "select case state when 'unsettled' then extract(epoch from settle_by - now())
                               when 'prepared' then null else 0 end::double precision
             from send where send_id = $1",
        )
        .bind(send_id)
        .fetch_one(&self.pool)
        .await;
        let seconds = seconds.ok().flatten()?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or_default())
    }

    /// Whether it is known of one of these sends whether it went out.
    pub(super) async fn is_any_decided(&self, sends: &[i64]) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (select from send
                            where send_id = any($1) and state not in ('prepared', 'unsettled'))",
        )
        .bind(sends)
        .fetch_one(&self.pool)
        .await
    }
}

/// Rows that went out come first: a run must get their results before it sends anything, and must
/// not send while one of the same content may have gone out.
const FIND_OR_PREPARE: &str = "
    with mine as (
      select * from send
      where project_id = $1 and event_id = $2 and request_hash = $3
    ), known as (
      select * from mine
      where not send_id = any($4)
      order by
        array_position(array['sent', 'unsettled', 'prepared', 'rejected', 'released'], state),
        occurrence
      limit 1
    ), fresh as (
      insert into send (project_id, event_id, request_hash, occurrence, sequence, attempt,
                        phone_number_id, request_body, callback_data, written_by)
      select $1, $2, $3, (select count(*) from mine), $5, $6, $7, $8, $9, $13
      where not exists (select from known)
      on conflict on constraint send_key do nothing
      returning send_id, tries
    )
    select send_id, tries, state, response_status, response_body,
           greatest(extract(epoch from settle_by - now()),
                    case when doubted_at <= $10::timestamptz
                         then $11::double precision - extract(epoch from $10 - doubted_at) end
           )::double precision as settle_in, null::double precision as pause_left
    from known
    union all
    select send_id, tries, null, null, null, null,
           (select extract(epoch from max(until) - now())::double precision from send_pause
            where phone_number_id = $7 and recipient in ('', $12)
              and since <= now() and until > now())
    from fresh";

const MARK_SENT: &str = "
    with old as (
      select send_id, request_body from send
      where send_id = $1 and state <> 'sent'
      for update
    ), resumed as (
      delete from send_pause p using send s
      where s.send_id = $1 and p.phone_number_id = s.phone_number_id
        and p.recipient in ('', $6) and p.until <= now()
    )
    update send
    set state = 'sent', wamid = $2, response_status = $3, response_body = $4, known_by = $5,
        request_body = null, settle_by = null, doubted_at = null, updated_at = now()
    from old
    where send.send_id = old.send_id
    returning send.project_id, send.event_id, send.phone_number_id, send.written_by,
              old.request_body";

/// A status was faster than the answer, whose body is the better record. Another id means that two
/// messages went out.
async fn complete(
    connection: &mut PgConnection,
    send_id: i64,
    wamid: Option<&str>,
    response: &GraphResponse,
) -> Result<(), sqlx::Error> {
    let done = sqlx::query(
        "update send
         set response_status = $3, response_body = $4
         where send_id = $1 and wamid = $2",
    )
    .bind(send_id)
    .bind(wamid)
    .bind(i32::from(response.status.as_u16()))
    .bind(response.body.as_ref())
    .execute(connection)
    .await?;
    if done.rows_affected() == 0 {
        tracing::warn!(send.id = send_id, "send {send_id} went out twice");
    }
    Ok(())
}

/// Deletes all sends of a project that is going, in portions.
pub async fn forget_project(pool: &PgPool, project_id: Uuid) -> Result<(), sqlx::Error> {
    delete_all(|| async move {
        let gone = sqlx::query(
            "delete from send where ctid = any(array(
               select ctid from send where project_id = $1 limit $2))",
        )
        .bind(project_id)
        .bind(PORTION)
        .execute(pool)
        .await?;
        Ok(gone.rows_affected())
    })
    .await?;
    Ok(())
}

/// By what sends are known to be a contact's that is erased.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// Events that are erased with them.
    pub events: &'a [i64],
    pub wamids: &'a [String],
    /// The ids by which Meta names them.
    pub ids: &'a [String],
}

/// Deletes what was sent to a contact, within the transaction that erases them. Of what the events of others sent to
/// them it stays that it was sent: those must not send it again.
pub async fn forget_contact(
    conn: &mut PgConnection,
    project_id: Uuid,
    contact: &Contact<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from send where project_id = $1 and event_id = any($2)")
        .bind(project_id)
        .bind(contact.events)
        .execute(&mut *conn)
        .await?;
    let named: Vec<String> = contact.ids.iter().map(|id| format!("\"{id}\"")).collect();
    sqlx::query(
        "with theirs as materialized (
           select s.send_id, s.event_id from send s
           where s.project_id = $1
             and (s.wamid = any($2)
                  or exists (select from unnest($3::text[]) as id
                             where position(id in s.request_body) > 0
                                or position(convert_to(id, 'UTF8') in s.response_body) > 0
                                or position(convert_to(id, 'UTF8') in s.setback_body) > 0))),
         gone as (
           delete from send s using theirs
           where s.send_id = theirs.send_id and theirs.event_id < 0)
         update send s
         set request_body = null, callback_data = null, wamid = null, setback = null,
             setback_body = null,
             response_body = case when s.response_body is not null
                                  then convert_to('{}', 'UTF8') end
         from theirs where s.send_id = theirs.send_id and theirs.event_id >= 0",
    )
    .bind(project_id)
    .bind(contact.wamids)
    .bind(&named)
    .execute(&mut *conn)
    .await?;
    sqlx::query("delete from send_pause where project_id = $1 and recipient = any($2)")
        .bind(project_id)
        .bind(contact.ids)
        .execute(conn)
        .await?;
    Ok(())
}
