//! The SQL of pauses.

use std::time::Duration;

use sqlx::Row as _;

use super::{Refused, held_back};
use crate::whatsapp::client::GraphResponse;
use crate::whatsapp::codes::{Pause, Paused};
use crate::whatsapp::outbox::row::time_left;
use crate::whatsapp::outbox::store::Store;

/// What a pause says when it ended just now: a limit, without a code.
const NO_ANSWER: &[u8] = br#"{"error":{"message":"Rate limit hit","code":130429}}"#;

impl Store {
    /// How long a number must not send to a recipient; `None` when it may.
    pub(in crate::whatsapp::outbox) async fn pause_left(
        &self,
        number: &str,
        recipient: &str,
    ) -> Result<Option<Duration>, sqlx::Error> {
        let seconds: Option<f64> = sqlx::query_scalar(
            "select extract(epoch from max(until) - now())::double precision from send_pause
             where phone_number_id = $1 and recipient in ('', $2)
               and since <= now() and until > now()",
        )
        .bind(number)
        .bind(recipient)
        .fetch_one(&self.pool)
        .await?;
        Ok(seconds.and_then(time_left))
    }

    /// What Meta said to the send that was refused, for one that is held back because of it.
    pub(in crate::whatsapp::outbox) async fn paused_answer(
        &self,
        number: &str,
        recipient: &str,
    ) -> Result<GraphResponse, sqlx::Error> {
        let row = sqlx::query(
            "select answer_status, answer_body,
                    extract(epoch from until - now())::double precision as left_s
             from send_pause where phone_number_id = $1 and recipient in ('', $2)
             order by until desc limit 1",
        )
        .bind(number)
        .bind(recipient)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            return Ok(held_back(429, NO_ANSWER.to_vec(), Duration::ZERO));
        };
        let left = duration(row.try_get("left_s")?);
        Ok(held_back(
            row.try_get("answer_status")?,
            row.try_get("answer_body")?,
            left,
        ))
    }

    /// Begins a pause, or makes it longer. Returns how long it lasts from now on.
    ///
    /// Calls that overlapped are one refusal: during a pause nothing is added. Long after the last
    /// one the series begins anew.
    pub(in crate::whatsapp::outbox) async fn pause(
        &self,
        refused: &Refused<'_>,
        pause: Pause,
        answer: &GraphResponse,
    ) -> Result<Duration, sqlx::Error> {
        let recipient = match pause.of {
            Paused::Pair => refused.recipient,
            Paused::Number => "",
        };
        let seconds: f64 = sqlx::query_scalar(
            "insert into send_pause as p
               (phone_number_id, recipient, project_id, strikes, since, until,
                answer_status, answer_body)
             values ($1, $2, $3, 1, now(),
                     now() + make_interval(secs => greatest($4::float8, $7::float8)), $8, $9)
             on conflict (phone_number_id, recipient) do update set
               since = now(), answer_status = $8, answer_body = $9,
               strikes = case
                 when p.since > now() or p.until < now() - make_interval(secs => $6) then 1
                 when p.until > now() then p.strikes
                 else least(p.strikes + 1, 30) end,
               until = case
                 when p.since > now() or p.until < now() - make_interval(secs => $6)
                   then now() + make_interval(secs => greatest($4, $7))
                 when p.until > now() then greatest(p.until, now() + make_interval(secs => $7))
                 else now() + make_interval(secs =>
                   greatest(least($4 * power($5, p.strikes::double precision), $6), $7)) end
             returning extract(epoch from until - now())::double precision",
        )
        .bind(refused.number)
        .bind(recipient)
        .bind(refused.project_id)
        .bind(pause.first.as_secs_f64())
        .bind(f64::from(pause.factor))
        .bind(pause.longest.as_secs_f64())
        .bind(answer.retry_after().unwrap_or_default().as_secs_f64())
        .bind(i32::from(answer.status.as_u16()))
        .bind(answer.body.as_ref())
        .fetch_one(&self.pool)
        .await?;
        Ok(duration(seconds))
    }

    /// Ends the pauses of a number.
    pub(in crate::whatsapp::outbox) async fn resume(
        &self,
        number: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from send_pause where phone_number_id = $1")
            .bind(number)
            .execute(&self.pool)
            .await
            .map(drop)
    }
}

/// Negative ones are over.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
