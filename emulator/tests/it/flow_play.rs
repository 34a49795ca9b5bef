//! A customer in a Flow: screens, the endpoint behind them, and the answer.

use std::time::Duration;

use roost_emulator::control::wire::{FlowAct, FlowView};
use serde_json::{Value, json};

use crate::flows::{simple, with_endpoint};
use crate::support::endpoint::{Endpoint, Reply};
use crate::support::{Scene, everything_in};

impl Scene {
    async fn sends_flow(&self, parameters: Value) -> String {
        let mut all =
            json!({"flow_message_version": "3", "flow_cta": "Open", "flow_token": "token-7"});
        for (key, value) in parameters.as_object().unwrap() {
            all[key] = value.clone();
        }
        let flow = json!({"type": "flow", "body": {"text": "Hi"}, "action": {"name": "flow", "parameters": all}});
        let answer = self
            .send(json!({"type": "interactive", "interactive": flow}))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.settle().await;
        answer.message_id()
    }

    /// The message that the app got last.
    async fn answer(&self) -> Value {
        self.settle().await;
        let bodies = self.receiver.bodies();
        let messages = bodies
            .iter()
            .flat_map(|body| everything_in(body, "messages"));
        messages.last().unwrap()
    }
}

fn response(message: &Value) -> Value {
    let text = message["interactive"]["nfm_reply"]["response_json"]
        .as_str()
        .unwrap();
    serde_json::from_str(text).unwrap()
}

fn screen(view: &FlowView) -> (&str, Vec<&str>) {
    let screen = view.screen.as_ref().unwrap();
    let texts = screen
        .components
        .iter()
        .filter_map(|component| component["text"].as_str());
    (&screen.id, texts.collect())
}

#[tokio::test]
async fn a_flow_without_an_endpoint_ends_in_an_answer() {
    let scene = Scene::open().await;
    scene.published_flow("Survey", &simple()).await;
    let id = scene.sends_flow(json!({"flow_name": "Survey"})).await;

    let view = scene.sheena().opens_flow(None).await.unwrap();
    assert_eq!(screen(&view).0, "ASK");
    let missing = scene.sheena().submits(json!({})).await.unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("`name` of the screen `ASK` is required"),
        "{missing}"
    );
    let unknown = scene
        .sheena()
        .submits(json!({"colour": "red"}))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Some("invalid"));
    let done = scene
        .sheena()
        .submits(json!({"name": "Ann"}))
        .await
        .unwrap();

    assert_eq!(done.screen, None);
    let message = scene.answer().await;
    assert_eq!(message["id"], done.message_id.unwrap());
    assert_eq!(message["context"]["id"], id);
    let reply = &message["interactive"]["nfm_reply"];
    assert_eq!(
        (&reply["name"], &reply["body"]),
        (&json!("flow"), &json!("Sent"))
    );
    assert_eq!(
        response(&message),
        json!({"flow_token": "token-7", "name": "Ann"})
    );
    assert_eq!(
        scene.sheena().sees_flow().await.unwrap_err().code(),
        Some("no-flow")
    );
}

fn cities() -> Reply {
    let city = |id: &str, title: &str| json!({"id": id, "title": title});
    Reply::Says(
        json!({"screen": "CITY", "data": {"cities": [city("b", "Bern"), city("z", "Zug")]}}),
    )
}

fn day(is_open: bool) -> Reply {
    Reply::Says(json!({"screen": "DAY", "data": {"is_open": is_open, "greeting": "Welcome"}}))
}

async fn with_booking() -> (Scene, Endpoint, String) {
    let scene = Scene::open().await;
    let endpoint = Endpoint::start(&scene.app.secret).await;
    scene.has_key().await;
    let checks = json!({"flow_publish_checks": false, "flow_timeout_ms": 2_000});
    scene.control.change_settings(checks).await.unwrap();
    let flow = scene.published_flow("Booking", &with_endpoint()).await;
    scene
        .posts(&flow, json!({"endpoint_uri": endpoint.url}))
        .await;
    scene
        .sends_flow(json!({"flow_id": flow, "flow_action": "data_exchange"}))
        .await;
    (scene, endpoint, flow)
}

#[tokio::test]
async fn three_screens_are_played_over_an_endpoint() {
    let (scene, endpoint, _) = with_booking().await;
    endpoint.replies([
        cities(),
        day(true),
        cities(),
        day(false),
        Reply::Says(json!({"screen": "DONE", "data": {"summary": "Zug on Monday"}})),
        Reply::Says(json!({"screen": "SUCCESS", "data": {
            "extension_message_response": {"params": {"flow_token": "token-7", "booking": 9}},
        }})),
    ]);
    let sheena = scene.sheena();

    let first = sheena.opens_flow(None).await.unwrap();
    assert_eq!(
        first.screen.as_ref().unwrap().components[0]["data-source"][1]["title"],
        "Zug"
    );
    let other = sheena.submits(json!({"city": "x"})).await.unwrap_err();
    assert!(other.to_string().contains("does not offer"), "{other}");
    let second = sheena.submits(json!({"city": "b"})).await.unwrap();
    assert_eq!(screen(&second), ("DAY", vec!["City: b", "Welcome"]));
    let back = sheena.in_flow(FlowAct::Back).await.unwrap();
    assert_eq!(screen(&back).0, "CITY");
    let again = sheena.submits(json!({"city": "z"})).await.unwrap();
    assert_eq!(screen(&again), ("DAY", vec!["City: z", "Closed"]));
    let third = sheena.submits(json!({"day": "2026-12-07"})).await.unwrap();
    assert_eq!(screen(&third), ("DONE", vec!["Zug on Monday"]));
    let done = sheena.submits(json!({})).await.unwrap();

    assert!(done.message_id.is_some());
    assert_eq!(
        response(&scene.answer().await),
        json!({"flow_token": "token-7", "booking": 9})
    );
    let seen = endpoint.seen();
    let actions: Vec<&Value> = seen.iter().map(|request| &request["action"]).collect();
    assert_eq!(
        actions,
        [
            "INIT",
            "data_exchange",
            "BACK",
            "data_exchange",
            "data_exchange",
            "data_exchange"
        ]
    );
    assert!(
        seen.iter()
            .all(|r| r["version"] == "4.0" && r["flow_token"] == "token-7")
    );
    assert_eq!(seen[1]["screen"], "CITY");
    assert_eq!(seen[1]["data"], json!({"city": "b"}));
    // The token is signed since Flow JSON 7.3 with the data API 4.0.
    assert_eq!(
        seen[1]["flow_token_signature"]
            .as_str()
            .unwrap()
            .split('.')
            .count(),
        3
    );
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_is_shown_and_told() {
    let (scene, endpoint, _) = with_booking().await;
    let sheena = scene.sheena();
    let sorry = "Something went wrong. Please try again later.";
    endpoint.replies([cities()]);
    sheena.opens_flow(None).await.unwrap();
    let table = [
        (Reply::Nonsense, "response-decryption-error", sorry),
        (
            Reply::Plain(500, Value::Null),
            "unexpected_http_status_code",
            sorry,
        ),
        (
            Reply::Plain(432, Value::Null),
            "unexpected_http_status_code",
            sorry,
        ),
        (
            Reply::Plain(427, json!({"error_msg": "Too late"})),
            "flow-token-invalid",
            "Too late",
        ),
        (
            Reply::Says(json!({"screen": "DONE", "data": {"summary": "x"}})),
            "invalid-screen-transition",
            sorry,
        ),
        (
            Reply::Says(json!({"screen": "NONE", "data": {}})),
            "invalid-screen-transition",
            sorry,
        ),
        (
            Reply::Says(json!({"screen": "DAY", "data": {"is_open": "yes", "greeting": "x"}})),
            "payload-schema-error",
            sorry,
        ),
        (
            Reply::Says(json!({"data": {}})),
            "payload-schema-error",
            sorry,
        ),
    ];
    for (reply, kind, shown) in table {
        endpoint.replies([reply.clone()]);
        let view = sheena.submits(json!({"city": "b"})).await.unwrap();
        assert_eq!(view.error_type.as_deref(), Some(kind), "{reply:?}");
        assert_eq!(view.error.as_deref(), Some(shown));
        assert_eq!(screen(&view).0, "CITY");
    }
    let told: Vec<Value> = endpoint
        .seen()
        .into_iter()
        .filter_map(|request| request["data"]["error"].as_str().map(|error| error.into()))
        .collect();
    assert_eq!(
        told,
        [
            "invalid-screen-transition",
            "invalid-screen-transition",
            "payload-schema-error",
            "payload-schema-error"
        ]
    );
    let snack =
        json!({"screen": "CITY", "data": {"cities": [], "error_message": "No places left"}});
    endpoint.replies([Reply::Says(snack)]);
    let view = sheena.submits(json!({"city": "b"})).await.unwrap();
    assert_eq!(
        (view.error.as_deref(), view.error_type),
        (Some("No places left"), None)
    );
}

#[tokio::test]
async fn a_phone_that_is_answered_421_tries_once_more() {
    let (scene, endpoint, _) = with_booking().await;
    endpoint.replies([Reply::Plain(421, Value::Null), cities()]);
    let view = scene.sheena().opens_flow(None).await.unwrap();
    assert_eq!(screen(&view).0, "CITY");
    assert_eq!(endpoint.seen().len(), 2);

    endpoint.replies([
        Reply::Plain(421, Value::Null),
        Reply::Plain(421, Value::Null),
    ]);
    let view = scene.sheena().submits(json!({"city": "b"})).await.unwrap();
    assert_eq!(
        view.error_type.as_deref(),
        Some("business-decryption-error")
    );
}

#[tokio::test]
async fn a_number_without_a_key_opens_nothing() {
    let (scene, endpoint, _) = with_booking().await;
    let pin = json!({"messaging_product": "whatsapp", "pin": "123456"});
    scene
        .posts(&format!("{}/deregister", scene.number_id), json!({}))
        .await;
    scene
        .posts(&format!("{}/register", scene.number_id), pin)
        .await;

    let view = scene.sheena().opens_flow(None).await.unwrap();

    assert_eq!(view.screen, None);
    assert_eq!(view.error_type.as_deref(), Some("public-key-missing"));
    assert_eq!(endpoint.seen(), [Value::Null; 0]);
}

#[tokio::test]
async fn components_act_when_they_are_tapped_and_chosen() {
    let scene = Scene::open().await;
    let go = |to: &str, payload: Value| json!({"name": "navigate", "next": {"type": "screen", "name": to}, "payload": payload});
    let flow = json!({
        "version": "7.1",
        "screens": [
            {"id": "MENU", "layout": {"type": "SingleColumnLayout", "children": [
                {"type": "NavigationList", "name": "menu", "list-items": [
                    {"id": "a", "main-content": {"title": "First"}, "on-click-action": go("PICK", json!({"topic": "one", "is_sure": false}))},
                    {"id": "b", "main-content": {"title": "Second"}, "on-click-action": go("PICK", json!({"topic": "two", "is_sure": true}))},
                ]},
            ]}},
            {"id": "PICK", "terminal": true,
             "data": {"topic": {"type": "string", "__example__": "x"}, "is_sure": {"type": "boolean", "__example__": true}},
             "layout": {"type": "SingleColumnLayout", "children": [
                {"type": "TextHeading", "text": "${data.topic}"},
                {"type": "RadioButtonsGroup", "name": "size", "label": "Size", "init-value": "s",
                 "data-source": [{"id": "s", "title": "S"}, {"id": "l", "title": "L"}],
                 "on-select-action": {"name": "update_data", "payload": {"topic": "`'size ' + ${form.size}`"}}},
                {"type": "Switch", "value": "${form.size}", "cases": {
                    "s": [{"type": "TextBody", "text": "Small"}],
                    "l": [{"type": "TextBody", "text": "Large"}],
                }},
                {"type": "TextCaption", "text": "Sure", "visible": "${data.is_sure}"},
                {"type": "PhotoPicker", "name": "photos", "label": "Photos", "max-uploaded-photos": 1},
                {"type": "Footer", "label": "Send", "on-click-action": {"name": "complete", "payload": {
                    "size": "${form.size}", "photos": "${form.photos}",
                }}},
            ]}},
        ],
    });
    scene.published_flow("Menu", &flow).await;
    scene.sends_flow(json!({"flow_name": "Menu"})).await;
    let sheena = scene.sheena();
    sheena.opens_flow(None).await.unwrap();
    let tap = |component: &str| FlowAct::Tap {
        component: component.to_owned(),
        values: Default::default(),
    };

    let none = sheena.in_flow(tap("c")).await.unwrap_err();
    assert!(none.to_string().contains("there is a, b"), "{none}");
    let view = sheena.in_flow(tap("Second")).await.unwrap();
    assert_eq!(screen(&view), ("PICK", vec!["two", "Small", "Sure"]));
    assert_eq!(view.screen.unwrap().components[1]["value"], "s");
    let values = json!({"size": "l"}).as_object().unwrap().clone();
    let view = sheena.in_flow(FlowAct::Select { values }).await.unwrap();
    assert_eq!(screen(&view), ("PICK", vec!["size l", "Large", "Sure"]));
    let photo = json!([{"mime_type": "image/png", "data": "UE5H", "file_name": "a.png"}]);
    sheena.submits(json!({"photos": photo})).await.unwrap();

    let answer = response(&scene.answer().await);
    assert_eq!(answer["size"], "l");
    let file = &answer["photos"][0];
    assert_eq!(
        (&file["mime_type"], &file["file_name"]),
        (&json!("image/png"), &json!("a.png"))
    );
    let media = scene.get(file["id"].as_str().unwrap()).await.body;
    let bytes = scene
        .http
        .get(media["url"].as_str().unwrap())
        .bearer_auth(&scene.token);
    assert_eq!(bytes.send().await.unwrap().bytes().await.unwrap(), "PNG");
    let closed = sheena.in_flow(FlowAct::Close).await.unwrap_err();
    assert_eq!(closed.code(), Some("no-flow"));
}

#[tokio::test]
async fn an_endpoint_that_takes_too_long_is_given_up() {
    let (scene, _endpoint, flow) = with_booking().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", listener.local_addr().unwrap());
    scene.posts(&flow, json!({"endpoint_uri": silent})).await;
    scene
        .control
        .change_settings(json!({"flow_timeout_ms": 50}))
        .await
        .unwrap();

    let view = scene.sheena().opens_flow(None).await.unwrap();

    assert_eq!(view.error_type.as_deref(), Some("timeout_error"));
    drop(listener);
    let moment = Duration::from_millis(1);
    assert!(scene.sheena().sent(0, moment).await.is_ok());
}
