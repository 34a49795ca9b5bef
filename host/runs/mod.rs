//! Runs: one attempt at an event, by the bot it belongs to.
//!
//! ```text
//!  ClaimedEvent ─▶ Deploys::serving ─▶ delivery ─▶ Instance::handle ─▶ outcome
//!                  the bot, ready      the POST     the sandbox, with   done, or why not
//!                                      Meta would   the run's grants
//!                                      make
//! ```
//!
//! `stage` says in which instance: a fresh one, or the project's resident one (`residents`).
//! Requests to a bot's own routes run the same way, with streams for bodies (`web`).
//!
//! Not here: which event runs when, and what follows from an outcome (`inbox`).

mod delivery;
mod grants;
mod refusals;
mod residents;
mod sent;
mod shares;
mod stage;
mod web;

use crate::capabilities::Grants;
use crate::deploys::{Deploys, Serving, ServingError};
use crate::grants::LastComplaint;
use crate::inbox::{ClaimedEvent, EventHandler, EventKind, FailureKind, RunOutcome, RunReport};
use crate::logs::Origin;
use crate::sandbox::{Answer, Budget, Report, RunError};
use crate::whatsapp::{Attempt, SendContext};
use futures::future::BoxFuture;
use std::sync::Arc;

pub(crate) use delivery::signed_post;
pub use grants::Services;
pub use residents::{NoTurn, ResidentSettings, Residents};
pub use sent::{SendSettler, SentMessages};
use shares::Shares;
use stage::Place;
pub use web::{WebRun, WebRunEnd, WebRunError};

/// Runs events.
#[derive(Clone)]
pub struct Runner {
    deploys: Deploys,
    services: Arc<Services>,
    residents: Residents,
    shares: Shares,
    budget: Budget,
}

impl Runner {
    /// A runner that gives each event this budget.
    pub fn new(
        deploys: Deploys,
        services: Arc<Services>,
        residents: Residents,
        budget: Budget,
    ) -> Self {
        Self {
            deploys,
            services,
            residents,
            shares: Shares::default(),
            budget,
        }
    }

    async fn run(&self, event: ClaimedEvent) -> RunOutcome {
        let tracer = &self.services.telemetry.tracer;
        let readying = tracer.child("version.ready", event.traceparent.as_deref());
        let serving = match self
            .deploys
            .serving_at(event.project_id, event.version_id, event.generation)
            .await
        {
            Ok(serving) => serving,
            Err(error) => return not_served(&error),
        };
        drop(readying);
        // Before the clock of the event starts: waiting for others is not its time.
        // What is in front of it in a resident instance takes no longer than an event may.
        let found = Place::find(
            &self.residents,
            event.project_id,
            &serving,
            self.budget.wall,
        );
        let place = match found.await {
            Ok(place) => place,
            Err(error) => return unavailable(error.to_string()),
        };
        let context = serving.number.as_ref().map(|number| {
            let attempt = Attempt {
                project_id: event.project_id.0,
                event_id: event.event_id.0,
                attempt: event.attempt,
                deadline: tokio::time::Instant::now() + self.budget.wall,
                max_sends: self.budget.sends,
            };
            let context = SendContext::new(attempt, number.sender());
            // A status asks for no answer.
            match event.kind {
                EventKind::Message => context.answering(event.received_at.into()),
                EventKind::Status | EventKind::Other => context,
            }
        });
        let complaint = LastComplaint::default();
        let origin = Origin {
            project_id: event.project_id,
            event_id: Some(event.event_id),
            run_id: Some(event.run_id),
            version_id: Some(event.version_id),
        };
        let log = self.services.log(
            &serving,
            &serving.redactor,
            origin,
            event.event_id.0,
            &complaint,
        );
        let share = self.shares.of(event.project_id);
        let grants = self
            .services
            .grants(
                &serving,
                &serving.redactor,
                log.clone(),
                event.traceparent.as_deref(),
                context.as_ref(),
            )
            .with_budget(&self.budget)
            .with_share(share.clone());
        let (ended, mut report) = serving
            .bot
            .on_its_threads(share, {
                let (runner, serving, event) = (self.clone(), serving.clone(), event.clone());
                async move { runner.in_sandbox(place, &serving, &event, grants).await }
            })
            .await;
        report.sends = context.as_ref().map_or(0, SendContext::sends);
        let refusals = context.as_ref().map(SendContext::refusals);
        report.refusal = refusals::tell(&log, &refusals.unwrap_or_default());
        let outcome = outcome(out_of_memory(ended, serving.memory_bytes), report);
        refusals::tell_end(&log, &event, &outcome);
        log.end();
        match self.unless_a_send_waits(outcome, context.as_ref()).await {
            RunOutcome::Failed {
                reason,
                kind,
                report,
            } => {
                let reason = log.redact(&serving.positions.rewrite(&reason));
                let reason = complaint.explain(kind, reason);
                RunOutcome::Failed {
                    reason,
                    kind,
                    report,
                }
            }
            ended @ (RunOutcome::Done(_) | RunOutcome::Declined(_)) => ended,
        }
    }

    /// A bot that fails because a message must wait has not failed: its event runs again, then.
    async fn unless_a_send_waits(
        &self,
        outcome: RunOutcome,
        context: Option<&SendContext>,
    ) -> RunOutcome {
        let RunOutcome::Failed {
            reason,
            kind: FailureKind::BotThrew | FailureKind::BadStatus | FailureKind::Timeout,
            report,
        } = &outcome
        else {
            return outcome;
        };
        let Some(context) = context else {
            return outcome;
        };
        match self.services.outbox.wait_left(context).await {
            None => outcome,
            Some(wait) => RunOutcome::Failed {
                reason: format!("a message could not go out yet; {reason}"),
                kind: FailureKind::SendWaits(wait),
                report: RunReport {
                    unsettled: context.unsettled(),
                    ..report.clone()
                },
            },
        }
    }

    async fn in_sandbox(
        &self,
        place: Place,
        serving: &Arc<Serving>,
        event: &ClaimedEvent,
        grants: Grants,
    ) -> (Result<Answer, RunError>, RunReport) {
        let tracer = &self.services.telemetry.tracer;
        let mut starting = tracer.child("instance.start", event.traceparent.as_deref());
        let mut stage = match place.begin(serving, self.budget, grants).await {
            Ok(stage) => stage,
            Err(error) => {
                starting.fail(serving.redactor.redact(&error.to_string()).into_owned());
                return (Err(error), RunReport::default());
            }
        };
        drop(starting);
        let _handling = tracer.child("instance.handle", event.traceparent.as_deref());
        let payload = self.services.endpoint.conceal(&event.payload);
        let instance = stage.instance();
        let ended = match delivery::request(serving, payload) {
            Ok(request) => instance.handle(request).await,
            Err(error) => Err(RunError::NoAnswer(error.to_string())),
        };
        let status = ended.as_ref().ok();
        let status = status.map(|answer| answer.response.status().as_u16());
        let report = report_of(instance.report(), status, instance.grants().host_calls());
        // Node's process would not outlive an exception that nobody caught either.
        if matches!(&ended, Ok(answer) if answer.failure.is_none()) {
            stage.leave();
        }
        (ended, report)
    }
}

impl EventHandler for Runner {
    fn handle(&self, event: ClaimedEvent) -> BoxFuture<'_, RunOutcome> {
        Box::pin(self.run(event))
    }
}

fn report_of(used: Report, response_status: Option<u16>, host_calls: u32) -> RunReport {
    RunReport {
        wall: used.wall,
        cpu: used.cpu,
        memory_bytes: used.memory_bytes as u64,
        host_calls,
        sends: 0,
        response_status,
        refusal: None,
        unsettled: Vec::new(),
    }
}

fn not_served(error: &ServingError) -> RunOutcome {
    unavailable(error.chain())
}

fn unavailable(reason: String) -> RunOutcome {
    RunOutcome::Failed {
        reason,
        kind: FailureKind::HostUnavailable,
        report: RunReport::default(),
    }
}

/// JavaScript's exception for memory comes before the instance's own limit, and is no more than that.
fn out_of_memory(ended: Result<Answer, RunError>, memory_bytes: usize) -> Result<Answer, RunError> {
    let is_memory = match &ended {
        Ok(Answer { failure, .. }) => failure.as_deref().is_some_and(is_memory),
        Err(RunError::NoAnswer(reason)) => is_memory(reason),
        Err(_) => false,
    };
    match is_memory {
        true => Err(RunError::Memory(memory_bytes)),
        false => ended,
    }
}

fn is_memory(failure: &str) -> bool {
    failure.contains("InternalError: out of memory") || failure.contains("bot is out of memory")
}

/// What an ended run means for its event.
fn outcome(ended: Result<Answer, RunError>, report: RunReport) -> RunOutcome {
    let (reason, kind) = match ended {
        Ok(Answer {
            failure: Some(failure),
            ..
        }) => (failure, FailureKind::BotThrew),
        Ok(Answer { response, .. }) if response.status().is_success() => {
            return RunOutcome::Done(report);
        }
        Ok(Answer { response, .. }) if declines(response.status()) => {
            return RunOutcome::Declined(report);
        }
        Ok(Answer { response, .. }) => {
            let reason = format!(
                "the bot answered with status {}",
                response.status().as_u16()
            );
            (reason, FailureKind::BadStatus)
        }
        Err(error) => (error.chain(), kind_of(&error)),
    };
    RunOutcome::Failed {
        reason,
        kind,
        report,
    }
}

/// Whether a bot says with a status that it does not want the event, so that another run could only
/// say the same. The others of 400 to 499 may pass: who is asked to come again is asked again.
fn declines(status: http::StatusCode) -> bool {
    status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 408 | 425 | 429)
}

fn kind_of(error: &RunError) -> FailureKind {
    match error {
        RunError::Timeout(_) | RunError::Cpu(_) => FailureKind::Timeout,
        RunError::Memory(_) => FailureKind::OutOfMemory,
        RunError::NoAnswer(_) => FailureKind::BotThrew,
        RunError::ResponseTooLarge(_) => FailureKind::BadStatus,
        RunError::Trap(_) => FailureKind::Trap,
        RunError::Start(_) => FailureKind::HostUnavailable,
    }
}
