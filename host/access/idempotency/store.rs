//! The SQL of answered requests.

use super::{Answer, Claim, Claimed, HELD_FOR};
use crate::access::{Access, AccessError, TokenId};

type Row = (
    Option<Vec<u8>>,
    Option<i32>,
    Option<String>,
    Option<Vec<u8>>,
);

impl Access {
    /// Claims a key for one request, or tells what is known of it.
    pub async fn claim(&self, owner: Option<TokenId>, key: &str) -> Result<Claimed, AccessError> {
        sqlx::query(
            "delete from idempotency where (owner, key) in
               (select owner, key from idempotency where expires_at < now()
                order by expires_at limit 100 for update skip locked)",
        )
        .execute(&self.pool)
        .await?;
        let claim = Claim::new(owner, key);
        // Who finds a claim that ran out takes it over.
        let done = sqlx::query(
            "insert into idempotency (owner, key, claim, expires_at)
             values ($1, $2, $3, now() + $4 * interval '1 second')
             on conflict (owner, key) do update
             set claim = excluded.claim, expires_at = excluded.expires_at,
                 request_hash = null, status = null, body_sealed = null, content_type = null
             where idempotency.expires_at < now()",
        )
        .bind(claim.owner)
        .bind(&claim.key)
        .bind(claim.claim)
        .bind(HELD_FOR.as_secs_f64())
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 1 {
            return Ok(Claimed::Ours(claim));
        }
        let row: Option<Row> = sqlx::query_as(
            "select request_hash, status, content_type, body_sealed
             from idempotency where owner = $1 and key = $2",
        )
        .bind(claim.owner)
        .bind(&claim.key)
        .fetch_optional(&self.pool)
        .await?;
        let Some((Some(hash), Some(status), content_type, Some(sealed))) = row else {
            return Ok(Claimed::Busy);
        };
        Ok(Claimed::Answered(Answer {
            request_hash: hash.try_into().unwrap_or_default(),
            status: u16::try_from(status).unwrap_or(500),
            content_type,
            body: self.vault.open(&claim.place(), &sealed)?,
        }))
    }

    /// Says that the request still runs. Returns whether the claim is still its own.
    pub async fn renew(&self, claim: &Claim) -> Result<bool, AccessError> {
        let kept = sqlx::query(
            "update idempotency set expires_at = now() + $4 * interval '1 second'
             where owner = $1 and key = $2 and claim = $3 and status is null",
        )
        .bind(claim.owner)
        .bind(&claim.key)
        .bind(claim.claim)
        .bind(HELD_FOR.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected() == 1)
    }

    /// Keeps the answer for a day.
    pub async fn answered(&self, claim: &Claim, answer: &Answer) -> Result<(), AccessError> {
        let sealed = self.vault.seal(&claim.place(), &answer.body)?;
        sqlx::query(
            "update idempotency set request_hash = $4, status = $5, content_type = $6,
                    body_sealed = $7, expires_at = now() + interval '1 day'
             where owner = $1 and key = $2 and claim = $3",
        )
        .bind(claim.owner)
        .bind(&claim.key)
        .bind(claim.claim)
        .bind(answer.request_hash.as_slice())
        .bind(i32::from(answer.status))
        .bind(&answer.content_type)
        .bind(sealed)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The request changed nothing: the next one with the key may work.
    pub async fn release(&self, claim: &Claim) -> Result<(), AccessError> {
        sqlx::query("delete from idempotency where owner = $1 and key = $2 and claim = $3")
            .bind(claim.owner)
            .bind(&claim.key)
            .bind(claim.claim)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
