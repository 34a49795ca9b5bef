//! What becomes of messages: statuses, the window, customers that are away.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::MessageStatus;
use roost_emulator::control::wire::{CustomerChange, NewCustomer};
use serde_json::{Value, json};

use crate::support::{SHEENA, Scene, statuses_in, to_sheena, value_of};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn words(statuses: &[(String, String)]) -> Vec<&str> {
    statuses.iter().map(|(word, _)| word.as_str()).collect()
}

#[tokio::test]
async fn a_message_is_sent_delivered_and_read() {
    let scene = Scene::open().await;

    let id = scene.send_text("hello").await.message_id();

    let statuses = scene.statuses().await;
    assert_eq!(words(&statuses), ["sent", "delivered", "read"]);
    assert!(statuses.iter().all(|(_, of)| *of == id));
    assert_eq!(scene.messages().await[0].status, MessageStatus::Read);
}

#[tokio::test]
async fn a_status_has_the_documented_members() {
    let scene = Scene::open().await;
    let message = json!({"text": {"body": "hi"}, "biz_opaque_callback_data": "order/7"});
    let id = scene.send(message).await.message_id();
    scene.settle().await;

    let bodies = scene.receiver.bodies();
    let mut sent = bodies[1].clone();
    let value = &mut sent["entry"][0]["changes"][0]["value"];
    let status = &mut value["statuses"][0];
    assert!(status["timestamp"].take().is_string());
    let user_id = status["recipient_user_id"].take();
    assert!(user_id.as_str().unwrap().starts_with("US."));
    assert_eq!(value["contacts"][0]["user_id"].take(), user_id);
    assert_eq!(
        sent,
        json!({"object": "whatsapp_business_account", "entry": [{
            "id": scene.waba_id,
            "changes": [{
                "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {
                        "display_phone_number": "15550783881",
                        "phone_number_id": scene.number_id,
                    },
                    "contacts": [{
                        "profile": {"name": "Sheena Nelson"},
                        "wa_id": SHEENA,
                        "user_id": null,
                    }],
                    "statuses": [{
                        "id": id,
                        "status": "sent",
                        "timestamp": null,
                        "recipient_id": SHEENA,
                        "recipient_user_id": null,
                        "biz_opaque_callback_data": "order/7",
                        "pricing": {
                            "billable": false,
                            "pricing_model": "PMP",
                            "type": "free_customer_service",
                            "category": "service",
                        },
                    }],
                },
                "field": "messages",
            }],
        }]})
    );
    let read = &statuses_in(&bodies[3])[0];
    assert_eq!(read["status"], "read");
    assert_eq!(read["pricing"], Value::Null);
}

#[tokio::test]
async fn outside_the_window_a_text_is_accepted_and_then_fails() {
    let scene = Scene::open().await;
    scene.control.advance_clock(DAY).await.unwrap();

    let answer = scene.send_text("hello").await;

    assert_eq!(answer.status, 200);
    assert_eq!(words(&scene.statuses().await), ["failed"]);
    let body = scene.receiver.bodies().pop().unwrap();
    assert_eq!(value_of(&body)["contacts"], Value::Null);
    let status = &statuses_in(&body)[0];
    assert_eq!(status["pricing"], Value::Null);
    let error = &status["errors"][0];
    assert_eq!(error["code"], 131047);
    assert_eq!(error["title"], "Re-engagement message");
    assert_eq!(error["message"], error["title"]);
    assert!(error["error_data"]["details"].is_string());
    assert_eq!(scene.messages().await[0].error_code, Some(131047));
}

#[tokio::test]
async fn the_window_closes_after_24_hours_and_opens_again() {
    let scene = Scene::open().await;
    let change = json!({"closed_window": "refused"});
    scene.control.change_settings(change).await.unwrap();

    let almost = DAY - Duration::from_secs(60);
    scene.control.advance_clock(almost).await.unwrap();
    assert_eq!(scene.send_text("in time").await.status, 200);
    let minute = Duration::from_secs(60);
    scene.control.advance_clock(minute).await.unwrap();
    assert_eq!(scene.send_text("too late").await.code(), (400, 131047));
    scene.sheena().says("I am back").await.unwrap();
    assert_eq!(scene.send_text("welcome").await.status, 200);
}

#[tokio::test]
async fn the_window_of_one_number_is_not_that_of_another() {
    let scene = Scene::open().await;
    let new = roost_emulator::control::wire::NewNumber::new(&scene.waba_id, "15550001111");
    let other = scene.control.create_number(&new).await.unwrap();
    let body = to_sheena(json!({"text": {"body": "hi"}}));

    let path = format!("{}/messages", other.id);
    scene.graph(Method::POST, &path, Some(body)).await;

    assert_eq!(words(&scene.statuses().await), ["failed"]);
}

#[tokio::test]
async fn a_phone_that_is_not_on_whatsapp_is_undeliverable() {
    let scene = Scene::start().await;
    let body = json!({
        "messaging_product": "whatsapp",
        "to": "16505550000",
        "text": {"body": "anybody?"},
    });

    let answer = scene
        .graph(Method::POST, &scene.messages_path(), Some(body))
        .await;

    assert_eq!(answer.status, 200);
    scene.settle().await;
    let status = statuses_in(&scene.receiver.bodies()[0]).remove(0);
    assert_eq!(status["errors"][0]["code"], 131026);
    assert_eq!(status["recipient_id"], "16505550000");
}

#[tokio::test]
async fn a_phone_that_is_off_gets_the_message_when_it_is_on_again() {
    let scene = Scene::open().await;
    let switch = |is_on: bool| CustomerChange {
        is_reachable: Some(is_on),
        ..CustomerChange::default()
    };
    scene.sheena().changes(&switch(false)).await.unwrap();
    scene.send_text("hello").await;
    assert_eq!(words(&scene.statuses().await), ["sent"]);

    scene.sheena().changes(&switch(true)).await.unwrap();

    let statuses = scene.statuses().await;
    assert_eq!(words(&statuses), ["sent", "delivered", "read"]);
}

#[tokio::test]
async fn a_customer_may_leave_messages_unread_until_they_open_the_conversation() {
    let scene = Scene::open().await;
    let change = CustomerChange {
        reads_automatically: Some(false),
        ..CustomerChange::default()
    };
    scene.sheena().changes(&change).await.unwrap();
    scene.send_text("hello").await;
    assert_eq!(words(&scene.statuses().await), ["sent", "delivered"]);

    assert_eq!(scene.sheena().reads().await.unwrap(), 1);

    let statuses = scene.statuses().await;
    assert_eq!(words(&statuses), ["sent", "delivered", "read"]);
    assert_eq!(scene.sheena().reads().await.unwrap(), 0);
}

#[tokio::test]
async fn a_reaction_is_only_sent() {
    let scene = Scene::start().await;
    let hers = scene.sheena().says("hi").await.unwrap();
    let reaction = |id: &str| json!({"message_id": id, "emoji": "👍"});

    scene
        .send(json!({"type": "reaction", "reaction": reaction(&hers)}))
        .await;
    assert_eq!(words(&scene.statuses().await), ["sent"]);

    scene
        .send(json!({"type": "reaction", "reaction": reaction("wamid.none")}))
        .await;
    assert_eq!(words(&scene.statuses().await), ["sent", "failed"]);
}

#[tokio::test]
async fn statuses_of_a_customer_with_a_username_show_it_once_delivered() {
    let scene = Scene::start().await;
    let customer = NewCustomer {
        phone: SHEENA.to_owned(),
        username: Some("@sheena".to_owned()),
        ..NewCustomer::default()
    };
    scene.control.create_customer(&customer).await.unwrap();
    scene.sheena().says("hi").await.unwrap();
    scene.send_text("hello").await;
    scene.settle().await;

    let usernames: Vec<Value> = scene.receiver.bodies()[1..]
        .iter()
        .map(|body| value_of(body)["contacts"][0]["profile"]["username"].clone())
        .collect();
    assert_eq!(usernames, [Value::Null, json!("@sheena"), json!("@sheena")]);
}
