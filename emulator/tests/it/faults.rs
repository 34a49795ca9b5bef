//! What goes wrong on request.

use std::time::{Duration, Instant};

use reqwest::Method;
use roost_emulator::control::{Fault, Often};
use serde_json::json;

use crate::support::{Scene, quick, to_sheena, value_of};

/// Sends a text; None when the connection closed without an answer.
async fn try_text(scene: &Scene) -> Option<u16> {
    let url = format!("{}/{}", scene.emulator.graph_url(), scene.messages_path());
    let body = to_sheena(json!({"text": {"body": "hi"}}));
    let request = scene
        .http
        .request(Method::POST, url)
        .bearer_auth(&scene.token)
        .json(&body);
    request
        .send()
        .await
        .ok()
        .map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_rate_limited_send_says_when_to_try_again() {
    let scene = Scene::open().await;
    let retry_after_s = Some(2);
    scene
        .fail_next(1, Fault::RateLimited { retry_after_s })
        .await;

    let answer = scene.send_text("hi").await;

    assert_eq!(answer.code(), (429, 130429));
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(scene.send_text("hi").await.status, 200);
    assert_eq!(scene.messages().await.len(), 1);
}

#[tokio::test]
async fn a_server_error_is_counted_down() {
    let scene = Scene::open().await;
    scene.fail_next(2, Fault::ServerError).await;

    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(scene.send_text("hi").await.code());
    }

    assert_eq!(codes, [(500, 131000), (500, 131000), (200, 0)]);
}

#[tokio::test]
async fn a_token_can_seem_to_expire() {
    let scene = Scene::open().await;
    scene.fail_next(1, Fault::TokenExpired).await;

    let answer = scene.send_text("hi").await;

    assert_eq!(answer.code(), (401, 190));
    assert_eq!(answer.body["error"]["error_subcode"], 463);
}

#[tokio::test]
async fn a_slow_send_takes_its_time() {
    let scene = Scene::open().await;
    scene.fail_next(1, Fault::Slow { delay_ms: 60 }).await;
    let began = Instant::now();

    assert_eq!(scene.send_text("hi").await.status, 200);

    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_connection_cut_before_processing_sends_nothing() {
    let scene = Scene::open().await;
    scene.fail_next(1, Fault::CutBefore).await;

    assert_eq!(try_text(&scene).await, None);

    scene.settle().await;
    assert_eq!(scene.messages().await.len(), 0);
    assert_eq!(try_text(&scene).await, Some(200));
}

#[tokio::test]
async fn a_connection_cut_after_processing_has_sent_the_message() {
    let scene = Scene::open().await;
    scene.fail_next(1, Fault::CutAfter).await;

    assert_eq!(try_text(&scene).await, None);

    assert_eq!(scene.statuses().await.len(), 3);
    assert_eq!(scene.messages().await.len(), 1);
}

#[tokio::test]
async fn a_message_can_be_made_to_fail_later() {
    let scene = Scene::open().await;
    scene
        .fail_next(1, Fault::FailedStatus { code: 131049 })
        .await;

    assert_eq!(scene.send_text("hi").await.status, 200);

    scene.settle().await;
    let body = scene.receiver.bodies().pop().unwrap();
    let status = &value_of(&body)["statuses"][0];
    assert_eq!(status["status"], "failed");
    assert_eq!(status["errors"][0]["code"], 131049);
}

#[tokio::test]
async fn a_webhook_can_come_twice() {
    let scene = Scene::start().await;
    scene.fail_next(1, Fault::WebhookDuplicate).await;

    scene.sheena().says("one").await.unwrap();
    scene.sheena().says("two").await.unwrap();
    scene.settle().await;

    let received = scene.receiver.all();
    assert_eq!(received.len(), 3);
    assert_eq!(received[0].body, received[1].body);
    assert_ne!(received[1].body, received[2].body);
}

#[tokio::test]
async fn a_webhook_can_change_places_with_the_next() {
    let scene = Scene::start().await;
    scene.fail_next(1, Fault::WebhookReorder).await;

    scene.sheena().says("one").await.unwrap();
    scene.sheena().says("two").await.unwrap();

    for expected in ["two", "one"] {
        let body = scene.receiver.next().await.json();
        assert_eq!(value_of(&body)["messages"][0]["text"]["body"], expected);
    }
}

#[tokio::test]
async fn a_status_can_get_lost() {
    let scene = Scene::open().await;
    let status = Some("delivered".to_owned());
    scene.fail_next(1, Fault::StatusDropped { status }).await;

    scene.send_text("hi").await;

    let words: Vec<_> = scene.statuses().await.into_iter().map(|s| s.0).collect();
    assert_eq!(words, ["sent", "read"]);
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mut config = quick();
        config.seed = 42;
        // Without this a delay would be drawn between two sends, in no certain order.
        config.settings.closed_window = roost_emulator::control::ClosedWindow::Refused;
        let scene = Scene::with(config).await;
        let chance = Often::Probability(0.5);
        scene.control.arm(Fault::ServerError, chance).await.unwrap();
        let mut codes = Vec::new();
        for _ in 0..24 {
            codes.push(scene.send_text("hi").await.code().1);
        }
        runs.push(codes);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].contains(&131000) && runs[0].contains(&131047));
}

#[tokio::test]
async fn faults_can_be_cleared() {
    let scene = Scene::open().await;
    scene.fail_next(5, Fault::ServerError).await;

    assert_eq!(scene.control.clear_faults().await.unwrap().count, 1);

    assert_eq!(scene.send_text("hi").await.status, 200);
}
