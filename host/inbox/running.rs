//! The events that run on this host: one run from its claim to its verdict, and the leases of all.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::dispatcher::DispatcherSettings;
use super::lease::Lease;
use super::model::{
    ClaimedEvent, EventHandler, FailureKind, Outcome, RunId, RunOutcome, RunReport,
};
use super::retry::{Next, Verdict};
use super::store::{Inbox, InboxError};
use crate::telemetry::Span;

/// The first pause when a verdict cannot be written. Later ones double.
const SETTLE_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Running {
    inbox: Inbox,
    handler: Arc<dyn EventHandler>,
    settings: DispatcherSettings,
    /// What is leased, and what ends the run when the lease is lost.
    held: Mutex<HashMap<RunId, (Lease, CancellationToken)>>,
    /// Ends all runs and frees their events.
    abandon: CancellationToken,
    /// Whether the claiming task waits for a run to end.
    wanted: AtomicBool,
    /// Runs that have ended and left their slot.
    ends: AtomicUsize,
    finished: AtomicUsize,
    released: AtomicUsize,
}

impl Running {
    pub(super) fn new(
        inbox: Inbox,
        handler: Arc<dyn EventHandler>,
        settings: DispatcherSettings,
        abandon: CancellationToken,
    ) -> Self {
        let held = Mutex::default();
        Self {
            inbox,
            handler,
            settings,
            held,
            abandon,
            wanted: AtomicBool::new(false),
            ends: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            released: AtomicUsize::new(0),
        }
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    pub(super) fn settings(&self) -> &DispatcherSettings {
        &self.settings
    }

    pub(super) fn len(&self) -> usize {
        self.held().len()
    }

    /// The end of the next run is told of. Look again after this: one may just have ended.
    pub(super) fn wants_an_end(&self) {
        self.wanted.store(true, Ordering::SeqCst);
    }

    /// Runs that have ended and left their slot.
    pub(super) fn ends(&self) -> usize {
        self.ends.load(Ordering::SeqCst)
    }

    pub(super) fn abandon(&self) {
        self.abandon.cancel();
    }

    /// Runs that came to an end of their own.
    pub(super) fn finished(&self) -> usize {
        self.finished.load(Ordering::Relaxed)
    }

    pub(super) fn released(&self) -> usize {
        self.released.load(Ordering::Relaxed)
    }

    /// Runs one event and records how it ended.
    pub(super) fn run(
        self: Arc<Self>,
        mut event: ClaimedEvent,
        slot: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + Send + 'static {
        // Held from here, not from when the task gets its turn: a heartbeat may come before.
        let lost = CancellationToken::new();
        self.held()
            .insert(event.run_id, (event.lease(), lost.clone()));
        async move {
            let started = Instant::now();
            let mut span = self.span_of(&mut event);
            if let Some(verdict) = self.verdict(&event, &lost).await {
                let settling = self
                    .inbox
                    .telemetry
                    .tracer
                    .child("event.settle", event.traceparent.as_deref());
                self.settle(&event, &verdict).await;
                drop(settling);
                let (report, outcome) = (&verdict.report, verdict.outcome);
                let metrics = &self.inbox.telemetry.metrics;
                metrics.run(event.project_id, outcome.word(), report.wall, report.cpu);
                span.set("roost.outcome", outcome.word());
                let is_declined = outcome == Outcome::Declined;
                if let Some(error) = verdict.error.as_ref().filter(|_| !is_declined) {
                    span.fail(error.clone());
                }
                log(&event, &verdict, started.elapsed());
            } else {
                self.inbox.telemetry.metrics.run(
                    event.project_id,
                    Outcome::Lost.word(),
                    started.elapsed(),
                    Duration::ZERO,
                );
                span.fail("the lease was lost");
                let run_id = event.run_id;
                tracing::warn!(run.id = %run_id, "the lease of run `{run_id}` was lost: it was stopped");
            }
            self.held().remove(&event.run_id);
            drop(slot);
            self.inbox.ended.send_replace(());
            self.ends.fetch_add(1, Ordering::SeqCst);
            if self.wanted.swap(false, Ordering::SeqCst) {
                self.inbox.claimable.send_replace(());
            }
        }
    }

    /// The run's span, which is the parent of all that the run does from here on.
    fn span_of(&self, event: &mut ClaimedEvent) -> Span {
        let tracer = &self.inbox.telemetry.tracer;
        let stored = event.traceparent.clone();
        let mut span = tracer.consumer("event.run", stored.as_deref());
        span.set_with("roost.project_id", || event.project_id.to_string());
        span.set("roost.event_id", event.event_id.0);
        span.set_with("roost.run_id", || event.run_id.to_string());
        span.set("roost.attempt", i64::from(event.attempt));
        span.set_with("roost.host", || self.settings.owner.clone());
        if tracer.is_on() {
            // The first run was waited for since the event came.
            let is_first = event.attempt <= 1 && event.deferrals == 0;
            drop(match is_first {
                true => tracer.since("event.claim", stored.as_deref(), event.received_at.into()),
                false => tracer.child("event.claim", stored.as_deref()),
            });
            event.traceparent = span.traceparent();
        }
        span
    }

    /// Frees events that were claimed while the host began to stop, and never ran.
    pub(super) async fn give_back(&self, events: Vec<ClaimedEvent>) -> Result<(), InboxError> {
        for event in events {
            let verdict = Verdict::released();
            // A lease that was lost is free already.
            let _ = self.inbox.settle(&event, &verdict).await?;
        }
        Ok(())
    }

    /// How the run ended; `None` when its lease was lost.
    async fn verdict(&self, event: &ClaimedEvent, lost: &CancellationToken) -> Option<Verdict> {
        let retry = &self.settings.retry;
        if event.lost >= i32::try_from(retry.max_lost).unwrap_or(i32::MAX) {
            return Some(Verdict::took_hosts_down());
        }
        let handled = AssertUnwindSafe(async { self.handler.handle(event.clone()).await });
        let outcome = tokio::select! {
            outcome = handled.catch_unwind() => outcome.unwrap_or_else(|_| panicked(event)),
            () = lost.cancelled() => return None,
            () = self.abandon.cancelled() => {
                self.released.fetch_add(1, Ordering::Relaxed);
                return Some(Verdict::released());
            }
        };
        self.finished.fetch_add(1, Ordering::Relaxed);
        Some(retry.judge(event, outcome))
    }

    /// Writes the verdict. While the database cannot be reached it tries for as long as a lease
    /// lasts; after that somebody else runs the event again.
    async fn settle(&self, event: &ClaimedEvent, verdict: &Verdict) {
        let until = Instant::now() + self.settings.lease;
        let mut pause = SETTLE_PAUSE;
        loop {
            let error = match self.inbox.settle(event, verdict).await {
                Ok(Ok(())) => return self.end_wait_if_over(event, verdict).await,
                Ok(Err(lost)) => {
                    tracing::warn!(run.id = %event.run_id, "{lost}: how it ended is not recorded");
                    return;
                }
                Err(error) => error,
            };
            let is_last = Instant::now() + pause > until || self.abandon.is_cancelled();
            tracing::error!(
                run.id = %event.run_id,
                error = &error as &dyn std::error::Error,
                "how a run ended could not be recorded{}",
                if is_last { ": it will be run again" } else { "" }
            );
            if is_last {
                return;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Runs an event again at once whose send was settled while its run came to an end: the status
    /// found no event that waited. Whoever looks second, this or the status, sees what the other wrote.
    async fn end_wait_if_over(&self, event: &ClaimedEvent, verdict: &Verdict) {
        let sends = &verdict.report.unsettled;
        if sends.is_empty() || !matches!(verdict.next, Next::Again(_)) {
            return;
        }
        match self.inbox.sink.is_any_settled(sends).await {
            Ok(true) => {
                let (project_id, event_id) = (event.project_id, event.event_id);
                self.inbox.wait_is_over(project_id, event_id).await;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                event.id = %event.event_id,
                "an event may wait longer than it must"
            ),
        }
    }

    /// Extends all leases, and ends the runs of those that are lost.
    pub(super) async fn extend_leases(&self) {
        let leases: Vec<Lease> = self
            .held()
            .values()
            .map(|(lease, _)| lease.clone())
            .collect();
        if leases.is_empty() {
            return;
        }
        match self.inbox.extend(&leases, self.settings.lease).await {
            Ok(kept) => {
                let held = self.held();
                for lease in leases.iter().filter(|lease| !kept.contains(&lease.run_id)) {
                    if let Some((_, lost)) = held.get(&lease.run_id) {
                        lost.cancel();
                    }
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                leases = leases.len(),
                "leases could not be extended; trying again in {:?}",
                self.settings.heartbeat
            ),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<RunId, (Lease, CancellationToken)>> {
        // Nothing panics while it holds the lock, and a map cannot be half changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A panic is the host's fault, and must not take the event's slot with it.
fn panicked(event: &ClaimedEvent) -> RunOutcome {
    tracing::error!(run.id = %event.run_id, event.id = %event.event_id, "the host panicked in a run");
    RunOutcome::Failed {
        reason: "the host panicked".to_owned(),
        kind: FailureKind::HostUnavailable,
        report: RunReport::default(),
    }
}

/// One line for each run.
fn log(event: &ClaimedEvent, verdict: &Verdict, took: Duration) {
    let report = &verdict.report;
    tracing::info!(
        project.id = %event.project_id,
        event.id = %event.event_id,
        event.kind = event.kind.word(),
        run.id = %event.run_id,
        attempt = event.attempt,
        outcome = verdict.outcome.word(),
        took_ms = took.as_millis() as u64,
        wall_ms = report.wall.as_millis() as u64,
        cpu_ms = report.cpu.as_millis() as u64,
        memory_bytes = report.memory_bytes,
        host_calls = report.host_calls,
        messages_sent = report.sends,
        "run ended: {}",
        verdict.outcome
    );
}
