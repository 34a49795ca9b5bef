//! Every type of message, out and in.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::wire::{Act, Circumstances, NewApp, NumberChange};
use roost_emulator::control::{ClosedWindow, InteractiveType, MessageStatus, MessageType};
use serde_json::{Value, json};

use crate::support::{Answer, SHEENA, Scene, everything_in, quick, statuses_in};

fn interactive(kind: &str, action: Value) -> Value {
    json!({"type": "interactive", "interactive": {
        "type": kind, "body": {"text": "Look"}, "action": action,
    }})
}

fn card(index: usize) -> Value {
    json!({
        "card_index": index,
        "type": "cta_url",
        "header": {"type": "image", "image": {"link": "https://example.com/a.png"}},
        "body": {"text": "One"},
        "action": {"name": "cta_url", "parameters": {"display_text": "Go", "url": "https://example.com"}},
    })
}

/// One message of each type that a business sends; Flows and templates have files of their own.
fn outbound() -> Vec<Value> {
    let link = json!({"link": "https://example.com/a"});
    let products = json!([{"title": "A", "product_items": [{"product_retailer_id": "1"}]}]);
    let mut list = interactive(
        "product_list",
        json!({"catalog_id": "7", "sections": products}),
    );
    list["interactive"]["header"] = json!({"type": "text", "text": "All"});
    vec![
        json!({"type": "text", "text": {"body": "https://example.com", "preview_url": true}}),
        json!({"type": "image", "image": link}),
        json!({"type": "video", "video": link}),
        json!({"type": "audio", "audio": link}),
        json!({"type": "document", "document": link}),
        json!({"type": "sticker", "sticker": link}),
        json!({"type": "location", "location": {"latitude": 1.5, "longitude": "2"}}),
        json!({"type": "contacts", "contacts": [{
            "name": {"formatted_name": "Ann", "first_name": "Ann"}, "birthday": "2000-01-31",
        }]}),
        interactive(
            "button",
            json!({"buttons": [{"type": "reply", "reply": {"id": "a", "title": "A"}}]}),
        ),
        interactive(
            "list",
            json!({"button": "Open", "sections": [{"rows": [{"id": "r", "title": "R"}]}]}),
        ),
        interactive(
            "cta_url",
            json!({"name": "cta_url", "parameters": {"display_text": "Go", "url": "https://example.com"}}),
        ),
        interactive(
            "product",
            json!({"catalog_id": "7", "product_retailer_id": "1"}),
        ),
        list,
        interactive("catalog_message", json!({"name": "catalog_message"})),
        interactive("carousel", json!({"cards": [card(0), card(1)]})),
        interactive("location_request_message", json!({"name": "send_location"})),
        interactive(
            "address_message",
            json!({"name": "address_message", "parameters": {"country": "IN"}}),
        ),
        interactive(
            "call_permission_request",
            json!({"name": "call_permission_request"}),
        ),
        interactive(
            "voice_call",
            json!({"name": "voice_call", "parameters": {"display_text": "Call", "ttl_minutes": 5}}),
        ),
        interactive(
            "request_contact_info",
            json!({"name": "request_contact_info"}),
        ),
    ]
}

#[tokio::test]
async fn each_type_goes_out_is_stored_and_arrives() {
    let scene = Scene::open().await;
    for message in outbound() {
        let answer = scene.send(message.clone()).await;
        assert_eq!(answer.status, 200, "{message} {answer:?}");
    }
    let reaction = json!({"message_id": scene.messages().await[0].id, "emoji": "👍"});
    let reaction = scene
        .send(json!({"type": "reaction", "reaction": reaction}))
        .await;
    assert_eq!(reaction.status, 200);
    scene.settle().await;

    let sent = scene.messages().await;
    assert!(sent.iter().all(|message| message.error_code.is_none()));
    let types: Vec<MessageType> = sent.iter().map(|message| message.message_type).collect();
    for kind in [
        MessageType::Text,
        MessageType::Image,
        MessageType::Video,
        MessageType::Audio,
        MessageType::Document,
        MessageType::Sticker,
        MessageType::Location,
        MessageType::Contacts,
        MessageType::Reaction,
        MessageType::Interactive,
    ] {
        assert!(types.contains(&kind), "{kind}");
    }
    let kinds: Vec<&str> = sent
        .iter()
        .filter_map(|m| m.body["type"].as_str())
        .collect();
    for kind in InteractiveType::ALL {
        let is_elsewhere = *kind == InteractiveType::Flow;
        assert!(is_elsewhere || kinds.contains(&kind.as_str()), "{kind}");
    }
}

#[tokio::test]
async fn interactive_messages_are_checked_by_their_kinds() {
    let mut config = quick();
    config.settings.closed_window = ClosedWindow::Ignored;
    let scene = Scene::with(config).await;
    let edited = |mut message: Value, edit: fn(&mut Value)| {
        edit(&mut message["interactive"]);
        message
    };
    let kind = |kind: &str| {
        let mut all = outbound().into_iter();
        all.find(|message| message["interactive"]["type"] == kind)
            .unwrap()
    };
    let table = [
        (
            "no header",
            edited(kind("product_list"), |i| i["header"] = Value::Null),
            131008,
        ),
        (
            "no product",
            edited(kind("product"), |i| i["action"]["catalog_id"] = Value::Null),
            131008,
        ),
        (
            "one card",
            edited(kind("carousel"), |i| {
                i["action"]["cards"] = json!([card(0)])
            }),
            131009,
        ),
        (
            "wrong index",
            edited(kind("carousel"), |i| {
                i["action"]["cards"][1]["card_index"] = json!(0)
            }),
            131009,
        ),
        (
            "cards differ",
            edited(kind("carousel"), |i| {
                i["action"]["cards"][1]["body"] = Value::Null
            }),
            131009,
        ),
        (
            "a footer",
            edited(kind("carousel"), |i| i["footer"] = json!({"text": "x"})),
            131009,
        ),
        (
            "another country",
            edited(kind("address_message"), |i| {
                i["action"]["parameters"]["country"] = json!("DE")
            }),
            131009,
        ),
        (
            "another name",
            edited(kind("call_permission_request"), |i| {
                i["action"]["name"] = json!("x")
            }),
            131009,
        ),
        (
            "too many minutes",
            edited(kind("voice_call"), |i| {
                i["action"]["parameters"]["ttl_minutes"] = json!(99_999)
            }),
            131009,
        ),
        (
            "no body",
            edited(kind("catalog_message"), |i| i["body"] = Value::Null),
            131008,
        ),
        (
            "an inbound type",
            json!({"type": "order", "order": {}}),
            131051,
        ),
        (
            "a wrong birthday",
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "A", "first_name": "A"}, "birthday": "31.1.2000"}]}),
            131009,
        ),
    ];
    for (what, message, code) in table {
        let answer = scene.send(message).await;
        assert_eq!(answer.code(), (400, code), "{what}: {answer:?}");
    }
}

fn last_message(scene: &Scene) -> Value {
    let bodies = scene.receiver.bodies();
    let messages = bodies
        .iter()
        .flat_map(|body| everything_in(body, "messages"));
    messages.last().unwrap()
}

impl Scene {
    async fn does(&self, act: Act) -> Value {
        self.sheena().does(act).await.unwrap();
        self.settle().await;
        let mut message = last_message(self);
        for key in ["from", "from_user_id", "id", "timestamp"] {
            assert!(message[key].is_string(), "{key}: {message}");
            message.as_object_mut().unwrap().shift_remove(key);
        }
        message
    }
}

#[tokio::test]
async fn each_type_comes_in_as_documented() {
    let scene = Scene::open().await;
    let asked = scene.send(outbound().pop().unwrap()).await.message_id();
    let card = json!({"name": {"formatted_name": "Ann", "first_name": "Ann"}, "phones": [{"phone": "+1 650"}]});
    let item =
        json!({"product_retailer_id": "1", "quantity": 2, "item_price": 3.5, "currency": "USD"});

    let contacts = scene
        .does(Act::Contacts {
            contacts: vec![card.clone()],
            reply_to: Some(asked.clone()),
        })
        .await;
    assert_eq!(contacts["contacts"], json!([card]));
    assert_eq!(contacts["origin"], "contact_request");
    assert_eq!(contacts["context"]["id"], asked);

    let order = scene
        .does(Act::Order {
            catalog_id: "7".to_owned(),
            product_items: vec![item.clone()],
            text: Some("please".to_owned()),
            reply_to: None,
        })
        .await;
    assert_eq!(
        order,
        json!({"type": "order", "order": {
            "catalog_id": "7", "text": "please", "product_items": [item],
        }})
    );

    let call = scene
        .does(Act::CallPermission {
            accepts: true,
            is_permanent: false,
            message_id: Some(asked.clone()),
        })
        .await;
    let reply = &call["interactive"]["call_permission_reply"];
    assert_eq!(
        (&reply["response"], &reply["is_permanent"]),
        (&json!("accept"), &json!(false))
    );
    assert!(reply["expiration_timestamp"].is_string());

    let address = scene
        .does(Act::Address {
            values: json!({"name": "Ann", "city": "Pune"}),
            saved_address_id: None,
            message_id: None,
        })
        .await;
    let reply = &address["interactive"]["nfm_reply"];
    assert_eq!(
        (&reply["name"], &reply["body"]),
        (&json!("address_message"), &json!("Ann\nPune"))
    );
    let response: Value = serde_json::from_str(reply["response_json"].as_str().unwrap()).unwrap();
    assert_eq!(response["values"]["city"], "Pune");

    assert_eq!(
        scene.does(Act::Welcome).await,
        json!({"type": "request_welcome"})
    );

    let poll = scene
        .does(Act::Unsupported {
            kind: Some("poll".to_owned()),
        })
        .await;
    assert_eq!(
        (&poll["errors"][0]["code"], &poll["unsupported"]["type"]),
        (&json!(131051), &json!("poll"))
    );

    let original = scene.sheena().says("helo").await.unwrap();
    let edit = scene
        .does(Act::Edit {
            message_id: original.clone(),
            body: "hello".to_owned(),
        })
        .await;
    assert_eq!(edit["edit"]["original_message_id"], original);
    assert_eq!(edit["edit"]["message"]["text"]["body"], "hello");
    let revoke = scene
        .does(Act::Revoke {
            message_id: original.clone(),
        })
        .await;
    assert_eq!(revoke["revoke"]["original_message_id"], original);
}

#[tokio::test]
async fn who_moves_to_another_number_is_told_without_a_contact() {
    let scene = Scene::open().await;
    let moves = Act::ChangeNumber {
        phone: "+1 219 555 5358".to_owned(),
    };
    scene.sheena().does(moves).await.unwrap();
    scene.settle().await;

    let body = scene.receiver.bodies().pop().unwrap();
    let value = crate::support::value_of(&body);
    assert_eq!(value.get("contacts"), None);
    let message = &value["messages"][0];
    assert_eq!(
        (&message["type"], &message["from"]),
        (&json!("system"), &json!(SHEENA))
    );
    let system = &message["system"];
    assert_eq!(
        (&system["type"], &system["wa_id"]),
        (&json!("user_changed_number"), &json!("12195555358"))
    );
    assert_ne!(system["user_id"], system["previous_user_id"]);
    let customers = scene.control.customers().await.unwrap();
    assert_eq!(customers[0].phone, "12195555358");
}

#[tokio::test]
async fn an_advertisement_is_told_and_makes_answers_free() {
    let scene = Scene::start().await;
    let app = NewApp {
        id: Some(scene.app.id.clone()),
        secret: Some(scene.app.secret.clone()),
        callback_url: Some(scene.receiver.url()),
        webhook_version: Some(23),
        ..NewApp::default()
    };
    scene.control.create_app(&app).await.unwrap();
    let referral = json!({"source_id": "1", "source_type": "ad", "ctwa_clid": "x"});
    let circumstances = Circumstances {
        referral: Some(referral.clone()),
        forwarded: true,
        ..Circumstances::default()
    };
    let act = Act::Text {
        body: "hi".to_owned(),
        reply_to: None,
    };
    scene.sheena().does_so(act, circumstances).await.unwrap();
    scene.settle().await;
    let message = last_message(&scene);
    assert_eq!(message["referral"], referral);
    assert_eq!(message["context"], json!({"forwarded": true}));

    scene.send_text("hello").await;

    scene.settle().await;
    let bodies = scene.receiver.bodies();
    let sent = bodies.iter().flat_map(statuses_in).next().unwrap();
    assert_eq!(
        sent["pricing"],
        json!({"billable": false, "pricing_model": "PMP", "type": "free_entry_point", "category": "referral_conversion"})
    );
    assert_eq!(
        sent["conversation"]["origin"]["type"],
        "referral_conversion"
    );
}

#[tokio::test]
async fn an_app_on_an_old_version_gets_conversations() {
    let scene = Scene::open().await;
    scene.send_text("one").await;
    scene.settle().await;
    let app = NewApp {
        id: Some(scene.app.id.clone()),
        secret: Some(scene.app.secret.clone()),
        callback_url: Some(scene.receiver.url()),
        webhook_version: Some(22),
        ..NewApp::default()
    };
    scene.control.create_app(&app).await.unwrap();
    scene.send_text("two").await;
    scene.settle().await;

    let bodies = scene.receiver.bodies();
    let statuses: Vec<Value> = bodies.iter().flat_map(statuses_in).collect();
    assert_eq!(statuses[0].get("conversation"), None);
    let conversation = &statuses[3]["conversation"];
    assert_eq!(conversation["origin"], json!({"type": "service"}));
    assert!(conversation["expiration_timestamp"].is_string());
    assert_eq!(
        statuses[4]["conversation"].get("expiration_timestamp"),
        None
    );
}

#[tokio::test]
async fn a_voice_message_is_played() {
    let scene = Scene::open().await;
    let voice =
        json!({"type": "audio", "audio": {"link": "https://example.com/a.ogg", "voice": true}});
    let id = scene.send(voice).await.message_id();
    scene.settle().await;

    scene.sheena().plays(&id).await.unwrap();

    let statuses = scene.statuses().await;
    assert_eq!(statuses.last().unwrap(), &("played".to_owned(), id));
    assert_eq!(scene.messages().await[0].status, MessageStatus::Played);
    let text = scene.send_text("hi").await.message_id();
    assert_eq!(
        scene.sheena().plays(&text).await.unwrap_err().code(),
        Some("invalid")
    );
}

async fn block(scene: &Scene, method: Method, phone: &str) -> Answer {
    let body = json!({"messaging_product": "whatsapp", "block_users": [{"user": phone}]});
    let path = format!("{}/block_users", scene.number_id);
    scene.graph(method, &path, Some(body)).await
}

#[tokio::test]
async fn who_is_blocked_is_not_heard_and_gets_nothing() {
    let scene = Scene::open().await;
    let never = block(&scene, Method::POST, "+1 650 000 0000").await;
    assert_eq!(never.code(), (400, 139100));

    let answer = block(&scene, Method::POST, "+1 650-555-1234").await;
    let added = json!([{"input": "+1 650-555-1234", "wa_id": SHEENA}]);
    assert_eq!(answer.body["block_users"]["added_users"], added);
    let listed = scene
        .get(&format!("{}/block_users", scene.number_id))
        .await
        .body;
    assert_eq!(listed["data"][0]["wa_id"], SHEENA);

    let before = scene.receiver.all().len();
    scene.sheena().says("hello?").await.unwrap();
    assert_eq!(scene.send_text("no").await.code(), (400, 130403));
    scene.settle().await;
    assert_eq!(scene.receiver.all().len(), before);

    block(&scene, Method::DELETE, SHEENA).await;
    assert_eq!(scene.send_text("yes").await.status, 200);
}

#[tokio::test]
async fn marketing_that_somebody_stopped_fails() {
    let scene = Scene::start().await;
    let app = NewApp {
        id: Some(scene.app.id.clone()),
        secret: Some(scene.app.secret.clone()),
        callback_url: Some(scene.receiver.url()),
        fields: Some(["messages", "user_preferences"].map(str::to_owned).into()),
        ..NewApp::default()
    };
    scene.control.create_app(&app).await.unwrap();
    let id = scene.template("sale", "All is cheap").await;
    let marketing = roost_emulator::control::wire::TemplateCategory {
        category: "MARKETING".to_owned(),
        is_announced: false,
    };
    scene
        .control
        .recategorize_template(&id, &marketing)
        .await
        .unwrap();

    scene.sheena().wants_marketing(false).await.unwrap();
    scene.settle().await;
    let told = scene.receiver.bodies().pop().unwrap();
    assert_eq!(told["entry"][0]["changes"][0]["field"], "user_preferences");
    assert_eq!(everything_in(&told, "user_preferences")[0]["value"], "stop");

    let sale =
        json!({"type": "template", "template": {"name": "sale", "language": {"code": "en_US"}}});
    scene.send(sale.clone()).await;
    scene.settle().await;
    assert_eq!(scene.messages().await[0].error_code, Some(131050));
    scene.sheena().wants_marketing(true).await.unwrap();
    scene.send(sale).await;
    scene.settle().await;
    let sent = scene.messages().await;
    assert_eq!(sent[1].error_code, None);
    assert_eq!(sent[1].text(), Some("All is cheap"));
}

#[tokio::test]
async fn a_number_that_is_banned_sends_nothing_and_a_restricted_one_starts_nothing() {
    let scene = Scene::start().await;
    scene.template("t", "hello there").await;
    let status = |status: &str| NumberChange {
        status: Some(status.to_owned()),
        ..NumberChange::default()
    };
    let template =
        json!({"type": "template", "template": {"name": "t", "language": {"code": "en_US"}}});

    scene
        .control
        .change_number(&scene.number_id, &status("RESTRICTED"))
        .await
        .unwrap();
    scene.send(template.clone()).await;
    scene.settle().await;
    assert_eq!(scene.messages().await[0].error_code, Some(131048));
    scene
        .control
        .change_number(&scene.number_id, &status("BANNED"))
        .await
        .unwrap();
    assert_eq!(scene.send(template.clone()).await.code(), (403, 131031));
    scene
        .control
        .change_number(&scene.number_id, &status(""))
        .await
        .unwrap();
    assert_eq!(scene.send(template).await.status, 200);
}

#[tokio::test]
async fn the_clock_moves_the_window_without_waiting() {
    let scene = Scene::open().await;
    scene
        .control
        .advance_clock(Duration::from_secs(24 * 3600 - 60))
        .await
        .unwrap();
    scene.send_text("in time").await;
    scene
        .control
        .advance_clock(Duration::from_secs(120))
        .await
        .unwrap();
    scene.send_text("too late").await;
    scene.settle().await;

    let codes: Vec<Option<u32>> = scene
        .messages()
        .await
        .iter()
        .map(|m| m.error_code)
        .collect();
    assert_eq!(codes, [None, Some(131047)]);
}
