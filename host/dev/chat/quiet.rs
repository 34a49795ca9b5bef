//! Waiting until nothing is outstanding: neither in the emulator nor in the host.
//!
//! Each side makes work for the other: a webhook becomes an event of the host, an event sends,
//! and a send has statuses, which are webhooks. So both are asked one after the other until both
//! rest and no webhook was delivered in between.
//!
//! Not here: what a bot does by the clock, without an event that it belongs to.

use std::time::Duration;

use roost_emulator::ControlClient;
use roost_emulator::control::{ClientError, Outstanding};
use tokio::time::Instant;

use super::Settled;
use super::feed::newest_delivery;

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    Quiet,
    /// The deadline passed; this is why it was not quiet.
    Overdue(Busy),
}

/// What was outstanding at the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Busy {
    Emulator(Outstanding),
    Host,
    /// Neither for long, but one always woke the other.
    Both,
}

impl Waited {
    /// What the customer is told, if anything.
    pub(super) fn sentence(self, patience: Duration) -> Option<String> {
        let Self::Overdue(busy) = self else {
            return None;
        };
        let why = match busy {
            Busy::Emulator(outstanding) => format!(
                "{} of its webhooks wait to be accepted and {} of its messages for their statuses",
                outstanding.deliveries, outstanding.statuses
            ),
            Busy::Host => "it is still working on an event".to_owned(),
            Busy::Both => "each status of a message makes it send another one".to_owned(),
        };
        Some(format!(
            "the bot is not done after {patience:?} ({why}): going on without it, see its log"
        ))
    }
}

/// Waits until nothing is outstanding; `after` is a cursor of deliveries from before.
pub(super) async fn wait(
    control: ControlClient,
    settled: &impl Settled,
    after: u64,
    deadline: Instant,
) -> Result<Waited, ClientError> {
    let mut seen = after;
    loop {
        let idle = control.idle(deadline - Instant::now()).await?;
        if !idle.is_idle {
            if Instant::now() < deadline {
                continue;
            }
            return Ok(Waited::Overdue(Busy::Emulator(idle.outstanding)));
        }
        seen = newest_delivery(&control, seen).await?;
        // The host may break its promise to keep the deadline; the chat keeps its own.
        let in_time = tokio::time::timeout_at(deadline, settled.settled(deadline)).await;
        if !in_time.unwrap_or(false) {
            return Ok(Waited::Overdue(Busy::Host));
        }
        let idle = control.idle(Duration::ZERO).await?;
        let newest = newest_delivery(&control, seen).await?;
        if idle.is_idle && newest == seen {
            return Ok(Waited::Quiet);
        }
        if deadline <= Instant::now() {
            return Ok(Waited::Overdue(Busy::Both));
        }
        seen = newest;
    }
}
