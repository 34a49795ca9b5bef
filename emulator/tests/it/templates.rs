//! Template messages.

use std::time::Duration;

use roost_emulator::control::wire::NewTemplate;
use serde_json::{Value, json};

use crate::support::{BUSINESS, Scene, statuses_in, value_of};

async fn scene_with(status: &str) -> Scene {
    let scene = Scene::start().await;
    let template = NewTemplate {
        waba_id: scene.waba_id.clone(),
        name: "order_ready".to_owned(),
        language: "en_US".to_owned(),
        category: "utility".to_owned(),
        status: Some(status.to_owned()),
        parameter_format: None,
        components: vec![
            json!({"type": "HEADER", "format": "IMAGE"}),
            json!({"type": "BODY", "text": "Hi {{1}}, order {{2}} is ready."}),
            json!({"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {"type": "URL", "text": "Track", "url": "https://example.com/{{1}}"},
            ]}),
        ],
    };
    scene.control.declare_template(&template).await.unwrap();
    scene
}

fn header() -> Value {
    let image = json!({"link": "https://example.com/a.png"});
    json!({"type": "header", "parameters": [{"type": "image", "image": image}]})
}

fn body(texts: &[&str]) -> Value {
    let parameters: Vec<_> = texts
        .iter()
        .map(|t| json!({"type": "text", "text": t}))
        .collect();
    json!({"type": "body", "parameters": parameters})
}

fn button(sub_type: &str, index: Value, parameter: Value) -> Value {
    json!({"type": "button", "sub_type": sub_type, "index": index, "parameters": [parameter]})
}

fn track() -> Value {
    button("url", json!("1"), json!({"type": "text", "text": "42"}))
}

fn order_ready(components: Vec<Value>) -> Value {
    json!({"type": "template", "template": {
        "name": "order_ready",
        "language": {"code": "en_US"},
        "components": components,
    }})
}

#[tokio::test]
async fn a_template_goes_out_although_the_window_is_closed() {
    let scene = scene_with("APPROVED").await;

    let answer = scene
        .send(order_ready(vec![header(), body(&["Ann", "42"]), track()]))
        .await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["messages"][0]["message_status"], "accepted");
    scene.settle().await;
    let status = statuses_in(&scene.receiver.bodies()[0]).remove(0);
    assert_eq!(status["status"], "sent");
    let pricing = json!({
        "billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility",
    });
    assert_eq!(status["pricing"], pricing);
}

#[tokio::test]
async fn parameters_must_be_those_of_the_template() {
    let scene = scene_with("APPROVED").await;
    let texts = body(&["Ann", "42"]);
    let video = json!({"type": "header", "parameters": [{"type": "video", "video": {}}]});
    let table = [
        (
            vec![header(), body(&["Ann"]), track()],
            132000,
            "body: number of localizable_params (1)",
        ),
        (
            vec![header(), track()],
            132000,
            "body: number of localizable_params (0)",
        ),
        (
            vec![texts.clone(), track()],
            132012,
            "header: Format mismatch, expected IMAGE, received UNKNOWN",
        ),
        (
            vec![video, texts.clone(), track()],
            132012,
            "header: Format mismatch, expected IMAGE, received VIDEO",
        ),
        (
            vec![header(), texts],
            131008,
            "buttons: Button at index 1 of type Url requires a parameter",
        ),
        (
            vec![header(), body(&["a\nb", "42"]), track()],
            132018,
            "body: Param text cannot have",
        ),
        (
            vec![header(), body(&[&"x".repeat(1100), "42"]), track()],
            132005,
            "body: the text is longer",
        ),
    ];
    for (components, code, details) in table {
        let answer = scene.send(order_ready(components)).await;
        assert_eq!(answer.code(), (400, code), "{answer:?}");
        assert!(answer.details().starts_with(details), "{answer:?}");
    }
}

#[tokio::test]
async fn a_template_that_does_not_exist_in_the_language_is_not_found() {
    let scene = scene_with("APPROVED").await;
    let mut message = order_ready(vec![]);
    message["template"]["language"]["code"] = "de".into();

    let answer = scene.send(message).await;

    assert_eq!(answer.code(), (404, 132001));
    assert_eq!(
        answer.details(),
        "template name (order_ready) does not exist in de"
    );
}

#[tokio::test]
async fn only_approved_templates_go_out() {
    for (status, expected) in [
        ("PENDING", (404, 132001)),
        ("PAUSED", (400, 132015)),
        ("DISABLED", (400, 132016)),
    ] {
        let scene = scene_with(status).await;
        assert_eq!(scene.send(order_ready(vec![])).await.code(), expected);
    }
}

#[tokio::test]
async fn a_tapped_quick_reply_is_a_button_with_its_payload() {
    let scene = scene_with("APPROVED").await;
    let payload = json!({"type": "payload", "payload": "thanks-42"});
    let quick_reply = button("quick_reply", json!(0), payload);
    let components = vec![header(), body(&["Ann", "42"]), quick_reply, track()];
    let id = scene.send(order_ready(components)).await.message_id();
    scene.settle().await;

    scene.sheena().taps("Thanks").await.unwrap();

    scene.settle().await;
    let webhook = scene.receiver.bodies().pop().unwrap();
    let message = &value_of(&webhook)["messages"][0];
    assert_eq!(message["type"], "button");
    assert_eq!(
        message["button"],
        json!({"payload": "thanks-42", "text": "Thanks"})
    );
    assert_eq!(message["context"], json!({"from": BUSINESS, "id": id}));
}

#[tokio::test]
async fn named_parameters_are_found_by_their_names() {
    let scene = Scene::start().await;
    let template = NewTemplate {
        waba_id: scene.waba_id.clone(),
        name: "hello".to_owned(),
        language: "es".to_owned(),
        category: "MARKETING".to_owned(),
        status: None,
        parameter_format: Some("named".to_owned()),
        components: vec![json!({"type": "BODY", "text": "Hola {{name}}"})],
    };
    scene.control.declare_template(&template).await.unwrap();
    let send = |name: &str| {
        let parameter = json!({"type": "text", "text": "Ana", "parameter_name": name});
        let components = json!([{"type": "body", "parameters": [parameter]}]);
        let language = json!({"code": "es"});
        let template = json!({"name": "hello", "language": language, "components": components});
        scene.send(json!({"type": "template", "template": template}))
    };

    assert_eq!(send("name").await.status, 200);
    assert_eq!(send("nombre").await.code(), (400, 132000));
    let moment = Duration::ZERO;
    assert_eq!(scene.sheena().sent(0, moment).await.unwrap().items.len(), 1);
}
