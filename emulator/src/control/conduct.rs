//! Routes that change how the platform behaves: settings, clock, faults, held webhooks, reset.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value};

use crate::agenda;
use crate::config::Settings;
use crate::control::Body;
use crate::control::error::ControlError;
use crate::faults::{ArmedFault, Often};
use crate::platform::Platform;
use crate::platform::world::World;
use crate::webhooks;
use crate::wire::{ClockChange, ClockState, Count, Page, Release, Reset};

pub(crate) async fn settings(State(platform): State<Arc<Platform>>) -> Json<Settings> {
    Json(platform.settings())
}

/// Changes the settings that are given; null turns a limit off.
pub(crate) async fn change_settings(
    State(platform): State<Arc<Platform>>,
    Body(change): Body<Map<String, Value>>,
) -> Result<Json<Settings>, ControlError> {
    let invalid = |error: serde_json::Error| ControlError::Invalid(error.to_string());
    let mut merged = serde_json::to_value(platform.settings()).map_err(invalid)?;
    for (key, value) in change {
        merged[key] = value;
    }
    let settings: Settings = serde_json::from_value(merged).map_err(invalid)?;
    platform.set_settings(settings.clone());
    Ok(Json(settings))
}

pub(crate) async fn clock(State(platform): State<Arc<Platform>>) -> Json<ClockState> {
    Json(ClockState {
        offset_ms: platform.clock.offset_ms(),
        now_ms: platform.clock.now_ms(),
    })
}

pub(crate) async fn set_clock(
    state: State<Arc<Platform>>,
    Body(change): Body<ClockChange>,
) -> Json<ClockState> {
    let present_ms = change.offset_ms.unwrap_or(state.clock.offset_ms());
    state
        .clock
        .set_offset_ms(present_ms.saturating_add(change.advance_ms));
    // What the time has come for happens before the answer.
    agenda::run_due(&state);
    state.agenda.notify_one();
    clock(state).await
}

pub(crate) async fn faults(State(platform): State<Arc<Platform>>) -> Json<Page<ArmedFault>> {
    let items = platform.faults().armed().to_vec();
    Json(Page { items, next: 0 })
}

pub(crate) async fn arm(
    State(platform): State<Arc<Platform>>,
    Body(fault): Body<ArmedFault>,
) -> Result<Json<ArmedFault>, ControlError> {
    if let Often::Probability(p) = fault.often
        && !(0.0..=1.0).contains(&p)
    {
        return Err(ControlError::Invalid(format!("`{p}` is not a probability")));
    }
    platform.faults().arm(fault.clone());
    Ok(Json(fault))
}

pub(crate) async fn disarm(State(platform): State<Arc<Platform>>) -> Json<Count> {
    let mut faults = platform.faults();
    let count = faults.armed().len();
    faults.clear();
    Json(Count { count })
}

pub(crate) async fn hold(State(platform): State<Arc<Platform>>) -> Json<Count> {
    platform.outbox.hold();
    let count = platform.outbox.held_count().unwrap_or_default();
    Json(Count { count })
}

pub(crate) async fn release(
    State(platform): State<Arc<Platform>>,
    Body(release): Body<Release>,
) -> Json<Count> {
    let count = webhooks::release(&platform, release.order, release.batch_size);
    Json(Count { count })
}

/// Makes every delivery that waits for its next attempt try now.
pub(crate) async fn retry(State(platform): State<Arc<Platform>>) -> Json<Count> {
    platform.outbox.retry_now.notify_waiters();
    let count = platform.epoch().outstanding().deliveries;
    Json(Count { count })
}

/// Forgets conversations, deliveries, faults and the clock's offset, and what is outstanding.
/// Settings stay.
pub(crate) async fn reset(
    State(platform): State<Arc<Platform>>,
    Body(reset): Body<Reset>,
) -> Json<Count> {
    platform.start_epoch();
    platform.outbox.clear();
    platform.faults().clear();
    *platform.limits() = Default::default();
    platform.clock.set_offset_ms(0);
    let count = platform.edit(|world| {
        let count = world.forget_conversations();
        if reset.everything {
            let last_seq = world.last_seq;
            *world = World::default();
            world.last_seq = last_seq;
        }
        count
    });
    Json(Count { count })
}
