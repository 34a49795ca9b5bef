//! The emulator's clock: the machine's, moved by an offset that the control API sets.
//!
//! Windows, expiry of tokens and media, rate limits and every timestamp follow it. Delays of
//! statuses and of webhook retries do not: they pass in real time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds in a second, for the many places where Meta counts in seconds.
pub(crate) const SECOND_MS: i64 = 1_000;
/// Milliseconds in a day.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// Wall-clock time plus an offset.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// Milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let real_ms = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        real_ms.saturating_add(self.offset_ms())
    }

    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

/// Unix seconds as the string that `timestamp` fields carry.
pub(crate) fn timestamp(at_ms: i64) -> String {
    at_ms.div_euclid(SECOND_MS).to_string()
}
