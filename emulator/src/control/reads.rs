//! Routes that read what happened, waiting for it if asked to.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::control::Query;
use crate::control::error::ControlError;
use crate::outbox::log::Attempt;
use crate::outstanding::lock;
use crate::platform::Platform;
use crate::platform::model::digits_of;
use crate::platform::thread::{SentItem, Thread};
use crate::wire::{Cursor, Idle, MediaFile, Page, Wait};

const DEFAULT_LIMIT: usize = 1000;

/// What businesses sent, marked as read and showed as being typed.
pub(crate) async fn sent(
    State(platform): State<Arc<Platform>>,
    Query(cursor): Query<Cursor>,
) -> Json<Page<SentItem>> {
    let customer = cursor.customer.as_deref().map(digits_of);
    let probe = || {
        let items = sent_after(&platform, &cursor, customer.as_deref());
        (!items.is_empty()).then_some(items)
    };
    let items = wait_for(&platform, cursor.wait_ms, probe).await;
    Json(Page {
        next: items.last().map_or(cursor.after, |item| item.seq),
        items,
    })
}

/// The attempts to deliver webhooks.
pub(crate) async fn deliveries(
    State(platform): State<Arc<Platform>>,
    Query(cursor): Query<Cursor>,
) -> Json<Page<Attempt>> {
    let customer = cursor.customer.as_deref().map(digits_of);
    let limit = cursor.limit.unwrap_or(DEFAULT_LIMIT);
    let matches = |attempt: &Attempt| {
        let is_number = |number: &String| *number == attempt.number_id;
        let is_customer = |customer: &String| attempt.customers.contains(customer);
        cursor.number_id.as_ref().is_none_or(is_number) && customer.as_ref().is_none_or(is_customer)
    };
    let probe = || {
        let items = lock(&platform.outbox.log).after(cursor.after, limit, matches);
        (!items.is_empty()).then_some(items)
    };
    let items = wait_for(&platform, cursor.wait_ms, probe).await;
    Json(Page {
        next: items.last().map_or(cursor.after, |attempt| attempt.seq),
        items,
    })
}

/// A file of a number, as the customer sees it.
pub(crate) async fn media(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Result<Json<MediaFile>, ControlError> {
    let world = platform.world();
    let media = world.media.get(&id);
    let media = media.ok_or(ControlError::NotFound { kind: "media", id })?;
    Ok(Json(MediaFile {
        mime_type: media.mime_type.clone(),
        data: STANDARD.encode(&media.bytes),
        file_name: media.file_name.clone(),
    }))
}

/// Whether every status is out and every webhook delivered or given up.
pub(crate) async fn idle(
    State(platform): State<Arc<Platform>>,
    Query(wait): Query<Wait>,
) -> Json<Idle> {
    let state = || {
        let outstanding = platform.epoch().outstanding();
        let is_idle = outstanding.statuses == 0 && outstanding.deliveries == 0;
        Idle {
            is_idle,
            outstanding,
        }
    };
    let probe = || Some(state()).filter(|idle| idle.is_idle);
    let wait = Duration::from_millis(wait.wait_ms);
    let idle = platform.wait_for(wait, probe).await;
    Json(idle.unwrap_or_else(state))
}

async fn wait_for<T>(
    platform: &Platform,
    wait_ms: u64,
    probe: impl FnMut() -> Option<Vec<T>>,
) -> Vec<T> {
    let wait = Duration::from_millis(wait_ms);
    platform.wait_for(wait, probe).await.unwrap_or_default()
}

/// The items after a cursor, oldest first over all the conversations that match.
fn sent_after(platform: &Platform, cursor: &Cursor, customer: Option<&str>) -> Vec<SentItem> {
    let world = platform.world();
    let mut items: Vec<SentItem> = Vec::new();
    // Most changes that wake a long poll are not sends.
    if world.last_seq <= cursor.after {
        return items;
    }
    for (number_id, threads) in &world.threads {
        if cursor
            .number_id
            .as_ref()
            .is_some_and(|wanted| wanted != number_id)
        {
            continue;
        }
        let mut take = |thread: &Thread| {
            let start = thread.sent.partition_point(|item| item.seq <= cursor.after);
            items.extend(thread.sent.range(start..).cloned());
        };
        match customer {
            Some(phone) => threads.get(phone).into_iter().for_each(&mut take),
            None => threads.values().for_each(&mut take),
        }
    }
    items.sort_unstable_by_key(|item| item.seq);
    items.truncate(cursor.limit.unwrap_or(DEFAULT_LIMIT));
    items
}
