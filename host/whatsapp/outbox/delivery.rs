//! One send, from the row it takes to the outcome that is recorded.

use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::{Refusal, Wait};
use super::effect::Effect;
use super::pauses::Refused;
use super::row::{Found, Lease, Origin, SendState, State};
use super::{Outbox, SendContext};
use crate::whatsapp::client::{GraphResponse, Outcome};
use crate::whatsapp::error::{GraphError, SendError, Verdict};

/// How often another run may take the row that this one was about to take.
const RACES: u32 = 8;

/// What a run keeps of its time to hear of a send and to answer.
const RESERVE: Duration = Duration::from_secs(1);

pub(super) struct Delivery {
    pub(super) outbox: Outbox,
    pub(super) context: SendContext,
    pub(super) effect: Effect,
    pub(super) sequence: u32,
    /// The bot that asked is gone.
    pub(super) abandoned: CancellationToken,
}

enum Begun {
    /// This run may send, when the pause is over that was found with the row.
    Mine(Lease, Pausing),
    /// An earlier run did, or was refused.
    Recorded(i64, GraphResponse),
}

/// Whether the number may send to the recipient.
#[derive(Clone, Copy)]
enum Pausing {
    Known(Option<Duration>),
    /// It was asked too long ago, or not at all.
    Unknown,
}

/// What a try that did not get through leaves to be said when there is no other.
pub(super) enum Setback {
    Answer(GraphResponse),
    Silence(String),
}

impl Delivery {
    /// `turn` is the run's, so that its requests look for their rows one after the other.
    pub(super) async fn run(self, turn: OwnedMutexGuard<()>) -> Result<GraphResponse, SendError> {
        let (lease, pausing) = match self.begin().await? {
            Begun::Recorded(send_id, response) => {
                self.outbox.metrics.send("repeated");
                if let Some(error) = GraphError::read(&response) {
                    self.context.is_unsent(send_id, Refusal::Message(error));
                }
                // The customer had this before: it is no answer's time.
                let _ = self.context.first_answer();
                return Ok(response);
            }
            Begun::Mine(lease, pausing) => (lease, pausing),
        };
        let send_id = lease.send_id;
        let result = self.in_turn(lease, pausing, turn).await;
        match result.as_ref().map(Verdict::of) {
            Ok(Verdict::Accepted) => {
                self.context.is_decided(send_id);
                self.context.went_out(send_id);
            }
            Ok(Verdict::Refused) => {
                self.context.is_decided(send_id);
                self.context.give_back(send_id);
            }
            Ok(Verdict::Blocked | Verdict::RateLimited | Verdict::Failed | Verdict::Unknown)
            | Err(_) => self.context.give_back(send_id),
        }
        result
    }

    async fn begin(&self) -> Result<Begun, SendError> {
        let store = &self.outbox.store;
        let settle_after = self.outbox.settings.settle_after;
        for _ in 0..RACES {
            let taken = self.context.taken();
            let found = store.find_or_prepare(&self.context, &self.effect, self.sequence, &taken);
            let mut pausing = Pausing::Unknown;
            let lease = match found.await? {
                None => continue,
                Some(Found::New(lease, pause)) => {
                    pausing = Pausing::Known(pause);
                    Some(lease)
                }
                Some(Found::Known(row)) => match row.state {
                    State::Sent(response) => {
                        self.context.is_decided(row.lease.send_id);
                        self.context.take(row.lease.send_id);
                        return Ok(Begun::Recorded(row.lease.send_id, response));
                    }
                    State::Rejected(response) => {
                        return Ok(Begun::Recorded(row.lease.send_id, response));
                    }
                    State::Prepared => {
                        store.doubt(row.lease, settle_after).await?;
                        return Err(self.settling(row.lease, settle_after));
                    }
                    State::Unsettled(retry_in) if retry_in > settle_after => {
                        store.doubt(row.lease, settle_after).await?;
                        return Err(self.settling(row.lease, settle_after));
                    }
                    State::Unsettled(retry_in) if !retry_in.is_zero() => {
                        return Err(self.settling(row.lease, retry_in));
                    }
                    State::Unsettled(_) | State::Released => {
                        store.retake(row.lease, &self.context, &self.effect).await?
                    }
                },
            };
            if let Some(lease) = lease {
                self.context.take(lease.send_id);
                return Ok(Begun::Mine(lease, pausing));
            }
        }
        Err(SendError::Unsettled {
            retry_in: settle_after,
        })
    }

    /// Waits until what was asked for before, to the same recipient, has ended.
    async fn in_turn(
        &self,
        mut lease: Lease,
        mut pausing: Pausing,
        turn: OwnedMutexGuard<()>,
    ) -> Result<GraphResponse, SendError> {
        let (number, recipient) = (self.context.phone_number_id(), &self.effect.recipient);
        let mut pair = std::pin::pin!(self.outbox.pairs.turn(number, recipient));
        let first = futures::poll!(&mut pair);
        // The place behind the others is taken: the next request may look for its row.
        drop(turn);
        let _pair = match first {
            std::task::Poll::Ready(pair) => pair,
            std::task::Poll::Pending => {
                let pair = tokio::select! {
                    pair = pair => Some(pair),
                    () = self.abandoned.cancelled() => None,
                };
                let renewed = match &pair {
                    Some(_) => self.outbox.store.renew(lease).await.ok().flatten(),
                    None => None,
                };
                match (pair, renewed) {
                    (Some(pair), Some(renewed)) => {
                        lease = renewed;
                        pausing = Pausing::Unknown;
                        pair
                    }
                    _ => {
                        return self
                            .release(lease, Setback::Silence(GONE.into()), None)
                            .await;
                    }
                }
            }
        };
        if self.context.is_behind(lease.send_id, recipient) {
            let why = Setback::Silence(SendError::Behind.to_string());
            let recorded = self.outbox.store.release(lease, &why).await;
            self.log(lease, SendState::Released, recorded);
            return Err(SendError::Behind);
        }
        self.deliver(lease, pausing).await
    }

    async fn deliver(
        &self,
        mut lease: Lease,
        pausing: Pausing,
    ) -> Result<GraphResponse, SendError> {
        let callback_data = self.outbox.settings.callback_key.seal(lease.send_id);
        let request = self.effect.outgoing(&callback_data);
        let (number, recipient) = (self.context.phone_number_id(), &self.effect.recipient);
        let pause = match pausing {
            Pausing::Known(pause) => pause,
            Pausing::Unknown => self.outbox.store.pause_left(number, recipient).await?,
        };
        if let Some(pause) = pause {
            let renewed = match self.sleep(Some(pause)).await {
                true => self.outbox.store.renew(lease).await?,
                false => None,
            };
            match renewed {
                Some(renewed) => lease = renewed,
                None => {
                    let answer = self.outbox.store.paused_answer(number, recipient).await?;
                    return self
                        .release(lease, Setback::Answer(answer), Some(pause))
                        .await;
                }
            }
        }
        let mut tried = 0;
        loop {
            let project_id = Some(self.context.attempt().project_id);
            let call = self
                .outbox
                .client
                .call_of(project_id, self.context.token(), &request);
            let outcome = call.await;
            let (setback, delay, wait) = match outcome {
                Outcome::Unknown(reason) => return Err(self.unsettle(lease, &reason).await),
                Outcome::NotSent(reason) => {
                    let delay = self.outbox.settings.delay(tried, None);
                    (Setback::Silence(reason), delay, None)
                }
                Outcome::Answered(response) => match Verdict::of(&response) {
                    Verdict::Accepted => return Ok(self.accept(lease, response).await),
                    Verdict::Refused => return Ok(self.refuse(lease, response).await),
                    Verdict::Unknown => {
                        let status = response.status.as_u16();
                        let reason = format!("status {status} did not come from the Graph API");
                        return Err(self.unsettle(lease, &reason).await);
                    }
                    verdict @ (Verdict::Blocked | Verdict::RateLimited | Verdict::Failed) => {
                        let asked = response.retry_after();
                        let pause = self.pause(verdict, &response).await;
                        let wait = pause.or(asked);
                        let delay = match verdict {
                            Verdict::Blocked => None,
                            _ if pause.is_some() => pause,
                            _ => self.outbox.settings.delay(tried, asked),
                        };
                        (Setback::Answer(response), delay, wait)
                    }
                },
            };
            if !self.sleep(delay).await {
                return self.release(lease, setback, wait).await;
            }
            tried += 1;
            match self.outbox.store.renew(lease).await {
                Ok(Some(renewed)) => lease = renewed,
                // Another run has taken over, or this row can no longer be fenced.
                Ok(None) | Err(_) => return self.release(lease, setback, wait).await,
            }
        }
    }

    /// Slows down whoever shares the limit that was hit. Gives how long.
    async fn pause(&self, verdict: Verdict, response: &GraphResponse) -> Option<Duration> {
        let pause = verdict.pause(response)?;
        let refused = Refused {
            project_id: self.context.attempt().project_id,
            number: self.context.phone_number_id(),
            recipient: &self.effect.recipient,
        };
        match self.outbox.store.pause(&refused, pause, response).await {
            Ok(wait) => Some(wait),
            Err(error) => {
                tracing::error!(%error, "a limit of Meta could not be written down");
                Some(pause.first.max(response.retry_after().unwrap_or_default()))
            }
        }
    }

    /// Waits for the next try. Returns false when there is to be none, because nobody would wait
    /// for it.
    async fn sleep(&self, delay: Option<Duration>) -> bool {
        let Some(delay) = delay else { return false };
        let deadline = self.context.attempt().deadline;
        let left = deadline.saturating_duration_since(Instant::now());
        if delay + RESERVE >= left {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(delay) => true,
            () = self.abandoned.cancelled() => false,
        }
    }

    async fn accept(&self, lease: Lease, response: GraphResponse) -> GraphResponse {
        // The message is out: when this cannot be recorded, its status will settle the row.
        let recorded = self.outbox.store.record_sent(
            lease.send_id,
            &response,
            Origin::Answer(&self.effect.recipient),
        );
        self.outbox.metrics.send(SendState::Sent.word());
        if let Some(took) = self.context.first_answer() {
            self.outbox.metrics.reply(took);
        }
        self.log(lease, SendState::Sent, recorded.await.map(|_| ()));
        response
    }

    async fn refuse(&self, lease: Lease, response: GraphResponse) -> GraphResponse {
        let recorded = self.outbox.store.record_rejected(lease, &response).await;
        self.outbox.metrics.send(SendState::Rejected.word());
        self.refused(lease, &response);
        self.log(lease, SendState::Rejected, recorded);
        response
    }

    async fn release(
        &self,
        lease: Lease,
        setback: Setback,
        wait: Option<Duration>,
    ) -> Result<GraphResponse, SendError> {
        let wait = Wait::known(wait);
        self.context
            .waits(lease.send_id, &self.effect.recipient, wait);
        let recorded = self.outbox.store.release(lease, &setback).await;
        self.outbox.metrics.send(SendState::Released.word());
        self.log(lease, SendState::Released, recorded);
        match &setback {
            Setback::Answer(response) => self.refused(lease, response),
            Setback::Silence(reason) => {
                let why = Refusal::Unsent(reason.clone());
                self.context.is_unsent(lease.send_id, why);
            }
        }
        match setback {
            Setback::Answer(response) => Ok(response),
            Setback::Silence(reason) => Err(SendError::Unreachable(reason)),
        }
    }

    fn refused(&self, lease: Lease, response: &GraphResponse) {
        let error = GraphError::of(response);
        self.outbox.metrics.refused(error.code);
        self.context
            .is_unsent(lease.send_id, Refusal::Message(error));
    }

    async fn unsettle(&self, lease: Lease, reason: &str) -> SendError {
        let settle_after: Duration = self.outbox.settings.settle_after;
        let attempt = self.context.attempt();
        tracing::warn!(
            project.id = %attempt.project_id, event.id = attempt.event_id, send.id = lease.send_id,
            "nobody knows whether send {} went out: {reason}", lease.send_id
        );
        let recorded = self.outbox.store.doubt(lease, settle_after).await;
        self.outbox.metrics.send(SendState::Unsettled.word());
        self.log(lease, SendState::Unsettled, recorded);
        self.settling(lease, settle_after)
    }

    fn settling(&self, lease: Lease, retry_in: Duration) -> SendError {
        let wait = Wait::Settling(Instant::now() + retry_in);
        self.context
            .waits(lease.send_id, &self.effect.recipient, wait);
        SendError::Unsettled { retry_in }
    }

    /// A row that cannot be written stays `prepared`, which later runs take for unsettled: that is
    /// safe, so the call goes on.
    fn log(&self, lease: Lease, state: SendState, recorded: Result<(), sqlx::Error>) {
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

/// Nobody hears of it.
const GONE: &str = "the run that asked for it has ended";
