//! What happens by itself when its time has come: reviews, and ends of pauses.
//!
//! It goes by the emulator's clock, so moving the clock makes it happen at once.

use std::sync::Arc;
use std::time::Duration;

use crate::outbox::update::Update;
use crate::platform::Platform;
use crate::platform::agenda::What;
use crate::platform::world::World;
use crate::webhooks::post_all;
use crate::{naming, templates};

/// How long the keeper waits when nothing is ahead.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets everything happen whose time has come.
pub(crate) fn run_due(platform: &Arc<Platform>) {
    let now_ms = platform.clock.now_ms();
    let is_due = |world: &World| world.agenda.first().is_some_and(|due| due.at_ms <= now_ms);
    while is_due(&platform.world()) {
        let updates = platform.edit(|world| {
            if !is_due(world) {
                return Vec::new();
            }
            let due = world.agenda.remove(0);
            happen(platform, world, due.what, due.at_ms)
        });
        post_all(platform, updates);
    }
}

/// Lets things happen until the emulator stops.
pub(crate) async fn keep(platform: Arc<Platform>) {
    loop {
        run_due(&platform);
        let next_ms = platform.world().agenda.first().map(|due| due.at_ms);
        let wait = next_ms.map_or(IDLE, |at_ms| {
            let ms = at_ms.saturating_sub(platform.clock.now_ms());
            Duration::from_millis(u64::try_from(ms).unwrap_or_default().max(1)).min(IDLE)
        });
        tokio::select! {
            () = platform.stopping.cancelled() => return,
            () = platform.agenda.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn happen(platform: &Platform, world: &mut World, what: What, at_ms: i64) -> Vec<Update> {
    match what {
        What::TemplateReview {
            template_id,
            review,
        } => templates::reviewed_in_time(world, &template_id, review, at_ms),
        What::TemplateUnpause {
            template_id,
            pauses,
        } => templates::pause_is_over(world, &template_id, pauses, at_ms),
        What::TemplateCategory {
            template_id,
            category,
        } => templates::recategorize(platform, world, &template_id, &category, at_ms),
        What::NameReview { number_id, name } => {
            naming::reviewed_in_time(world, &number_id, &name, at_ms)
        }
    }
}
