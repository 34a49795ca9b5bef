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

/// A moment as Graph writes it: `2023-08-22T19:05:53+0000`.
pub(crate) fn datetime(at_ms: i64) -> String {
    let (year, month, day) = date_of(at_ms);
    let second = at_ms.div_euclid(SECOND_MS).rem_euclid(24 * 60 * 60);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+0000")
}

/// Year, month and day of a moment, in UTC.
pub(crate) fn date_of(at_ms: i64) -> (i64, i64, i64) {
    // Counted from 1 March of the year 0, so that a leap day is the last one of its year.
    let days = at_ms.div_euclid(DAY_MS) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The beginning of a day, in UTC.
pub(crate) fn day_ms(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_dates_are_read() {
        for (at_ms, text) in [
            (0, "1970-01-01T00:00:00+0000"),
            (1_692_731_153_000, "2023-08-22T19:05:53+0000"),
            (1_709_164_800_000, "2024-02-29T00:00:00+0000"),
        ] {
            assert_eq!(datetime(at_ms), text);
            let (year, month, day) = date_of(at_ms);
            assert_eq!(day_ms(year, month, day), at_ms - at_ms.rem_euclid(DAY_MS));
        }
    }
}
