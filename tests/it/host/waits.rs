//! Messages that have to wait: the event runs again when the wait is over, and the bot is not blamed.

use roost_emulator::control::Fault;
use roost_emulator::control::wire::NewToken;
use serde_json::json;

use super::support::{APP_ID, Setup, TestHost, TestProject, eventually, guest};

const ANA: &str = "16505551234";

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
    let (host, bot) = echo().await;
    let mut ana = bot.customer(ANA).await;
    host.emulator().fail_next(1, Fault::CutAfter).await.unwrap();
    let began = tokio::time::Instant::now();
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
    host.settles(&bot).await;
    // Without the status it would wait for longer than half a minute.
    assert!(began.elapsed().as_secs() < 28, "{:?}", began.elapsed());
    assert!(ana.unheard().await.is_empty());
    let events = host.events(&bot).await;
    assert!(events.iter().all(|e| e.state == "done"), "{events:?}");
    let known: String = sqlx::query_scalar("select known_by from send")
        .fetch_one(&mut host.control_database().await)
        .await
        .unwrap();
    assert_eq!(known, "status");
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
