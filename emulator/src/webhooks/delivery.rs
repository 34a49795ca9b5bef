//! One webhook on its way: its exact bytes, its attempts, its retries.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header;
use tokio::time::Instant;

use crate::config::NEWEST_VERSION;
use crate::outbox::log::{Attempt, AttemptOutcome};
use crate::outbox::update::Update;
use crate::outstanding::{OnDuty, lock};
use crate::platform::Platform;
use crate::webhooks::{callback_url, envelope, escape, signature};

/// How much of a callback's answer is read, so that its connection can be used again.
const ANSWER_LIMIT_BYTES: usize = 64 * 1024;

/// A POST that is tried until it is accepted or given up.
#[derive(Debug)]
pub(crate) struct Delivery {
    id: u64,
    app_id: String,
    number_id: String,
    /// What it is about, as far as the place that it goes to depends on it.
    first: Option<Arc<Update>>,
    customers: Vec<String>,
    body: Arc<str>,
    signature: String,
    is_doubled: bool,
    attempts: u32,
    first_attempt: Option<Instant>,
    /// Held until the end, so that the delivery counts as outstanding.
    _on_duty: Vec<OnDuty>,
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempted {
    /// It was accepted, or there is no further attempt.
    Done,
    RetryIn(Duration),
}

impl Delivery {
    /// Writes and signs the body: every attempt sends the same bytes.
    pub(crate) fn new(
        platform: &Platform,
        app_id: String,
        updates: &[Arc<Update>],
        on_duty: Vec<OnDuty>,
    ) -> Self {
        let world = platform.world();
        let app = world.apps.get(&app_id);
        let version = app.map_or(NEWEST_VERSION, |app| app.webhook_version);
        let body = escape::to_escaped_json(&envelope::envelope(&world, updates, version));
        let secret = app.map_or("", |app| &app.secret);
        let mut customers: Vec<String> = updates.iter().map(|u| u.customer.clone()).collect();
        customers.dedup();
        customers.retain(|phone| !phone.is_empty());
        Self {
            first: updates.first().cloned(),
            id: lock(&platform.outbox.log).next_delivery_id(),
            number_id: updates
                .first()
                .map_or_else(String::new, |u| u.number_id.clone()),
            signature: signature::header_value(secret, body.as_bytes()),
            app_id,
            customers,
            body: body.into(),
            is_doubled: false,
            attempts: 0,
            first_attempt: None,
            _on_duty: on_duty,
        }
    }

    /// The same delivery, sent once more after it was accepted.
    pub(crate) fn doubled(self) -> Self {
        Self {
            is_doubled: true,
            ..self
        }
    }

    /// Tries until the delivery is accepted or given up.
    pub(crate) async fn run(&mut self, platform: &Platform) {
        while let Attempted::RetryIn(wait) = self.attempt(platform).await {
            self.wait(platform, wait).await;
        }
    }

    /// Waits for the next attempt, unless all retries are asked for now.
    pub(crate) async fn wait(&self, platform: &Platform, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = platform.outbox.retry_now.notified() => {}
        }
    }

    /// Tries once, and records it.
    pub(crate) async fn attempt(&mut self, platform: &Platform) -> Attempted {
        self.attempts += 1;
        let first_attempt = *self.first_attempt.get_or_insert_with(Instant::now);
        let first = self.first.as_deref();
        let url = first.and_then(|update| callback_url(platform, &self.app_id, update));
        let Some(url) = url else {
            return Attempted::Done;
        };
        let began = Instant::now();
        let answer = self.send(platform, &url).await;
        let is_accepted = matches!(answer, Ok(status) if (200..300).contains(&status));
        let (outcome, next) = if is_accepted && self.is_doubled {
            self.is_doubled = false;
            (
                AttemptOutcome::Delivered,
                Attempted::RetryIn(Duration::ZERO),
            )
        } else if is_accepted {
            (AttemptOutcome::Delivered, Attempted::Done)
        } else {
            match self.next_wait(platform, first_attempt.elapsed()) {
                Some(wait) => (AttemptOutcome::Retrying, Attempted::RetryIn(wait)),
                None => (AttemptOutcome::GivenUp, Attempted::Done),
            }
        };
        lock(&platform.outbox.log).push(Attempt {
            seq: 0,
            at_ms: platform.clock.now_ms(),
            delivery_id: self.id,
            attempt: self.attempts,
            app_id: self.app_id.clone(),
            number_id: self.number_id.clone(),
            customers: self.customers.clone(),
            url,
            signature: self.signature.clone(),
            body: self.body.clone(),
            status: answer.as_ref().ok().copied(),
            error: answer.err(),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            outcome,
        });
        platform.announce();
        next
    }

    /// Posts the body; gives the status, or why there is none.
    async fn send(&self, platform: &Platform, url: &str) -> Result<u16, String> {
        let timeout = Duration::from_millis(platform.settings().webhook_timeout_ms);
        let sent = platform
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "*/*")
            .header("X-Hub-Signature-256", &self.signature)
            .body(self.body.to_string())
            .timeout(timeout)
            .send()
            .await;
        let mut response = sent.map_err(|error| describe(&error, timeout))?;
        let status = response.status().as_u16();
        let mut read_bytes = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read_bytes += chunk.len();
            if read_bytes > ANSWER_LIMIT_BYTES {
                break;
            }
        }
        Ok(status)
    }

    /// How long until the next attempt; None past the horizon or without a schedule.
    fn next_wait(&self, platform: &Platform, age: Duration) -> Option<Duration> {
        let settings = platform.settings();
        let schedule = &settings.webhook_retry_ms;
        let index = (self.attempts as usize).saturating_sub(1);
        let wait_ms = *schedule.get(index).or(schedule.last())?;
        let wait = Duration::from_millis(wait_ms);
        (age + wait <= Duration::from_millis(settings.webhook_horizon_ms)).then_some(wait)
    }
}

/// The reason without the URL, which the record has already.
fn describe(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {} ms", timeout.as_millis());
    }
    let mut reason = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = cause.to_string();
        source = cause.source();
    }
    if reason.is_empty() {
        reason = "the request failed".to_owned();
    }
    reason
}
