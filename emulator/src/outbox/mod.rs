//! The updates that wait for their webhooks, and the record of those that went out.
//!
//! Not here: delivering them (`webhooks`).

pub(crate) mod lanes;
pub(crate) mod log;
pub(crate) mod update;

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::outstanding::lock;
use lanes::Lanes;
use log::DeliveryLog;
use update::Update;

/// In which order held updates are released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOrder {
    #[default]
    Kept,
    Reversed,
    Shuffled,
}

/// The updates that wait, and the record of those that were delivered.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) lanes: Mutex<Lanes>,
    /// While updates are held: those that were.
    pub(crate) held: Mutex<Option<Vec<Held>>>,
    pub(crate) log: Mutex<DeliveryLog>,
    /// Ends the waits between attempts.
    pub(crate) retry_now: Notify,
}

/// An update that waits to be released.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) app_id: String,
    pub(crate) update: Arc<Update>,
}

impl Outbox {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            lanes: Mutex::default(),
            held: Mutex::default(),
            log: Mutex::new(DeliveryLog::new(history)),
            retry_now: Notify::new(),
        }
    }

    /// Forgets what waits and what was delivered.
    pub(crate) fn clear(&self) {
        lock(&self.lanes).clear();
        *lock(&self.held) = None;
        lock(&self.log).clear();
    }

    /// Holds updates back from now on.
    pub(crate) fn hold(&self) {
        lock(&self.held).get_or_insert_default();
    }

    /// How many updates are held, if they are.
    pub(crate) fn held_count(&self) -> Option<usize> {
        lock(&self.held).as_ref().map(Vec::len)
    }
}
