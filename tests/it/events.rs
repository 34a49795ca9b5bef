//! Events as operators see them: lists, what is replayed, what is given up, what came too early.

use std::time::Duration;

use roost::events::{Answer, EventError, EventFilter, EventReport, EventState};
use roost::inbox::{ClaimedEvent, EventId, EventKind, FailureKind, Outcome, RunOutcome, RunReport};
use roost::projects::ProjectStatus;
use roost::words::Told;
use serde_json::json;

use crate::support::bench::{Bench, LEASE, NUMBER, connect, deploy, envelope, project, text};
use crate::support::bot::settings;

const ANA: &str = "34601";
const BEA: &str = "34602";

async fn listed(bench: &Bench, filter: EventFilter) -> Vec<EventReport> {
    let all = bench.events().list(bench.project, &filter, None, 100).await;
    all.unwrap()
}

/// The messages' ids, newest first.
fn ids(reports: &[EventReport]) -> Vec<&str> {
    let keys = reports
        .iter()
        .map(|report| report.event.dedupe_key.as_str());
    keys.map(|key| key.split(':').nth(1).unwrap()).collect()
}

/// The run fails; the event is dead when that is for good.
async fn fails(bench: &Bench, event: &ClaimedEvent, kind: FailureKind, reason: &str) {
    let outcome = RunOutcome::Failed {
        reason: reason.to_owned(),
        kind,
        report: RunReport::default(),
    };
    let mut retry = settings("").retry;
    retry.base = Duration::from_secs(10);
    retry.jitter = 0.0;
    let verdict = retry.judge(event, outcome);
    bench.inbox.settle(event, &verdict).await.unwrap().unwrap();
}

/// An event of each contact is dead, for the reason given.
async fn dead(bench: &Bench, contact: &str, id: &str, reason: &str) -> EventId {
    bench.says(contact, id).await;
    let event = bench.claim("host", 1).await.remove(0);
    fails(bench, &event, FailureKind::Rejected, reason).await;
    event.event_id
}

#[tokio::test]
async fn events_are_listed_newest_first_in_pages_and_by_each_filter() {
    let bench = Bench::start().await;
    for (contact, id) in [(ANA, "a1"), (BEA, "b1"), (ANA, "a2")] {
        bench.says(contact, id).await;
        bench.clock.advance(Duration::from_secs(60));
    }
    let running = bench.claim("host", 1).await.remove(0);
    let status = json!({"id": "wamid.S", "status": "delivered", "timestamp": "1750000000",
                        "recipient_id": BEA});
    bench
        .put(&envelope(NUMBER, &json!({"statuses": [status]})))
        .await;

    let all = listed(&bench, EventFilter::default()).await;
    assert_eq!(ids(&all), ["wamid.S", "a2", "b1", "a1"]);
    let types: Vec<_> = all.iter().map(|report| report.event.type_word()).collect();
    assert_eq!(types[0].as_deref(), Some("delivered"));
    assert_eq!(types[1].as_deref(), Some("text"));
    assert_eq!(all[1].event.masked_from().as_deref(), Some("…4601"));

    let store = bench.events();
    let everything = EventFilter::default();
    let page = |before| store.list(bench.project, &everything, before, 2);
    let first = page(None).await.unwrap();
    let second = page(Some(first[1].event.event_id)).await.unwrap();
    assert_eq!(
        (ids(&first), ids(&second)),
        (vec!["wamid.S", "a2"], vec!["b1", "a1"])
    );

    let state = |state| EventFilter {
        state: Some(state),
        ..EventFilter::default()
    };
    assert_eq!(
        ids(&listed(&bench, state(EventState::Running)).await),
        ["a1"]
    );
    assert_eq!(
        ids(&listed(&bench, state(EventState::Pending)).await),
        ["wamid.S", "a2", "b1"]
    );
    bench.finish(&running).await.unwrap();
    assert_eq!(ids(&listed(&bench, state(EventState::Done)).await), ["a1"]);
    for contact in [ANA, "+346 01", "34 601"] {
        let filter = EventFilter {
            contact: Some(contact.to_owned()),
            ..EventFilter::default()
        };
        assert_eq!(
            ids(&listed(&bench, filter).await),
            ["a2", "a1"],
            "{contact}"
        );
    }
    let statuses_too = EventFilter {
        contact: Some(BEA.to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(ids(&listed(&bench, statuses_too).await), ["wamid.S", "b1"]);
    let kind = EventFilter {
        kind: Some(EventKind::Status),
        ..EventFilter::default()
    };
    assert_eq!(ids(&listed(&bench, kind).await), ["wamid.S"]);
    let outcome = EventFilter {
        outcome: Some(Outcome::Done),
        ..EventFilter::default()
    };
    assert_eq!(ids(&listed(&bench, outcome).await), ["a1"]);
    let now = bench.clock.now();
    let window = EventFilter {
        since: Some(now - Duration::from_secs(150)),
        until: Some(now - Duration::from_secs(50)),
        ..EventFilter::default()
    };
    assert_eq!(ids(&listed(&bench, window).await), ["a2", "b1"]);
}

#[tokio::test]
async fn an_event_that_waits_says_for_what() {
    let bench = Bench::start().await;
    bench.says(ANA, "a1").await;
    bench.says(ANA, "a2").await;
    let store = bench.events();
    let sentence = |report: &EventReport| report.explanation.sentence.clone();
    let newest = async || {
        store
            .list(bench.project, &EventFilter::default(), None, 1)
            .await
            .unwrap()
            .remove(0)
    };

    let first = bench.claim("berlin", 1).await.remove(0);
    let told = sentence(&newest().await);
    let expected = format!(
        "Waiting for an earlier message of the conversation, event {}, which runs now.",
        first.event_id
    );
    assert_eq!(told, expected);
    let told = sentence(&store.find(bench.project, first.event_id).await.unwrap());
    assert!(
        told.starts_with("Running now on host berlin since "),
        "{told}"
    );

    bench.clock.advance(LEASE);
    let told = sentence(&store.find(bench.project, first.event_id).await.unwrap());
    assert!(told.contains("host berlin stopped answering"), "{told}");

    let again = bench.claim("paris", 1).await.remove(0);
    fails(&bench, &again, FailureKind::BotThrew, "Error: no soup").await;
    let told = sentence(&newest().await);
    assert!(
        told.contains("which failed and is tried again at "),
        "{told}"
    );
    assert!(told.ends_with(": Error: no soup."), "{told}");
    let report = store.find(bench.project, first.event_id).await.unwrap();
    let told = sentence(&report);
    assert!(
        told.starts_with("Not answered yet: the bot threw: Error: no soup; next try at "),
        "{told}"
    );
    let outcomes: Vec<_> = report
        .runs
        .iter()
        .map(|run| run.outcome.as_ref().and_then(Told::known))
        .collect();
    assert_eq!(outcomes, [Some(Outcome::Lost), Some(Outcome::BotThrew)]);

    bench
        .projects
        .pause_or_resume(bench.project, ProjectStatus::Suspended)
        .await
        .unwrap();
    let told = sentence(&newest().await);
    assert!(told.starts_with("Waiting: the project is paused"), "{told}");
}

#[tokio::test]
async fn a_dead_event_runs_again_and_only_a_dead_one() {
    let bench = Bench::start().await;
    let event_id = dead(&bench, ANA, "a1", "no soup").await;
    let store = bench.events();
    let report = store.find(bench.project, event_id).await.unwrap();
    assert_eq!(report.explanation.answer, Answer::GivenUp);
    assert_eq!(
        report.explanation.sentence,
        "Not answered: given up after one run, because no soup."
    );

    store.replay(bench.project, event_id).await.unwrap();
    let again = store.replay(bench.project, event_id).await.unwrap_err();
    assert_eq!(
        again.to_string(),
        format!("event `{event_id}` is pending: only dead events are replayed")
    );
    let event = bench.claim("host", 1).await.remove(0);
    assert_eq!((event.event_id, event.attempt), (event_id, 1));
    bench.finish(&event).await.unwrap();
    let report = store.find(bench.project, event_id).await.unwrap();
    assert_eq!((report.state, report.runs.len()), (EventState::Done, 2));

    let other = deploy(&bench.projects, "other", "777").await;
    let foreign = store.replay(other, event_id).await.unwrap_err();
    assert!(matches!(foreign, EventError::NotFound(_)), "{foreign}");
}

#[tokio::test]
async fn dead_events_are_replayed_in_bulk_by_what_they_have_in_common() {
    let bench = Bench::start().await;
    for n in 0..3 {
        dead(
            &bench,
            &format!("3460{n}"),
            &format!("soup{n}"),
            "no SOUP left",
        )
        .await;
    }
    dead(&bench, "34609", "salt", "no salt left").await;
    bench.says("34608", "alive").await;
    let store = bench.events();
    let soup = EventFilter {
        error: Some("no soup".to_owned()),
        ..EventFilter::default()
    };
    assert_eq!(store.replay_all(bench.project, &soup).await.unwrap(), 3);
    let pending = EventFilter {
        state: Some(EventState::Pending),
        ..EventFilter::default()
    };
    let found = listed(&bench, pending).await;
    assert_eq!(ids(&found), ["alive", "soup2", "soup1", "soup0"]);
    assert_eq!(
        bench.claim("host", 9).await.len(),
        4,
        "a queue counts wrong"
    );
    let everything = EventFilter::default();
    assert_eq!(
        store.replay_all(bench.project, &everything).await.unwrap(),
        1
    );
    assert_eq!(
        store.replay_all(bench.project, &everything).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn many_dead_events_of_one_conversation_run_in_their_order() {
    let bench = Bench::start().await;
    for n in 0..3 {
        dead(&bench, ANA, &format!("a{n}"), "no soup").await;
    }
    let store = bench.events();
    let count = store
        .replay_all(bench.project, &EventFilter::default())
        .await;
    assert_eq!(count.unwrap(), 3);
    let mut order = Vec::new();
    while let [event] = bench.claim("host", 9).await.as_slice() {
        order.push(event.event_id);
        bench.finish(event).await.unwrap();
    }
    assert!(order.len() == 3 && order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn what_is_given_up_stays_known_and_is_not_run() {
    let bench = Bench::start().await;
    let one = dead(&bench, ANA, "a1", "no soup").await;
    dead(&bench, BEA, "b1", "no soup").await;
    let store = bench.events();
    store.discard(bench.project, one).await.unwrap();
    let report = store.find(bench.project, one).await.unwrap();
    assert_eq!(report.state, EventState::Discarded);
    let told = report.explanation.sentence;
    assert!(
        told.starts_with("Not answered: it was given up by hand at "),
        "{told}"
    );
    assert!(store.replay(bench.project, one).await.is_err());
    assert!(store.discard(bench.project, one).await.is_err());
    let all = EventFilter::default();
    assert_eq!(store.discard_all(bench.project, &all).await.unwrap(), 1);

    bench.says(ANA, "a1").await;
    assert!(bench.claim("host", 9).await.is_empty(), "Meta's repeat ran");
}

#[tokio::test]
async fn what_came_before_the_number_can_be_taken_over() {
    let bench = Bench::start().await;
    for id in ["c1", "c2"] {
        bench.put(&text("777", ANA, id)).await;
    }
    bench.put(&text("778", ANA, "other")).await;
    let late = project(&bench.projects, "late").await;
    let store = bench.events();
    assert_eq!(store.missed(late).await.unwrap().count, 0);
    connect(&bench.projects, late, "777").await.unwrap();
    assert_eq!(store.missed(late).await.unwrap().count, 2);

    let adopted = store.adopt(late).await.unwrap();
    assert_eq!((adopted.events, adopted.duplicates), (2, 0));
    assert_eq!(store.missed(late).await.unwrap().count, 0);
    assert_eq!(bench.unrouted().await, 1);
    let found = store.list(late, &EventFilter::default(), None, 9).await;
    let found = found.unwrap();
    assert_eq!(ids(&found), ["c2", "c1"]);
    let told = &found[0].explanation.sentence;
    assert!(told.contains("has no version to run it with"), "{told}");
}
