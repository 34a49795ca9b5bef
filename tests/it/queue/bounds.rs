//! What is not run any more, and what is not let in.

use roost::inbox::envelope::split;
use roost::inbox::{FailureKind, InboxError, InboxLimits, Outcome};
use roost::retention::{Keeper, RetentionPolicy};

use super::{SECOND, ids, status};
use crate::support::bench::{Bench, NUMBER, deploy, text};
use crate::support::bot::{Bot, DEADLINE};

async fn bench(limits: InboxLimits) -> Bench {
    let mut bench = Bench::start().await;
    bench.inbox = bench.inbox.with_limits(limits);
    bench
}

#[tokio::test]
async fn a_status_that_waits_too_long_is_not_run_and_says_so() {
    let bench = bench(InboxLimits::default()).await;
    bench.says("34601", "a1").await;
    bench.hears_of("34601", "s1").await;
    bench.hears_of("34602", "s2").await;
    let running = bench.claim_with_bulk(1, 1).await.remove(0);
    bench.clock.advance(3_600 * SECOND);
    bench.hears_of("34602", "s3").await;
    assert_eq!(
        bench.inbox.expire().await.unwrap(),
        1,
        "one runs, one is new"
    );
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 3);
    let (event_id, error): (i64, String) =
        sqlx::query_as("select event_id, last_error from event where state = 'done'")
            .fetch_one(&bench.pool)
            .await
            .unwrap();
    assert_eq!(error, "expired: it waited past its deadline");
    let runs = bench.runs(roost::inbox::EventId(event_id)).await;
    assert_eq!(runs[0].outcome, Some(Outcome::Expired.into()));
    assert!(runs.len() == 1 && runs[0].event_id != running.event_id);
    // The message waits for as long as it takes, and the new status runs.
    bench.finish(&running).await.unwrap_or(());
    let mut left = Vec::new();
    for event in bench.claim("host", 9).await {
        left.extend(ids(std::slice::from_ref(&event)));
        bench.finish(&event).await.unwrap();
    }
    left.sort();
    assert!(
        left.contains(&"a1".to_owned()) && left.contains(&"s3".to_owned()),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_status_that_is_replayed_runs_however_old_it_is() {
    let bench = bench(InboxLimits::default()).await;
    let bot = Bot::new();
    bot.fails("s1", FailureKind::Rejected);
    let _dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.hears_of("34601", "s1").await;
    bench.idle().await;
    bench.clock.advance(86_400 * SECOND);
    bot.works_again();
    let dead = bench.dead().await.remove(0).event;
    let events = bench.events();
    events.replay(bench.project, dead.event_id).await.unwrap();
    bench.idle().await;
    assert_eq!(bench.inbox.expire().await.unwrap(), 0);
    assert_eq!(bot.started(), ["s1", "s1"]);
}

#[tokio::test]
async fn a_message_has_a_deadline_only_where_the_host_says_so() {
    let limits = InboxLimits {
        message_deadline: Some(60 * SECOND),
        status_deadline: None,
        ..InboxLimits::default()
    };
    let bench = bench(limits).await;
    bench.says("34601", "a1").await;
    bench.hears_of("34602", "s1").await;
    bench.clock.advance(61 * SECOND);
    assert_eq!(bench.inbox.expire().await.unwrap(), 1);
    assert_eq!(ids(&bench.claim("host", 9).await), ["s1"]);
}

#[tokio::test]
async fn a_project_with_too_much_waiting_gets_no_more_and_another_does() {
    let limits = InboxLimits {
        pending_per_project: 3,
        ..InboxLimits::default()
    };
    let bench = bench(limits).await;
    let other = deploy(&bench.projects, "other", "777").await;
    for n in 0..3 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
    }
    let mut both = text(NUMBER, "34609", "a9");
    let theirs = status("777", "34601", "b1")["entry"][0].clone();
    both["entry"].as_array_mut().unwrap().push(theirs);
    let pieces = split(&both.to_string()).unwrap();
    let refused = bench.inbox.put(&pieces).await;
    assert!(
        matches!(refused, Err(InboxError::Full { bound: 3 })),
        "{refused:?}"
    );
    assert_eq!(bench.inbox.depth(Some(other)).await.unwrap().pending, 1);
    assert_eq!(
        bench
            .inbox
            .depth(Some(bench.project))
            .await
            .unwrap()
            .pending,
        3
    );
    // What is stored already is no news: Meta may have not heard our answer.
    bench.says("34601", "a1").await;

    let event = bench.claim("host", 1).await.remove(0);
    bench.finish(&event).await.unwrap();
    let comes_again = async {
        while bench.inbox.put(&pieces).await.is_err() {
            tokio::time::sleep(SECOND / 20).await;
        }
    };
    tokio::time::timeout(DEADLINE, comes_again)
        .await
        .expect("Meta's next try is refused too");
    assert_eq!(bench.messages("34609").await, ["a9"]);
}

#[tokio::test]
async fn what_meta_repeats_days_later_is_found_to_be_done() {
    let bench = bench(InboxLimits::default()).await;
    bench.says("34601", "a1").await;
    let event = bench.claim("host", 1).await.remove(0);
    bench.finish(&event).await.unwrap();
    let clock = bench.clock.clock();
    let keeper = Keeper::new(bench.pool.clone(), clock, RetentionPolicy::default());
    for _ in 0..7 {
        bench.clock.advance(24 * 3_600 * SECOND);
        keeper.sweep().await.unwrap();
        bench.says("34601", "a1").await;
        assert_eq!(bench.claim("host", 1).await, []);
    }
}
