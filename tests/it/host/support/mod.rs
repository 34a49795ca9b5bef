//! A host with its surroundings, for one test.
//!
//! `TestHost` is the host in this process, over a control database and a data folder of its own,
//! with an emulator where Meta is. `TestProject` is a bot's project with a number there, `Contact`
//! is a customer who writes to it. `GraphProxy` stands between host and emulator when a test has
//! to see or hold what passes; `RoostProcess` is the same host as a process that can be killed, `Disk` a disk that can be full. `Operator` uses the admin API.

mod balancer;
mod contact;
mod disk;
mod graph_proxy;
mod logs;
mod operator;
mod process;
mod project;
mod skew;
mod test_host;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use crate::support::sdk;
pub(super) use balancer::Balancer;
pub(super) use contact::Contact;
pub(super) use disk::Disk;
pub(super) use graph_proxy::GraphProxy;
pub(super) use logs::text as log;
pub(super) use operator::{Answered, Operator, answered};
pub(super) use process::RoostProcess;
pub(super) use project::{StoredEvent, TestProject, customer};
pub(super) use skew::Skew;
pub(super) use test_host::{APP_ID, Setup, TestHost, scratch_database, share_cache};

/// The longest that a test waits for anything.
pub(super) const DEADLINE: Duration = Duration::from_secs(90);

/// A bot of `guests/`.
pub(super) fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("guests")
        .join(name)
}

/// A bot of `guests/fixtures/`.
pub(super) fn fixture(name: &str) -> PathBuf {
    guest("fixtures").join(name)
}

/// Looks until there is something to see, and gives it.
pub(super) async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(DEADLINE, what, look).await
}

/// As [`eventually`], for what takes long of itself.
pub(super) async fn eventually_within<T>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let begin = tokio::time::Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            begin.elapsed() < deadline,
            "not within the deadline: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
