//! Bytes, signatures, retries and order of webhooks.

use hmac::{Hmac, KeyInit as _, Mac as _};
use roost_emulator::control::wire::Release;
use roost_emulator::control::{AttemptOutcome, ReleaseOrder};
use serde_json::json;
use sha2::Sha256;

use crate::support::{DEADLINE, SHEENA, Scene, after, everything_in, quick, value_of};

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn the_signature_is_over_the_exact_bytes() {
    let scene = Scene::start().await;

    scene.sheena().says("¿Qué tal? 👋 a/b").await.unwrap();

    let received = scene.receiver.next().await;
    assert_eq!(
        received.headers["x-hub-signature-256"],
        signature(&scene.app.secret, &received.body).as_str(),
    );
    assert_eq!(received.headers["content-type"], "application/json");
    assert_eq!(received.headers["user-agent"], "facebookexternalua");
    assert!(received.body.is_ascii());
    assert!(
        received
            .text()
            .contains(r"\u00bfQu\u00e9 tal? \ud83d\udc4b a\/b")
    );
    let body = received.json();
    let message = &value_of(&body)["messages"][0];
    assert_eq!(message["text"]["body"], "¿Qué tal? 👋 a/b");
}

#[tokio::test]
async fn a_refused_webhook_is_tried_again_with_the_same_bytes() {
    let scene = Scene::start().await;
    scene.receiver.answers_next(&[500, 404, 200]);

    scene.sheena().says("hi").await.unwrap();
    scene.settle().await;

    let received = scene.receiver.all();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|one| one.body == received[0].body));
    let attempts = scene.control.deliveries(&after(0)).await.unwrap().items;
    let outcomes: Vec<_> = attempts
        .iter()
        .map(|a| (a.attempt, a.status, a.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [
            (1, Some(500), AttemptOutcome::Retrying),
            (2, Some(404), AttemptOutcome::Retrying),
            (3, Some(200), AttemptOutcome::Delivered),
        ]
    );
    assert_eq!(attempts[0].body.as_bytes(), received[0].body);
}

#[tokio::test]
async fn a_webhook_past_its_horizon_is_given_up() {
    let mut config = quick();
    config.settings.webhook_retry_ms = vec![0, 0, 60_000];
    config.settings.webhook_horizon_ms = 30_000;
    let scene = Scene::with(config).await;
    scene.receiver.answers_next(&[500; 9]);

    scene.sheena().says("hi").await.unwrap();
    scene.settle().await;

    let attempts = scene.control.deliveries(&after(0)).await.unwrap().items;
    assert_eq!(attempts.len(), 3);
    assert_eq!(attempts[2].outcome, AttemptOutcome::GivenUp);
}

#[tokio::test]
async fn a_callback_that_does_not_answer_in_time_is_tried_again() {
    let mut config = quick();
    config.settings.webhook_timeout_ms = 50;
    config.settings.webhook_retry_ms = vec![600_000];
    let scene = Scene::with(config).await;
    scene.receiver.falls_asleep();

    scene.sheena().says("hi").await.unwrap();

    let page = scene.control.deliveries(&after(0)).await.unwrap();
    assert_eq!(
        page.items[0].error.as_deref(),
        Some("no answer within 50 ms")
    );
    scene.receiver.wakes_up();
    let change = json!({"webhook_timeout_ms": 10_000});
    scene.control.change_settings(change).await.unwrap();
    scene.control.retry_webhooks().await.unwrap();
    let page = scene.control.deliveries(&after(page.next)).await.unwrap();
    assert_eq!(page.items[0].outcome, AttemptOutcome::Delivered);
}

#[tokio::test]
async fn a_conversation_arrives_in_order_whatever_fails() {
    let scene = Scene::start().await;
    scene.receiver.answers_next(&[500, 200, 503]);

    for text in ["one", "two", "three"] {
        scene.sheena().says(text).await.unwrap();
    }
    scene.settle().await;

    let attempts = scene.control.deliveries(&after(0)).await.unwrap().items;
    let texts: Vec<String> = attempts
        .iter()
        .filter(|attempt| attempt.outcome == AttemptOutcome::Delivered)
        .map(|attempt| {
            let body: serde_json::Value = serde_json::from_str(&attempt.body).unwrap();
            let text = &value_of(&body)["messages"][0]["text"]["body"];
            text.as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[tokio::test]
async fn with_order_of_first_attempts_a_failing_update_steps_aside() {
    let mut config = quick();
    config.settings.webhook_retry_ms = vec![600_000];
    let scene = Scene::with(config).await;
    let change = json!({"webhook_order": "first_attempts"});
    scene.control.change_settings(change).await.unwrap();
    scene.receiver.answers_next(&[500]);

    scene.sheena().says("one").await.unwrap();
    scene.sheena().says("two").await.unwrap();
    scene.receiver.next().await;
    let second = scene.receiver.next().await.json();

    let text = &value_of(&second)["messages"][0]["text"]["body"];
    assert_eq!(text, "two");
}

#[tokio::test]
async fn held_updates_are_released_in_one_post() {
    let scene = Scene::start().await;
    scene.control.hold_webhooks().await.unwrap();
    for text in ["one", "two", "three"] {
        scene.sheena().says(text).await.unwrap();
    }
    assert_eq!(scene.receiver.all().len(), 0);

    let release = Release {
        batch_size: 100,
        order: ReleaseOrder::Reversed,
    };
    let released = scene.control.release_webhooks(release).await.unwrap();

    assert_eq!(released.count, 3);
    let body = scene.receiver.next().await.json();
    let texts: Vec<_> = everything_in(&body, "messages")
        .iter()
        .map(|message| message["text"]["body"].clone())
        .collect();
    assert_eq!(texts, ["three", "two", "one"]);
    assert_eq!(value_of(&body)["contacts"].as_array().unwrap().len(), 1);
    scene.settle().await;
    assert_eq!(scene.receiver.all().len(), 1);
}

#[tokio::test]
async fn messages_and_statuses_in_one_post_are_changes_of_their_own() {
    let scene = Scene::open().await;
    scene.control.hold_webhooks().await.unwrap();
    scene.sheena().says("hi").await.unwrap();
    scene.send_text("hello").await;
    scene.settle().await;

    let release = Release {
        batch_size: 100,
        order: ReleaseOrder::Kept,
    };
    scene.control.release_webhooks(release).await.unwrap();

    let body = scene.receiver.next().await.json();
    assert_eq!(everything_in(&body, "messages").len(), 1);
    assert_eq!(everything_in(&body, "statuses").len(), 3);
    assert_eq!(body["entry"].as_array().unwrap().len(), 1);
    assert_eq!(body["entry"][0]["changes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn deliveries_can_be_read_of_one_customer() {
    let scene = Scene::start().await;
    scene.sheena().says("hi").await.unwrap();
    scene.settle().await;
    let of = |phone: &str| roost_emulator::control::wire::Cursor {
        customer: Some(phone.to_owned()),
        ..Default::default()
    };

    let hers = scene.control.deliveries(&of(SHEENA)).await.unwrap();
    let others = scene.control.deliveries(&of("16505550000")).await.unwrap();

    assert_eq!((hers.items.len(), others.items.len()), (1, 0));
    assert!(scene.control.idle(DEADLINE).await.unwrap().is_idle);
}
