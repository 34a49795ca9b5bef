//! How long a lease is held.

use std::cell::Cell;
use std::future::{pending, ready};
use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::{EXTENSIONS, hold, lost};

const LASTS: Duration = Duration::from_millis(50);

fn away() -> io::Error {
    io::Error::other("the database is away")
}

#[tokio::test]
async fn work_that_ends_in_time_is_done() {
    let extend = pending::<Result<bool, io::Error>>;
    assert_eq!(hold(LASTS, extend, async { 7 }).await, Some(7));
}

#[tokio::test]
async fn work_is_dropped_when_the_lease_is_anothers() {
    let asked = Cell::new(0);
    let extend = || {
        asked.set(asked.get() + 1);
        ready(Ok::<_, io::Error>(asked.get() < 3))
    };
    assert_eq!(hold(LASTS, extend, pending::<()>()).await, None);
    assert_eq!(asked.get(), 3);
}

#[tokio::test]
async fn what_cannot_be_extended_is_held_for_as_long_as_it_lasts() {
    let began = Instant::now();
    lost(LASTS, || ready(Err::<bool, _>(away()))).await;
    assert!(began.elapsed() >= LASTS);

    // Nor is an answer waited for that does not come.
    let began = Instant::now();
    lost(LASTS, pending::<Result<bool, io::Error>>).await;
    assert!(began.elapsed() >= LASTS);
}

#[tokio::test]
async fn a_failure_now_and_then_loses_no_lease() {
    // Long enough for a machine that is busy with other tests.
    let lasts = Duration::from_secs(1);
    let (asked, began) = (Cell::new(0), Instant::now());
    let extend = || {
        asked.set(asked.get() + 1);
        ready(match asked.get() {
            n if n > EXTENSIONS => Ok(false),
            n if n % 2 == 0 => Err(away()),
            _ => Ok(true),
        })
    };
    lost(lasts, extend).await;
    assert_eq!(asked.get(), EXTENSIONS + 1);
    assert!(began.elapsed() >= lasts, "it was not extended");
}
