//! Says what is being done when it takes longer than a second.

use std::io::Write;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(1);

/// Awaits a step; when it lasts, says what it is, and at its end how long it took.
pub(super) async fn step<T>(what: &str, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(LONG) => say(&format!("{what} ...")),
    }
    let done = work.await;
    say(&format!("{what}: {:.1} s", started.elapsed().as_secs_f64()));
    done
}

/// One line of progress. Standard output is the chat's.
pub(super) fn say(line: &str) {
    // Nobody listens any more: nothing is lost.
    let _ = writeln!(std::io::stderr(), "{line}");
}
