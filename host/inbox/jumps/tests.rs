//! What is a jump, and what is not.

use super::*;

const HOUR: i64 = 3600;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000 + seconds, 0).unwrap()
}

const fn hours(count: u64) -> Duration {
    Duration::from_secs(3600 * count)
}

#[test]
fn time_that_goes_by_is_no_jump() {
    for expected in [None, Some(at(5))] {
        assert_eq!(jump(at(0), at(5), expected), None);
    }
    // A clock that is mended every now and then, and hosts that look at the same time.
    assert_eq!(jump(at(30), at(0), Some(at(30))), None);
    assert_eq!(jump(at(0), at(40), Some(at(5))), None);
    // No host was there for a day.
    assert_eq!(jump(at(0), at(24 * HOUR), None), None);
}

#[test]
fn a_clock_that_was_set_back_is_known_from_what_was_seen() {
    assert_eq!(jump(at(3 * HOUR), at(0), None), Some(Jump::Back(hours(3))));
    // Since then some seconds went by, of which the host knows.
    assert_eq!(
        jump(at(3 * HOUR - 5), at(0), Some(at(3 * HOUR))),
        Some(Jump::Back(hours(3)))
    );
    // Another host has seen to it.
    assert_eq!(jump(at(0), at(1), Some(at(3 * HOUR))), None);
}

#[test]
fn a_clock_that_was_set_ahead_is_known_to_who_saw_it_before() {
    let now = at(3 * HOUR + 5);
    assert_eq!(jump(at(0), now, Some(at(5))), Some(Jump::Ahead(hours(3))));
    assert_eq!(jump(at(0), now, None), None);
    // Another host has seen to it.
    assert_eq!(jump(at(3 * HOUR + 2), now, Some(at(5))), None);
}

#[test]
fn what_the_clock_should_say_goes_by_the_hosts_own() {
    let began = Instant::now();
    assert_eq!(ClockWatch::default().expected(began), None);
    let watch = ClockWatch(Some((began, at(0))));
    assert_eq!(watch.expected(began + hours(1)), Some(at(HOUR)));
}
