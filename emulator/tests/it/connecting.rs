//! What a business's software does to connect a number: reads it, subscribes, registers, lets it go.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::wire::{NewNumber, NewToken};
use roost_emulator::control::{AssetCall, Fault};
use serde_json::{Value, json};

use crate::support::{Answer, Scene};

async fn post(scene: &Scene, path: &str, body: Value) -> Answer {
    scene.graph(Method::POST, path, Some(body)).await
}

fn pin(pin: &str) -> Value {
    json!({"messaging_product": "whatsapp", "pin": pin})
}

#[tokio::test]
async fn a_token_tells_its_app_whatever_its_scopes() {
    let scene = Scene::start().await;
    let token = NewToken {
        app_id: scene.app.id.clone(),
        scopes: Some([].into()),
        ..NewToken::default()
    };
    let token = scene.control.create_token(&token).await.unwrap().token;

    let url = format!("{}/v25.0/app?fields=id,name", scene.emulator.graph_url());
    let answer = scene.http.get(url).bearer_auth(token).send().await.unwrap();

    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer, json!({"id": scene.app.id, "name": "App"}));
}

#[tokio::test]
async fn a_number_that_is_deregistered_sends_nothing_until_it_registers_with_its_pin() {
    let scene = Scene::open().await;
    let at = |edge: &str| format!("{}/{edge}", scene.number_id);
    post(&scene, &at("register"), pin("123456")).await;

    assert_eq!(
        post(&scene, &at("deregister"), json!({})).await.body,
        json!({"success": true})
    );

    assert_eq!(scene.send_text("hi").await.code(), (400, 133010));
    assert_eq!(
        post(&scene, &at("deregister"), json!({})).await.code(),
        (400, 133010)
    );
    assert_eq!(
        post(&scene, &at("register"), pin("000000")).await.code(),
        (400, 133005)
    );
    assert_eq!(
        post(&scene, &at("register"), pin("123456")).await.status,
        200
    );
    assert_eq!(scene.send_text("hi").await.status, 200);
}

#[tokio::test]
async fn ten_registrations_in_three_days_are_the_most() {
    let scene = Scene::start().await;
    let at = format!("{}/register", scene.number_id);
    for _ in 0..10 {
        assert_eq!(post(&scene, &at, pin("123456")).await.status, 200);
    }
    assert_eq!(post(&scene, &at, pin("123456")).await.code(), (400, 133016));

    let later = Duration::from_secs(72 * 60 * 60 + 1);
    scene.control.advance_clock(later).await.unwrap();
    assert_eq!(post(&scene, &at, pin("123456")).await.status, 200);
}

#[tokio::test]
async fn each_call_about_a_number_can_be_refused_on_request() {
    let scene = Scene::start().await;
    let (number, waba) = (&scene.number_id, &scene.waba_id);
    let subscribed = format!("{waba}/subscribed_apps");
    let table = [
        (
            AssetCall::ReadNumber,
            Method::GET,
            number.clone(),
            190,
            Some(463),
            401,
        ),
        (
            AssetCall::ReadNumber,
            Method::GET,
            number.clone(),
            100,
            Some(33),
            400,
        ),
        (
            AssetCall::ListNumbers,
            Method::GET,
            format!("{waba}/phone_numbers"),
            200,
            None,
            403,
        ),
        (
            AssetCall::Subscribe,
            Method::POST,
            subscribed.clone(),
            10,
            None,
            403,
        ),
        (
            AssetCall::ListSubscriptions,
            Method::GET,
            subscribed.clone(),
            4,
            None,
            400,
        ),
        (
            AssetCall::Unsubscribe,
            Method::DELETE,
            subscribed,
            2,
            None,
            503,
        ),
        (
            AssetCall::Register,
            Method::POST,
            format!("{number}/register"),
            133006,
            None,
            400,
        ),
        (
            AssetCall::Deregister,
            Method::POST,
            format!("{number}/deregister"),
            133016,
            None,
            400,
        ),
    ];
    for (call, method, path, code, subcode, status) in table {
        scene
            .fail_next(
                1,
                Fault::Refused {
                    call,
                    code,
                    subcode,
                },
            )
            .await;
        let body = (method == Method::POST).then(|| json!({}));
        let answer = scene.graph(method, &path, body).await;
        assert_eq!(answer.code(), (status, u64::from(code)), "{call:?}");
        let said = answer.body["error"]["error_subcode"].as_u64();
        assert_eq!(said, subcode.map(u64::from), "{call:?}");
    }
    assert_eq!(scene.get(&scene.number_id).await.status, 200);
}

#[tokio::test]
async fn a_number_that_is_not_registered_says_so() {
    let scene = Scene::start().await;
    let mut number = NewNumber::new(&scene.waba_id, "+1 555-078-3882");
    number.is_registered = Some(false);
    let number = scene.control.create_number(&number).await.unwrap();

    let answer = scene
        .get(&format!("{}?fields=status,platform_type", number.id))
        .await;

    assert_eq!(answer.body["status"], "PENDING");
    assert_eq!(answer.body["platform_type"], "NOT_APPLICABLE");
}
