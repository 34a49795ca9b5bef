//! A short soak: two hosts, five kills, a crash of Postgres, and everything accounted for.
//!
//! `cargo xtask soak` is the same for longer; what is held, `harness` says.

#[path = "../../benches/soak/harness/mod.rs"]
mod harness;

use std::time::Duration;

use crate::postgres_support::bin_dir;
use crate::support::sdk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_sent_twice_while_hosts_are_killed() {
    let options = harness::Options {
        seed: 3,
        duration: Duration::from_secs(8),
        kills: 5,
        projects: 4,
        people: 3,
        rate: 6.0,
        hosts: 2,
        graph: Duration::from_secs(3),
        settle: Duration::from_secs(6),
        lease: Duration::from_secs(1),
        quiet: Duration::from_secs(240),
        postgres: bin_dir(),
        sdk: sdk(),
        is_talkative: false,
    };
    let verdict = harness::run(options)
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    assert!(verdict.is_clean(), "{verdict}");
    assert_eq!(verdict.kills, 5);
    assert!(verdict.dead.is_empty(), "{verdict}");
    assert!(verdict.messages > 20, "{verdict}");
    assert_eq!(verdict.json()["sent_twice"], 0);
}
