//! Flows over the Graph API: drafts, validation, publishing, migration, keys, health.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::FlowStatus;
use roost_emulator::control::wire::{NewToken, NewWaba};
use serde_json::{Value, json};

use crate::support::endpoint::{Endpoint, PUBLIC_KEY, Reply};
use crate::support::{Answer, Scene, read};

/// A Flow of one screen without an endpoint.
pub(crate) fn simple() -> Value {
    json!({
        "version": "7.1",
        "screens": [{
            "id": "ASK",
            "title": "Who are you?",
            "terminal": true,
            "layout": {"type": "SingleColumnLayout", "children": [
                {"type": "TextInput", "name": "name", "label": "Name", "required": true},
                {"type": "Footer", "label": "Send", "on-click-action": {
                    "name": "complete", "payload": {"name": "${form.name}"},
                }},
            ]},
        }],
    })
}

impl Scene {
    pub(crate) async fn posts(&self, path: &str, body: Value) -> Answer {
        self.graph(Method::POST, path, Some(body)).await
    }

    /// Creates a Flow; gives its id.
    pub(crate) async fn flow(&self, name: &str, json: &Value) -> String {
        let wish = json!({"name": name, "categories": ["OTHER"], "flow_json": json.to_string()});
        let answer = self
            .posts(&format!("v25.0/{}/flows", self.waba_id), wish)
            .await;
        assert_eq!(answer.body["validation_errors"], json!([]), "{answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn published_flow(&self, name: &str, json: &Value) -> String {
        let id = self.flow(name, json).await;
        let answer = self.posts(&format!("{id}/publish"), json!({})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        id
    }

    async fn uploads_json(&self, id: &str, text: &str) -> Answer {
        let file = reqwest::multipart::Part::text(text.to_owned()).file_name("flow.json");
        let form = reqwest::multipart::Form::new()
            .text("name", "flow.json")
            .text("asset_type", "FLOW_JSON")
            .part("file", file.mime_str("application/json").unwrap());
        let url = format!("{}/v25.0/{id}/assets", self.emulator.graph_url());
        let request = self.http.post(url).bearer_auth(&self.token).multipart(form);
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn has_key(&self) {
        let path = format!("{}/whatsapp_business_encryption", self.number_id);
        let answer = self
            .posts(&path, json!({"business_public_key": PUBLIC_KEY}))
            .await;
        assert_eq!(answer.body, json!({"success": true}), "{answer:?}");
    }
}

#[tokio::test]
async fn a_flow_goes_from_draft_to_published_to_deprecated() {
    let scene = Scene::listening().await;
    let id = scene.flow("Survey", &simple()).await;
    let read = scene.get(&format!("v25.0/{id}")).await.body;
    assert_eq!(
        read,
        json!({
            "name": "Survey", "status": "DRAFT", "categories": ["OTHER"],
            "validation_errors": [], "id": id,
        })
    );
    let deprecated = scene.posts(&format!("{id}/deprecate"), json!({})).await;
    assert_eq!(deprecated.code(), (400, 139003));

    assert_eq!(
        scene.posts(&format!("{id}/publish"), json!({})).await.body,
        json!({"success": true})
    );
    let deleted = scene.graph(Method::DELETE, &id, None).await;
    assert_eq!(deleted.code(), (400, 139004));
    assert!(deleted.body["error"]["error_user_title"].is_string());
    assert_eq!(
        scene
            .posts(&format!("{id}/deprecate"), json!({}))
            .await
            .status,
        200
    );
    assert_eq!(
        scene
            .posts(&format!("{id}/deprecate"), json!({}))
            .await
            .code(),
        (400, 139003)
    );

    let changes = scene.changes().await;
    assert_eq!(
        changes[0].1,
        json!({
            "event": "FLOW_STATUS_CHANGE",
            "message": "Flow Survey has been created with DRAFT status",
            "flow_id": id,
            "new_status": "DRAFT",
        })
    );
    let states: Vec<Value> = changes
        .iter()
        .map(|(_, value)| value["new_status"].clone())
        .collect();
    assert_eq!(states, ["DRAFT", "PUBLISHED", "DEPRECATED"]);
    assert_eq!(changes[2].1["old_status"], "PUBLISHED");
}

#[tokio::test]
async fn json_is_kept_whatever_is_wrong_with_it_and_not_published() {
    let scene = Scene::start().await;
    let id = scene.flow("Survey", &simple()).await;
    let text = "{\n  \"version\": \"7.1\",\n  \"screens\": [{\"id\": \"A\", \"colour\": 1}]\n}";

    let answer = scene.uploads_json(&id, text).await;

    assert_eq!(answer.body["success"], true);
    let errors = answer.body["validation_errors"].as_array().unwrap();
    let colour = errors
        .iter()
        .find(|error| error["error"] == "INVALID_PROPERTY_KEY")
        .unwrap();
    assert_eq!(
        *colour,
        json!({
            "error": "INVALID_PROPERTY_KEY",
            "error_type": "JSON_SCHEMA_ERROR",
            "message": "Property 'colour' cannot be specified at 'screens[0]'.",
            "line_start": 3, "line_end": 3, "column_start": 27, "column_end": 34,
            "pointers": [{
                "line_start": 3, "line_end": 3, "column_start": 27, "column_end": 34,
                "path": "screens[0].colour",
            }],
        })
    );
    assert_eq!(
        scene
            .posts(&format!("{id}/publish"), json!({}))
            .await
            .code(),
        (400, 139002)
    );
    let assets = scene.get(&format!("{id}/assets")).await.body;
    assert_eq!(assets["data"][0]["asset_type"], "FLOW_JSON");
    let url = assets["data"][0]["download_url"].as_str().unwrap();
    assert_eq!(
        scene
            .http
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        text
    );
    scene
        .control
        .advance_clock(Duration::from_secs(301))
        .await
        .unwrap();
    assert_eq!(scene.http.get(url).send().await.unwrap().status(), 404);
    let nameless = scene
        .posts(&format!("{id}/assets"), json!({"asset_type": "FLOW_JSON"}))
        .await;
    assert_eq!(nameless.code(), (400, 100));
}

#[tokio::test]
async fn frozen_versions_are_not_published() {
    let scene = Scene::start().await;
    let mut old = simple();
    old["version"] = "4.0".into();
    let id = scene.flow("Old", &old).await;
    let answer = scene.posts(&format!("{id}/publish"), json!({})).await;
    assert_eq!(answer.code(), (400, 139002));
    assert_eq!(
        answer.body["error"]["error_user_title"],
        "Flow JSON version is frozen"
    );
}

#[tokio::test]
async fn an_edited_flow_is_a_draft_and_customers_get_what_was_published() {
    let scene = Scene::open().await;
    let id = scene.published_flow("Survey", &simple()).await;
    let mut next = simple();
    next["screens"][0]["title"] = "Changed".into();
    assert_eq!(scene.uploads_json(&id, &next.to_string()).await.status, 200);
    assert_eq!(scene.get(&id).await.body["status"], "DRAFT");
    let title = async |mode: &str| {
        let parameters = json!({
            "flow_message_version": "3", "flow_id": id, "flow_cta": "Open", "mode": mode,
            "flow_action_payload": {"screen": "ASK"},
        });
        let flow = json!({"type": "flow", "body": {"text": "Hi"}, "action": {"name": "flow", "parameters": parameters}});
        let sent = scene
            .send(json!({"type": "interactive", "interactive": flow}))
            .await;
        assert_eq!(sent.status, 200, "{sent:?}");
        scene.settle().await;
        let view = scene.sheena().opens_flow(None).await.unwrap();
        view.screen.unwrap().title.unwrap()
    };
    assert_eq!(title("published").await, "Who are you?");
    assert_eq!(title("draft").await, "Changed");

    let strict = json!({"published_flows_can_be_edited": false});
    scene.control.change_settings(strict).await.unwrap();
    scene.posts(&format!("{id}/publish"), json!({})).await;
    assert_eq!(
        scene.uploads_json(&id, &next.to_string()).await.code(),
        (400, 139001)
    );
}

#[tokio::test]
async fn names_are_unique_and_metadata_is_checked() {
    let scene = Scene::start().await;
    let id = scene.flow("Survey", &simple()).await;
    let flows = format!("{}/flows", scene.waba_id);
    let make = |change: Value| {
        let mut wish = json!({"name": "Other", "categories": ["OTHER"]});
        for (key, value) in change.as_object().unwrap() {
            wish[key] = value.clone();
        }
        scene.posts(&flows, wish)
    };
    for change in [
        json!({"name": "Survey"}),
        json!({"name": null}),
        json!({"categories": []}),
        json!({"categories": ["MUSIC"]}),
        json!({"endpoint_uri": "nowhere"}),
        json!({"clone_flow_id": "1"}),
        json!({"clone_flow_id": id, "flow_json": "{}"}),
    ] {
        assert_eq!(make(change.clone()).await.code(), (400, 100), "{change}");
    }
    let clone = make(json!({"clone_flow_id": id, "categories": ["SURVEY", "OTHER"]})).await;
    let clone = clone.body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        scene
            .get(&format!("{clone}?fields=json_version"))
            .await
            .body["json_version"],
        "7.1"
    );
    let renamed = scene.posts(&clone, json!({"name": "Survey"})).await;
    assert_eq!(renamed.code(), (400, 100));
    let renamed = scene
        .posts(
            &clone,
            json!({"name": "Third", "endpoint_uri": "https://example.com/f"}),
        )
        .await;
    assert_eq!(renamed.status, 200);
    let read = scene.get(&format!("{clone}?fields=name,endpoint_uri,application{{id}},whatsapp_business_account{{id,name}}")).await.body;
    assert_eq!(read["endpoint_uri"], "https://example.com/f");
    assert_eq!(read["application"], json!({"id": scene.app.id}));
    assert_eq!(
        read["whatsapp_business_account"]["id"],
        scene.waba_id.as_str()
    );
    let published =
        make(json!({"name": "At once", "flow_json": simple().to_string(), "publish": true})).await;
    let id = published.body["id"].as_str().unwrap();
    assert_eq!(scene.get(id).await.body["status"], "PUBLISHED");
    assert_eq!(
        scene.get(&flows).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_preview_is_invalidated_by_asking_for_a_new_one() {
    let scene = Scene::start().await;
    let id = scene.flow("Survey", &simple()).await;
    let preview = async |invalidate: bool| {
        let path = format!("{id}?fields=preview.invalidate({invalidate})");
        let preview = scene.get(&path).await.body["preview"].clone();
        assert!(preview["expires_at"].as_str().unwrap().ends_with("+0000"));
        preview["preview_url"].as_str().unwrap().to_owned()
    };
    let status = async |url: &str| scene.http.get(url).send().await.unwrap().status().as_u16();
    let first = preview(false).await;
    assert_eq!(preview(false).await, first);
    assert_eq!(status(&first).await, 200);
    let second = preview(true).await;
    assert_eq!(status(&first).await, 404);
    assert_eq!(status(&second).await, 200);
}

/// A Flow with an endpoint, of three screens.
pub(crate) fn with_endpoint() -> Value {
    let footer =
        |action: Value| json!({"type": "Footer", "label": "Next", "on-click-action": action});
    json!({
        "version": "7.3",
        "data_api_version": "4.0",
        "routing_model": {"CITY": ["DAY"], "DAY": ["DONE"], "DONE": []},
        "screens": [
            {
                "id": "CITY",
                "data": {"cities": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"id": {"type": "string"}, "title": {"type": "string"}}},
                    "__example__": [{"id": "x", "title": "X"}],
                }},
                "layout": {"type": "SingleColumnLayout", "children": [
                    {"type": "Dropdown", "name": "city", "label": "City", "required": true, "data-source": "${data.cities}"},
                    footer(json!({"name": "data_exchange", "payload": {"city": "${form.city}"}})),
                ]},
            },
            {
                "id": "DAY",
                "refresh_on_back": true,
                "data": {"is_open": {"type": "boolean", "__example__": true}, "greeting": {"type": "string", "__example__": "Hi"}},
                "layout": {"type": "SingleColumnLayout", "children": [
                    {"type": "TextBody", "text": "`'City: ' + ${screen.CITY.form.city}`"},
                    {"type": "If", "condition": "${data.is_open}", "then": [
                        {"type": "TextHeading", "text": "${data.greeting}"},
                    ], "else": [{"type": "TextBody", "text": "Closed"}]},
                    {"type": "DatePicker", "name": "day", "label": "Day"},
                    footer(json!({"name": "data_exchange", "payload": {"day": "${form.day}"}})),
                ]},
            },
            {
                "id": "DONE",
                "terminal": true,
                "data": {"summary": {"type": "string", "__example__": "Hi"}},
                "layout": {"type": "SingleColumnLayout", "children": [
                    {"type": "TextBody", "text": "${data.summary}"},
                    footer(json!({"name": "data_exchange", "payload": {"confirmed": true}})),
                ]},
            },
        ],
    })
}

#[tokio::test]
async fn publishing_with_an_endpoint_needs_all_of_it() {
    let scene = Scene::listening().await;
    let endpoint = Endpoint::start(&scene.app.secret).await;
    let id = scene.flow("Booking", &with_endpoint()).await;
    let title = async || {
        let answer = scene.posts(&format!("{id}/publish"), json!({})).await;
        if answer.status == 200 {
            return "published".to_owned();
        }
        assert_eq!(answer.code(), (400, 139002), "{answer:?}");
        answer.body["error"]["error_user_title"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(title().await, "Missing public key");
    scene.has_key().await;
    assert_eq!(title().await, "Missing endpoint URI");
    scene
        .posts(&id, json!({"endpoint_uri": endpoint.url}))
        .await;
    endpoint.replies([Reply::Plain(500, Value::Null)]);
    assert_eq!(title().await, "Endpoint is not available");
    assert_eq!(title().await, "published");
    let seen = endpoint.seen();
    assert_eq!(
        seen.last().unwrap(),
        &json!({"version": "4.0", "action": "ping"})
    );
    let health = scene
        .get(&format!(
            "{id}?fields=health_status.phone_number({})",
            scene.number_id
        ))
        .await;
    let health = &health.body["health_status"];
    assert_eq!(health["can_send_message"], "AVAILABLE");
    let kinds: Vec<Value> = health["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["entity_type"].clone())
        .collect();
    assert_eq!(kinds, ["FLOW", "WABA", "BUSINESS", "PHONE_NUMBER", "APP"]);
}

#[tokio::test]
async fn a_key_is_one_of_2048_bits_and_goes_with_the_registration() {
    let scene = Scene::start().await;
    let path = format!("v25.0/{}/whatsapp_business_encryption", scene.number_id);
    let wrong = scene
        .posts(&path, json!({"business_public_key": "key"}))
        .await;
    assert_eq!(wrong.code(), (400, 100));
    scene.has_key().await;
    let read = scene.get(&path).await.body["data"][0].clone();
    assert_eq!(read["business_public_key"], PUBLIC_KEY);
    assert_eq!(read["business_public_key_signature_status"], "VALID");
    let pin = json!({"messaging_product": "whatsapp", "pin": "123456"});
    scene
        .posts(&format!("{}/deregister", scene.number_id), json!({}))
        .await;
    scene
        .posts(&format!("{}/register", scene.number_id), pin)
        .await;
    assert_eq!(scene.get(&path).await.body["data"], json!([]));
}

#[tokio::test]
async fn flows_move_between_accounts_and_are_seen_in_their_own_only() {
    let scene = Scene::start().await;
    let id = scene.flow("Survey", &simple()).await;
    let other = scene
        .control
        .create_waba(&NewWaba::default())
        .await
        .unwrap();
    let token = NewToken {
        app_id: scene.app.id.clone(),
        waba_ids: Some([other.id.clone()].into()),
        ..NewToken::default()
    };
    let token = scene.control.create_token(&token).await.unwrap().token;
    for path in [id.clone(), format!("{id}/assets")] {
        let answer = scene.graph_as(Some(&token), Method::GET, &path, None).await;
        assert_eq!(answer.code(), (400, 100));
    }
    let path = format!(
        "{}/migrate_flows?source_waba_id={}&source_flow_names=[\"Survey\",\"None\"]",
        other.id, scene.waba_id
    );
    let refused = scene
        .graph_as(Some(&token), Method::POST, &path, None)
        .await;
    assert_eq!(refused.code(), (400, 100));

    let moved = scene.graph(Method::POST, &path, None).await.body;

    assert_eq!(moved["migrated_flows"][0]["source_id"], id.as_str());
    assert_eq!(moved["failed_flows"][0]["error_code"], "4233041");
    let again = scene.graph(Method::POST, &path, None).await.body;
    assert_eq!(again["failed_flows"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn blocked_flows_stay_away_and_throttled_ones_are_counted() {
    let scene = Scene::open().await;
    let id = scene.published_flow("Survey", &simple()).await;
    let send = async || {
        let parameters =
            json!({"flow_message_version": "3", "flow_name": "Survey", "flow_cta": "Open"});
        let flow = json!({"type": "flow", "body": {"text": "Hi"}, "action": {"name": "flow", "parameters": parameters}});
        scene
            .send(json!({"type": "interactive", "interactive": flow}))
            .await
            .code()
    };
    scene
        .control
        .set_flow_status(&id, "THROTTLED")
        .await
        .unwrap();
    for _ in 0..10 {
        assert_eq!(send().await, (200, 0));
    }
    assert_eq!(send().await, (400, 132069));
    scene
        .control
        .advance_clock(Duration::from_secs(3600))
        .await
        .unwrap();
    assert_eq!(send().await, (200, 0));
    let blocked = scene.control.set_flow_status(&id, "blocked").await.unwrap();
    assert_eq!(blocked.status, FlowStatus::Blocked);
    assert_eq!(send().await, (400, 132068));
    scene
        .control
        .set_flow_status(&id, "DEPRECATED")
        .await
        .unwrap();
    assert_eq!(send().await, (400, 131009));
}

#[tokio::test]
async fn messages_with_flows_are_checked() {
    let scene = Scene::open().await;
    let draft = scene.flow("Draft", &simple()).await;
    scene.published_flow("Survey", &simple()).await;
    let base = json!({"flow_message_version": "3", "flow_name": "Survey", "flow_cta": "Open"});
    for (what, change, code) in [
        ("as it is", json!({}), 0),
        ("both", json!({"flow_id": draft}), 131009),
        ("neither", json!({"flow_name": null}), 131008),
        (
            "another version",
            json!({"flow_message_version": "2"}),
            131009,
        ),
        ("an unknown Flow", json!({"flow_name": "None"}), 131009),
        ("a draft", json!({"flow_name": "Draft"}), 131009),
        (
            "a draft as such",
            json!({"flow_name": "Draft", "mode": "draft"}),
            0,
        ),
        (
            "an unknown screen",
            json!({"flow_action_payload": {"screen": "X"}}),
            131009,
        ),
        (
            "empty data",
            json!({"flow_action_payload": {"screen": "ASK", "data": {}}}),
            131009,
        ),
        (
            "data as text",
            json!({"flow_action_payload": {"screen": "ASK", "data": "{\"a\":1}"}}),
            0,
        ),
        (
            "a payload and an endpoint",
            json!({"flow_action": "data_exchange", "flow_action_payload": {"screen": "ASK"}}),
            131009,
        ),
    ] {
        let mut parameters = base.clone();
        for (key, value) in change.as_object().unwrap() {
            parameters[key] = value.clone();
        }
        let flow = json!({"type": "flow", "body": {"text": "Hi"}, "action": {"name": "flow", "parameters": parameters}});
        let answer = scene
            .send(json!({"type": "interactive", "interactive": flow}))
            .await;
        let status = if code == 0 { 200 } else { 400 };
        assert_eq!(answer.code(), (status, code), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_told_of_and_measured() {
    let scene = Scene::listening().await;
    let endpoint = Endpoint::start(&scene.app.secret).await;
    scene.has_key().await;
    let id = scene.flow("Booking", &with_endpoint()).await;
    scene
        .posts(&id, json!({"endpoint_uri": endpoint.url}))
        .await;
    let metric = format!("{id}?fields=metric.name(ENDPOINT_AVAILABILITY).granularity(DAY)");
    assert_eq!(scene.get(&metric).await.code(), (400, 139006));

    endpoint.replies(vec![Reply::Plain(500, Value::Null); 4]);
    for _ in 0..4 {
        let ping = scene.control.ping_flow(&id).await.unwrap();
        assert_eq!(
            ping.error_type.as_deref(),
            Some("unexpected_http_status_code")
        );
    }
    for _ in 0..246 {
        assert!(scene.control.ping_flow(&id).await.unwrap().is_active);
    }

    let changes = scene.changes().await;
    let told = |event: &str| {
        let states = changes.iter().filter(|(_, value)| value["event"] == event);
        states
            .map(|(_, value)| (value["alert_state"].clone(), value["threshold"].clone()))
            .collect::<Vec<_>>()
    };
    let state = |state: &str, threshold: u64| (json!(state), json!(threshold));
    assert_eq!(
        told("ENDPOINT_AVAILABILITY"),
        [state("ACTIVATED", 90), state("DEACTIVATED", 90)]
    );
    assert_eq!(
        told("ENDPOINT_ERROR_RATE"),
        [
            state("ACTIVATED", 10),
            state("ACTIVATED", 5),
            state("DEACTIVATED", 5)
        ]
    );
    let metric = scene.get(&metric).await.body["metric"].clone();
    assert_eq!(
        metric["data_points"][0]["data"],
        json!([{"key": "value", "value": 0.984}])
    );
}
