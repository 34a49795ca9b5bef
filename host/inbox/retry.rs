//! What becomes of an event after a run.
//!
//! | the run | counts against the bot | next |
//! |---|---|---|
//! | done | | done |
//! | declined | | done |
//! | threw, bad status, trap, time, memory | yes | again after a back-off; dead after `max_attempts` |
//! | rejected | yes | dead |
//! | host unavailable | only after `max_deferrals` of them | again after a back-off |
//! | a send waits | only after `max_deferrals` of them | again when the wait is over, else after a back-off |
//! | no version | no | again after `ceiling`, or when a version is activated |
//!
//! A run whose host disappeared does not count against the bot: a host takes down all that it runs.
//! The event may be what took it down, so after `max_lost` of them it is dead.
//!
//! An event that the bot failed at `patience` times, or at which it used up all of its time once, lets
//! later ones of its queue pass: whoever writes again gets an answer within seconds.

use std::time::Duration;

use super::model::{ClaimedEvent, FailureKind, Outcome, RunOutcome, RunReport};

/// The longest text that is kept of why a run failed.
const MAX_REASON_CHARS: usize = 2_000;

/// When and how often a failed event is tried again.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// The n-th back-off is `base` times 2^n.
    pub base: Duration,
    /// The longest back-off.
    pub ceiling: Duration,
    /// How far a back-off may be off, as a part of it: 0.2 for a fifth more or less.
    pub jitter: f64,
    /// Runs that may fail before the event is dead.
    pub max_attempts: u32,
    /// Runs that the host may fail to do before they count against the bot.
    pub max_deferrals: u32,
    /// Runs whose host may disappear before the event is dead. More than `max_attempts`: a host takes
    /// down all that it runs, and most of it is innocent.
    pub max_lost: u32,
    /// Runs that may fail before later events of the queue are not kept waiting any more.
    pub patience: u32,
}

/// What to write of a run and its event.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub next: Next,
    /// Whether the attempt that the claim counted is taken back.
    pub is_deferral: bool,
    /// Whether later events of the queue may run before it does.
    pub is_aside: bool,
    pub outcome: Outcome,
    pub error: Option<String>,
    pub report: RunReport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done,
    Dead,
    /// Pending again, after a pause.
    Again(Duration),
}

impl Default for RetryPolicy {
    /// Eight attempts within about four minutes: a chat that is answered later is a surprise.
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            ceiling: Duration::from_secs(600),
            jitter: 0.2,
            max_attempts: 8,
            max_deferrals: 100,
            max_lost: 32,
            patience: 2,
        }
    }
}

impl RetryPolicy {
    /// The time before the run after the n-th: `min(base * 2^n, ceiling)`, give or take the jitter.
    ///
    /// `luck` is from 0 to 1, evenly.
    pub fn back_off(&self, n: u32, luck: f64) -> Duration {
        let factor = 2_u32.saturating_pow(n);
        let delay = self.base.saturating_mul(factor).min(self.ceiling);
        delay.mul_f64((1.0 + self.jitter * (2.0 * luck - 1.0)).max(0.0))
    }

    /// What becomes of an event whose run ended like this.
    pub fn judge(&self, event: &ClaimedEvent, outcome: RunOutcome) -> Verdict {
        let (reason, kind, report) = match outcome {
            RunOutcome::Done(report) => return Verdict::done(report),
            RunOutcome::Declined(report) => return Verdict::declined(report),
            RunOutcome::Failed {
                reason,
                kind,
                report,
            } => (reason, kind, report),
        };
        let attempts = u32::try_from(event.attempt - event.lost).unwrap_or(0);
        let deferrals = u32::try_from(event.deferrals).unwrap_or(0);
        let is_deferral = match kind {
            FailureKind::HostUnavailable | FailureKind::SendWaits(_) => {
                deferrals < self.max_deferrals
            }
            FailureKind::NotDeployed => true,
            FailureKind::BotThrew
            | FailureKind::BadStatus
            | FailureKind::Trap
            | FailureKind::Timeout
            | FailureKind::OutOfMemory
            | FailureKind::Rejected => false,
        };
        let is_dead =
            kind == FailureKind::Rejected || (!is_deferral && attempts >= self.max_attempts);
        let next = if is_dead {
            Next::Dead
        } else if kind == FailureKind::NotDeployed {
            Next::Again(self.ceiling)
        } else if let FailureKind::SendWaits(wait) = kind
            && !wait.is_zero()
            && is_deferral
        {
            // Exactly then: earlier would be refused again, later keeps the customer waiting.
            Next::Again(wait)
        } else {
            let n = if is_deferral { deferrals + 1 } else { attempts };
            Next::Again(self.back_off(n, rand::random()))
        };
        let is_slow = kind == FailureKind::Timeout;
        let is_aside = !is_deferral && (attempts >= self.patience || is_slow);
        Verdict {
            next,
            is_deferral,
            is_aside: is_aside && matches!(next, Next::Again(_)),
            outcome: kind.outcome(),
            error: Some(kept(&reason)),
            report,
        }
    }
}

impl Verdict {
    fn done(report: RunReport) -> Self {
        let next = Next::Done;
        Self {
            next,
            is_deferral: false,
            is_aside: false,
            outcome: Outcome::Done,
            error: None,
            report,
        }
    }

    /// The bot has decided: another run would say the same.
    fn declined(report: RunReport) -> Self {
        let status = report.response_status.unwrap_or_default();
        Self {
            outcome: Outcome::Declined,
            error: Some(format!("the bot declined: status {status}")),
            ..Self::done(report)
        }
    }

    /// The host stops: the event is free at once, and nothing is counted.
    pub(super) fn released() -> Self {
        Self {
            next: Next::Again(Duration::ZERO),
            is_deferral: true,
            is_aside: false,
            outcome: Outcome::Released,
            error: None,
            report: RunReport::default(),
        }
    }

    /// Every attempt ended with the host that made it.
    pub(super) fn took_hosts_down() -> Self {
        Self {
            next: Next::Dead,
            is_deferral: true,
            is_aside: false,
            outcome: Outcome::Lost,
            error: Some("the host stopped each time while it ran this event".to_owned()),
            report: RunReport::default(),
        }
    }
}

/// Short enough to keep, and without what the database cannot hold.
fn kept(reason: &str) -> String {
    reason
        .chars()
        .filter(|c| *c != '\0')
        .take(MAX_REASON_CHARS)
        .collect()
}
