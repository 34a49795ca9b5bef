//! What a person writes: once, within the window, and in the history.

use http::Method;
use serde_json::{Value, json};

use super::{ANA, history, of, wrote_hours_ago};
use crate::host::support::{Contact, Operator, TestHost, TestProject, answered, guest};

async fn soup() -> (TestHost, TestProject, Operator, Contact) {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let operator = host.operator();
    (host, bot, operator, ana)
}

fn messages() -> String {
    of("soup", &format!("conversations/{ANA}/messages"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_writes_within_the_window_and_the_history_says_who() {
    let (host, bot, operator, mut ana) = soup().await;
    let said = json!({ "text": { "body": "Bea here" }, "by": "bea" });
    let sent = operator.post(&messages(), &said).await;
    assert_eq!(sent.status, 201, "{}", sent.text);
    let sent = sent.ok();
    assert_eq!(
        (&sent["written_by"], &sent["text"]),
        (&json!("bea"), &json!("Bea here"))
    );
    assert_eq!(sent["event_id"], Value::Null);
    assert_eq!(ana.hears().await, "Bea here");
    let link = "https://example.com/menu.png";
    let image = json!({ "media": { "kind": "image", "link": link, "caption": "the menu" } });
    operator.post(&messages(), &image).await.ok();
    let got = ana.gets().await;
    assert_eq!(got.message_type, "image");
    host.settles(&bot).await;
    let said = history(&operator, "soup", ANA).await;
    let pair = |who: &str, text: &str| (who.to_owned(), text.to_owned());
    assert_eq!(
        said[1..],
        [
            pair("bot", "You said: hi"),
            pair("bea", "Bea here"),
            pair("root", "the menu")
        ]
    );
    // The bot heard of none of it.
    let events = operator.get(&of("soup", "events?kind=message")).await.ok();
    assert_eq!(super::items(&events).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_goes_out_once_however_often_it_is_asked_for() {
    let (host, bot, operator, mut ana) = soup().await;
    let said = json!({ "text": { "body": "once" } });
    let ask = async || {
        let request = operator.request(Method::POST, &messages());
        answered(request.header("idempotency-key", "the-same").json(&said)).await
    };
    let first = ask().await.ok();
    assert_eq!(ask().await.ok(), first);
    // Also when the host that answered died before it could keep its answer.
    sqlx::query("delete from idempotency")
        .execute(&mut host.control_database().await)
        .await
        .unwrap();
    assert_eq!(ask().await.ok()["id"], first["id"]);
    assert_eq!(ana.hears().await, "once");
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
    assert_eq!(history(&operator, "soup", ANA).await.len(), 3);
    // Another key is another message.
    let other = operator.request(Method::POST, &messages());
    answered(other.header("idempotency-key", "another").json(&said))
        .await
        .ok();
    assert_eq!(ana.hears().await, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_whatsapp_does_not_take_is_refused_with_what_to_do() {
    let (host, bot, operator, mut ana) = soup().await;
    let text = json!({ "text": { "body": "hi" } });
    for (wrong, status, code) in [
        (json!({}), 422, "bad-message"),
        (json!({ "text": { "body": "" } }), 422, "bad-message"),
        (
            json!({ "text": { "body": "x".repeat(4_097) } }),
            422,
            "bad-message",
        ),
        (json!({ "media": { "kind": "image" } }), 422, "bad-message"),
        (
            json!({ "media": { "kind": "song", "id": "1" } }),
            422,
            "bad-body",
        ),
        (
            json!({ "media": { "kind": "audio", "id": "1", "caption": "x" } }),
            422,
            "bad-message",
        ),
        (
            json!({ "text": { "body": "a" }, "media": { "kind": "image", "id": "1" } }),
            422,
            "bad-message",
        ),
        (json!({ "text": "hi" }), 422, "bad-body"),
        (
            json!({ "template": { "name": "order", "language": "en_US" } }),
            422,
            "template-unfit",
        ),
    ] {
        let refused = operator.post(&messages(), &wrong).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{wrong}");
    }
    wrote_hours_ago(&host, 25).await;
    let refused = operator.post(&messages(), &text).await;
    assert_eq!(refused.refusal(), (409, "window-closed".to_owned()));
    assert!(
        refused.detail().contains("only a template"),
        "{}",
        refused.text
    );
    let shown = operator
        .get(&of("soup", &format!("conversations/{ANA}")))
        .await
        .ok();
    assert_eq!(shown["is_window_open"], false);
    wrote_hours_ago(&host, 23).await;
    operator.post(&messages(), &text).await.ok();
    assert_eq!(ana.hears().await, "hi");

    operator.delete("/v1/projects/soup/number").await.ok();
    let refused = operator.post(&messages(), &text).await;
    assert_eq!(refused.refusal(), (409, "no-number".to_owned()));
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metas_refusals_are_told_in_its_words() {
    let (host, _bot, operator, _ana) = soup().await;
    let text = json!({ "text": { "body": "hi" } });
    let fault = roost_emulator::control::Fault::RateLimited {
        retry_after_s: Some(600),
    };
    host.emulator().fail_next(1, fault).await.unwrap();
    let refused = operator.post(&messages(), &text).await;
    assert_eq!(refused.refusal(), (409, "meta-limit".to_owned()));
}
