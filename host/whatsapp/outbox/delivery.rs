//! One send, from the row it takes to the outcome that is recorded.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::effect::Effect;
use super::row::{Found, Lease, Origin, State};
use super::{Outbox, SendContext};
use crate::whatsapp::client::{GraphResponse, Outcome};
use crate::whatsapp::error::{SendError, Verdict};

/// How often another run may take the row that this one was about to take.
const RACES: u32 = 8;

pub(super) struct Delivery {
    pub(super) outbox: Outbox,
    pub(super) context: SendContext,
    pub(super) effect: Effect,
    pub(super) sequence: u32,
    /// The bot that asked is gone.
    pub(super) abandoned: CancellationToken,
}

enum Begun {
    /// This run may send.
    Mine(Lease),
    /// An earlier run did, or was refused.
    Recorded(GraphResponse),
}

/// What a try that did not get through leaves to be said when there is no other.
enum Setback {
    Answer(GraphResponse),
    Silence(String),
}

impl Delivery {
    pub(super) async fn run(self) -> Result<GraphResponse, SendError> {
        match self.begin().await? {
            Begun::Recorded(response) => Ok(response),
            Begun::Mine(lease) => {
                let send_id = lease.send_id;
                let result = self.deliver(lease).await;
                let is_sent = result
                    .as_ref()
                    .is_ok_and(|r| Verdict::of(r) == Verdict::Accepted);
                if !is_sent {
                    self.context.give_back(send_id);
                }
                result
            }
        }
    }

    async fn begin(&self) -> Result<Begun, SendError> {
        let _turn = self.context.turn().await;
        let store = &self.outbox.store;
        let settle_after = self.outbox.settings.settle_after;
        for _ in 0..RACES {
            let taken = self.context.taken();
            let found = store.find_or_prepare(&self.context, &self.effect, self.sequence, &taken);
            let lease = match found.await? {
                None => continue,
                Some(Found::New(lease)) => Some(lease),
                Some(Found::Known(row)) => match row.state {
                    State::Sent(response) => {
                        self.context.take(row.lease.send_id);
                        return Ok(Begun::Recorded(response));
                    }
                    State::Rejected(response) => return Ok(Begun::Recorded(response)),
                    State::Prepared => {
                        store.doubt(row.lease, settle_after).await?;
                        return Err(SendError::Unsettled {
                            retry_in: settle_after,
                        });
                    }
                    State::Unsettled(retry_in) if !retry_in.is_zero() => {
                        return Err(SendError::Unsettled { retry_in });
                    }
                    State::Unsettled(_) | State::Released => {
                        store.retake(row.lease, &self.context, &self.effect).await?
                    }
                },
            };
            if let Some(lease) = lease {
                self.context.take(lease.send_id);
                return Ok(Begun::Mine(lease));
            }
        }
        Err(SendError::Unsettled {
            retry_in: settle_after,
        })
    }

    async fn deliver(&self, mut lease: Lease) -> Result<GraphResponse, SendError> {
        let callback_data = self.outbox.settings.callback_key.seal(lease.send_id);
        let request = self.effect.outgoing(&callback_data);
        let mut tried = 0;
        loop {
            let outcome = self
                .outbox
                .client
                .call(self.context.token(), &request)
                .await;
            let setback = match outcome {
                Outcome::Unknown(reason) => return Err(self.unsettle(lease, &reason).await),
                Outcome::NotSent(reason) => Setback::Silence(reason),
                Outcome::Answered(response) => match Verdict::of(&response) {
                    Verdict::Accepted => return Ok(self.accept(lease, response).await),
                    Verdict::Refused => return Ok(self.refuse(lease, response).await),
                    Verdict::Blocked => {
                        return self.release(lease, Setback::Answer(response)).await;
                    }
                    Verdict::RateLimited | Verdict::Failed => Setback::Answer(response),
                    Verdict::Unknown => {
                        let status = response.status.as_u16();
                        let reason = format!("status {status} did not come from the Graph API");
                        return Err(self.unsettle(lease, &reason).await);
                    }
                },
            };
            if !self.wait(tried, &setback).await {
                return self.release(lease, setback).await;
            }
            tried += 1;
            match self.outbox.store.renew(lease).await {
                Ok(Some(renewed)) => lease = renewed,
                // Another run has taken over, or this row can no longer be fenced.
                Ok(None) | Err(_) => return self.release(lease, setback).await,
            }
        }
    }

    /// Waits for the next try. Returns false when there is to be none.
    async fn wait(&self, tried: u32, setback: &Setback) -> bool {
        let retry_after = match setback {
            Setback::Answer(response) => response.retry_after(),
            Setback::Silence(_) => None,
        };
        let Some(delay) = self.outbox.settings.delay(tried, retry_after) else {
            return false;
        };
        let left = self
            .context
            .attempt()
            .deadline
            .saturating_duration_since(Instant::now());
        if delay >= left {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(delay) => true,
            () = self.abandoned.cancelled() => false,
        }
    }

    async fn accept(&self, lease: Lease, response: GraphResponse) -> GraphResponse {
        // The message is out: when this cannot be recorded, its status will settle the row.
        let recorded = self
            .outbox
            .store
            .record_sent(lease.send_id, &response, Origin::Answer);
        self.log(lease, "sent", recorded.await.map(|_| ()));
        response
    }

    async fn refuse(&self, lease: Lease, response: GraphResponse) -> GraphResponse {
        let recorded = self.outbox.store.record_rejected(lease, &response).await;
        self.log(lease, "rejected", recorded);
        response
    }

    async fn release(&self, lease: Lease, setback: Setback) -> Result<GraphResponse, SendError> {
        let recorded = self.outbox.store.release(lease).await;
        self.log(lease, "released", recorded);
        match setback {
            Setback::Answer(response) => Ok(response),
            Setback::Silence(reason) => Err(SendError::Unreachable(reason)),
        }
    }

    async fn unsettle(&self, lease: Lease, reason: &str) -> SendError {
        let settle_after: Duration = self.outbox.settings.settle_after;
        let attempt = self.context.attempt();
        tracing::warn!(
            project.id = %attempt.project_id, event.id = attempt.event_id, send.id = lease.send_id,
            "nobody knows whether send {} went out: {reason}", lease.send_id
        );
        let recorded = self.outbox.store.doubt(lease, settle_after).await;
        self.log(lease, "unsettled", recorded);
        SendError::Unsettled {
            retry_in: settle_after,
        }
    }

    /// A row that cannot be written stays `prepared`, which later runs take for unsettled: that is
    /// safe, so the call goes on.
    fn log(&self, lease: Lease, state: &str, recorded: Result<(), sqlx::Error>) {
        let attempt = self.context.attempt();
        if let Err(error) = recorded {
            tracing::error!(
                project.id = %attempt.project_id, event.id = attempt.event_id,
                send.id = lease.send_id, error = %error, "could not record send {} as {state}",
                lease.send_id
            );
        }
    }
}
