//! From a signed webhook to the bot's answer, once and in order.

use http::StatusCode;
use roost::http::sign;
use roost::projects::Secret;
use roost_emulator::control::wire::Cursor;
use roost_emulator::control::{Attempt, Fault};

use super::support::{Setup, TestHost, eventually, fixture, guest};
use crate::support::bench::text;
use crate::support::conversations::{groups, messages};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_answered() {
    let mut host = TestHost::start().await;
    let echo = host.bot("echo", &guest("echo")).await;
    let mut ana = echo.customer(ANA).await;

    ana.says("¿qué tal? 👋").await;

    assert_eq!(ana.hears().await, "You said: ¿qué tal? 👋");
    host.settles(&echo).await;
    let events = host.events(&echo).await;
    assert_eq!(events[0].kind, "message");
    assert_eq!(events[0].last_error, None);
    assert!(
        events
            .iter()
            .all(|event| event.state == "done" && event.attempts == 1),
        "{events:?}"
    );
    let said = messages(&mut host.control_database().await, echo.id, ANA).await;
    let types: Vec<_> = said
        .iter()
        .map(|message| message.message_type.as_str())
        .collect();
    assert_eq!(types, ["text", "text"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_signature_is_refused_and_nothing_is_stored() {
    let mut host = TestHost::start().await;
    let echo = host.bot("echo", &guest("echo")).await;
    let body = text(&echo.number_id, ANA, "wamid.1").to_string();
    let right = sign(&Secret::new(Setup::default().app_secret), body.as_bytes());

    let another = sign(&Secret::new("another secret"), body.as_bytes());
    for wrong in [
        "",
        "sha256=",
        "sha256=00",
        &another,
        &right[..right.len() - 1],
    ] {
        let status = host.posted(body.as_bytes(), wrong).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let changed = body.replace("wamid.1", "wamid.2");
    assert_eq!(
        host.posted(changed.as_bytes(), &right).await,
        StatusCode::UNAUTHORIZED
    );

    assert!(host.events(&echo).await.is_empty());
    let unrouted: i64 = sqlx::query_scalar("select count(*) from unrouted")
        .fetch_one(&mut host.control_database().await)
        .await
        .unwrap();
    assert_eq!(unrouted, 0);
    assert!(
        groups(&mut host.control_database().await, echo.id)
            .await
            .is_empty()
    );
    // The signature was all that was wrong with it.
    assert_eq!(host.posted(body.as_bytes(), &right).await, StatusCode::OK);
    let events = host.events(&echo).await;
    let messages = events.iter().filter(|event| event.kind == "message");
    assert_eq!(messages.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_comes_again_is_answered_once() {
    let mut host = TestHost::start().await;
    let echo = host.bot("echo", &guest("echo")).await;
    let mut ana = echo.customer(ANA).await;

    host.emulator()
        .fail_next(1, Fault::WebhookDuplicate)
        .await
        .unwrap();
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
    host.settles(&echo).await;
    // And once more, long after it was done.
    let first = delivered(&host).await.remove(0);
    assert_eq!(
        host.posted(first.body.as_bytes(), &first.signature).await,
        StatusCode::OK
    );
    host.settles(&echo).await;

    assert!(ana.unheard().await.is_empty());
    let events = host.events(&echo).await;
    let messages: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "message")
        .collect();
    assert_eq!(messages.len(), 1, "{events:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_contact_is_answered_in_order_and_holds_nobody_up() {
    let mut host = TestHost::start().await;
    let bot = host.bot("holds", &fixture("holds")).await;
    let (mut ana, mut bea) = (bot.customer(ANA).await, bot.customer(BEA).await);
    let mut schema = host.schema_of(&bot).await;

    for text in ["hold one", "two", "three"] {
        ana.says(text).await;
    }
    eventually("the first message is held", async || {
        let held = sqlx::query("select from held")
            .fetch_optional(&mut schema)
            .await;
        held.unwrap().map(|_| ())
    })
    .await;
    for text in ["a", "b"] {
        bea.says(text).await;
        assert_eq!(bea.hears().await, format!("You said: {text}"));
    }
    assert!(ana.unheard().await.is_empty());
    sqlx::query("update held set released = true")
        .execute(&mut schema)
        .await
        .unwrap();

    for text in ["hold one", "two", "three"] {
        assert_eq!(ana.hears().await, format!("You said: {text}"));
    }
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bot_sends_after_its_answer_arrives() {
    let mut host = TestHost::start().await;
    let bot = host.bot("late", &fixture("late_send")).await;
    let mut ana = bot.customer(ANA).await;

    ana.says("hi").await;

    assert_eq!(ana.hears().await, "late, but here: hi");
    host.settles(&bot).await;
    let events = host.events(&bot).await;
    assert!(
        events.iter().all(|event| event.state == "done"),
        "{events:?}"
    );
    assert!(ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_came_before_the_bot_is_answered_after_its_deploy() {
    let mut host = TestHost::start().await;
    let echo = host.project("echo").await;
    let mut ana = echo.customer(ANA).await;

    ana.says("is anybody there?").await;
    eventually("the message is stored", async || {
        host.events(&echo).await.pop()
    })
    .await;
    host.deploys(&echo, &guest("echo")).await.unwrap();

    assert_eq!(ana.hears().await, "You said: is anybody there?");
}

/// What the emulator posted, in order.
async fn delivered(host: &TestHost) -> Vec<Attempt> {
    host.emulator()
        .deliveries(&Cursor::default())
        .await
        .unwrap()
        .items
}
