//! How a bucket fills.

use super::tokens;

#[test]
fn a_bucket_fills_evenly_and_holds_ten_seconds_worth() {
    assert_eq!(tokens(60.0, None, 0.0), 10.0, "a new one is full");
    assert_eq!(tokens(60.0, Some(0.0), 0.5), 0.5);
    assert_eq!(tokens(60.0, Some(0.0), 3.0), 3.0);
    assert_eq!(tokens(60.0, Some(9.5), 3_600.0), 10.0);
}

#[test]
fn the_smallest_rate_still_lets_one_through() {
    assert_eq!(tokens(1.0, None, 0.0), 1.0);
    assert_eq!(tokens(1.0, Some(0.0), 60.0), 1.0);
}

#[test]
fn time_that_runs_backwards_takes_nothing_away() {
    assert_eq!(tokens(60.0, Some(4.0), -600.0), 4.0);
}
