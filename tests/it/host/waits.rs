//! Messages that have to wait: the event runs again when the wait is over, and the bot is not blamed.

use std::time::Duration;

use http::StatusCode;
use roost::http::sign;
use roost::projects::Secret;
use roost_emulator::control::Fault;
use roost_emulator::control::wire::NewToken;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::support::{APP_ID, Setup, TestHost, TestProject, eventually, guest};
use crate::support::bench::{envelope, text};
use crate::support::conversations::messages;
use crate::support::graph::{Act, Graph};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";
const NUMBER: &str = "106540352242922";
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    attempts: i32,
    deferrals: i32,
    wait_s: f64,
    outcome: Option<String>,
}

/// The event that failed once, as soon as it did.
async fn waiting(host: &TestHost, deferrals: i32) -> Waiting {
    let mut database = host.control_database().await;
    eventually("the event waits", async || {
        let found: Option<Waiting> = sqlx::query_as(
            "select e.attempts, e.deferrals,
                    extract(epoch from q.ready_at - now())::double precision as wait_s,
                    (select r.outcome from run r where r.event_id = e.event_id
                     order by r.started_at desc limit 1) as outcome
             from event e join conversation_queue q using (project_id, queue)
             where e.state = 'pending' and e.deferrals >= $1 and q.lease is null",
        )
        .bind(deferrals)
        .fetch_optional(&mut database)
        .await
        .unwrap();
        found
    })
    .await
}

async fn echo() -> (TestHost, TestProject) {
    // The second failure would be the last.
    let mut host = TestHost::start_with(Setup {
        max_attempts: 1,
        ..Setup::default()
    })
    .await;
    let bot = host.bot("echo", &guest("echo")).await;
    (host, bot)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_outlasts_the_run_is_waited_for_without_asking_meta_again() {
    let (host, bot) = echo().await;
    let mut ana = bot.customer(ANA).await;
    let limit = Fault::RateLimited {
        retry_after_s: Some(600),
    };
    host.emulator().fail_next(1, limit).await.unwrap();
    ana.says("hi").await;

    let first = waiting(&host, 1).await;
    assert_eq!((first.attempts, first.deferrals), (0, 1));
    assert_eq!(first.outcome.as_deref(), Some("send-waits"));
    assert!(first.wait_s > 570.0 && first.wait_s <= 600.0, "{first:?}");

    // Woken too early it waits on, and Meta hears nothing: the fault is used up.
    host.app().inbox().wake(bot.id).await.unwrap();
    let second = waiting(&host, 2).await;
    assert_eq!((second.attempts, second.deferrals), (0, 2));
    assert!(
        second.wait_s > 540.0 && second.wait_s <= 601.0,
        "{second:?}"
    );
    assert!(ana.unheard().await.is_empty());

    sqlx::query("update send_pause set until = now()")
        .execute(&mut host.control_database().await)
        .await
        .unwrap();
    host.app().inbox().wake(bot.id).await.unwrap();
    assert_eq!(ana.hears().await, "You said: hi");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
    let events = host.events(&bot).await;
    assert!(events.iter().all(|e| e.state == "done"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_answer_was_lost_goes_on_as_soon_as_a_status_settles_it() {
    // Without the status it would wait for longer than a test does.
    let mut host = TestHost::start_with(Setup {
        max_attempts: 1,
        settle_after: HOUR,
        ..Setup::default()
    })
    .await;
    let bot = host.bot("echo", &guest("echo")).await;
    let mut ana = bot.customer(ANA).await;
    host.emulator().fail_next(1, Fault::CutAfter).await.unwrap();
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
    let events = host.events(&bot).await;
    assert!(events.iter().all(|e| e.state == "done"), "{events:?}");
    let (known, answer): (String, Vec<u8>) =
        sqlx::query_as("select known_by, response_body from send")
            .fetch_one(&mut host.control_database().await)
            .await
            .unwrap();
    assert_eq!(known, "status");
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["contacts"][0]["wa_id"], ANA);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_comes_while_its_events_run_ends_is_not_missed() {
    let graph = Graph::with_number(NUMBER, vec![Act::HoldAndCut]).await;
    let setup = Setup {
        graph: Some(format!("http://{}", graph.address)),
        // Without the status it would wait for longer than a test does.
        settle_after: HOUR,
        ..Setup::default()
    };
    let host = TestHost::start_with(setup).await;
    let bot = host.project_with_number("echo", NUMBER).await;
    host.deploys(&bot, &guest("echo")).await.unwrap();
    meta_posts(&host, &text(NUMBER, ANA, "wamid.in")).await;
    graph.has_seen(1).await;

    // How the run ended is known, and cannot be written down as long as its row is held.
    let mut holder = host.control_database().await;
    let mut held = holder.begin().await.unwrap();
    sqlx::query("select run_id from run for update")
        .execute(&mut *held)
        .await
        .unwrap();
    let holder_pid: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut *held)
        .await
        .unwrap();
    graph.release();
    let mut database = host.control_database().await;
    eventually("the verdict waits", async || {
        is_waited_for(&mut database, holder_pid).await.then_some(())
    })
    .await;
    let data = graph.seen()[0].json()["biz_opaque_callback_data"].clone();
    let status = json!({ "id": "wamid.out", "status": "sent", "timestamp": "1750030073",
                         "recipient_id": ANA, "biz_opaque_callback_data": data });
    meta_posts(&host, &envelope(NUMBER, &json!({ "statuses": [status] }))).await;
    held.rollback().await.unwrap();

    host.settles(&bot).await;
    let events = host.events(&bot).await;
    assert!(events.iter().all(|e| e.state == "done"), "{events:?}");
    assert_eq!(graph.count(), 1);
    let messages = messages(&mut host.control_database().await, bot.id, ANA).await;
    let wamids: Vec<String> = messages.into_iter().map(|m| m.wamid).collect();
    assert_eq!(wamids, ["wamid.in", "wamid.out"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_tells_of_a_pairs_limit_holds_back_that_person_alone() {
    let (host, bot) = echo().await;
    let mut ana = bot.customer(ANA).await;
    let mut bea = bot.customer(BEA).await;
    let limit = Fault::FailedStatus { code: 131_056 };
    host.emulator().fail_next(1, limit).await.unwrap();
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
    host.settles(&bot).await;

    // The first pause is a second: long enough to be seen is an hour.
    let paused: Vec<String> = sqlx::query_scalar(
        "update send_pause set until = now() + interval '1 hour' returning recipient",
    )
    .fetch_all(&mut host.control_database().await)
    .await
    .unwrap();
    assert!(paused.iter().any(|name| name == ANA), "{paused:?}");
    assert!(paused.iter().all(|name| !name.is_empty()), "{paused:?}");
    bea.says("me?").await;
    assert_eq!(bea.hears().await, "You said: me?");
    host.settles(&bot).await;

    ana.says("and now?").await;
    let waiting = waiting(&host, 1).await;
    assert_eq!(waiting.outcome.as_deref(), Some("send-waits"));
    assert!(waiting.wait_s > 3_500.0, "{waiting:?}");
    assert!(ana.unheard().await.is_empty());
}

/// A webhook with Meta's signature, which is taken.
async fn meta_posts(host: &TestHost, webhook: &Value) {
    let body = webhook.to_string();
    let secret = Secret::new(Setup::default().app_secret);
    let signature = sign(&secret, body.as_bytes());
    let status = host.posted(body.as_bytes(), &signature).await;
    assert_eq!(status, StatusCode::OK);
}

/// Whether somebody waits for a lock of this session's.
async fn is_waited_for(database: &mut PgConnection, holder_pid: i32) -> bool {
    sqlx::query_scalar(
        "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))",
    )
    .bind(holder_pid)
    .fetch_one(database)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_ends_the_pauses_of_its_number_and_what_waits_goes_out_at_once() {
    let (host, bot) = echo().await;
    let mut ana = bot.customer(ANA).await;
    let limit = Fault::RateLimited {
        retry_after_s: Some(3600),
    };
    host.emulator().fail_next(1, limit).await.unwrap();
    ana.says("are you there?").await;
    let first = waiting(&host, 1).await;
    assert!(first.wait_s > 3500.0, "{first:?}");

    let number = host.app().projects().number(bot.id).await.unwrap().unwrap();
    let token = NewToken {
        app_id: APP_ID.to_owned(),
        ..NewToken::default()
    };
    let token = host.emulator().create_token(&token).await.unwrap().token;
    let connect = json!({
        "phone_number_id": number.phone_number_id, "waba_id": number.waba_id, "token": token,
    });
    let connected = host.operator();
    let connected = connected.put("/v1/projects/echo/number", &connect).await;
    assert_eq!(connected.ok()["connected"], true);

    assert_eq!(ana.hears().await, "You said: are you there?");
    let pauses: i64 = sqlx::query_scalar("select count(*) from send_pause")
        .fetch_one(&mut host.control_database().await)
        .await
        .unwrap();
    assert_eq!(pauses, 0, "a pause goes on");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
}
