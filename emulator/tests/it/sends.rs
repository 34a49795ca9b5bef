//! Sends: encodings, answers, read marks, recipients, rate limits.

use std::time::Duration;

use reqwest::{Method, Url};
use roost_emulator::control::wire::{NewNumber, NewToken};
use roost_emulator::control::{ChoiceKind, SentKind};
use serde_json::{Value, json};

use crate::support::{BUSINESS, SHEENA, Scene, read, to_sheena};

#[tokio::test]
async fn a_text_is_accepted_and_can_be_read() {
    let scene = Scene::open().await;

    let answer = scene.send_text("hello").await;

    assert_eq!(answer.status, 200);
    let id = answer.message_id();
    assert!(id.starts_with("wamid.HBgL"), "{id}");
    assert_eq!(
        answer.body,
        json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": SHEENA, "wa_id": SHEENA}],
            "messages": [{"id": id}],
        })
    );
    let messages = scene.messages().await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].id, id);
    assert_eq!(messages[0].text(), Some("hello"));
}

#[tokio::test]
async fn a_phone_may_be_written_as_people_do() {
    let scene = Scene::open().await;
    let mut body = to_sheena(json!({"type": "text", "text": {"body": "hi"}}));
    body["to"] = "+1 (650) 555-1234".into();

    let answer = scene
        .graph(Method::POST, &scene.messages_path(), Some(body))
        .await;

    let contact = json!({"input": "+1 (650) 555-1234", "wa_id": SHEENA});
    assert_eq!(answer.body["contacts"][0], contact);
}

#[tokio::test]
async fn a_form_with_the_token_in_it_is_as_good_as_json() {
    let scene = Scene::open().await;
    let mut form = Url::parse("form:").unwrap();
    form.query_pairs_mut()
        .append_pair("messaging_product", "whatsapp")
        .append_pair("to", SHEENA)
        .append_pair("text", r#"{"body":"as a form"}"#)
        .append_pair("access_token", &scene.token);
    let url = format!(
        "{}/{}/messages",
        scene.emulator.graph_url(),
        scene.number_id
    );

    let request = scene
        .http
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.query().unwrap().to_owned());
    let answer = read(request.send().await.unwrap()).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(scene.messages().await[0].text(), Some("as a form"));
}

#[tokio::test]
async fn a_query_is_as_good_as_json() {
    let scene = Scene::open().await;
    let path = scene.messages_path();
    let mut url = Url::parse(&format!("{}/{path}", scene.emulator.graph_url())).unwrap();
    url.query_pairs_mut()
        .append_pair("messaging_product", "whatsapp")
        .append_pair("to", SHEENA)
        .append_pair("type", "text")
        .append_pair("text", r#"{"body":"as a query"}"#)
        .append_pair("access_token", &scene.token);

    let answer = read(scene.http.post(url).send().await.unwrap()).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(scene.messages().await[0].text(), Some("as a query"));
}

#[tokio::test]
async fn tokens_that_are_no_good_are_answered_with_code_190() {
    let scene = Scene::start().await;
    let made = |expires_in_s: Option<i64>, is_revoked: bool| NewToken {
        app_id: scene.app.id.clone(),
        expires_in_s,
        is_revoked,
        ..NewToken::default()
    };
    let [expired, revoked] = [made(Some(-1), false), made(None, true)];
    let expired = scene.control.create_token(&expired).await.unwrap().token;
    let revoked = scene.control.create_token(&revoked).await.unwrap().token;
    let table = [
        (None, Value::Null),
        (Some("EAAnonsense"), Value::Null),
        (Some(expired.as_str()), json!(463)),
        (Some(revoked.as_str()), json!(460)),
    ];
    for (token, subcode) in table {
        let body = to_sheena(json!({"type": "text", "text": {"body": "hi"}}));
        let answer = scene
            .graph_as(token, Method::POST, &scene.messages_path(), Some(body))
            .await;
        assert_eq!(answer.code(), (401, 190), "{token:?}");
        assert_eq!(answer.body["error"]["error_subcode"], subcode, "{token:?}");
        assert_eq!(answer.body["error"]["type"], "OAuthException");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn a_token_of_another_account_or_scope_does_not_reach_the_number() {
    let scene = Scene::start().await;
    let other = NewToken {
        app_id: scene.app.id.clone(),
        waba_ids: Some([].into()),
        ..NewToken::default()
    };
    let scopeless = NewToken {
        app_id: scene.app.id.clone(),
        scopes: Some(["whatsapp_business_management".to_owned()].into()),
        ..NewToken::default()
    };
    for (token, expected) in [(other, (400, 100)), (scopeless, (403, 10))] {
        let token = scene.control.create_token(&token).await.unwrap().token;
        let body = to_sheena(json!({"text": {"body": "hi"}}));
        let answer = scene
            .graph_as(
                Some(&token),
                Method::POST,
                &scene.messages_path(),
                Some(body),
            )
            .await;
        assert_eq!(answer.code(), expected);
    }
}

#[tokio::test]
async fn an_unknown_id_is_answered_with_subcode_33() {
    let scene = Scene::start().await;
    let body = to_sheena(json!({"text": {"body": "hi"}}));

    let answer = scene
        .graph(Method::POST, "v25.0/12345/messages", Some(body))
        .await;

    assert_eq!(answer.code(), (400, 100));
    let error = &answer.body["error"];
    assert_eq!(error["error_subcode"], 33);
    assert_eq!(error["type"], "GraphMethodException");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("Unsupported post request. Object with ID '12345'"));
    assert!(error["fbtrace_id"].is_string());
}

#[tokio::test]
async fn an_error_of_the_cloud_api_has_every_documented_member() {
    let scene = Scene::open().await;
    let body = json!({"messaging_product": "whatsapp", "to": BUSINESS, "text": {"body": "hi"}});

    let answer = scene
        .graph(Method::POST, &scene.messages_path(), Some(body))
        .await;

    let mut error = answer.body["error"].clone();
    assert!(error["fbtrace_id"].take().is_string());
    assert_eq!(
        error,
        json!({
            "message": "(#131021) Recipient cannot be sender",
            "type": "OAuthException",
            "code": 131021,
            "error_data": {
                "messaging_product": "whatsapp",
                "details": "Sender and recipient phone number is the same.",
            },
            "fbtrace_id": null,
        })
    );
}

#[tokio::test]
async fn a_read_mark_and_a_typing_mark_appear_in_order() {
    let scene = Scene::start().await;
    let hers = scene.sheena().says("hi").await.unwrap();
    let mark = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": hers,
        "typing_indicator": {"type": "text"},
    });

    let answer = scene
        .graph(Method::POST, &scene.messages_path(), Some(mark))
        .await;
    scene.send_text("hello").await;

    assert_eq!(answer.body, json!({"success": true}));
    let kinds: Vec<_> = scene
        .sent()
        .await
        .into_iter()
        .map(|item| item.kind)
        .collect();
    let message_id = hers;
    assert_eq!(
        kinds[..2],
        [
            SentKind::Read {
                message_id: message_id.clone()
            },
            SentKind::Typing { message_id },
        ]
    );
    assert!(matches!(&kinds[2], SentKind::Message(m) if m.text() == Some("hello")));
}

#[tokio::test]
async fn a_read_mark_for_a_message_that_never_came_is_refused() {
    let scene = Scene::open().await;
    let own = scene.send_text("hello").await.message_id();
    for id in ["wamid.HBgLnone", own.as_str()] {
        let mark = json!({"messaging_product": "whatsapp", "status": "read", "message_id": id});
        let answer = scene
            .graph(Method::POST, &scene.messages_path(), Some(mark))
            .await;
        assert_eq!(answer.code(), (400, 131009));
    }
}

#[tokio::test]
async fn a_reader_waits_for_the_next_message_only() {
    let scene = Scene::open().await;
    scene.send_text("one").await;
    let first = scene.sheena().sent(0, Duration::ZERO).await.unwrap();

    let sheena = scene.sheena();
    let reader =
        tokio::spawn(async move { sheena.sent(first.next, Duration::from_secs(10)).await });
    scene.send_text("two").await;

    let page = reader.await.unwrap().unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.next > first.next);
    assert!(matches!(&page.items[0].kind, SentKind::Message(m) if m.text() == Some("two")));
    let empty = scene
        .sheena()
        .sent(page.next, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!((empty.items.len(), empty.next), (0, page.next));
}

#[tokio::test]
async fn a_user_id_reaches_a_customer_who_hides_their_phone() {
    let scene = Scene::open().await;
    let user_id = {
        let body = scene.receiver.bodies().remove(0);
        crate::support::value_of(&body)["contacts"][0]["user_id"].clone()
    };
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient": user_id,
        "text": {"body": "hi"},
    });

    let answer = scene
        .graph(Method::POST, &scene.messages_path(), Some(body.clone()))
        .await;

    let contact = json!({"input": user_id, "user_id": user_id});
    assert_eq!(answer.body["contacts"], json!([contact]));
    assert_eq!(scene.messages().await[0].text(), Some("hi"));
    let mut stranger = body;
    stranger["recipient"] = "US.1".into();
    let answer = scene
        .graph(Method::POST, &scene.messages_path(), Some(stranger))
        .await;
    assert_eq!(answer.code(), (400, 131009));
}

#[tokio::test]
async fn a_test_number_reaches_only_its_allowed_recipients() {
    let scene = Scene::open().await;
    let number = NewNumber {
        allowed_recipients: Some(["+1 650 555 9999".to_owned()].into()),
        ..NewNumber::new(&scene.waba_id, "15550001111")
    };
    let number = scene.control.create_number(&number).await.unwrap();
    let path = format!("{}/messages", number.id);

    let body = to_sheena(json!({"text": {"body": "hi"}}));
    let answer = scene.graph(Method::POST, &path, Some(body)).await;

    assert_eq!(answer.code(), (400, 131030));
}

#[tokio::test]
async fn an_unregistered_number_sends_nothing_until_it_registers() {
    let scene = Scene::open().await;
    let number = NewNumber {
        is_registered: Some(false),
        pin: Some("123456".to_owned()),
        ..NewNumber::new(&scene.waba_id, "15550001111")
    };
    let id = scene.control.create_number(&number).await.unwrap().id;
    let path = format!("{id}/messages");
    let send = || Some(to_sheena(json!({"text": {"body": "hi"}})));
    let register = |pin: &str| Some(json!({"messaging_product": "whatsapp", "pin": pin}));
    let register_path = format!("{id}/register");

    let refused = scene.graph(Method::POST, &path, send()).await;
    assert_eq!(refused.code(), (400, 133010));
    let wrong = scene.graph(Method::POST, &register_path, register("654321"));
    assert_eq!(wrong.await.code(), (400, 133005));
    let right = scene.graph(Method::POST, &register_path, register("123456"));
    assert_eq!(right.await.body, json!({"success": true}));
    assert_eq!(scene.graph(Method::POST, &path, send()).await.status, 200);
}

#[tokio::test]
async fn the_pair_rate_lets_a_burst_through_and_then_makes_it_wait() {
    let scene = Scene::open().await;
    let change = json!({"pair_rate": {"interval_ms": 6000, "burst": 3}});
    scene.control.change_settings(change).await.unwrap();

    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(scene.send_text("hi").await.code());
    }
    assert_eq!(codes, [(200, 0), (200, 0), (200, 0), (400, 131056)]);
    let almost = Duration::from_secs(10);
    scene.control.advance_clock(almost).await.unwrap();
    assert_eq!(scene.send_text("hi").await.code(), (400, 131056));
    scene.control.advance_clock(almost).await.unwrap();
    assert_eq!(scene.send_text("hi").await.code(), (200, 0));
}

#[tokio::test]
async fn the_throughput_of_a_number_is_limited_by_the_second() {
    let scene = Scene::open().await;
    let change = json!({"throughput_per_second": 2});
    scene.control.change_settings(change).await.unwrap();

    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(scene.send_text("hi").await.code());
    }
    assert_eq!(codes, [(200, 0), (200, 0), (400, 130429)]);
    let second = Duration::from_secs(1);
    scene.control.advance_clock(second).await.unwrap();
    assert_eq!(scene.send_text("hi").await.code(), (200, 0));
}

#[tokio::test]
async fn a_reader_sees_what_can_be_chosen() {
    let scene = Scene::open().await;
    let rows = json!([{"id": "r1", "title": "One", "description": "the first"}]);
    let list = json!({
        "type": "list",
        "body": {"text": "choose"},
        "action": {"button": "Open", "sections": [{"rows": rows}]},
    });

    scene
        .send(json!({"type": "interactive", "interactive": list}))
        .await;

    let choice = scene.messages().await[0].choices[0].clone();
    assert_eq!((choice.kind, choice.id.as_str()), (ChoiceKind::Row, "r1"));
    assert_eq!(choice.description.as_deref(), Some("the first"));
}
