//! The worker of a lane, which delivers its updates in their order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::config::WebhookOrder;
use crate::outbox::lanes::{LaneKey, Queued};
use crate::outstanding::{Epoch, lock};
use crate::platform::Platform;
use crate::webhooks::delivery::{Attempted, Delivery};
use crate::webhooks::spawn;

/// How long an update that is to change places waits for the one behind it.
const REORDER_WAIT: Duration = Duration::from_millis(500);

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
