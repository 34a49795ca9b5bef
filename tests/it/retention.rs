//! What is forgotten, when, and what never is.

use std::time::Duration;

use roost::events::EventError;
use roost::inbox::Clock;
use roost::logs::{LogFilter, LogLimits, LogStore, LogWriter, Origin};
use roost::projects::ProjectId;
use roost::retention::{Keeper, RetentionPolicy, Swept};
use roost::telemetry::Metrics;
use roost::words::LogLevel;
use sqlx::PgPool;

use crate::support::bench::{Bench, deploy, text};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn keeper(bench: &Bench, policy: RetentionPolicy) -> Keeper {
    Keeper::new(bench.pool.clone(), bench.clock.clock(), policy)
}

fn policy() -> RetentionPolicy {
    RetentionPolicy {
        event_days: 10,
        message_days: 20,
        log_days: 5,
        ..RetentionPolicy::default()
    }
}

async fn sweep(keeper: &Keeper) -> Swept {
    keeper.sweep().await.unwrap().expect("nobody else sweeps")
}

#[tokio::test]
async fn done_events_go_with_their_runs_and_pending_ones_stay() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    bench.put(&text("999", "34601", "lost")).await;
    let event = bench.claim("host", 9).await.remove(0);
    bench.finish(&event).await.unwrap();
    bench.says("34602", "b1").await;
    let keeper = keeper(&bench, policy());
    bench.clock.advance(10 * DAY - Duration::from_secs(1));
    assert_eq!(sweep(&keeper).await.events, 0);

    bench.clock.advance(Duration::from_secs(2));
    let swept = sweep(&keeper).await;
    assert_eq!((swept.events, swept.unrouted, swept.messages), (1, 1, 0));
    let gone = bench.events().find(bench.project, event.event_id).await;
    assert!(matches!(gone, Err(EventError::NotFound(_))), "{gone:?}");
    assert_eq!(kept(&bench.pool, "run", bench.project).await, 0);
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 1);
    assert_eq!(
        bench.messages("34601").await,
        ["a1"],
        "messages are no events"
    );

    bench.clock.advance(10 * DAY);
    assert_eq!(sweep(&keeper).await.messages, 2);
    assert_eq!(bench.inbox.depth(None).await.unwrap().pending, 1);
}

#[tokio::test]
async fn a_done_event_is_remembered_for_as_long_as_meta_repeats_it() {
    let bench = Bench::start().await;
    bench.says("34601", "a1").await;
    let event = bench.claim("host", 9).await.remove(0);
    bench.finish(&event).await.unwrap();
    let hasty = RetentionPolicy {
        event_days: 1,
        ..policy()
    };
    bench.clock.advance(7 * DAY);
    assert_eq!(sweep(&keeper(&bench, hasty)).await.events, 0);
    bench.says("34601", "a1").await;
    let depth = bench.inbox.depth(None).await.unwrap();
    assert_eq!(depth.pending, 0, "Meta's repeat ran again");
}

#[tokio::test]
async fn a_project_keeps_things_as_long_as_it_says() {
    let bench = Bench::start().await;
    let other = deploy(&bench.projects, "other", "777").await;
    bench.says("34601", "a1").await;
    bench.put(&text("777", "34601", "b1")).await;
    for event in bench.claim("host", 9).await {
        bench.finish(&event).await.unwrap();
    }
    set(&bench.pool, other, "retention_days = 12").await;
    let keeper = keeper(&bench, policy());
    bench.clock.advance(11 * DAY);
    assert_eq!(sweep(&keeper).await.events, 1);
    assert_eq!(kept(&bench.pool, "event", bench.project).await, 0);
    assert_eq!(kept(&bench.pool, "event", other).await, 1);
    bench.clock.advance(2 * DAY);
    let swept = sweep(&keeper).await;
    assert_eq!((swept.events, swept.messages), (1, 1));
}

#[tokio::test]
async fn sends_stay_while_their_event_or_their_outcome_is_open() {
    let bench = Bench::start().await;
    let clock = Clock::new(|| sqlx::types::chrono::Utc::now() + 365 * DAY);
    let keeper = Keeper::new(bench.pool.clone(), clock, policy());
    bench.says("34601", "a1").await;
    let pending = bench.claim("host", 9).await.remove(0);
    let known = pending.event_id.0;
    for (event, state) in [
        (known, "sent"),
        (900, "sent"),
        (901, "rejected"),
        (902, "unsettled"),
        (903, "prepared"),
    ] {
        insert_send(&bench.pool, bench.project, event, state).await;
    }
    assert_eq!(sweep(&keeper).await.sends, 2);
    let left: Vec<(i64, String)> =
        sqlx::query_as("select event_id, state from send order by event_id")
            .fetch_all(&bench.pool)
            .await
            .unwrap();
    let expected = [(known, "sent"), (902, "unsettled"), (903, "prepared")];
    assert_eq!(
        left,
        expected.map(|(event, state)| (event, state.to_owned()))
    );
}

#[tokio::test]
async fn logs_have_an_age_and_a_size() {
    let bench = Bench::start().await;
    let store = LogStore::new(bench.pool.clone());
    let limits = LogLimits::default();
    let writer = LogWriter::start(&store, limits, bench.clock.clock(), Metrics::default());
    let origin = Origin {
        project_id: bench.project,
        event_id: None,
        run_id: None,
        version_id: None,
    };
    writer.write(origin, LogLevel::Info, "old");
    bench.clock.advance(6 * DAY);
    for n in 0..10 {
        writer.write(origin, LogLevel::Info, &format!("new {n}"));
    }
    writer.flush().await;
    let mut policy = policy();
    assert_eq!(sweep(&keeper(&bench, policy.clone())).await.log_lines, 1);
    policy.log_limits.lines = 4;
    assert_eq!(sweep(&keeper(&bench, policy.clone())).await.log_lines, 6);
    policy.log_limits.bytes = 12;
    assert_eq!(sweep(&keeper(&bench, policy)).await.log_lines, 2);
    let left = store
        .list(bench.project, &LogFilter::default(), None, 9)
        .await
        .unwrap();
    let left: Vec<&str> = left.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(left, ["new 9", "new 8"]);
}

#[tokio::test]
async fn one_host_sweeps_at_a_time() {
    let bench = Bench::start().await;
    let keeper = keeper(&bench, policy());
    let mut other = bench.pool.acquire().await.unwrap();
    // The keeper's own lock, held by another host.
    sqlx::query("select pg_advisory_lock($1)")
        .bind(0x726f_6f73_745f_6b70_i64)
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(keeper.sweep().await.unwrap(), None);
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(0x726f_6f73_745f_6b70_i64)
        .execute(&mut *other)
        .await
        .unwrap();
    for _ in 0..2 {
        sweep(&keeper).await;
    }
}

async fn set(pool: &PgPool, project: ProjectId, setting: &'static str) {
    let statement = format!("update project set {setting} where project_id = $1");
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(project)
        .execute(pool)
        .await
        .unwrap();
}

async fn kept(pool: &PgPool, table: &'static str, project: ProjectId) -> i64 {
    let statement = format!("select count(*) from {table} where project_id = $1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .bind(project)
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn insert_send(pool: &PgPool, project: ProjectId, event: i64, state: &str) {
    sqlx::query(
        "insert into send (project_id, event_id, request_hash, occurrence, sequence, attempt,
                           phone_number_id, state, response_status, settle_by)
         values ($1, $2, decode(repeat('00', 32), 'hex'), 0, 0, 1, '1', $3,
                 case when $3 in ('sent', 'rejected') then 200 end,
                 case when $3 = 'unsettled' then now() end)",
    )
    .bind(project)
    .bind(event)
    .bind(state)
    .execute(pool)
    .await
    .unwrap();
}
