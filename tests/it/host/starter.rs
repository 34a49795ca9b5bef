//! The bot to copy: a whole conversation, and the same one on Node.

use std::path::Path;
use std::time::Duration;

use roost::postgres::Endpoint;

use super::support::{Setup, TestHost, guest, scratch_database};
use crate::oracle::{self, APP_SECRET, Graph, PHONE_NUMBER_ID, Run, Webhook, dialogues, on_node};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_are_saved_though_the_host_restarts_in_between() {
    let mut host = TestHost::start().await;
    let starter = host.bot("starter", &guest("starter")).await;
    let mut ana = starter.customer("16505551234").await;

    ana.says("hi").await;
    assert_eq!(ana.hears().await, "Hello Ana! What can we do for you?");
    ana.taps("book").await;
    assert_eq!(ana.hears().await, "What is your name?");
    ana.says("Ana Núñez").await;
    assert_eq!(ana.hears().await, "Thank you, Ana Núñez. And your email?");
    host.stops().await;
    host.starts_again().await;
    ana.says("Ana@Example.com").await;
    assert_eq!(ana.hears().await, "What is it about?");
    ana.chooses("demo").await;
    let summary = "Name: Ana Núñez\nEmail: ana@example.com\nTopic: Demo";
    assert_eq!(
        ana.hears().await,
        format!("Done! We will write to you.\n{summary}")
    );

    host.settles(&starter).await;
    assert!(ana.unheard().await.is_empty());
    let mut schema = host.schema_of(&starter).await;
    let lead: (String, String, String, String) =
        sqlx::query_as("select contact, name, email, topic from lead")
            .fetch_one(&mut schema)
            .await
            .unwrap();
    let lead = [lead.0, lead.1, lead.2, lead.3];
    assert_eq!(
        lead,
        ["16505551234", "Ana Núñez", "ana@example.com", "Demo"]
    );
    let logged: i64 = sqlx::query_scalar("select count(*) from messages where direction = 'out'")
        .fetch_one(&mut schema)
        .await
        .unwrap();
    assert_eq!(logged, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn echo_does_what_it_does_on_node() {
    let folder = guest("echo");
    let run = Run::new(&folder, "app.js");
    agree(&run, &dialogues::echo()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starter_does_what_it_does_on_node() {
    let scratch = scratch_database().await;
    let Endpoint::Unix {
        folder: socket,
        port,
    } = scratch.endpoint()
    else {
        panic!("the server of the tests listens on a socket");
    };
    let port = port.to_string();
    let folder = guest("starter");
    let run = Run {
        environment: &[
            ("PGHOST", socket.to_str().unwrap()),
            ("PGPORT", &port),
            ("PGUSER", "roost_admin"),
            ("PGDATABASE", scratch.control_database()),
        ],
        quiet: Duration::from_millis(100),
        ..Run::new(&folder, "app.js")
    };
    agree(&run, &dialogues::starter()).await;
}

/// The same webhooks to the same bot, on Node and here.
async fn agree(run: &Run<'_>, webhooks: &[Webhook]) {
    let on_node = on_node(run, webhooks);
    let (node, roost) = tokio::join!(on_node, on_roost(run.folder, webhooks));
    assert!(
        node.answers.iter().all(|answer| answer.status == 200),
        "{:?}",
        node.answers
    );
    assert!(!node.calls.is_empty());
    if let Err(difference) = oracle::compare(&node.calls, &roost) {
        panic!("{difference}");
    }
}

async fn on_roost(folder: &Path, webhooks: &[Webhook]) -> Vec<oracle::GraphCall> {
    let graph = Graph::start().await;
    let setup = Setup {
        app_secret: APP_SECRET,
        graph: Some(graph.address().to_owned()),
        ..Setup::default()
    };
    let host = TestHost::start_with(setup).await;
    let bot = host.project_with_number("bot", PHONE_NUMBER_ID).await;
    // By now Meta was asked for the number.
    graph.forget();
    host.deploys(&bot, folder).await.unwrap();
    for webhook in webhooks {
        assert_eq!(host.posted(&webhook.body, &webhook.signature).await, 200);
        host.settles(&bot).await;
    }
    let events = host.events(&bot).await;
    assert!(
        events
            .iter()
            .all(|event| event.state == "done" && event.attempts == 1),
        "{events:?}"
    );
    graph.calls()
}
