//! What customers do, as webhooks tell it.

use roost_emulator::control::wire::{Act, MediaAct, NewCustomer};
use serde_json::{Value, json};

use crate::support::{BUSINESS, SHEENA, Scene, value_of};

/// The next webhook's message without what every message has: sender, id, time.
async fn next_message(scene: &Scene) -> Value {
    let body = scene.receiver.next().await.json();
    let mut message = value_of(&body)["messages"][0].clone();
    let members = message.as_object_mut().unwrap();
    assert_eq!(members.remove("from"), Some(json!(SHEENA)));
    assert!(
        members
            .remove("id")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("wamid.")
    );
    assert!(members.remove("timestamp").unwrap().is_string());
    assert!(members.remove("from_user_id").unwrap().is_string());
    message
}

/// A scene in which the business has sent something to Sheena, and all webhooks of it were read.
async fn after_sending(message: Value) -> (Scene, String) {
    let scene = Scene::open().await;
    let id = scene.send(message).await.message_id();
    scene.settle().await;
    for _ in ["sent", "delivered", "read"] {
        scene.receiver.next().await;
    }
    (scene, id)
}

fn buttons() -> Value {
    json!({"type": "interactive", "interactive": {
        "type": "button",
        "body": {"text": "Sure?"},
        "action": {"buttons": [
            {"type": "reply", "reply": {"id": "yes", "title": "Yes, please"}},
            {"type": "reply", "reply": {"id": "no", "title": "No"}},
        ]},
    }})
}

#[tokio::test]
async fn a_text_is_a_whole_documented_webhook() {
    let scene = Scene::start().await;

    let id = scene.sheena().says("hi").await.unwrap();

    let mut body = scene.receiver.next().await.json();
    let value = &mut body["entry"][0]["changes"][0]["value"];
    assert!(value["messages"][0]["timestamp"].take().is_string());
    let user_id = value["messages"][0]["from_user_id"].take();
    assert!(user_id.as_str().unwrap().starts_with("US."));
    assert_eq!(value["contacts"][0]["user_id"].take(), user_id);
    assert_eq!(
        body,
        json!({"object": "whatsapp_business_account", "entry": [{
            "id": scene.waba_id,
            "changes": [{
                "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {
                        "display_phone_number": BUSINESS,
                        "phone_number_id": scene.number_id,
                    },
                    "contacts": [{
                        "profile": {"name": "Sheena Nelson"},
                        "wa_id": SHEENA,
                        "user_id": null,
                    }],
                    "messages": [{
                        "from": SHEENA,
                        "from_user_id": null,
                        "id": id,
                        "timestamp": null,
                        "type": "text",
                        "text": {"body": "hi"},
                    }],
                },
                "field": "messages",
            }],
        }]})
    );
}

#[tokio::test]
async fn a_customer_who_hides_their_phone_has_a_user_id_alone() {
    let scene = Scene::start().await;
    let customer = NewCustomer {
        phone: "+34 600 000 001".to_owned(),
        name: Some("Ana".to_owned()),
        username: Some("@ana".to_owned()),
        hides_phone: true,
        ..NewCustomer::default()
    };
    let ana = scene.control.create_customer(&customer).await.unwrap();
    let ana = scene.control.customer(&scene.number_id, &ana.phone);

    ana.says("hola").await.unwrap();

    let body = scene.receiver.next().await;
    assert!(!body.text().contains("34600000001"));
    let value = value_of(&body.json()).clone();
    let user_id = value["contacts"][0]["user_id"].as_str().unwrap();
    assert!(user_id.starts_with("ES."));
    assert_eq!(value["contacts"][0]["wa_id"], Value::Null);
    assert_eq!(value["contacts"][0]["profile"]["username"], "@ana");
    assert_eq!(value["messages"][0]["from"], Value::Null);
    assert_eq!(value["messages"][0]["from_user_id"], user_id);
}

#[tokio::test]
async fn a_tapped_button_is_a_button_reply() {
    let (scene, id) = after_sending(buttons()).await;

    scene.sheena().taps("yes").await.unwrap();

    assert_eq!(
        next_message(&scene).await,
        json!({
            "context": {"from": BUSINESS, "id": id},
            "type": "interactive",
            "interactive": {
                "type": "button_reply",
                "button_reply": {"id": "yes", "title": "Yes, please"},
            },
        })
    );
}

#[tokio::test]
async fn a_button_can_be_tapped_by_its_title() {
    let (scene, _) = after_sending(buttons()).await;

    scene.sheena().taps("Yes, please").await.unwrap();

    let message = next_message(&scene).await;
    assert_eq!(message["interactive"]["button_reply"]["id"], "yes");
}

#[tokio::test]
async fn a_button_that_was_never_sent_cannot_be_tapped() {
    let (scene, _) = after_sending(buttons()).await;

    let error = scene.sheena().taps("maybe").await.unwrap_err();

    assert_eq!(error.code(), Some("no-such-choice"));
    assert!(
        error.to_string().ends_with("it offers `yes`, `no`"),
        "{error}"
    );
    let row = scene.sheena().chooses("yes").await.unwrap_err();
    assert_eq!(row.code(), Some("no-such-choice"));
}

#[tokio::test]
async fn a_chosen_row_is_a_list_reply() {
    let (scene, id) = after_sending(json!({"type": "interactive", "interactive": {
        "type": "list",
        "body": {"text": "Which?"},
        "action": {"button": "Open", "sections": [{"rows": [
            {"id": "a", "title": "Apple", "description": "red"},
            {"id": "b", "title": "Pear"},
        ]}]},
    }}))
    .await;

    scene.sheena().chooses("a").await.unwrap();
    let reply = json!({"id": "a", "title": "Apple", "description": "red"});
    assert_eq!(
        next_message(&scene).await,
        json!({
            "context": {"from": BUSINESS, "id": id},
            "type": "interactive",
            "interactive": {"type": "list_reply", "list_reply": reply},
        })
    );
    scene.sheena().chooses("b").await.unwrap();
    let reply = &next_message(&scene).await["interactive"]["list_reply"];
    assert_eq!(*reply, json!({"id": "b", "title": "Pear"}));
}

#[tokio::test]
async fn an_answer_quotes_the_message_of_the_business() {
    let (scene, id) = after_sending(json!({"text": {"body": "When?"}})).await;

    scene.sheena().replies(&id, "tomorrow").await.unwrap();

    let message = next_message(&scene).await;
    assert_eq!(message["context"], json!({"from": BUSINESS, "id": id}));
    let error = scene.sheena().replies("wamid.none", "x").await.unwrap_err();
    assert_eq!(error.code(), Some("not-found"));
}

#[tokio::test]
async fn an_image_can_be_fetched_by_its_id() {
    let scene = Scene::start().await;
    let bytes = [0xff, 0xd8, 0xff, 0x00];
    scene
        .sheena()
        .sends_image("image/jpeg", &bytes)
        .await
        .unwrap();

    let message = next_message(&scene).await;
    let image = &message["image"];
    assert_eq!(image["mime_type"], "image/jpeg");
    let id = image["id"].as_str().unwrap();
    let media = scene.get(&format!("v25.0/{id}")).await.body;
    assert_eq!(media["file_size"], 4);
    let url = media["url"].as_str().unwrap();

    let download = scene.http.get(url).bearer_auth(&scene.token);
    let download = download.send().await.unwrap();
    assert_eq!(download.headers()["content-type"], "image/jpeg");
    assert_eq!(download.bytes().await.unwrap(), &bytes[..]);
    let stranger = scene.http.get(url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let forged = scene.http.get(format!("{url}0")).bearer_auth(&scene.token);
    assert_eq!(forged.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn media_urls_expire_after_five_minutes_and_media_after_a_week() {
    let scene = Scene::start().await;
    scene
        .sheena()
        .sends_image("image/png", b"png")
        .await
        .unwrap();
    let message = next_message(&scene).await;
    let url = message["image"]["url"].as_str().unwrap().to_owned();
    let path = message["image"]["id"].as_str().unwrap().to_owned();
    let minute = std::time::Duration::from_secs(60);

    scene.control.advance_clock(6 * minute).await.unwrap();
    let late = scene.http.get(&url).bearer_auth(&scene.token);
    assert_eq!(late.send().await.unwrap().status(), 404);
    assert_eq!(scene.get(&path).await.status, 200);
    scene
        .control
        .advance_clock(7 * 24 * 60 * minute)
        .await
        .unwrap();
    assert_eq!(scene.get(&path).await.code(), (400, 100));
}

#[tokio::test]
async fn received_media_can_be_sent_on_by_its_id() {
    let scene = Scene::start().await;
    scene
        .sheena()
        .sends_image("image/png", b"png")
        .await
        .unwrap();
    let id = next_message(&scene).await["image"]["id"].clone();

    let answer = scene
        .send(json!({"type": "image", "image": {"id": id}}))
        .await;

    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn every_other_act_is_a_documented_message() {
    let scene = Scene::start().await;
    let hers = scene.sheena().says("hi").await.unwrap();
    scene.receiver.next().await;
    let reaction = |emoji: Option<&str>| Act::Reaction {
        message_id: hers.clone(),
        emoji: emoji.map(str::to_owned),
    };
    let flow = Act::FlowReply {
        response: json!({"flow_token": "t", "seats": 2}),
        body: None,
        message_id: None,
    };
    let response_json = r#"{"flow_token":"t","seats":2}"#;
    let nfm_reply = json!({"name": "flow", "body": "Sent", "response_json": response_json});
    let place = Act::Location {
        latitude: 40.5,
        longitude: -3.25,
        name: Some("Office".to_owned()),
        address: None,
        reply_to: None,
    };
    let location = json!({"latitude": 40.5, "longitude": -3.25, "name": "Office"});
    let table = [
        (
            reaction(Some("👍")),
            "reaction",
            json!({"message_id": hers, "emoji": "👍"}),
        ),
        (reaction(None), "reaction", json!({"message_id": hers})),
        (place, "location", location),
        (
            flow,
            "interactive",
            json!({"type": "nfm_reply", "nfm_reply": nfm_reply}),
        ),
    ];
    for (act, kind, expected) in table {
        scene.sheena().does(act).await.unwrap();
        let message = next_message(&scene).await;
        assert_eq!(message, json!({"type": kind, kind: expected}));
    }
}

#[tokio::test]
async fn audio_documents_and_stickers_have_their_own_members() {
    let scene = Scene::start().await;
    let media = |mime_type: &str| MediaAct {
        mime_type: mime_type.to_owned(),
        data: "AAAA".to_owned(),
        ..MediaAct::default()
    };
    let voice = MediaAct {
        voice: true,
        ..media("audio/ogg; codecs=opus")
    };
    let document = MediaAct {
        filename: Some("a.pdf".to_owned()),
        caption: Some("the bill".to_owned()),
        ..media("application/pdf")
    };
    scene.sheena().does(Act::Audio(voice)).await.unwrap();
    let audio = next_message(&scene).await["audio"].clone();
    assert_eq!(audio["voice"], true);
    // The digest of three zero bytes, in base64 as webhooks have it.
    assert_eq!(
        audio["sha256"],
        "cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw="
    );
    scene.sheena().does(Act::Document(document)).await.unwrap();
    let document = next_message(&scene).await["document"].clone();
    assert_eq!(
        (&document["filename"], &document["caption"]),
        (&json!("a.pdf"), &json!("the bill"))
    );
    scene
        .sheena()
        .does(Act::Sticker(media("image/webp")))
        .await
        .unwrap();
    assert_eq!(next_message(&scene).await["sticker"]["animated"], false);
    let broken = MediaAct {
        data: "%".to_owned(),
        ..media("image/png")
    };
    let error = scene.sheena().does(Act::Image(broken)).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid"));
}
