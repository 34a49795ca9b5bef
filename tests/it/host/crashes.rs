//! The host is killed in the middle of an event, and started again.

use super::support::{Setup, TestHost, TestProject, eventually, fixture};

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_killed_before_the_send_sends_it_once_after_its_start() {
    let (mut host, bot) = host_with_bot().await;
    let mut ana = bot.customer(ANA).await;
    host.stops().await;
    let roost = host.starts_as_process().await;

    ana.says("hold on").await;
    let mut schema = host.schema_of(&bot).await;
    eventually("the bot runs", async || {
        let held = sqlx::query("select from held")
            .fetch_optional(&mut schema)
            .await;
        held.unwrap().map(|_| ())
    })
    .await;
    roost.die().await;
    sqlx::query("update held set released = true")
        .execute(&mut schema)
        .await
        .unwrap();
    let events = host.events(&bot).await;
    assert_eq!(events[0].state, "pending");
    host.starts_again().await;

    assert_eq!(ana.hears().await, "You said: hold on");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
    let events = host.events(&bot).await;
    assert!(
        events.iter().all(|event| event.state == "done"),
        "{events:?}"
    );
    assert_eq!(events[0].attempts, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_killed_before_metas_answer_does_not_send_again() {
    let (mut host, bot) = host_with_bot().await;
    let mut ana = bot.customer(ANA).await;
    host.stops().await;
    let roost = host.starts_as_process().await;
    host.proxy().keeps_answers();

    ana.says("hi").await;
    host.proxy().has_kept_an_answer().await;
    roost.die().await;
    host.proxy().lets_answers_pass();
    let calls_before = host.proxy().authorizations().len();
    host.starts_again().await;

    host.settles(&bot).await;
    assert_eq!(ana.unheard().await, ["You said: hi"]);
    let events = host.events(&bot).await;
    assert!(
        events.iter().all(|event| event.state == "done"),
        "{events:?}"
    );
    assert!(events[0].attempts >= 2, "{events:?}");
    assert_eq!(host.proxy().authorizations().len(), calls_before);
    let said = host
        .app()
        .conversations()
        .messages(bot.id, ANA, 10)
        .await
        .unwrap();
    assert_eq!(said.len(), 2);
    assert_eq!(said[1].status.as_deref(), Some("read"));
}

async fn host_with_bot() -> (TestHost, TestProject) {
    let setup = Setup {
        is_proxied: true,
        max_attempts: 20,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("holds", &fixture("holds")).await;
    (host, bot)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_with_another_master_key_does_not_start_and_changes_nothing() {
    let (mut host, bot) = host_with_bot().await;
    host.stops().await;
    let mut database = host.control_database().await;
    let refused = async || {
        let mut config = host.config();
        config.master_key = [9; 32];
        let started = roost::app::App::start(config).await;
        let error = started.err().expect("it starts with another key");
        assert!(
            error.to_string().contains("the master key is not the one"),
            "{error:#}"
        );
    };
    refused().await;
    // A database that is older than the fingerprint.
    sqlx::query("delete from master_key")
        .execute(&mut database)
        .await
        .unwrap();
    refused().await;
    let known: i64 = sqlx::query_scalar("select count(*) from master_key")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(known, 0, "it wrote down its own");

    host.starts_again().await;
    let mut ana = bot.customer(ANA).await;
    ana.says("still here").await;
    assert_eq!(ana.hears().await, "You said: still here");
}
