//! Who may run what, and until when: leases, back-offs, shares of projects.

use std::time::Duration;

use roost::inbox::{ClaimedEvent, FailureKind, LeaseLost, Outcome, RunOutcome, RunReport};
use roost::projects::ProjectStatus;
use roost::words::Told;
use serde_json::{Value, json};

use crate::support::bench::{Bench, LEASE, NUMBER, deploy, envelope, text};
use crate::support::bot::{message_id, settings};

fn ids(events: &[ClaimedEvent]) -> Vec<String> {
    events
        .iter()
        .map(|event| message_id(&event.payload))
        .collect()
}

#[tokio::test]
async fn a_lease_that_ran_out_gives_the_event_to_another_host() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    let first = bench.claim("crashed", 9).await.remove(0);
    bench.clock.advance(LEASE - Duration::from_secs(1));
    assert_eq!(bench.claim("other", 9).await, []);

    bench.clock.advance(Duration::from_secs(1));
    let second = bench.claim("other", 9).await.remove(0);
    assert_eq!((second.event_id, second.attempt), (first.event_id, 2));
    assert_eq!(second.payload, first.payload);

    let lost = bench.finish(&first).await;
    assert_eq!(lost, Err(LeaseLost(first.run_id)));
    assert_eq!(
        bench.inbox.depth(None).await.unwrap().pending,
        1,
        "the lost lease settled it"
    );
    assert_eq!(bench.finish(&second).await, Ok(()));
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 0);

    let runs = bench.runs(first.event_id).await;
    let story: Vec<_> = runs
        .iter()
        .map(|run| {
            (
                run.owner.as_str(),
                run.outcome.as_ref().and_then(Told::known),
            )
        })
        .collect();
    let told = [
        ("crashed", Some(Outcome::Lost)),
        ("other", Some(Outcome::Done)),
    ];
    assert_eq!(story, told);
}

#[tokio::test]
async fn a_lease_that_is_extended_does_not_run_out() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    let event = bench.claim("host", 9).await.remove(0);
    for _ in 0..3 {
        bench.clock.advance(LEASE - Duration::from_secs(1));
        let kept = bench.inbox.extend(&[event.lease()], LEASE).await.unwrap();
        assert_eq!(kept, [event.run_id]);
    }
    assert_eq!(bench.claim("other", 9).await, []);
    assert_eq!(bench.finish(&event).await, Ok(()));
}

#[tokio::test]
async fn a_back_off_holds_until_it_is_over_or_the_project_is_woken() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    let mut retry = settings("").retry;
    retry.base = Duration::from_secs(10);
    let throws = || RunOutcome::Failed {
        reason: "no".to_owned(),
        kind: FailureKind::BotThrew,
        report: RunReport::default(),
    };
    let event = bench.claim("host", 9).await.remove(0);
    let verdict = retry.judge(&event, throws());
    bench.inbox.settle(&event, &verdict).await.unwrap().unwrap();
    bench.says("34601", "a2").await;
    assert_eq!(
        bench.claim("host", 9).await,
        [],
        "the next message ended the back-off"
    );

    bench.clock.advance(Duration::from_secs(25));
    let event = bench.claim("host", 9).await.remove(0);
    assert_eq!(
        (message_id(&event.payload).as_str(), event.attempt),
        ("a1", 2)
    );
    let verdict = retry.judge(&event, throws());
    bench.inbox.settle(&event, &verdict).await.unwrap().unwrap();
    bench.inbox.wake(bench.project).await.unwrap();
    assert_eq!(ids(&bench.claim("host", 9).await), ["a1"]);
}

#[tokio::test]
async fn an_event_that_failed_twice_lets_later_ones_pass_and_is_tried_in_between() {
    let bench = Bench::start().await;
    let mut retry = settings("").retry;
    (retry.base, retry.jitter, retry.max_attempts) = (Duration::from_secs(10), 0.0, 8);
    let throws = RunOutcome::Failed {
        reason: "no".to_owned(),
        kind: FailureKind::BotThrew,
        report: RunReport::default(),
    };
    let fails = async |event: &ClaimedEvent| {
        let verdict = retry.judge(event, throws.clone());
        bench.inbox.settle(event, &verdict).await.unwrap().unwrap();
    };
    let next = async || bench.claim("host", 9).await;
    bench.says("34601", "a1").await;
    bench.says("34601", "a2").await;
    fails(&next().await[0]).await;
    assert_eq!(next().await, [], "a2 waits for the second run");
    bench.clock.advance(Duration::from_secs(20));
    let second = next().await;
    assert_eq!(ids(&second), ["a1"]);
    fails(&second[0]).await;

    // From here on it waits 40 s, and nobody else does.
    let passes = next().await;
    assert_eq!(ids(&passes), ["a2"]);
    // What comes while it runs, and what comes when only the failed one waits.
    bench.says("34601", "a3").await;
    bench.finish(&passes[0]).await.unwrap();
    let passes = next().await;
    assert_eq!(ids(&passes), ["a3"]);
    bench.finish(&passes[0]).await.unwrap();
    assert_eq!(next().await, []);
    bench.says("34601", "a4").await;
    let passes = next().await;
    assert_eq!(ids(&passes), ["a4"]);
    bench.clock.advance(Duration::from_secs(40));
    bench
        .inbox
        .extend(&[passes[0].lease()], LEASE)
        .await
        .unwrap();
    bench.says("34601", "a5").await;
    bench.finish(&passes[0]).await.unwrap();

    // It is due: the oldest goes first again, and one at a time.
    let third = next().await;
    assert_eq!((ids(&third), third[0].attempt), (vec!["a1".to_owned()], 3));
    assert_eq!(next().await, []);
    fails(&third[0]).await;
    let passes = next().await;
    assert_eq!(ids(&passes), ["a5"]);
    bench.finish(&passes[0]).await.unwrap();
    assert_eq!(next().await, []);
    // A deploy wakes it.
    bench.inbox.wake(bench.project).await.unwrap();
    let fourth = next().await;
    assert_eq!(ids(&fourth), ["a1"]);
    bench.finish(&fourth[0]).await.unwrap();
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 0);
    let left: i64 = sqlx::query_scalar("select sum(aside) from conversation_queue")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_project_runs_no_more_at_once_than_its_share() {
    let bench = Bench::start().await;
    let other = deploy(&bench.projects, "other", "777").await;
    for n in 0..5 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
    }
    bench.put(&text("777", "34601", "b1")).await;

    let (first, _) = bench.claim_after("one", (9, 2), None).await;
    assert_eq!(first.len(), 3);
    assert!(
        ids(&first).contains(&"b1".to_owned()),
        "{other} was held up"
    );
    let (second, _) = bench.claim_after("two", (9, 2), None).await;
    assert_eq!(second, []);
    bench.finish(&first[0]).await.unwrap();
    let (third, _) = bench.claim_after("two", (9, 2), None).await;
    assert_eq!(third.len(), 1);
}

#[tokio::test]
async fn hosts_that_claim_at_once_keep_to_the_share_together() {
    let bench = Bench::start().await;
    for n in 0..20 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
    }
    let claims = (0..6).map(|_| bench.claim_after("host", (4, 5), None));
    let claimed: usize = futures::future::join_all(claims)
        .await
        .iter()
        .map(|(events, _)| events.len())
        .sum();
    assert_eq!(claimed, 5);
}

#[tokio::test]
async fn a_project_with_a_long_queue_does_not_keep_another_waiting() {
    let bench = Bench::start().await;
    deploy(&bench.projects, "other", "777").await;
    for n in 0..20 {
        bench.says(&format!("3460{n:02}"), &format!("a{n}")).await;
        bench.clock.advance(Duration::from_secs(1));
    }
    bench.put(&text("777", "34601", "b1")).await;
    // One slot: the one who came last is second.
    let (first, after) = bench.claim_after("host", (1, 16), None).await;
    bench.finish(&first[0]).await.unwrap();
    let (second, after) = bench.claim_after("host", (1, 16), after).await;
    assert_eq!([ids(&first), ids(&second)].concat(), ["a0", "b1"]);
    bench.finish(&second[0]).await.unwrap();
    let (third, _) = bench.claim_after("host", (1, 16), after).await;
    assert_eq!(ids(&third), ["a1"]);
}

#[tokio::test]
async fn events_wait_while_nothing_may_serve_them() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    bench
        .projects
        .pause_or_resume(bench.project, ProjectStatus::Suspended)
        .await
        .unwrap();
    assert_eq!(bench.claim("host", 9).await, []);
    bench
        .projects
        .pause_or_resume(bench.project, ProjectStatus::Active)
        .await
        .unwrap();
    let event = bench.claim("host", 9).await.remove(0);
    assert_eq!(event.attempt, 1);
    let version = bench
        .projects
        .active_version(bench.project)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.version_id, version.version_id);
}

#[tokio::test]
async fn slots_are_shared_between_projects_before_one_gets_a_second() {
    let bench = Bench::start().await;
    deploy(&bench.projects, "other", "777").await;
    for n in 0..5 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
        bench.clock.advance(Duration::from_secs(1));
    }
    bench.put(&text("777", "34601", "b1")).await;
    assert_eq!(ids(&bench.claim("host", 3).await), ["a0", "a1", "b1"]);
    // What runs already counts as its turns.
    bench.put(&text("777", "34602", "b2")).await;
    assert_eq!(ids(&bench.claim("host", 1).await), ["b2"]);
}

#[tokio::test]
async fn the_messages_of_one_post_run_in_their_order() {
    let bench = Bench::start().await;
    let ids: Vec<String> = (0..20).map(|n| format!("a{n}")).collect();
    let message = |id: &String| json!({"from": "34601", "id": id, "type": "text"});
    let messages: Vec<Value> = ids.iter().map(message).collect();
    bench
        .put(&envelope(NUMBER, &json!({ "messages": messages })))
        .await;
    let mut order = Vec::new();
    while let [event] = bench.claim("host", 9).await.as_slice() {
        order.push(message_id(&event.payload));
        bench.finish(event).await.unwrap();
    }
    assert_eq!(order, ids);
}
