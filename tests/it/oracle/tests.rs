//! The oracle itself: two runs on Node agree, and a difference is seen.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Answer, GraphCall, Run, Webhook, compare, dialogues, on_node};

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("guests")
        .join(name)
}

#[tokio::test]
async fn two_runs_of_echo_on_node_agree() {
    let folder = guest("echo");
    let run = Run::new(&folder, "app.js");
    let first = on_node(&run, &dialogues::echo()).await;
    let second = on_node(&run, &dialogues::echo()).await;

    assert_eq!(
        texts(&first.calls),
        ["You said: hi", "You said: ¿qué tal? 👋 a/b"]
    );
    assert_eq!(first.calls[0].path, "/v25.0/106540352242922/messages");
    assert!(first.answers.iter().all(|answer| answer.status == 200));
    compare(&first.calls, &second.calls).unwrap();
}

#[tokio::test]
async fn a_message_sent_after_the_answer_is_recorded() {
    let folder = guest("fixtures/late_send");
    let webhooks = [Webhook::text("16505551234", "IN1", "hi")];
    let record = on_node(&Run::new(&folder, "app.js"), &webhooks).await;
    assert_eq!(texts(&record.calls), ["late, but here: hi"]);
}

#[tokio::test]
async fn a_bot_refuses_a_wrong_signature_on_node() {
    let folder = guest("echo");
    let mut webhook = Webhook::text("16505551234", "IN1", "hi");
    webhook.body.push(b' ');
    let record = on_node(&Run::new(&folder, "app.js"), &[webhook]).await;
    assert!(matches!(record.answers[..], [Answer { status: 401, .. }]));
    assert!(record.calls.is_empty());
}

#[tokio::test]
async fn a_bot_reaches_nothing_but_meta_on_node() {
    let folder = guest("fixtures/fetches_private");
    let mut webhook = Webhook::text("16505551234", "IN1", "hi");
    webhook.body = br#"{"url":"http://169.254.169.254/latest/meta-data"}"#.to_vec();
    let record = on_node(&Run::new(&folder, "app.js"), &[webhook]).await;
    assert!(
        record.answers[0].body.contains("ENOTFOUND"),
        "{:?}",
        record.answers
    );
}

#[test]
fn ids_may_differ_where_they_stand_for_the_same_message() {
    let node = [sent("hi", "wamid.A/1="), sent("again", "wamid.A/1=")];
    let roost = [sent("hi", "wamid.B=="), sent("again", "wamid.B==")];
    compare(&node, &roost).unwrap();

    let other = [sent("hi", "wamid.B=="), sent("again", "wamid.C==")];
    let difference = compare(&node, &other).unwrap_err();
    assert_eq!(difference.index, 1);
}

#[test]
fn what_the_host_adds_is_no_difference() {
    let mut roost = sent("hi", "wamid.A");
    roost.body["biz_opaque_callback_data"] = json!("event 1");
    compare(&[sent("hi", "wamid.A")], &[roost]).unwrap();
}

#[test]
fn a_missing_and_a_changed_message_are_differences() {
    let node = [sent("hi", "wamid.A"), sent("there", "wamid.A")];
    let difference = compare(&node, &node[..1]).unwrap_err();
    assert!(
        difference.to_string().contains("roost: no call"),
        "{difference}"
    );

    let changed = [node[0].clone(), sent("here", "wamid.A")];
    assert_eq!(compare(&node, &changed).unwrap_err().index, 1);
}

fn sent(text: &str, reply_to: &str) -> GraphCall {
    GraphCall {
        method: "POST".to_owned(),
        path: "/v25.0/1/messages".to_owned(),
        body: json!({ "text": { "body": text }, "context": { "message_id": reply_to } }),
    }
}

fn texts(calls: &[GraphCall]) -> Vec<&str> {
    let text = |call: &GraphCall| {
        call.body
            .pointer("/text/body")
            .and_then(Value::as_str)
            .map(str::len)
    };
    assert!(calls.iter().all(|call| text(call).is_some()), "{calls:?}");
    calls
        .iter()
        .filter_map(|call| call.body["text"]["body"].as_str())
        .collect()
}
