//! The host is killed in the middle of an event, and started again: as it was, or with what does not fit.

use super::faults::meta_is_patient;
use super::support::{RoostProcess, Setup, TestHost, TestProject, eventually, fixture};
use crate::support::conversations::messages;

const ANA: &str = "16505551234";
/// What a host says that runs an event of one that died.
const TAKEN_OVER: &str =
    "stopped answering while it ran an event, and its lease ran out: the event is run again";

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
    assert!(host.log().contains(TAKEN_OVER), "nobody is told");
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
    let said = messages(&mut host.control_database().await, bot.id, ANA).await;
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
    meta_is_patient(&host).await;
    host.stops().await;
    let mut ana = bot.customer(ANA).await;
    ana.says("is anybody there").await;
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
    assert_eq!(ana.hears().await, "You said: is anybody there");
    ana.says("still here").await;
    assert_eq!(ana.hears().await, "You said: still here");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_with_another_apps_secret_says_so_and_meta_keeps_what_it_refuses() {
    let (mut host, bot) = host_with_bot().await;
    meta_is_patient(&host).await;
    host.stops().await;
    let at = async |process: &RoostProcess| {
        let url = format!("http://{}", process.address());
        host.takes_webhooks_at(&url).await;
    };
    let wrong = ("ROOST_APP_SECRETS", "of another app".to_owned());
    let process = host.is_joined(&[wrong]).await;
    at(&process).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hello").await;
    let says = "none of this host's app secrets made its signature";
    eventually("it says so", async || {
        process.log().contains(says).then_some(())
    })
    .await;
    assert_eq!(process.log().matches(says).count(), 1, "again and again");
    assert!(host.events(&bot).await.is_empty());
    process.die().await;

    let process = host.is_joined(&[]).await;
    at(&process).await;
    assert_eq!(ana.hears().await, "You said: hello");
    host.emulator()
        .idle(super::support::DEADLINE)
        .await
        .unwrap();
    assert!(ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_that_does_not_open_keeps_its_own_bots_events_waiting_and_is_named() {
    let (mut host, bot) = host_with_bot().await;
    let other = host.bot("beside", &fixture("holds")).await;
    let (mut ana, mut bo) = (bot.customer(ANA).await, other.customer("16505550002").await);
    host.stops().await;
    let mut database = host.control_database().await;
    let whole: Vec<u8> = sqlx::query_scalar("select sealed from environment where project_id = $1")
        .bind(bot.id)
        .fetch_one(&mut database)
        .await
        .unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut set = async |sealed: &[u8]| {
        sqlx::query("update environment set sealed = $2 where project_id = $1")
            .bind(bot.id)
            .bind(sealed)
            .execute(&mut database)
            .await
            .unwrap();
    };
    set(&damaged).await;
    host.starts_again().await;
    ana.says("hello").await;
    bo.says("hello").await;
    assert_eq!(bo.hears().await, "You said: hello");
    eventually("it is named", async || {
        let error = host.events(&bot).await.first()?.last_error.clone()?;
        let says = "`environment.sealed` of project";
        (error.contains(says) && error.contains("does not open")).then_some(())
    })
    .await;
    assert!(ana.unheard().await.is_empty());
    // From a backup.
    set(&whole).await;
    assert_eq!(ana.hears().await, "You said: hello");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
}
