//! One run of an event, as its sends see it: who sends, until when, and which rows it has taken.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use uuid::Uuid;

use crate::whatsapp::client::AccessToken;

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
}

#[derive(Debug, Default)]
struct Order {
    sequence: AtomicU32,
    taken: Mutex<HashSet<i64>>,
    /// Held while a request looks for its row, so that two alike do not find the same one.
    turn: tokio::sync::Mutex<()>,
}

impl SendContext {
    /// The context of a run that is about to start.
    pub fn new(attempt: Attempt, sender: Sender) -> Self {
        Self {
            attempt,
            sender,
            order: Arc::default(),
        }
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
        self.order.sequence.load(Ordering::Relaxed)
    }

    pub(super) fn next_sequence(&self) -> u32 {
        self.order.sequence.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.order.turn.lock().await
    }

    pub(super) fn taken(&self) -> Vec<i64> {
        self.lock().iter().copied().collect()
    }

    pub(super) fn take(&self, send_id: i64) {
        self.lock().insert(send_id);
    }

    pub(super) fn give_back(&self, send_id: i64) {
        self.lock().remove(&send_id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.order
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
