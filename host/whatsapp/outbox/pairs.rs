//! One send at a time from a number to a recipient, in the order in which they were asked for.
//!
//! Meta promises no order for calls that overlap. Of this process only: an event runs on one host,
//! and a conversation's events one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// When pairs that nobody uses are looked for.
const SWEEP: usize = 1024;

type Turn = tokio::sync::Mutex<()>;

/// A number and a recipient.
type Pair = (String, String);

/// The pairs that are being sent to.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs(Arc<Mutex<HashMap<Pair, Weak<Turn>>>>);

impl Pairs {
    /// The next turn of a pair. The place in the queue is taken at the first poll.
    pub(super) fn turn(
        &self,
        number: &str,
        recipient: &str,
    ) -> impl Future<Output = OwnedMutexGuard<()>> + Send + use<> {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.len() >= SWEEP && pairs.len().is_power_of_two() {
            pairs.retain(|_, turn| turn.strong_count() > 0);
        }
        let pair = (number.to_owned(), recipient.to_owned());
        let turn = match pairs.get(&pair).and_then(Weak::upgrade) {
            Some(turn) => turn,
            None => {
                let turn = Arc::new(Turn::default());
                pairs.insert(pair, Arc::downgrade(&turn));
                turn
            }
        };
        turn.lock_owned()
    }
}
