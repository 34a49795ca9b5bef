//! Sends that happen once, however often their event is tried.
//!
//! **The key.** Each send has a row under (event, hash of the request, occurrence), committed
//! before anything goes out. The hash covers method, path, query and body in a canonical form;
//! version, token and the bot's own `biz_opaque_callback_data` are left out, because bots put
//! random values there. A run takes each row at most once. A request takes the first row of its
//! hash that the run has not taken yet, those that went out first; only when there is none, a new
//! row is made, and its occurrence is the number of rows before it. So a retry that sends the same
//! in another order, or only some of it, or other messages in between, gets for each message the
//! result of that very message, and a message that no earlier run sent goes out. A request that
//! ended without being sent gives its row back: a bot that tries again within one run reaches the
//! same row.
//!
//! **States.** `prepared` (being tried) → `sent` | `rejected` | `released` | `unsettled`.
//! - *sent*: Meta took it. Its answer is recorded and is what every later run gets.
//! - *rejected*: Meta refused it, and would again. Likewise; it reached nobody.
//! - *released*: certain not to have gone out: no connection, a rate limit, a failure that Meta
//!   itself reported, or a refusal for reasons outside the message (token, permission, payment).
//!   A few tries are made within the call; later runs may send. Whoever shares the limit that was
//!   hit is paused (`pauses`), on all hosts.
//! - *unsettled*: nobody knows. Meta has no idempotency key, but `biz_opaque_callback_data` comes
//!   back with each status, so the row's number travels there and a status settles the row. Meta
//!   sends `sent` within seconds of taking a message, whether or not the phone is on; when
//!   [`OutboxSettings::settle_after`] has passed without one, the message counts as not sent. The
//!   default of a minute leaves room for a slow webhook, and is longer than any call can take.
//!
//! **Order.** Requests of a run look for their rows in the order of the calls, and messages from a
//! number to a recipient go out one after the other (`pairs`). While one of a run waits, later ones
//! of it to the same recipient are not sent either ([`SendError::Behind`]). A run that fails with
//! sends that wait is no fault of the bot's: [`Outbox::wait_left`] says when to run the event again.
//!
//! A process that is killed in a try leaves `prepared`. The next run that gets there turns it into
//! `unsettled`, and its time starts then: while the host was down no status could arrive.
//!
//! Not here: requests that are no message (`gateway` calls Meta directly for those).

mod callback;
mod context;
mod delivery;
mod effect;
mod pairs;
mod pauses;
mod row;
mod sent;
mod settle;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use self::callback::CallbackKey;
pub use self::context::{Attempt, Refusal, SendContext, Sender};
pub use self::row::SendState;
pub use self::sent::Sent;
pub use self::settle::{Settlement, StatusNotice};
pub use self::store::{Contact, forget_contact, forget_project};

pub(super) use self::effect::{form, pairs};

use self::context::Wait;
use self::delivery::Delivery;
use self::effect::Effect;
use self::pairs::Pairs;
use self::store::Store;
use super::client::{GraphClient, GraphRequest, GraphResponse};
use super::error::SendError;
use crate::telemetry::Metrics;

/// How sends are tried and settled.
#[derive(Debug, Clone)]
pub struct OutboxSettings {
    /// Signs the row's number in `biz_opaque_callback_data`. The same on every host.
    pub callback_key: CallbackKey,
    /// How long a send of unknown outcome waits for a status before it may be sent again.
    /// Longer than [`super::GraphLimits::answer`], else a call that is under way could be doubled.
    pub settle_after: Duration,
    /// How often one call tries when Meta certainly has not taken the message.
    pub tries: u32,
    /// The wait before the second try; each further one is four times as long. Meta's
    /// `Retry-After` is honoured when it is longer.
    pub first_delay: Duration,
}

/// A message that Meta took, for the conversation store.
#[derive(Debug, Clone)]
pub struct OutboundMessage {
    /// Whose bot sent it.
    pub project_id: Uuid,
    /// The event in whose run it was sent.
    pub event_id: i64,
    /// The number that sent it.
    pub phone_number_id: String,
    /// Meta's id of the message.
    pub wamid: String,
    /// As the bot addressed it: a phone number, a user id or a group id.
    pub recipient: Option<String>,
    /// The recipient's WhatsApp id, when Meta named it.
    pub wa_id: Option<String>,
    /// `text`, `interactive`, `template` and so on.
    pub kind: String,
    /// The message as the bot made it.
    pub body: Value,
    /// Who wrote it by hand; absent when the bot did.
    pub written_by: Option<String>,
}

/// Where messages are written that went out.
pub trait OutboundSink: Send + Sync {
    /// Records one message in the transaction that marks it as sent.
    ///
    /// When it fails, the send still counts as sent, and the failure is logged.
    fn record<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        message: &'a OutboundMessage,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>>;

    /// Hears that a message was recorded, once that is committed.
    fn recorded(&self, message: &OutboundMessage) {
        let _ = message;
    }
}

/// Settings under which a message could be sent twice.
#[derive(Debug, thiserror::Error)]
#[error(
    "a send would count as lost after {settle_after:?} while its call may take {answer:?}; make the \
     time to settle longer"
)]
pub struct SettleTooShort {
    settle_after: Duration,
    answer: Duration,
}

/// Not zero, which would say that the wait is not known.
const SOON: Duration = Duration::from_millis(1);

/// The one way by which messages leave.
#[derive(Clone)]
pub struct Outbox {
    client: GraphClient,
    store: Store,
    settings: Arc<OutboxSettings>,
    pairs: Pairs,
    deliveries: TaskTracker,
    /// Where deliveries run, whoever asks for them.
    runtime: Handle,
    metrics: Metrics,
}

impl OutboxSettings {
    /// The defaults: a minute to settle; three tries, one and four seconds apart.
    pub fn new(callback_key: CallbackKey) -> Self {
        Self {
            callback_key,
            settle_after: Duration::from_secs(60),
            tries: 3,
            first_delay: Duration::from_secs(1),
        }
    }

    /// The wait after the given try, counted from 0; `None` when there is to be no other.
    fn delay(&self, tried: u32, retry_after: Option<Duration>) -> Option<Duration> {
        let is_last = tried + 1 >= self.tries;
        let backoff = self.first_delay.saturating_mul(4_u32.saturating_pow(tried));
        (!is_last).then(|| backoff.max(retry_after.unwrap_or_default()))
    }
}

impl Outbox {
    /// An outbox whose rows are in `pool` (tables of migration 0004). Deliveries run on the runtime
    /// that this is called in.
    ///
    /// Fails when a send would count as lost before its call has ended.
    pub fn new(
        pool: PgPool,
        client: GraphClient,
        settings: OutboxSettings,
        sink: Arc<dyn OutboundSink>,
    ) -> Result<Self, SettleTooShort> {
        let answer = client.limits().answer;
        if settings.settle_after <= answer {
            return Err(SettleTooShort {
                settle_after: settings.settle_after,
                answer,
            });
        }
        let store = Store::new(pool, sink, settings.settle_after);
        Ok(Self {
            client,
            store,
            settings: Arc::new(settings),
            pairs: Pairs::default(),
            deliveries: TaskTracker::new(),
            runtime: Handle::current(),
            metrics: Metrics::default(),
        })
    }

    /// With somewhere for numbers to go.
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    pub(in crate::whatsapp) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends a message, given as Meta's JSON, from the project's number.
    ///
    /// Fails as [`Outbox::perform`] does, and with Meta's refusals as errors.
    pub async fn send(&self, context: &SendContext, message: &Value) -> Result<Sent, SendError> {
        let path = format!("{}/messages", context.phone_number_id());
        let request = GraphRequest::json(http::Method::POST, path, message);
        Sent::read(&self.perform(context, request).await?)
    }

    /// Makes a request that sends a message, or gives the answer that it got in an earlier run.
    ///
    /// Any answer of Meta is a result, a refusal too. Fails with [`SendError::Invalid`] when the
    /// body is neither a JSON object nor a form, [`SendError::Unreachable`] when Meta certainly has
    /// not taken the message, [`SendError::Unsettled`] when nobody knows, [`SendError::Store`] when
    /// the row could not be written and nothing was sent, [`SendError::TooMany`] when the event's
    /// budget of sends is used up, [`SendError::Behind`] when an earlier message to the same
    /// recipient waits.
    ///
    /// *Cancel safety*: a call that is dropped is finished in the background, so that its outcome
    /// is recorded; it makes no further tries.
    pub async fn perform(
        &self,
        context: &SendContext,
        request: GraphRequest,
    ) -> Result<GraphResponse, SendError> {
        let effect = Effect::read(request).map_err(SendError::Invalid)?;
        let Some(sequence) = context.next_sequence() else {
            return Err(SendError::TooMany(context.attempt().max_sends));
        };
        // In the order of the calls, and not of the tasks.
        let turn = context.turn().await;
        let abandoned = CancellationToken::new();
        let delivery = Delivery {
            outbox: self.clone(),
            context: context.clone(),
            effect,
            sequence,
            abandoned: abandoned.clone(),
        };
        let _abandon = abandoned.drop_guard();
        let task = tracing::Instrument::in_current_span(delivery.run(turn));
        match self.deliveries.spawn_on(task, &self.runtime).await {
            Ok(result) => result,
            // It panicked, or the runtime is going down.
            Err(_) => Err(SendError::Unsettled {
                retry_in: self.settings.settle_after,
            }),
        }
    }

    /// How long the event must wait because sends of this run did not go out: `None` when nothing
    /// waits, zero when nobody knows how long. Of several the shortest counts: after it there is
    /// something to do.
    pub async fn wait_left(&self, context: &SendContext) -> Option<Duration> {
        let mut shortest = None;
        for (send_id, wait) in context.waiting() {
            let left = match wait {
                Wait::Until(until) => until.saturating_duration_since(Instant::now()).max(SOON),
                Wait::Settling(until) => {
                    let known = until.saturating_duration_since(Instant::now());
                    // A status may have come while the run went on.
                    let left = self.store.settles_in(send_id).await;
                    left.unwrap_or(known).max(SOON)
                }
                Wait::Unknown => Duration::ZERO,
            };
            shortest = Some(shortest.map_or(left, |shortest: Duration| shortest.min(left)));
        }
        shortest
    }

    /// Ends the pauses of a number: what Meta refused may have been repaired.
    pub async fn resume(&self, phone_number_id: &str) -> Result<(), sqlx::Error> {
        self.store.resume(phone_number_id).await
    }

    /// Waits until no send is under way. Call it at shutdown, when no bot runs any more.
    pub async fn drain(&self) {
        self.deliveries.close();
        self.deliveries.wait().await;
    }
}
