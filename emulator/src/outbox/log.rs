//! The record of delivery attempts.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The cursor of reads.
    pub seq: u64,
    pub at_ms: i64,
    /// The same for all attempts of one delivery.
    pub delivery_id: u64,
    /// From 1.
    pub attempt: u32,
    pub app_id: String,
    pub number_id: String,
    /// Whose conversations it is about, by phone.
    pub customers: Vec<String>,
    pub url: String,
    /// The `X-Hub-Signature-256` header.
    pub signature: String,
    /// The exact text that was sent.
    pub body: Arc<str>,
    /// What the callback answered, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    pub duration_ms: u64,
    pub outcome: AttemptOutcome,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Delivered,
    Retrying,
    GivenUp,
}

/// The latest attempts.
#[derive(Debug)]
pub(crate) struct DeliveryLog {
    attempts: VecDeque<Attempt>,
    history: usize,
    last_seq: u64,
    last_delivery_id: u64,
}

impl DeliveryLog {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            attempts: VecDeque::new(),
            history,
            last_seq: 0,
            last_delivery_id: 0,
        }
    }

    /// Forgets the attempts; cursors and ids go on growing.
    pub(crate) fn clear(&mut self) {
        self.attempts.clear();
    }

    pub(crate) fn next_delivery_id(&mut self) -> u64 {
        self.last_delivery_id += 1;
        self.last_delivery_id
    }

    pub(crate) fn push(&mut self, mut attempt: Attempt) {
        self.last_seq += 1;
        attempt.seq = self.last_seq;
        self.attempts.push_back(attempt);
        if self.attempts.len() > self.history {
            self.attempts.pop_front();
        }
    }

    /// The attempts after a cursor that match, oldest first.
    pub(crate) fn after(
        &self,
        after: u64,
        limit: usize,
        matches: impl Fn(&Attempt) -> bool,
    ) -> Vec<Attempt> {
        let start = self.attempts.partition_point(|a| a.seq <= after);
        self.attempts
            .range(start..)
            .filter(|attempt| matches(attempt))
            .take(limit)
            .cloned()
            .collect()
    }
}
