//! The database's clock is set ahead and back, by hours, while events wait.

use std::time::{Duration, Instant};

use roost::inbox::{ClaimedEvent, ClockWatch, FailureKind, Jump, RunOutcome, RunReport};

use super::{SECOND, ids};
use crate::support::bench::{Bench, LEASE};
use crate::support::bot::settings;

const HOURS: Duration = Duration::from_secs(3 * 3600);

/// A host that looks at the clock every five seconds, by a clock of its own that nobody sets.
struct Host<'a> {
    bench: &'a Bench,
    watch: ClockWatch,
    own: Instant,
}

impl<'a> Host<'a> {
    /// Has looked, and has not begun just now.
    async fn of(bench: &'a Bench) -> Self {
        let mut host = Self::begins(bench);
        for _ in 0..2 {
            assert_eq!(host.looks().await, None);
        }
        host
    }

    fn begins(bench: &'a Bench) -> Self {
        Self {
            bench,
            watch: ClockWatch::default(),
            own: Instant::now(),
        }
    }

    async fn looks(&mut self) -> Option<Jump> {
        self.own += 5 * SECOND;
        self.bench.clock.advance(5 * SECOND);
        let inbox = &self.bench.inbox;
        let look = inbox.look_at_clock(&mut self.watch, self.own, LEASE).await;
        look.unwrap()
    }
}

impl Bench {
    /// A run that throws.
    async fn fails(&self, event: &ClaimedEvent) {
        let mut retry = settings("").retry;
        (retry.base, retry.ceiling, retry.jitter) = (10 * SECOND, 600 * SECOND, 0.0);
        retry.max_attempts = 8;
        let throws = RunOutcome::Failed {
            reason: "no".to_owned(),
            kind: FailureKind::BotThrew,
            report: RunReport::default(),
        };
        let verdict = retry.judge(event, throws);
        self.inbox.settle(event, &verdict).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_waits_when_the_clock_is_set_back_is_due_soon() {
    let bench = Bench::start().await;
    let (mut one, mut other) = (Host::of(&bench).await, Host::of(&bench).await);
    // It failed twice and stands aside, another waits for its second run, a third is run by a host that dies.
    bench.says("34601", "aside").await;
    bench.fails(&bench.claim("host", 1).await[0]).await;
    bench.clock.advance(20 * SECOND);
    bench.fails(&bench.claim("host", 1).await[0]).await;
    bench.says("34602", "again").await;
    bench.fails(&bench.claim("host", 1).await[0]).await;
    bench.says("34603", "lost").await;
    assert_eq!(ids(&bench.claim("dies", 1).await), ["lost"]);

    bench.clock.goes_back(HOURS);
    // Who writes now is answered at once.
    bench.says("34604", "new").await;
    let new = bench.claim("host", 9).await;
    assert_eq!(ids(&new), ["new"]);
    let jump = one.looks().await;
    let nearly = HOURS - 60 * SECOND;
    assert!(
        matches!(jump, Some(Jump::Back(by)) if by > nearly && by < HOURS),
        "{jump:?}"
    );
    assert_eq!(other.looks().await, None, "it was seen to twice");
    // Who runs something keeps it.
    let kept = bench.inbox.extend(&[new[0].lease()], LEASE).await.unwrap();
    assert_eq!(kept, [new[0].run_id]);
    bench.clock.advance(LEASE - SECOND);
    let mut due = ids(&bench.claim("host", 9).await);
    due.sort();
    assert_eq!(due, ["again", "aside", "lost"]);
}

#[tokio::test]
async fn what_waits_when_the_clock_is_set_ahead_keeps_the_time_to_its_deadline() {
    let bench = Bench::start().await;
    let mut host = Host::of(&bench).await;
    bench.hears_of("34601", "before").await;
    bench.clock.advance(HOURS);
    bench.hears_of("34602", "after").await;
    // A host that begins now cannot know, and keeps it from nobody.
    assert_eq!(Host::begins(&bench).looks().await, None);
    let jump = host.looks().await;
    assert!(
        matches!(jump, Some(Jump::Ahead(by)) if by >= HOURS && by < HOURS + 60 * SECOND),
        "{jump:?}"
    );
    assert_eq!(bench.inbox.expire().await.unwrap(), 0);
    bench.clock.advance(3_600 * SECOND);
    assert_eq!(bench.inbox.expire().await.unwrap(), 2);
}

#[tokio::test]
async fn time_in_which_no_host_ran_is_time_that_went_by() {
    let bench = Bench::start().await;
    let mut host = Host::of(&bench).await;
    bench.hears_of("34601", "s1").await;
    host.looks().await;
    bench.clock.advance(HOURS);
    let mut next = Host::of(&bench).await;
    assert_eq!(next.looks().await, None);
    assert_eq!(bench.inbox.expire().await.unwrap(), 1);
}
