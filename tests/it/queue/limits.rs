//! What a project may use: runs at once, and runs in a minute.

use std::sync::Arc;
use std::time::Duration;

use roost::inbox::{Clock, Inbox, NoSink};
use sqlx::types::chrono::{DateTime, Utc};

use super::{SECOND, ids};
use crate::support::bench::{Bench, LEASE, deploy, text};
use crate::support::bot::{Bot, Note, settings};

#[tokio::test]
async fn a_projects_own_cap_goes_before_the_hosts() {
    let bench = Bench::start().await;
    deploy(&bench.projects, "other", "777").await;
    bench.set("max_running", 2).await;
    for n in 0..5 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
        bench
            .put(&text("777", &format!("3460{n}"), &format!("b{n}")))
            .await;
    }
    let (first, _) = bench.claim_after("one", (20, 4), None).await;
    let of = |letter| {
        ids(&first)
            .iter()
            .filter(|id| id.starts_with(letter))
            .count()
    };
    assert_eq!((of('a'), of('b')), (2, 4));
}

#[tokio::test]
async fn a_rate_holds_for_all_hosts_together_and_nothing_is_lost_by_it() {
    let bench = Bench::start().await;
    bench.set("events_per_minute", 6).await;
    for n in 0..12 {
        bench.says(&format!("346{n:02}"), &format!("a{n}")).await;
    }
    let mut begun = Vec::new();
    for second in 0..60 {
        for host in ["one", "two"] {
            for event in bench.claim(host, 9).await {
                bench.finish(&event).await.unwrap();
                begun.push(second);
            }
        }
        bench.clock.advance(SECOND);
    }
    assert_eq!(begun, [0, 10, 20, 30, 40, 50]);
    bench.clock.advance(60 * SECOND);
    assert_eq!(
        bench.claim("one", 9).await.len(),
        1,
        "what was not used is not saved up"
    );
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 6);
}

#[tokio::test]
async fn a_project_at_its_rate_does_not_keep_another_waiting() {
    let bench = Bench::start().await;
    deploy(&bench.projects, "other", "777").await;
    bench.set("events_per_minute", 1).await;
    for n in 0..9 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
    }
    bench.clock.advance(SECOND);
    bench.put(&text("777", "34601", "b1")).await;
    assert_eq!(bench.claim("host", 9).await.len(), 2);
}

#[tokio::test]
async fn the_summary_says_what_waits_for_how_long_and_whose_it_is() {
    let bench = Bench::start().await;
    let other = deploy(&bench.projects, "other", "777").await;
    bench.says("34601", "a1").await;
    bench.clock.advance(90 * SECOND);
    for n in 0..3 {
        bench
            .put(&super::status("777", &format!("3460{n}"), &format!("s{n}")))
            .await;
    }
    let running = bench.claim("host", 1).await;
    assert_eq!(ids(&running), ["a1"]);

    let summary = bench.inbox.summary(None, 10).await.unwrap();
    let depth = summary.depth;
    assert_eq!((depth.pending, depth.running, summary.live), (4, 1, 1));
    assert_eq!(summary.oldest_age_ms, Some(90_000));
    let projects: Vec<_> = summary
        .projects
        .iter()
        .map(|p| {
            (
                p.name.as_str(),
                p.pending,
                p.live,
                p.running,
                p.oldest_age_ms,
            )
        })
        .collect();
    let expected = [("other", 3, 0, 0, Some(0)), ("bot", 1, 1, 1, Some(90_000))];
    assert_eq!(projects, expected);
    let of_one = bench.inbox.summary(Some(other), 10).await.unwrap();
    assert_eq!(
        (of_one.depth.pending, of_one.live, of_one.projects.len()),
        (3, 0, 1)
    );
}

/// Who looks only once in a while, so that it has to be told.
fn patient(owner: &str) -> roost::inbox::DispatcherSettings {
    roost::inbox::DispatcherSettings {
        poll: Duration::from_secs(600),
        ..settings(owner)
    }
}

#[tokio::test]
async fn a_host_without_free_slots_calls_another() {
    let bench = Bench::start().await;
    let bot = Bot::new();
    (0..9).for_each(|n| bot.holds(&format!("a{n}")));
    let other = Inbox::new(bench.pool.clone(), bench.clock.clock(), Arc::new(NoSink));
    let dispatch = |inbox: &Inbox, owner| {
        roost::inbox::Dispatcher::start(inbox.clone(), bot.clone(), patient(owner))
    };
    let two = dispatch(&other, "two");
    let one = dispatch(&bench.inbox, "one");
    until_two_listen(&bench).await;
    for n in 0..6 {
        bench.says(&format!("3460{n}"), &format!("a{n}")).await;
    }
    bot.until("both hosts run", |notes| notes.len() == 6).await;
    assert_eq!((one.running(), two.running()), (4, 2));
    (0..6).for_each(|n| bot.lets_go(&format!("a{n}")));
    bot.until("all end", |notes| {
        notes
            .iter()
            .filter(|note| matches!(note, Note::Ended(_)))
            .count()
            == 6
    })
    .await;
}

async fn until_two_listen(bench: &Bench) {
    let listening = "select count(*) from pg_stat_activity
                     where datname = current_database() and query like 'LISTEN%'";
    loop {
        let count: i64 = sqlx::query_scalar(listening)
            .fetch_one(&bench.pool)
            .await
            .unwrap();
        if count == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn leases_and_arrivals_are_told_by_the_databases_clock() {
    let bench = Bench::start().await;
    // Not the bench's, which is years behind.
    let inbox = Inbox::new(bench.pool.clone(), Clock::database(), Arc::new(NoSink));
    let pieces = roost::inbox::envelope::split(
        &text(crate::support::bench::NUMBER, "34601", "a1").to_string(),
    );
    inbox.put(&pieces.unwrap()).await.unwrap();
    let _dispatcher = {
        let bot = Bot::new();
        bot.holds("a1");
        let running = roost::inbox::Dispatcher::start(
            inbox.clone(),
            bot.clone(),
            roost::inbox::DispatcherSettings {
                lease: LEASE,
                ..settings("host")
            },
        );
        bot.has_started("a1").await;
        running
    };
    let (received, until, now): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>) = sqlx::query_as(
        "select received_at, ready_at, clock_timestamp()
         from event join conversation_queue using (project_id, queue)",
    )
    .fetch_one(&bench.pool)
    .await
    .unwrap();
    assert!((now - received).num_seconds() < 25, "{received} {now}");
    assert!((until - now).num_seconds() > 5, "{until} {now}");
}
