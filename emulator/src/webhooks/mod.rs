//! Webhooks: what is posted to the callbacks of apps, in which order, and what became of it.
//!
//! An update (one message, one status, one change) goes into a lane per app, number or account, and
//! customer. A lane
//! has a worker while it has updates; the worker makes deliveries of them, one at a time. Holding
//! the outbox collects updates instead, to be released in batches.

pub(crate) mod delivery;
pub(crate) mod envelope;
pub(crate) mod escape;
pub(crate) mod handshake;
mod lanes;
pub(crate) mod signature;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand::seq::SliceRandom as _;

use crate::config::WebhookOrder;
use crate::faults::Fault;
use crate::outbox::lanes::{LaneKey, Queued};
use crate::outbox::update::{Content, Update};
use crate::outbox::{Held, ReleaseOrder};
use crate::outstanding::{Duty, lock};
use crate::platform::Platform;
use crate::webhooks::delivery::Delivery;

/// Held updates that go into one POST.
struct Parcel {
    app_id: String,
    url: Option<String>,
    updates: Vec<Arc<Update>>,
}

/// Posts updates to every app that listens to them, in their order.
pub(crate) fn post_all(platform: &Arc<Platform>, updates: Vec<Update>) {
    for update in updates {
        post(platform, update);
    }
}

/// Posts an update to every app that listens to it.
pub(crate) fn post(platform: &Arc<Platform>, update: Update) {
    if is_dropped(platform, &update) {
        return;
    }
    let listeners = platform.world().listeners(&update);
    let is_doubled = strikes(platform, |fault| matches!(fault, Fault::WebhookDuplicate));
    let is_late = strikes(platform, |fault| matches!(fault, Fault::WebhookReorder));
    let update = Arc::new(update);
    for app_id in listeners {
        if let Some(held) = lock(&platform.outbox.held).as_mut() {
            let update = update.clone();
            held.push(Held { app_id, update });
            continue;
        }
        let epoch = platform.epoch();
        let key = LaneKey {
            app_id,
            source: match update.number_id.is_empty() {
                true => update.waba_id.clone(),
                false => update.number_id.clone(),
            },
            customer: update.customer.clone(),
        };
        let queued = Queued {
            update: update.clone(),
            is_doubled,
            is_late,
            on_duty: epoch.begin(Duty::Delivery),
        };
        if lock(&platform.outbox.lanes).push(&key, &epoch, queued) {
            spawn(platform, {
                let platform = platform.clone();
                async move { lanes::drain(&platform, &epoch, &key).await }
            });
        }
    }
}

/// Lets go of the held updates, `batch_size` of them in a POST; gives how many there were.
pub(crate) fn release(platform: &Arc<Platform>, order: ReleaseOrder, batch_size: usize) -> usize {
    let Some(mut held) = lock(&platform.outbox.held).take() else {
        return 0;
    };
    match order {
        ReleaseOrder::Kept => {}
        ReleaseOrder::Reversed => held.reverse(),
        ReleaseOrder::Shuffled => held.shuffle(&mut *platform.rng()),
    }
    let count = held.len();
    let epoch = platform.epoch();
    let mut deliveries: Vec<Delivery> = pack(platform, held, batch_size.max(1))
        .into_iter()
        .map(|parcel| {
            let on_duty = vec![epoch.begin(Duty::Delivery)];
            Delivery::new(platform, parcel.app_id, &parcel.updates, on_duty)
        })
        .collect();
    let is_ordered = platform.settings().webhook_order != WebhookOrder::None;
    let task_platform = platform.clone();
    if is_ordered {
        spawn(platform, async move {
            for delivery in &mut deliveries {
                delivery.run(&task_platform).await;
            }
        });
        return count;
    }
    for mut delivery in deliveries {
        let task_platform = task_platform.clone();
        spawn(platform, async move { delivery.run(&task_platform).await });
    }
    count
}

/// Puts updates for the same callback together, as many as go into one POST.
fn pack(platform: &Platform, held: Vec<Held>, batch_size: usize) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    for Held { app_id, update } in held {
        let url = callback_url(platform, &app_id, &update);
        let mate = parcels.iter_mut().rev().find(|parcel| {
            parcel.app_id == app_id && parcel.url == url && parcel.updates.len() < batch_size
        });
        match mate {
            Some(parcel) => parcel.updates.push(update),
            None => parcels.push(Parcel {
                app_id,
                url,
                updates: vec![update],
            }),
        }
    }
    parcels
}

/// Runs a task until it is done or the epoch ends.
pub(crate) fn spawn(platform: &Platform, task: impl Future<Output = ()> + Send + 'static) {
    let epoch = platform.epoch();
    platform.tasks.spawn(async move {
        tokio::select! {
            biased;
            () = epoch.ended.cancelled() => {}
            () = task => {}
        }
    });
}

fn callback_url(platform: &Platform, app_id: &str, update: &Update) -> Option<String> {
    let world = platform.world();
    let callback = world.callback_for(app_id, update)?;
    Some(callback.url.clone())
}

fn is_dropped(platform: &Platform, update: &Update) -> bool {
    let Content::Status { status, .. } = &update.content else {
        return false;
    };
    let word = status["status"].as_str();
    strikes(platform, |fault| match fault {
        Fault::StatusDropped { status: None } => true,
        Fault::StatusDropped { status: only } => only.as_deref() == word,
        _ => false,
    })
}

fn strikes(platform: &Platform, applies: impl Fn(&Fault) -> bool) -> bool {
    platform
        .faults()
        .strike(&mut platform.rng(), applies)
        .is_some()
}
