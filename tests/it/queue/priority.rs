//! Live before bulk, and bulk's share.

use roost::inbox::{
    Dispatcher, DispatcherSettings, FailureKind, RetryPolicy, RunOutcome, RunReport,
};

use super::{SECOND, ids, status};
use crate::support::bench::{Bench, deploy, text};
use crate::support::bot::{Bot, Note, settings};

#[tokio::test]
async fn a_message_runs_before_the_statuses_that_came_first() {
    let bench = Bench::start().await;
    for n in 0..20 {
        bench.hears_of(&format!("3460{n}"), &format!("s{n}")).await;
    }
    bench.clock.advance(SECOND);
    bench.says("34601", "a1").await;
    assert_eq!(ids(&bench.claim("host", 1).await), ["a1"]);
    assert_eq!(bench.claim("host", 99).await.len(), 19, "one waits for a1");
}

#[tokio::test]
async fn a_project_full_of_statuses_does_not_delay_anothers_message() {
    let bench = Bench::start().await;
    deploy(&bench.projects, "other", "777").await;
    for n in 0..20 {
        bench
            .put(&status("777", &format!("3460{n}"), &format!("s{n}")))
            .await;
    }
    bench.clock.advance(SECOND);
    bench.says("34601", "a1").await;
    bench.put(&text("777", "34601", "b1")).await;
    assert_eq!(ids(&bench.claim("host", 2).await), ["a1", "b1"]);
}

#[tokio::test]
async fn a_status_waits_while_a_message_of_its_conversation_runs() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    let event = bench.claim("host", 9).await.remove(0);
    // Of what a1's run has sent just now; and one of another conversation, which need not wait.
    bench.hears_of("34601", "s1").await;
    bench.hears_of("34602", "s2").await;
    assert_eq!(ids(&bench.claim("host", 9).await), ["s2"]);
    bench.finish(&event).await.unwrap();
    let event = bench.claim("host", 9).await.remove(0);
    assert_eq!(ids(std::slice::from_ref(&event)), ["s1"]);
    // A message does not wait for it.
    bench.says("34601", "a2").await;
    assert_eq!(ids(&bench.claim("host", 9).await), ["a2"]);
}

#[tokio::test]
async fn a_status_that_the_bot_fails_at_holds_no_message_up() {
    let bench = Bench::start().await;
    bench.hears_of("34601", "s1").await;
    let event = bench.claim("host", 9).await.remove(0);
    let verdict = RetryPolicy::default().judge(&event, throws());
    bench.inbox.settle(&event, &verdict).await.unwrap().unwrap();
    bench.says("34601", "a1").await;
    assert_eq!(ids(&bench.claim("host", 9).await), ["a1"]);
}

#[tokio::test]
async fn statuses_of_a_conversation_run_one_at_a_time_and_in_order() {
    let bench = Bench::start().await;
    for n in 0..5 {
        bench.hears_of("34601", &format!("s{n}")).await;
    }
    let mut order = Vec::new();
    while let [event] = bench.claim("host", 9).await.as_slice() {
        order.extend(ids(std::slice::from_ref(event)));
        bench.finish(event).await.unwrap();
    }
    assert_eq!(order, ["s0", "s1", "s2", "s3", "s4"]);
}

#[tokio::test]
async fn what_is_tried_again_runs_after_what_is_new() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    fail(&bench).await;
    bench.clock.advance(30 * SECOND);
    bench.says("34602", "b1").await;
    assert_eq!(ids(&bench.claim("host", 1).await), ["b1"]);
    // Unless somebody waits behind it.
    bench.says("34601", "a2").await;
    bench.says("34603", "c1").await;
    assert_eq!(ids(&bench.claim("host", 1).await), ["a1"]);
}

#[tokio::test]
async fn what_is_replayed_runs_after_what_is_new() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.fails("a1", FailureKind::Rejected);
    let dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.says("34601", "a1").await;
    bench.idle().await;
    drop(dispatcher);
    let dead = bench.dead().await.remove(0).event;
    let events = bench.events();
    events.replay(bench.project, dead.event_id).await.unwrap();
    bench.clock.advance(SECOND);
    bench.says("34602", "b1").await;
    assert_eq!(ids(&bench.claim("host", 1).await), ["b1"]);
    assert_eq!(ids(&bench.claim("host", 1).await), ["a1"]);
}

#[tokio::test]
async fn bulk_gets_its_share_also_of_a_project_at_its_cap() {
    let bench = Bench::start().await;
    bench.set("max_running", 2).await;
    for n in 0..4 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
        bench.hears_of(&format!("3470{n}"), &format!("s{n}")).await;
        bench.clock.advance(SECOND);
    }
    assert_eq!(ids(&bench.claim_with_bulk(9, 1).await), ["a0", "s0"]);
}

#[tokio::test]
async fn a_dispatcher_starts_live_events_first_and_a_bulk_one_now_and_then() {
    let bench = Bench::start().await;
    bench.set("max_running", 1).await;
    for n in 0..20 {
        bench.says(&format!("346{n:02}"), &format!("a{n}")).await;
        bench
            .hears_of(&format!("347{n:02}"), &format!("s{n}"))
            .await;
        bench.clock.advance(SECOND);
    }
    let bot = Bot::new();
    let _dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.idle().await;
    let started = bot.started();
    let bulk: Vec<usize> = (0..20).filter(|n| started[*n].starts_with('s')).collect();
    assert_eq!(bulk, [7, 15], "{started:?}");
    assert_eq!(started.len(), 40);
}

async fn fail(bench: &Bench) {
    let event = bench.claim("host", 9).await.remove(0);
    let verdict = settings("").retry.judge(&event, throws());
    bench.inbox.settle(&event, &verdict).await.unwrap().unwrap();
}

fn throws() -> RunOutcome {
    RunOutcome::Failed {
        reason: "no".to_owned(),
        kind: FailureKind::BotThrew,
        report: RunReport::default(),
    }
}

#[tokio::test]
async fn a_project_whose_events_take_long_leaves_a_slot_for_anothers() {
    let bench = Bench::start().await;
    deploy(&bench.projects, "other", "777").await;
    let bot = Bot::new();
    for n in 0..20 {
        bot.holds(&format!("a{n}"));
        bench.says(&format!("346{n:02}"), &format!("a{n}")).await;
    }
    let settings = DispatcherSettings {
        max_running: 8,
        ..settings("host")
    };
    let _dispatcher = Dispatcher::start(bench.inbox.clone(), bot.clone(), settings);
    bot.until("all slots but one are taken", |notes| notes.len() == 7)
        .await;
    for n in 0..3 {
        bench.put(&text("777", "34601", &format!("b{n}"))).await;
        let ended = Note::Ended(format!("b{n}"));
        bot.until("another's message runs", |notes| notes.contains(&ended))
            .await;
    }
    let of_the_first = bot.started().into_iter().filter(|id| id.starts_with('a'));
    assert_eq!(of_the_first.count(), 7);
}
