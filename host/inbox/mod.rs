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
//! Nobody else writes `event`, `run`, `conversation_queue`, `unrouted`, `project_pace` and `clock`. Who merges contacts
//! (`queues`), gives a conversation to a person (`persons`), replays or gives up (`dead`), takes over what came too early
//! (`unrouted`) or forgets (`forgetting`) calls the verbs here; whoever shows events reads.
//!
//! Not here: what running an event means (an [`EventHandler`] does), and effects, which have to be
//! exactly-once across runs by themselves.

mod arrival;
mod clock;
mod dead;
mod dispatcher;
pub mod envelope;
mod expiry;
mod forgetting;
mod herald;
mod jumps;
mod lease;
mod model;
mod persons;
mod queues;
mod retry;
mod running;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod unrouted;

pub use arrival::PutReport;
pub use clock::Clock;
pub use dispatcher::{Dispatcher, DispatcherHandle, DispatcherSettings, DrainReport};
pub use forgetting::{
    Contact, Forgotten, Old, forget_contact, forget_events, forget_project, forget_queues,
    forget_unrouted,
};
pub use jumps::{ClockWatch, Jump};
pub use lease::{ClaimLimits, Claims, Lease, LeaseLost};
pub use model::{
    AccountListener, ClaimedEvent, EventHandler, EventId, EventKind, FailureKind, Lane, NoSink,
    Outcome, RowState, RunId, RunOutcome, RunReport, Settled, StatusSink,
};
pub use persons::{Held, PERSON};
pub use queues::ConversationQueues;
pub use retry::{Next, RetryPolicy, Verdict};
pub use store::{Inbox, InboxError, InboxLimits, QueueDepth};
pub use summary::{ProjectQueue, QueueSummary};
pub use unrouted::{Adopted, Missed};
