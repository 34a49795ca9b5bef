//! One run of an event, as its sends see it: who sends, until when, which rows it has taken, and
//! what of it has to wait.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use uuid::Uuid;

use crate::whatsapp::client::AccessToken;
use crate::whatsapp::error::GraphError;

/// Refusals of a run that are told.
const MOST_REFUSALS: usize = 10;

/// A run of an event.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Whose event it is.
    pub project_id: Uuid,
    /// Which event.
    pub event_id: i64,
    /// Which run of it; for people only.
    pub attempt: i32,
    /// When the run ends at the latest. No wait for a further try goes past it.
    pub deadline: Instant,
    /// How many sends it may make, repeated ones included.
    pub max_sends: u32,
}

/// The project's number and what it sends with.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// The project's token.
    pub token: AccessToken,
}

/// What the sends of one run share. Make one for each run, and no second one for the same run:
/// it remembers which recorded sends the run has already been given. Clones share that memory.
#[derive(Debug, Clone)]
pub struct SendContext {
    attempt: Attempt,
    sender: Sender,
    order: Arc<Order>,
    /// When that came which the sends may answer.
    asked_at: Option<SystemTime>,
    /// The person who writes by hand.
    writer: Option<Arc<str>>,
}

/// How long a send that did not go out has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Meta named the time, or its limit did.
    Until(Instant),
    /// Until a status settles it, or its time is up.
    Settling(Instant),
    /// Nobody knows how long.
    Unknown,
}

/// Something that a bot asked of Meta in vain: what people are told of a run that ended all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Meta refused a message, for now or for good.
    Message(GraphError),
    /// A message did not go out, and Meta said nothing.
    Unsent(String),
    /// Meta refused another request: its method and path.
    Request(String, GraphError),
    /// Roost refused a request, with the reason.
    Denied(String, String),
}

#[derive(Debug, Default)]
struct Order {
    sequence: AtomicU32,
    /// Whether a message of the run went out, or had gone out in an earlier one.
    has_answered: AtomicBool,
    taken: Mutex<HashSet<i64>>,
    waiting: Mutex<HashMap<i64, Waiting>>,
    /// Messages that did not go out, so far.
    unsent: Mutex<BTreeMap<i64, Refusal>>,
    refused: Mutex<Vec<Refusal>>,
    /// Held while a request looks for its row, so that two alike do not find the same one.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct Waiting {
    recipient: String,
    wait: Wait,
}

impl SendContext {
    /// The context of a run that is about to start.
    pub fn new(attempt: Attempt, sender: Sender) -> Self {
        Self {
            attempt,
            sender,
            order: Arc::default(),
            asked_at: None,
            writer: None,
        }
    }

    /// With a person who writes in the bot's place.
    pub fn written_by(self, person: &str) -> Self {
        Self {
            writer: Some(person.into()),
            ..self
        }
    }

    pub(super) fn writer(&self) -> Option<&str> {
        self.writer.as_deref()
    }

    /// With the time at which that came which the run answers.
    pub fn answering(self, asked_at: SystemTime) -> Self {
        Self {
            asked_at: Some(asked_at),
            ..self
        }
    }

    /// How long the first message of the run took, from what it answers; `None` for later ones.
    pub(super) fn first_answer(&self) -> Option<Duration> {
        let asked_at = self.asked_at?;
        let is_first = !self.order.has_answered.swap(true, Ordering::Relaxed);
        is_first.then(|| asked_at.elapsed().unwrap_or_default())
    }

    /// The run.
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Meta's id of the project's number.
    pub fn phone_number_id(&self) -> &str {
        &self.sender.phone_number_id
    }

    /// The project's token.
    pub fn token(&self) -> &AccessToken {
        &self.sender.token
    }

    /// How many sends the run has made so far, repeated ones included.
    pub fn sends(&self) -> u32 {
        self.order
            .sequence
            .load(Ordering::Relaxed)
            .min(self.attempt.max_sends)
    }

    /// The number of the next send; none when there are to be no more.
    pub(super) fn next_sequence(&self) -> Option<u32> {
        let next = self.order.sequence.fetch_add(1, Ordering::Relaxed);
        (next < self.attempt.max_sends).then_some(next)
    }

    pub(super) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.order.turn.clone().lock_owned().await
    }

    pub(super) fn taken(&self) -> Vec<i64> {
        lock(&self.order.taken).iter().copied().collect()
    }

    pub(super) fn take(&self, send_id: i64) {
        lock(&self.order.taken).insert(send_id);
    }

    pub(super) fn give_back(&self, send_id: i64) {
        lock(&self.order.taken).remove(&send_id);
    }

    /// A send did not go out in this run, and may later.
    pub(super) fn waits(&self, send_id: i64, recipient: &str, wait: Wait) {
        let recipient = recipient.to_owned();
        lock(&self.order.waiting).insert(send_id, Waiting { recipient, wait });
    }

    /// A send did not go out, so far.
    pub(super) fn is_unsent(&self, send_id: i64, why: Refusal) {
        lock(&self.order.unsent).insert(send_id, why);
    }

    /// A send went out after all.
    pub(super) fn went_out(&self, send_id: i64) {
        lock(&self.order.unsent).remove(&send_id);
    }

    /// A request that is no message was refused.
    pub(in crate::whatsapp) fn was_refused(&self, why: Refusal) {
        let mut refused = lock(&self.order.refused);
        // A bot may ask in a loop.
        if refused.len() < MOST_REFUSALS && !refused.contains(&why) {
            refused.push(why);
        }
    }

    /// What the run asked of Meta in vain: messages first, then other requests in their order.
    pub fn refusals(&self) -> Vec<Refusal> {
        let mut all: Vec<Refusal> = Vec::new();
        for refusal in lock(&self.order.unsent).values() {
            if !all.contains(refusal) {
                all.push(refusal.clone());
            }
        }
        all.extend(lock(&self.order.refused).iter().cloned());
        all.truncate(MOST_REFUSALS);
        all
    }

    /// A send was decided after all.
    pub(super) fn is_decided(&self, send_id: i64) {
        lock(&self.order.waiting).remove(&send_id);
    }

    /// Whether another message of this run to the same recipient waits, which must go first.
    pub(super) fn is_behind(&self, send_id: i64, recipient: &str) -> bool {
        let waiting = lock(&self.order.waiting);
        let mut others = waiting.iter().filter(|(id, _)| **id != send_id);
        others.any(|(_, waiting)| waiting.recipient == recipient)
    }

    /// The sends of which nobody knows whether they went out: a status may tell.
    pub fn unsettled(&self) -> Vec<i64> {
        let waiting = self.waiting().into_iter();
        let unsettled = waiting.filter(|(_, wait)| matches!(wait, Wait::Settling(_)));
        unsettled.map(|(send_id, _)| send_id).collect()
    }

    /// What waits.
    pub(super) fn waiting(&self) -> Vec<(i64, Wait)> {
        let waiting = lock(&self.order.waiting);
        waiting.iter().map(|(id, w)| (*id, w.wait)).collect()
    }
}

impl Wait {
    /// A wait from now on.
    pub(super) fn known(wait: Option<Duration>) -> Self {
        wait.map_or(Self::Unknown, |wait| Self::Until(Instant::now() + wait))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
