//! What Meta says of a message later on.

use roost_emulator::control::Fault;
use sqlx::PgConnection;

use super::support::{TestHost, TestProject, fixture};
use crate::support::conversations::messages;

const ANA: &str = "16505551234";
/// Never wrote, so that only templates may go there.
const BEA: &str = "16505556789";
const WINDOW_IS_CLOSED: i32 = 131_047;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_reach_the_bot_and_the_stored_message() {
    let mut host = TestHost::start().await;
    let bot = host.bot("statuses", &fixture("keeps_statuses")).await;
    let mut ana = bot.customer(ANA).await;

    ana.says(&format!("{ANA} hello")).await;
    let sent = ana.gets().await;
    host.settles(&bot).await;

    let heard = heard_by(&mut host.schema_of(&bot).await, &sent.id).await;
    assert_eq!(
        heard,
        [
            ("sent".to_owned(), None),
            ("delivered".to_owned(), None),
            ("read".to_owned(), None)
        ]
    );
    assert_eq!(
        status_of(&host, &bot, ANA, &sent.id).await.as_deref(),
        Some("read")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_outside_the_window_is_recorded_as_failed() {
    let mut host = TestHost::start().await;
    let bot = host.bot("statuses", &fixture("keeps_statuses")).await;
    let ana = bot.customer(ANA).await;
    let mut bea = bot.customer(BEA).await;

    ana.says(&format!("{BEA} are you there?")).await;
    let sent = bea.gets().await;
    host.settles(&bot).await;

    let heard = heard_by(&mut host.schema_of(&bot).await, &sent.id).await;
    assert_eq!(heard, [("failed".to_owned(), Some(WINDOW_IS_CLOSED))]);
    assert_eq!(
        status_of(&host, &bot, BEA, &sent.id).await.as_deref(),
        Some("failed")
    );
    let events = host.events(&bot).await;
    assert!(
        events.iter().all(|event| event.state == "done"),
        "{events:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_whose_answer_was_lost_gets_all_that_meta_would_have_answered() {
    let mut host = TestHost::start().await;
    let bot = host.bot("statuses", &fixture("keeps_statuses")).await;
    let mut ana = bot.customer(ANA).await;
    host.emulator().fail_next(1, Fault::CutAfter).await.unwrap();

    ana.says(&format!("{ANA} hello")).await;
    let sent = ana.gets().await;
    host.settles(&bot).await;

    assert!(ana.unheard().await.is_empty());
    let known_by: String = sqlx::query_scalar("select known_by from send")
        .fetch_one(&mut host.control_database().await)
        .await
        .unwrap();
    assert_eq!(known_by, "status");
    let answered: Vec<(String, Option<String>)> = sqlx::query_as("select message, wa_id from sent")
        .fetch_all(&mut host.schema_of(&bot).await)
        .await
        .unwrap();
    assert_eq!(answered, [(sent.id.clone(), Some(ANA.to_owned()))]);
    assert_eq!(
        status_of(&host, &bot, ANA, &sent.id).await.as_deref(),
        Some("read")
    );
}

/// What the bot heard of a message, in order.
async fn heard_by(schema: &mut PgConnection, message: &str) -> Vec<(String, Option<i32>)> {
    sqlx::query_as("select status, code from status where message = $1 order by ctid")
        .bind(message)
        .fetch_all(schema)
        .await
        .unwrap()
}

/// The status of a message as the host has it.
async fn status_of(
    host: &TestHost,
    project: &TestProject,
    contact: &str,
    message: &str,
) -> Option<String> {
    let messages = messages(&mut host.control_database().await, project.id, contact).await;
    let found = messages.into_iter().find(|found| found.wamid == message);
    found.expect("the message is stored").status
}
