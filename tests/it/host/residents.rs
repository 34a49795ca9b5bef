//! Resident instances: what they keep, what they do not, and what ends them.

use std::net::SocketAddr;
use std::time::Duration;

use roost::app::App;
use roost::projects::{Secret, SettingsChange};
use roost::runs::ResidentSettings;
use roost::sandbox::Budget;
use roost::web::WebSettings;
use roost::words::Lifetime;
use serde_json::Value;
use sqlx::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Setup, TestHost, TestProject, eventually, fixture};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";

async fn counts(setup: Setup) -> (TestHost, TestProject) {
    let mut host = TestHost::start_with(setup).await;
    let project = host.bot("counts", &fixture("counts")).await;
    (host, project)
}

fn with(residents: ResidentSettings) -> Setup {
    Setup {
        residents,
        ..Setup::default()
    }
}

/// The bot's own page, which shows what it remembers.
async fn page(host: &TestHost, name: &str) -> Value {
    let url = format!("http://{}/count", host.address());
    let asked = reqwest::Client::new()
        .get(url)
        .header("host", format!("{name}.bots.test"));
    asked.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_instance_remembers_and_a_fresh_one_does_not() {
    let (mut host, project) = counts(Setup::default()).await;
    let other = host.bot("other", &fixture("counts")).await;
    let (mut ana, mut bea) = (project.customer(ANA).await, project.customer(BEA).await);
    for n in 1..=3 {
        ana.says("a").await;
        assert_eq!(ana.hears().await, format!("a: {}", n * 2 - 1));
        bea.says("b").await;
        assert_eq!(bea.hears().await, format!("b: {}", n * 2));
    }
    // Web requests go to the same instance; statuses are events as well, and count nothing.
    host.settles(&project).await;
    assert_eq!(page(&host, "counts").await["count"], 6);
    assert_eq!(page(&host, "other").await["count"], 0, "another project's");

    let fresh = SettingsChange {
        instance: Some(Some(Lifetime::Fresh)),
        ..SettingsChange::default()
    };
    let changed = host.app().change_project(project.id, None, &fresh);
    assert_eq!(changed.await.unwrap().instance, Some(Lifetime::Fresh));
    for _ in 0..2 {
        ana.says("fresh").await;
        assert_eq!(ana.hears().await, "fresh: 1");
    }
    host.settles(&other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_events_at_once_are_handled_one_after_the_other() {
    let (host, project) = counts(Setup::default()).await;
    let url = format!("http://{}/count", host.address());
    let client = reqwest::Client::new();
    let asks = (0..20).map(|_| client.post(&url).header("host", "counts.bots.test").send());
    let mut customers = Vec::new();
    for n in 0..5 {
        customers.push(project.customer(&format!("1650555100{n}")).await);
    }
    let (answers, ()) = tokio::join!(futures::future::join_all(asks), async {
        for customer in &customers {
            customer.says("hello").await;
        }
    });
    let mut seen = Vec::new();
    for answer in answers {
        let body: Value = answer.unwrap().json().await.unwrap();
        seen.push(body["count"].as_u64().unwrap());
    }
    for customer in &mut customers {
        let heard = customer.hears().await;
        seen.push(heard.strip_prefix("hello: ").unwrap().parse().unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=25).collect::<Vec<u64>>());
    host.settles(&project).await;
    assert_eq!(
        host.events(&project)
            .await
            .iter()
            .filter(|event| event.attempts > 1)
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_a_deploy_and_a_secret_begin_anew() {
    let setup = Setup {
        budget: Budget {
            cpu: Duration::from_millis(300),
            ..Setup::default().budget
        },
        max_attempts: 1,
        ..Setup::default()
    };
    let (host, project) = counts(setup).await;
    let (mut ana, bea) = (project.customer(ANA).await, project.customer(BEA).await);
    // Each event has the whole budget, whatever those before it used.
    for n in 1..=2 {
        ana.says("a").await;
        assert_eq!(ana.hears().await, format!("a: {n}"));
    }
    bea.says("loop").await;
    host.settles(&project).await;
    ana.says("after the loop").await;
    assert_eq!(ana.hears().await, "after the loop: 1");
    // An exception that nobody catches would end a process of Node's, too.
    let mut cem = project.customer("16505550003").await;
    cem.says("reject").await;
    assert_eq!(cem.hears().await, "reject: 2");
    host.settles(&project).await;
    ana.says("after the rejection").await;
    assert_eq!(ana.hears().await, "after the rejection: 1");

    ana.says("b").await;
    assert_eq!(ana.hears().await, "b: 2");
    host.settles(&project).await;
    host.deploys(&project, &fixture("counts")).await.unwrap();
    ana.says("after the deploy").await;
    assert_eq!(ana.hears().await, "after the deploy: 1");
    host.settles(&project).await;
    let secret = Secret::new("another environment");
    let projects = host.app().projects();
    projects
        .set_secret(project.id, "KEY", &secret)
        .await
        .unwrap();
    host.app().deploys().renew(project.id).await.unwrap();
    ana.says("after a change").await;
    assert_eq!(ana.hears().await, "after a change: 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_another_host_makes_ends_the_instance_here() {
    let (host, project) = counts(Setup::default()).await;
    let mut ana = project.customer(ANA).await;
    ana.says("a").await;
    assert_eq!(ana.hears().await, "a: 1");
    host.settles(&project).await;
    let mut control = host.control_database().await;
    let mut held = async || -> i64 {
        sqlx::query_scalar("select count(*) from residency")
            .fetch_one(&mut control)
            .await
            .unwrap()
    };
    assert_eq!(held().await, 1);

    let mut config = host.config();
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.dispatcher.owner = "another".to_owned();
    let other = App::start(config).await.unwrap();
    // No event has to find out: what is ready for the version stays as it was.
    let change = SettingsChange {
        max_running: Some(Some(7)),
        ..SettingsChange::default()
    };
    let changed = other.change_project(project.id, None, &change).await;
    assert_eq!(changed.unwrap().max_running, Some(7));
    eventually("the residency is given up", async || {
        (held().await == 0).then_some(())
    })
    .await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn count_age_memory_and_idleness_end_an_instance() {
    let keeps = ResidentSettings::default();
    let short = Duration::from_millis(50);
    let ends_at_once = [
        ("events", ResidentSettings { events: 1, ..keeps }),
        (
            "age",
            ResidentSettings {
                age: Duration::ZERO,
                ..keeps
            },
        ),
        (
            "memory",
            ResidentSettings {
                memory_percent: 1,
                ..keeps
            },
        ),
    ];
    for (why, settings) in ends_at_once {
        let (host, project) = counts(with(settings)).await;
        let mut ana = project.customer(ANA).await;
        for _ in 0..2 {
            ana.says("a").await;
            assert_eq!(ana.hears().await, "a: 1", "{why}");
            host.settles(&project).await;
        }
    }
    let (host, project) = counts(with(ResidentSettings {
        idle: short,
        lease: short,
        ..keeps
    }))
    .await;
    let mut ana = project.customer(ANA).await;
    ana.says("a").await;
    assert_eq!(ana.hears().await, "a: 1");
    host.settles(&project).await;
    let mut control = host.control_database().await;
    eventually("the residency is given up", async || {
        let held: i64 = sqlx::query_scalar("select count(*) from residency")
            .fetch_one(&mut control)
            .await
            .unwrap();
        (held == 0).then_some(())
    })
    .await;
    ana.says("a").await;
    assert_eq!(ana.hears().await, "a: 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_events_timers_stand_still_and_transactions_are_over() {
    let (host, project) = counts(Setup::default()).await;
    let mut ana = project.customer(ANA).await;
    ana.says("leave").await;
    assert_eq!(ana.hears().await, "leave: 1");
    host.settles(&project).await;
    let mut schema = host.schema_of(&project).await;
    let open: i64 = sqlx::query_scalar(
        "select count(*) from pg_locks l join pg_class c on c.oid = l.relation where c.relname = 'left_open'",
    )
    .fetch_one(&mut schema)
    .await
    .unwrap();
    assert_eq!(open, 0, "a transaction that nobody ended holds its locks");
    schema.close().await.unwrap();

    let before = page(&host, "counts").await["rings"].as_u64().unwrap();
    // It rings each 20 ms: 50 times, if its time went on. That nothing happens can only be waited for.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = page(&host, "counts").await["rings"].as_u64().unwrap();
    // What fell due meanwhile is made up for once; a few more ring while a slow machine makes the page.
    assert!((before..before + 25).contains(&after), "{before} {after}");
    let log = host.log();
    assert!(
        log.contains("counted leave"),
        "the line of the first event is in the log"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_or_reads_slowly_holds_nobody_up() {
    let Setup { web, .. } = Setup::default();
    let setup = Setup {
        web: WebSettings {
            patience: Duration::from_secs(60),
            reader: Duration::from_millis(200),
            ..web
        },
        ..Setup::default()
    };
    let (host, project) = counts(setup).await;
    let mut ana = project.customer(ANA).await;
    ana.says("hello").await;
    assert_eq!(ana.hears().await, "hello: 1");
    let visit = async |head: &str| {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        let head = format!("{head} HTTP/1.1\r\nhost: counts.bots.test\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let mut sending = Vec::new();
    for _ in 0..20 {
        let mut stream = visit("POST /count").await;
        stream
            .write_all(b"content-length: 3\r\n\r\na")
            .await
            .unwrap();
        sending.push(stream);
    }
    ana.says("meanwhile").await;
    assert_eq!(ana.hears().await, "meanwhile: 2");

    // Nobody reads these.
    let mut reading = Vec::new();
    for _ in 0..3 {
        let mut stream = visit("GET /large").await;
        stream.write_all(b"\r\n").await.unwrap();
        reading.push(stream);
    }
    ana.says("again").await;
    assert_eq!(ana.hears().await, "again: 3");

    // Those who sent slowly are served once they have sent all.
    let stream = &mut sending[0];
    stream.write_all(b"bc").await.unwrap();
    let mut answer = vec![0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 200 OK");
}
