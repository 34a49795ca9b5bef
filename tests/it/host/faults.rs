//! What goes wrong around a host: its database dies or has no room, its disk or its log is full. What it
//! said 200 to is answered once, whatever happened meanwhile, and it says what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use roost::http::sign;
use roost::postgres::{Embedded, EmbeddedConfig};
use roost::projects::Secret;
use rustix::process::Signal;
use serde_json::json;
use sqlx::Connection as _;

use super::support::{Contact, Disk, Setup, TestHost, TestProject, eventually, fixture, guest};
use crate::postgres_embedded::{signal, start};
use crate::postgres_support::{Folder, bin_dir};

const ANA: &str = "16505551234";

/// Meta tries again for days.
pub(super) async fn meta_is_patient(host: &TestHost) {
    let pauses: Vec<u64> = std::iter::once(0).chain([200; 400]).collect();
    let change = json!({ "webhook_retry_ms": pauses });
    host.emulator().change_settings(change).await.unwrap();
}

pub(super) fn over(embedded: &Embedded) -> Setup {
    Setup {
        database_at: Some(embedded.endpoint()),
        max_attempts: 40,
        ..Setup::default()
    }
}

/// `pg_ctl restart -m immediate`: sessions end in the middle of what they do, and the data is recovered.
async fn restarts(embedded: &Embedded) {
    let before = embedded.process_id();
    signal(before.unwrap(), Signal::QUIT);
    eventually("the database is back", async || {
        let is_another = embedded.process_id().is_some() && embedded.process_id() != before;
        let options = embedded.admin_options().database("postgres");
        let connection = sqlx::PgConnection::connect_with(&options).await;
        (is_another && connection.is_ok()).then_some(())
    })
    .await;
}

/// Waits until nothing is left to do, by whichever host.
pub(super) async fn all_is_done(host: &TestHost) {
    eventually("all events are done", async || {
        host.emulator().idle(Duration::from_secs(30)).await.unwrap();
        let mut database = host.control_database().await;
        let open = sqlx::query_scalar("select count(*) from event where state <> 'done'");
        let open: i64 = open.fetch_one(&mut database).await.unwrap();
        (open == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_dies_twice_while_fifty_messages_wait_costs_none_and_doubles_none() {
    let folder = Folder::new("restarted");
    let embedded = start(&folder).await;
    let mut host = TestHost::start_with(over(&embedded)).await;
    let bot = host.bot("holds", &fixture("holds")).await;
    meta_is_patient(&host).await;
    host.stops().await;
    let roost = host.starts_as_process().await;

    let mut customers: Vec<Contact> = Vec::new();
    for n in 0..10 {
        customers.push(bot.customer(&format!("1650555{n:04}")).await);
    }
    for n in 0..5 {
        for (who, customer) in customers.iter().enumerate() {
            customer.says(&format!("hold {who} {n}")).await;
        }
    }
    let count = async |host: &TestHost, what: &'static str| -> i64 {
        let mut database = host.control_database().await;
        sqlx::query_scalar(what)
            .fetch_one(&mut database)
            .await
            .unwrap()
    };
    let waiting = "select count(*) from event where kind = 'message' and state <> 'done'";
    eventually("fifty wait", async || {
        (count(&host, waiting).await == 50).then_some(())
    })
    .await;

    restarts(&embedded).await;
    assert_eq!(roost.readiness().await, Some(StatusCode::OK));
    // They are let go, and the database dies again while they are answered.
    let mut schema = host.schema_of(&bot).await;
    for release in [
        "alter table held alter released set default true",
        "update held set released = true",
    ] {
        sqlx::query(release).execute(&mut schema).await.unwrap();
    }
    let sent = "select count(*) from send";
    eventually("some are answered", async || {
        (count(&host, sent).await >= 5).then_some(())
    })
    .await;
    restarts(&embedded).await;

    for (who, customer) in customers.iter_mut().enumerate() {
        // Each is a webhook of its own: Meta tries them again in no order.
        let mut heard = Vec::new();
        for _ in 0..5 {
            heard.push(customer.hears().await);
        }
        heard.sort();
        let expected: Vec<String> = (0..5)
            .map(|n| format!("You said: hold {who} {n}"))
            .collect();
        assert_eq!(heard, expected);
    }
    all_is_done(&host).await;
    for customer in &mut customers {
        assert!(customer.unheard().await.is_empty());
    }
    let told = "the embedded Postgres ended by itself; starting it again";
    assert!(host.log().contains(told), "nobody is told");
    roost.is_told_to_stop();
    roost.stopped().await;
    drop(host);
    embedded.stop().await.unwrap();
}

/// A message of Ana's, as Meta posts it.
fn webhook(bot: &TestProject, n: usize) -> String {
    let message = json!({
        "from": ANA, "id": format!("wamid.full{n}"), "timestamp": "1750030073", "type": "text",
        "text": { "body": format!("{n} {}", "x".repeat(2000)) },
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783801", "phone_number_id": bot.number_id },
        "contacts": [{ "profile": { "name": "Ana" }, "wa_id": ANA }],
        "messages": [message],
    });
    let changes = json!([{ "field": "messages", "value": value }]);
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": changes }] })
        .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_room_takes_nothing_that_it_loses() {
    let Some(disk) = Disk::of(400, "a_database_without_room_takes_nothing_that_it_loses") else {
        return;
    };
    let embedded = Embedded::start(EmbeddedConfig {
        public_dir: disk.path().join("public"),
        ..EmbeddedConfig::new(bin_dir(), disk.path().join("data"))
    });
    let embedded = embedded.await.unwrap_or_else(|error| panic!("{error}"));
    let mut host = TestHost::start_with(over(&embedded)).await;
    let bot = host.bot("echo", &guest("echo")).await;
    meta_is_patient(&host).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hello").await;
    assert_eq!(ana.hears().await, "You said: hello");

    disk.fills();
    let secret = Secret::new(Setup::default().app_secret);
    let post = async |n: usize| {
        let body = webhook(&bot, n);
        host.posted(body.as_bytes(), &sign(&secret, body.as_bytes()))
            .await
    };
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for n in 0..3000 {
        match post(n).await {
            StatusCode::OK => taken.push(n),
            status => {
                assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
                refused.push(n);
            }
        }
        if refused.len() == 10 {
            break;
        }
    }
    assert_eq!(refused.len(), 10, "the disk is not full");
    let log = host.log();
    assert!(
        log.contains("the disk of the control database is full: make room on it"),
        "nobody is told why"
    );

    disk.frees();
    for n in &refused {
        eventually("Meta's next attempt is taken", async || {
            (post(*n).await == StatusCode::OK).then_some(())
        })
        .await;
    }
    let mut heard: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..taken.len() + refused.len() {
        let answer = ana.hears().await;
        let number = answer.split(' ').nth(2).unwrap().to_owned();
        *heard.entry(number).or_default() += 1;
    }
    host.settles(&bot).await;
    assert!(
        ana.unheard().await.is_empty(),
        "something is answered twice"
    );
    assert!(heard.values().all(|times| *times == 1), "{heard:?}");
    host.stops().await;
    drop(host);
    embedded.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_log_is_full_goes_on() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    host.stops().await;
    let roost = host.starts_as_process_with_errors_to("/dev/full").await;
    let mut ana = bot.customer(ANA).await;
    for n in 0..5 {
        ana.says(&n.to_string()).await;
        assert_eq!(ana.hears().await, format!("You said: {n}"));
    }
    all_is_done(&host).await;
    assert!(ana.unheard().await.is_empty());
    assert_eq!(roost.readiness().await, Some(StatusCode::OK));
    roost.is_told_to_stop();
    roost.stopped().await;
}
