//! Lanes: the updates of one app, number and customer, delivered in their order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::config::WebhookOrder;
use crate::platform::outstanding::{Epoch, OnDuty};
use crate::platform::{Platform, lock};
use crate::webhooks::delivery::{Attempted, Delivery};
use crate::webhooks::envelope::Update;
use crate::webhooks::spawn;

/// How long an update that is to change places waits for the one behind it.
const REORDER_WAIT: Duration = Duration::from_millis(500);

/// Which lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LaneKey {
    pub(super) app_id: String,
    pub(super) number_id: String,
    pub(super) customer: String,
}

/// An update in a lane.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) update: Arc<Update>,
    /// Delivered a second time after it was accepted.
    pub(super) is_doubled: bool,
    /// Changes places with the update behind it.
    pub(super) is_late: bool,
    pub(super) on_duty: OnDuty,
}

/// The lanes that have updates.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<LaneKey, Lane>);

#[derive(Debug)]
struct Lane {
    epoch: Arc<Epoch>,
    waiting: VecDeque<Queued>,
    arrived: Arc<Notify>,
}

impl Lanes {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds an update; true when the lane is new and needs a worker.
    pub(super) fn push(&mut self, key: &LaneKey, epoch: &Arc<Epoch>, queued: Queued) -> bool {
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
    fn next(
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
    fn lonely_latecomer(&mut self, key: &LaneKey) -> Option<Arc<Notify>> {
        let lane = self.0.get(key)?;
        let is_lonely = lane.waiting.len() == 1 && lane.waiting.front()?.is_late;
        is_lonely.then(|| lane.arrived.clone())
    }

    /// Lets the first update change places, if it is to.
    fn swap_latecomer(&mut self, key: &LaneKey) {
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

/// Delivers a lane's updates until there are none.
pub(super) async fn drain(platform: &Arc<Platform>, epoch: &Arc<Epoch>, key: &LaneKey) {
    loop {
        let lonely = lock(&platform.outbox.lanes).lonely_latecomer(key);
        if let Some(arrived) = lonely {
            wait_for_company(platform, key, &arrived).await;
        }
        let settings = platform.settings();
        let batch = {
            let mut lanes = lock(&platform.outbox.lanes);
            lanes.swap_latecomer(key);
            lanes.next(key, epoch, settings.webhook_batch_size)
        };
        let Some(batch) = batch else {
            return;
        };
        let delivery = delivery_of(platform, key, batch);
        deliver(platform, delivery, settings.webhook_order).await;
    }
}

/// Arrivals before the lane's only update may have left a permit behind, hence the loop.
async fn wait_for_company(platform: &Platform, key: &LaneKey, arrived: &Notify) {
    let company = async {
        while lock(&platform.outbox.lanes).lonely_latecomer(key).is_some() {
            arrived.notified().await;
        }
    };
    // The outcome does not matter: alone or not, the update goes out now.
    let _ = tokio::time::timeout(REORDER_WAIT, company).await;
}

fn delivery_of(platform: &Arc<Platform>, key: &LaneKey, batch: Vec<Queued>) -> Delivery {
    let is_doubled = batch.iter().any(|queued| queued.is_doubled);
    let (updates, on_duty): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|queued| (queued.update, queued.on_duty))
        .unzip();
    let delivery = Delivery::new(platform, key.app_id.clone(), &updates, on_duty);
    if is_doubled {
        delivery.doubled()
    } else {
        delivery
    }
}

async fn deliver(platform: &Arc<Platform>, mut delivery: Delivery, order: WebhookOrder) {
    let task_platform = platform.clone();
    match order {
        WebhookOrder::PerCustomer => delivery.run(platform).await,
        WebhookOrder::FirstAttempts => {
            if let Attempted::RetryIn(wait) = delivery.attempt(platform).await {
                spawn(platform, async move {
                    delivery.wait(&task_platform, wait).await;
                    delivery.run(&task_platform).await;
                });
            }
        }
        WebhookOrder::None => {
            spawn(platform, async move { delivery.run(&task_platform).await });
        }
    }
}
