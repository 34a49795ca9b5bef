//! Lanes: the updates of one app, number or account, and customer, in their order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;

use super::update::Update;
use crate::outstanding::{Epoch, OnDuty};

/// Which lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LaneKey {
    pub(crate) app_id: String,
    /// The number, or the account when it is about no number.
    pub(crate) source: String,
    pub(crate) customer: String,
}

/// An update in a lane.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) update: Arc<Update>,
    /// Delivered a second time after it was accepted.
    pub(crate) is_doubled: bool,
    /// Changes places with the update behind it.
    pub(crate) is_late: bool,
    pub(crate) on_duty: OnDuty,
}

/// The lanes that have updates.
#[derive(Debug, Default)]
pub(crate) struct Lanes(HashMap<LaneKey, Lane>);

#[derive(Debug)]
struct Lane {
    epoch: Arc<Epoch>,
    waiting: VecDeque<Queued>,
    arrived: Arc<Notify>,
}

impl Lanes {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds an update; true when the lane is new and needs a worker.
    pub(crate) fn push(&mut self, key: &LaneKey, epoch: &Arc<Epoch>, queued: Queued) -> bool {
        if let Some(lane) = self.0.get_mut(key) {
            lane.waiting.push_back(queued);
            lane.arrived.notify_one();
            return false;
        }
        let lane = Lane {
            epoch: epoch.clone(),
            waiting: VecDeque::from([queued]),
            arrived: Arc::default(),
        };
        self.0.insert(key.clone(), lane);
        true
    }

    /// The next updates for one POST. None, and the lane is gone, when there are none; a worker
    /// of an epoch that ended gets none either.
    pub(crate) fn next(
        &mut self,
        key: &LaneKey,
        epoch: &Arc<Epoch>,
        batch_size: usize,
    ) -> Option<Vec<Queued>> {
        let lane = self.0.get_mut(key)?;
        if !Arc::ptr_eq(&lane.epoch, epoch) {
            return None;
        }
        if lane.waiting.is_empty() {
            self.0.remove(key);
            return None;
        }
        let size = batch_size.clamp(1, lane.waiting.len());
        Some(lane.waiting.drain(..size).collect())
    }

    /// What to wait on when the first update is to change places but is still alone.
    pub(crate) fn lonely_latecomer(&mut self, key: &LaneKey) -> Option<Arc<Notify>> {
        let lane = self.0.get(key)?;
        let is_lonely = lane.waiting.len() == 1 && lane.waiting.front()?.is_late;
        is_lonely.then(|| lane.arrived.clone())
    }

    /// Lets the first update change places, if it is to.
    pub(crate) fn swap_latecomer(&mut self, key: &LaneKey) {
        let Some(lane) = self.0.get_mut(key) else {
            return;
        };
        let is_late = lane
            .waiting
            .front_mut()
            .is_some_and(|first| std::mem::take(&mut first.is_late));
        if is_late && lane.waiting.len() > 1 {
            lane.waiting.swap(0, 1);
        }
    }
}
