//! More work than there are instances: it waits, and nothing fails.

use http::StatusCode;
use roost::http::sign;
use roost::projects::Secret;
use serde_json::{Value, json};

use super::support::{Setup, TestHost, fixture};
use crate::support::bench::envelope;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_do_two_hundred_events_and_a_deploy_at_once() {
    let setup = Setup {
        instances: 2,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("statuses", &fixture("keeps_statuses")).await;
    let status = |n: u32| {
        json!({"id": format!("wamid.{n}"), "status": "read", "timestamp": "1749416383",
                                 "recipient_id": format!("1650555{n:04}")})
    };
    let statuses: Vec<Value> = (0..200).map(status).collect();
    let body = envelope(&bot.number_id, &json!({ "statuses": statuses })).to_string();
    let signature = sign(&Secret::new(Setup::default().app_secret), body.as_bytes());
    assert_eq!(
        host.posted(body.as_bytes(), &signature).await,
        StatusCode::OK
    );
    host.deploys(&bot, &fixture("keeps_statuses"))
        .await
        .unwrap();
    host.settles(&bot).await;

    let events = host.events(&bot).await;
    let is_done =
        |event: &&super::support::StoredEvent| event.state == "done" && event.attempts == 1;
    assert_eq!(events.iter().filter(is_done).count(), 200, "{events:?}");
    let mut conn = host.control_database().await;
    let outcomes: Vec<String> = sqlx::query_scalar("select distinct outcome from run")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    assert_eq!(
        outcomes,
        ["done"],
        "nothing was tried for want of an instance"
    );
    let kept: i64 = sqlx::query_scalar("select count(*) from status")
        .fetch_one(&mut host.schema_of(&bot).await)
        .await
        .unwrap();
    assert_eq!(kept, 200);
}
