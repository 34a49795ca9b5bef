//! The arithmetic of rate limits.

use super::limits::{Exceeded, RateLimits};
use crate::config::{PairRate, Settings};

/// How many of the sends at these times are let through.
fn admitted(times_ms: impl IntoIterator<Item = i64>) -> usize {
    let settings = Settings {
        pair_rate: Some(PairRate::default()),
        ..Settings::default()
    };
    let mut limits = RateLimits::default();
    times_ms
        .into_iter()
        .filter(|at_ms| limits.admit(&settings, "1", "2", *at_ms).is_ok())
        .count()
}

#[test]
fn one_message_in_six_seconds_is_never_too_much() {
    assert_eq!(admitted((0..1000).map(|n| n * 6_000)), 1000);
}

#[test]
fn a_burst_of_45_is_let_through_and_paid_for() {
    assert_eq!(admitted((0..100).map(|n| n * 10)), 45);
    let paid_at_ms = 45 * 6_000;
    assert_eq!(admitted((0..45).chain([paid_at_ms - 1])), 45);
    assert_eq!(admitted((0..45).chain([paid_at_ms])), 46);
}

#[test]
fn a_burst_lasts_one_interval() {
    assert_eq!(admitted([0, 5_999, 6_000]), 2);
}

#[test]
fn pairs_do_not_count_for_each_other() {
    let settings = Settings {
        pair_rate: Some(PairRate {
            interval_ms: 6_000,
            burst: 1,
        }),
        ..Settings::default()
    };
    let mut limits = RateLimits::default();
    assert_eq!(limits.admit(&settings, "1", "2", 0), Ok(()));
    assert_eq!(
        limits.admit(&settings, "1", "2", 0),
        Err(Exceeded::PairRate)
    );
    assert_eq!(limits.admit(&settings, "1", "3", 0), Ok(()));
}
