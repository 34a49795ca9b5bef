//! Sends through the outbox, against a real database and a scripted Graph API.
//!
//! Here: what several runs of an event send. `failures`: what goes wrong between the host and Meta.
//! `limits`: who waits for whom.
//! `gateway`: plain HTTP of bots; `everyday` what passes, `hostile` what must not, `media` what goes by
//! in pieces, `uploads` what goes to an emulator, `shared` what another project of the account has.

mod bench;
mod door;
mod everyday;
mod failures;
mod flows;
mod gateway;
mod hostile;
mod limits;
mod media;
mod shared;
mod uploads;

use std::sync::Arc;

use roost::inbox::{Clock, Inbox};
use roost::runs::SendSettler;
use roost::whatsapp::outbox::{SendContext, Sent};
use roost::whatsapp::{GraphRequest, GraphResponse, SendError};
use serde_json::{Value, json};

use self::bench::{Bench, NUMBER, TOKEN, message};
use crate::support::graph::Act;

#[tokio::test]
async fn a_retry_gets_the_recorded_answer_and_sends_nothing() {
    let bench = Bench::new(vec![]).await;
    let first = bench.send(&bench.run(), "hi").await.unwrap();
    assert_eq!(
        first,
        Sent {
            message_id: "wamid.1".into(),
            wa_id: Some("16505550100".into())
        }
    );

    let run = bench.run();
    assert_eq!(bench.send(&run, "hi").await.unwrap(), first);
    assert_eq!(bench.graph.count(), 1);
    assert_eq!(run.sends(), 1);
    assert_eq!(
        bench.sunk().await,
        [("wamid.1".to_owned(), Some("hi".to_owned()))]
    );

    let seen = &bench.graph.seen()[0];
    assert_eq!(seen.line, "POST /v25.0/1065403/messages HTTP/1.1");
    assert!(
        seen.head
            .contains(&format!("authorization: Bearer {TOKEN}"))
    );
}

#[tokio::test]
async fn equal_messages_of_one_run_are_several_and_a_retry_finds_each() {
    let bench = Bench::new(vec![]).await;
    let run = bench.run();
    let (one, two) = tokio::join!(bench.wamid(&run, "hi"), bench.wamid(&run, "hi"));
    assert_ne!(one, two);

    let retry = bench.run();
    let mut again = [
        bench.wamid(&retry, "hi").await,
        bench.wamid(&retry, "hi").await,
    ];
    again.sort();
    assert_eq!(again, ["wamid.1", "wamid.2"]);
    assert_eq!(bench.graph.count(), 2);
    assert_eq!(bench.wamid(&retry, "hi").await, "wamid.3");
}

#[tokio::test]
async fn a_retry_that_decides_differently_gets_no_other_messages_result() {
    let bench = Bench::new(vec![]).await;
    let run = bench.run();
    assert_eq!(bench.wamid(&run, "a").await, "wamid.1");
    assert_eq!(bench.wamid(&run, "b").await, "wamid.2");

    let retry = bench.run();
    assert_eq!(bench.wamid(&retry, "c").await, "wamid.3");
    assert_eq!(bench.wamid(&retry, "b").await, "wamid.2");
    assert_eq!(bench.wamid(&retry, "a").await, "wamid.1");
    assert_eq!(bench.graph.count(), 3);
}

#[tokio::test]
async fn key_order_and_callback_data_make_no_other_message() {
    let bench = Bench::new(vec![]).await;
    let send = async |run: &SendContext, body: Value| bench.outbox.send(run, &body).await.unwrap();
    let mut body = message("hi");
    body["biz_opaque_callback_data"] = json!("correlation 1");
    let first = send(&bench.run(), body).await;
    let turned = json!({
        "biz_opaque_callback_data": "correlation 2", "text": { "body": "hi" }, "type": "text",
        "to": "16505550100", "messaging_product": "whatsapp",
    });
    assert_eq!(send(&bench.run(), turned).await, first);
    assert_eq!(bench.graph.count(), 1);
}

#[tokio::test]
async fn two_runs_at_once_send_one_message() {
    let bench = Bench::new(vec![Act::Hold]).await;
    let (run, other) = (bench.run(), bench.run());
    let first = bench.wamid(&run, "hi");
    let second = async {
        bench.graph.has_seen(1).await;
        let error = bench.send(&other, "hi").await.unwrap_err();
        bench.graph.release();
        error
    };
    let (wamid, error) = tokio::join!(first, second);
    assert!(matches!(error, SendError::Unsettled { .. }), "{error}");
    assert_eq!(bench.wamid(&other, "hi").await, wamid);
    assert_eq!(bench.graph.count(), 1);
}

#[tokio::test]
async fn bots_see_their_own_callback_data_in_statuses() {
    let bench = Bench::new(vec![]).await;
    let mut body = message("hi");
    body["biz_opaque_callback_data"] = json!("order-17");
    bench.outbox.send(&bench.run(), &body).await.unwrap();
    bench.wamid(&bench.run(), "no data").await;
    assert_ne!(
        bench.status(0, "wamid.1")["biz_opaque_callback_data"],
        "order-17"
    );

    let foreign =
        json!({ "id": "wamid.x", "status": "read", "biz_opaque_callback_data": "r1.1.00" });
    let statuses = json!([
        bench.status(0, "wamid.1"),
        bench.status(1, "wamid.2"),
        foreign
    ]);
    let settler = Arc::new(SendSettler::new(bench.outbox.clone()));
    let inbox = Inbox::new(bench.pool.clone(), Clock::database(), settler);
    inbox.put(&bench.webhook(&statuses)).await.unwrap();
    let payloads: Vec<String> = sqlx::query_scalar("select payload from event order by event_id")
        .fetch_all(&bench.pool)
        .await
        .unwrap();
    let heard: Vec<Option<String>> = payloads.iter().map(|text| callback_data(text)).collect();
    let expected = [Some("order-17"), None, Some("r1.1.00")];
    assert_eq!(heard, expected.map(|data| data.map(str::to_owned)));
}

/// What the bot finds in the only status of an event.
fn callback_data(payload: &str) -> Option<String> {
    let payload: Value = serde_json::from_str(payload).unwrap();
    let status = payload.pointer("/entry/0/changes/0/value/statuses/0");
    let data = status.unwrap().get("biz_opaque_callback_data");
    data.map(|data| data.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_form_is_sent_as_a_form_and_known_as_the_same_message() {
    let bench = Bench::new(vec![]).await;
    let mut form = GraphRequest::json(http::Method::POST, format!("{NUMBER}/messages"), &json!({}));
    let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    form.headers.insert(http::header::CONTENT_TYPE, kind);
    form.body =
        "messaging_product=whatsapp&to=16505550100&type=text&text=%7B%22body%22%3A%22hi%22%7D"
            .into();
    let answer: GraphResponse = bench.outbox.perform(&bench.run(), form).await.unwrap();
    assert_eq!(Sent::read(&answer).unwrap().message_id, "wamid.1");
    assert!(
        bench.graph.seen()[0]
            .body
            .contains("&biz_opaque_callback_data=r1.")
    );
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.1");
}
