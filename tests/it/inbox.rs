//! What dispatchers make of stored events: order, retries, shutdown.

use std::sync::Arc;
use std::time::Duration;

use roost::events::{EventError, EventState};
use roost::inbox::{ClaimedEvent, FailureKind, Inbox, NoSink, Outcome, RunOutcome, RunReport};
use roost::words::Told;

use crate::support::bench::{Bench, LEASE};
use crate::support::bot::{Bot, DEADLINE, Note, message_id, settings};

#[tokio::test]
async fn one_contacts_messages_run_in_order_and_hold_nobody_else_up() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.holds("a1");
    let _dispatcher = bot.dispatch(&bench.inbox, "host");
    for (contact, id) in [
        ("34601", "a1"),
        ("34601", "a2"),
        ("34601", "a3"),
        ("34602", "b1"),
    ] {
        bench.says(contact, id).await;
    }
    bot.until("b1 ends", |notes| {
        notes.contains(&Note::Ended("b1".to_owned()))
    })
    .await;
    assert!(
        !bot.started().contains(&"a2".to_owned()),
        "a2 did not wait for a1"
    );
    bot.lets_go("a1");
    bench.idle().await;
    let of_a: Vec<_> = bot
        .started()
        .into_iter()
        .filter(|id| id.starts_with('a'))
        .collect();
    assert_eq!(of_a, ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn a_run_whose_lease_was_lost_is_stopped() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.holds("a1");
    let dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.says("34601", "a1").await;
    bot.has_started("a1").await;
    // As another host does that takes the conversation over.
    sqlx::query("update conversation_queue set lease = gen_random_uuid()")
        .execute(&bench.pool)
        .await
        .unwrap();
    bot.until("a1 is stopped", |notes| {
        notes.contains(&Note::Dropped("a1".to_owned()))
    })
    .await;
    dispatcher.drain(DEADLINE).await;
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 1);
}

#[tokio::test]
async fn an_event_that_goes_on_failing_is_dead_and_its_conversation_goes_on() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.fails("a1", FailureKind::BotThrew);
    let _dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.says("34601", "a1").await;
    bench.says("34601", "a2").await;
    bench.idle().await;
    assert_eq!(bot.started(), ["a1", "a1", "a1", "a2"]);

    let mut dead = bench.dead().await;
    assert_eq!(dead.len(), 1);
    let dead = dead.remove(0);
    let why = dead.event.last_error.as_deref();
    assert_eq!(why, Some("`a1` is too much"));
    assert_eq!(dead.event.attempts, 3);
    let runs = dead.runs;
    let outcomes: Vec<_> = runs
        .iter()
        .map(|run| (run.attempt, run.outcome.as_ref().and_then(Told::known)))
        .collect();
    assert_eq!(outcomes, [1, 2, 3].map(|n| (n, Some(Outcome::BotThrew))));
    assert_eq!(runs[0].sends, Some(1));
}

#[tokio::test]
async fn a_dead_event_can_be_replayed() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.fails("a1", FailureKind::Rejected);
    let _dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.says("34601", "a1").await;
    bench.idle().await;
    let dead = bench.dead().await.remove(0).event;
    assert_eq!((bot.started().len(), dead.attempts), (1, 1));

    bot.works_again();
    let events = bench.events();
    events.replay(bench.project, dead.event_id).await.unwrap();
    bench.idle().await;
    assert_eq!(bot.started(), ["a1", "a1"]);
    assert!(bench.dead().await.is_empty());
    let again = events.replay(bench.project, dead.event_id).await;
    assert!(
        matches!(
            again,
            Err(EventError::NotDead {
                state: EventState::Done,
                ..
            })
        ),
        "{again:?}"
    );
}

#[tokio::test]
async fn an_event_that_takes_its_host_down_each_time_is_dead() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    for _ in 0..3 {
        assert_eq!(bench.claim("crashing", 9).await.len(), 1);
        bench.clock.advance(LEASE);
    }
    let bot = Bot::new();
    let _dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.idle().await;
    assert!(bot.started().is_empty());
    let dead = bench.dead().await.remove(0).event;
    assert_eq!(dead.attempts, 3);
    assert!(dead.last_error.unwrap().contains("host stopped"));
}

#[tokio::test]
async fn two_hosts_share_the_work_and_keep_the_order() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    for n in 0..5 {
        for contact in 0..8 {
            bench
                .says(&format!("3460{contact}"), &format!("{contact}-{n}"))
                .await;
        }
    }
    (0..8).for_each(|contact| bot.holds(&format!("{contact}-0")));
    let other_inbox = Inbox::new(bench.pool.clone(), bench.clock.clock(), Arc::new(NoSink));
    let one = bot.dispatch(&bench.inbox, "one");
    let two = bot.dispatch(&other_inbox, "two");
    // A host has four slots.
    bot.until("both hosts are full", |notes| notes.len() == 8)
        .await;
    assert_eq!((one.running(), two.running()), (4, 4));
    (0..8).for_each(|contact| bot.lets_go(&format!("{contact}-0")));
    bench.idle().await;

    let notes = bot.notes();
    assert_eq!(notes.len(), 80, "{notes:?}");
    for contact in 0..8 {
        let expected: Vec<Note> = (0..5)
            .map(|n| format!("{contact}-{n}"))
            .flat_map(|id| [Note::Started(id.clone()), Note::Ended(id)])
            .collect();
        let is_own = |note: &&Note| note.id().starts_with(&format!("{contact}-"));
        assert_eq!(
            notes.iter().filter(is_own).cloned().collect::<Vec<_>>(),
            expected
        );
    }
}

#[tokio::test]
async fn draining_waits_for_what_runs_and_claims_nothing_more() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.holds("a1");
    let dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.says("34601", "a1").await;
    bench.says("34601", "a2").await;
    bot.has_started("a1").await;
    let (report, ()) = tokio::join!(dispatcher.drain(DEADLINE), async { bot.lets_go("a1") });
    assert_eq!((report.finished, report.released), (1, 0));
    assert_eq!(bot.started(), ["a1"]);
    let depth = bench.inbox.depth(Some(bench.project)).await.unwrap();
    assert_eq!((depth.pending, depth.running), (1, 0));
}

#[tokio::test]
async fn what_still_runs_after_draining_is_free_for_others_at_once() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    bot.holds("a1");
    let dispatcher = bot.dispatch(&bench.inbox, "host");
    bench.says("34601", "a1").await;
    bot.has_started("a1").await;
    let report = dispatcher.drain(Duration::ZERO).await;
    assert_eq!((report.finished, report.released), (0, 1));
    assert!(bot.notes().contains(&Note::Dropped("a1".to_owned())));

    let event = bench.claim("other", 9).await.remove(0);
    assert_eq!(
        (message_id(&event.payload).as_str(), event.attempt),
        ("a1", 1)
    );
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_own_event_only() {
    struct Panics;
    impl roost::inbox::EventHandler for Panics {
        fn handle(&self, event: ClaimedEvent) -> futures::future::BoxFuture<'_, RunOutcome> {
            assert!(event.deferrals > 0, "the first time");
            Box::pin(async { RunOutcome::Done(RunReport::default()) })
        }
    }
    let bench = Bench::start().await;
    let handler = Arc::new(Panics);
    let _dispatcher =
        roost::inbox::Dispatcher::start(bench.inbox.clone(), handler, settings("host"));
    bench.says("34601", "a1").await;
    bench.idle().await;
    assert_eq!(bench.inbox.depth(None).await.unwrap().dead, 0);
}
