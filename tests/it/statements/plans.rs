//! Plans are kept: what a message asks is planned once for a connection, and by no kept plan a table is read from
//! end to end when an index leads to what is asked, however empty it was when the plan was made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use roost::inbox::envelope::split;
use roost::inbox::{
    ClaimedEvent, Clock, Dispatcher, DispatcherSettings, EventHandler, EventKind, Inbox,
    RunOutcome, RunReport,
};
use roost::news::Newsroom;
use roost::runs::{SendSettler, SentMessages};
use roost::whatsapp::outbox::{Attempt, CallbackKey, Outbox, OutboxSettings, SendContext, Sender};
use roost::whatsapp::{AccessToken, GraphClient, GraphEndpoint, GraphLimits};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use tokio::time::Instant;

use super::{Statement, none, of_control};
use crate::support::bench::{Bench, NUMBER, envelope, text};
use crate::support::bot::DEADLINE;
use crate::support::db;
use crate::support::graph::Graph;

/// Each from one of [`PEOPLE`], each answered, and of each answer a status.
const MESSAGES: usize = 24;
const PEOPLE: usize = 4;

/// Statements that a message and its answer's status ask, at the least: twelve were seen.
const ASKED: usize = 10;

/// What is read from end to end, and where: tables with a row for each project or fewer, a look at the first row, and
/// what is asked now and then and has no index.
const WHOLE: [(&str, &str); 15] = [
    ("host/inbox/forgetting/store.rs", "conversation_queue"),
    ("host/inbox/forgetting/store.rs", "unrouted"),
    ("host/inbox/jumps/store.rs", "clock"),
    ("host/inbox/lease/room/store.rs", "residency"),
    ("host/inbox/unrouted/store.rs", "unrouted"),
    ("host/leases/store.rs", "residency"),
    ("host/projects/master_key/reseal/store.rs", "number_leaving"),
    ("host/projects/master_key/reseal/store.rs", "secret"),
    ("host/projects/master_key/store.rs", "master_key"),
    ("host/projects/master_key/store.rs", "project"),
    ("host/projects/roster/store.rs", "step"),
    ("host/retention/store.rs", "project"),
    ("host/templates/store.rs", "number_leaving"),
    ("host/templates/store.rs", "template_change"),
    ("host/whatsapp/gateway/store.rs", "number_leaving"),
];

/// A bot that answers each message with one.
struct Answering(Outbox);

impl EventHandler for Answering {
    fn handle(&self, event: ClaimedEvent) -> BoxFuture<'_, RunOutcome> {
        Box::pin(async move {
            if event.kind == EventKind::Message {
                let attempt = Attempt {
                    project_id: event.project_id.0,
                    event_id: event.event_id.0,
                    attempt: event.attempt,
                    deadline: Instant::now() + DEADLINE,
                    max_sends: 1,
                };
                let sender = Sender {
                    phone_number_id: NUMBER.to_owned(),
                    token: AccessToken::new("a token"),
                };
                let context = SendContext::new(attempt, sender);
                let answer = json!({"messaging_product": "whatsapp", "to": "16505550100",
                                    "type": "text", "text": {"body": "hello"}});
                self.0.send(&context, &answer).await.unwrap();
            }
            RunOutcome::Done(RunReport::default())
        })
    }
}

#[tokio::test]
async fn what_each_message_asks_is_planned_once_for_a_connection() {
    let bench = Bench::start().await;
    let graph = Graph::start(Vec::new()).await;
    let outbox = outbox(&bench.pool, &graph);
    let settler = Arc::new(SendSettler::new(outbox.clone()));
    let inbox = Inbox::new(bench.pool.clone(), Clock::database(), settler);
    let handler = Arc::new(Answering(outbox));
    let host = Dispatcher::start(inbox.clone(), handler, DispatcherSettings::new("a test"));
    for n in 0..MESSAGES {
        let from = format!("3460{}", n % PEOPLE);
        let message = text(NUMBER, &from, &format!("wamid.in.{n}"));
        comes(&inbox, &bench, &message).await;
    }
    let seen = graph.seen();
    assert_eq!(seen.len(), MESSAGES, "each was answered");
    for (n, sent) in seen.iter().enumerate() {
        let status = json!({
            "id": format!("wamid.{}", n + 1), "status": "delivered", "timestamp": "1750030073",
            "recipient_id": "16505550100",
            "biz_opaque_callback_data": sent.json()["biz_opaque_callback_data"],
        });
        let statuses = envelope(NUMBER, &json!({"statuses": [status]}));
        comes(&inbox, &bench, &statuses).await;
    }
    host.drain(Duration::from_secs(10)).await;

    let asked = prepared(&bench.pool).await;
    let often = asked
        .iter()
        .filter(|(_, times)| times.kept + times.anew >= i64::try_from(MESSAGES).unwrap());
    let often: Vec<_> = often.collect();
    assert!(often.len() >= ASKED, "{} are asked", often.len());
    let anew = often.iter().filter(|(_, times)| times.anew > 0);
    none(
        &anew
            .map(|(text, times)| {
                let all = times.kept + times.anew;
                format!("planned for {} of {all} times: {text}", times.anew)
            })
            .collect::<Vec<_>>(),
    );
}

/// Brings what Meta posts, and waits until all of it is done.
async fn comes(inbox: &Inbox, bench: &Bench, body: &serde_json::Value) {
    inbox.put(&split(&body.to_string()).unwrap()).await.unwrap();
    let idle = tokio::time::timeout(DEADLINE, inbox.idle(bench.project)).await;
    idle.expect("the project is idle within the deadline")
        .unwrap();
}

fn outbox(pool: &PgPool, graph: &Graph) -> Outbox {
    // Installed by `main` otherwise; a second time is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let endpoint = GraphEndpoint::new(&format!("http://{}", graph.address), "v25.0").unwrap();
    let client = GraphClient::new(endpoint, GraphLimits::default()).unwrap();
    let settings = OutboxSettings::new(CallbackKey::new([7; 32]));
    let (news, _telling) = Newsroom::start(pool.clone());
    Outbox::new(
        pool.clone(),
        client,
        settings,
        Arc::new(SentMessages { news }),
    )
    .unwrap()
}

/// How often a statement was asked.
#[derive(Default)]
struct Times {
    /// By the plan that is kept.
    kept: i64,
    /// By one that was made for the values.
    anew: i64,
}

/// What the connections of a pool that nobody uses have asked.
async fn prepared(pool: &PgPool) -> BTreeMap<String, Times> {
    let mut asked: BTreeMap<String, Times> = BTreeMap::new();
    let mut connections = Vec::new();
    for _ in 0..pool.size() {
        connections.push(pool.acquire().await.unwrap());
    }
    for connection in &mut connections {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "select statement, generic_plans, custom_plans from pg_prepared_statements",
        )
        .fetch_all(&mut **connection)
        .await
        .unwrap();
        for (statement, kept, anew) in rows {
            let words: Vec<&str> = statement.split_whitespace().collect();
            let times = asked.entry(words.join(" ")).or_default();
            times.kept += kept;
            times.anew += anew;
        }
    }
    asked
}

#[tokio::test]
async fn no_plan_that_is_kept_reads_a_whole_table_when_an_index_leads_to_what_is_asked() {
    let statements = of_control().statements;
    let pool = db::fresh().await;
    let mut connection = pool.acquire().await.unwrap();
    let (mut problems, mut seen) = (Vec::new(), Vec::new());
    for Statement { place, text } in &statements {
        let explain = AssertSqlSafe(format!("explain (generic_plan) {text}"));
        let plan = sqlx::raw_sql(explain).fetch_all(&mut *connection).await;
        let plan = plan.unwrap_or_else(|error| panic!("{place}: {error}\n{text}"));
        for line in &plan {
            let line: String = line.get(0);
            let Some((_, read)) = line.split_once("Seq Scan on ") else {
                continue;
            };
            let table = read.split_whitespace().next().unwrap();
            let file = place.split(':').next().unwrap();
            match WHOLE.iter().find(|whole| **whole == (file, table)) {
                Some(whole) => seen.push(*whole),
                None => problems.push(format!("{place}: reads all of `{table}`:\n    {text}")),
            }
        }
    }
    let idle = WHOLE.iter().filter(|whole| !seen.contains(*whole));
    problems.extend(idle.map(|(file, table)| format!("{file} reads no whole `{table}` any more")));
    none(&problems);
}
