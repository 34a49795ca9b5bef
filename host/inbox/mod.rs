//! The durable inbox: what wakes bots, from its arrival until it is done.
//!
//! ```text
//!  body ── envelope::split ──▶ pieces ── Inbox::put ──▶ event, conversation_queue
//!                                                          │     one commit, then 200
//!                                                          │ Inbox::claim: a lease
//!                                                          ▼     for each conversation
//!                      Dispatcher ── EventHandler::handle ── RetryPolicy::judge
//!                                                          │ Inbox::settle, fenced
//!                                                          ▼     by the lease
//!                                    done · pending again, later · dead
//! ```
//!
//! What holds: an event is stored once; the messages of one conversation run one at a time and in
//! order, and so do its statuses, in a lane of their own; one project's load does not keep another's waiting; a stored event is run at least once,
//! and a host that lost its lease can no longer say how it ended.
//!
//! Not here: what running an event means (an [`EventHandler`] does), and effects, which have to be
//! exactly-once across runs by themselves.

mod arrival;
mod clock;
mod dispatcher;
pub mod envelope;
mod expiry;
mod herald;
mod jumps;
mod lease;
mod model;
mod retry;
mod running;
mod store;
mod summary;
#[cfg(test)]
mod tests;

pub use arrival::PutReport;
pub use clock::Clock;
pub use dispatcher::{Dispatcher, DispatcherHandle, DispatcherSettings, DrainReport};
pub use jumps::{ClockWatch, Jump};
pub use lease::{ClaimLimits, Claims, Lease, LeaseLost};
pub use model::{
    ClaimedEvent, EventHandler, EventId, EventKind, FailureKind, NoSink, Outcome, RowState, RunId,
    RunOutcome, RunReport, Settled, StatusSink,
};
pub use retry::{Next, RetryPolicy, Verdict};
pub use store::{DeadEvent, Inbox, InboxError, InboxLimits, QueueDepth, RunRecord};
pub use summary::{ProjectQueue, QueueSummary};
