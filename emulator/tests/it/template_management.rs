//! Templates over the Graph API: what may be created, how they live, what webhooks tell.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::Template;
use roost_emulator::control::wire::{
    NewApp, NewToken, NewWaba, TemplateCategory, TemplateDecision,
};
use serde_json::{Value, json};

use crate::support::{Answer, Scene};

const HOUR: Duration = Duration::from_secs(3600);
const FIELDS: [&str; 6] = [
    "messages",
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
    "flows",
];

impl Scene {
    /// A scene whose app hears of templates and Flows.
    pub(crate) async fn listening() -> Self {
        let scene = Self::start().await;
        let app = NewApp {
            id: Some(scene.app.id.clone()),
            secret: Some(scene.app.secret.clone()),
            callback_url: Some(scene.receiver.url()),
            fields: Some(FIELDS.map(str::to_owned).into()),
            ..NewApp::default()
        };
        scene.control.create_app(&app).await.unwrap();
        scene
    }

    /// The changes that the app was told of, as field and value, once everything has settled.
    pub(crate) async fn changes(&self) -> Vec<(String, Value)> {
        self.settle().await;
        let bodies = self.receiver.bodies();
        let entries = bodies
            .iter()
            .flat_map(|body| body["entry"].as_array().unwrap());
        let changes = entries.flat_map(|entry| {
            let changes = entry["changes"].as_array().unwrap().iter();
            changes.filter(|_| entry["time"].is_number() && entry["id"] == self.waba_id.as_str())
        });
        changes
            .map(|change| {
                let field = change["field"].as_str().unwrap().to_owned();
                (field, change["value"].clone())
            })
            .collect()
    }

    async fn creates(&self, template: Value) -> Answer {
        let path = format!("v25.0/{}/message_templates", self.waba_id);
        self.graph(Method::POST, &path, Some(template)).await
    }

    async fn made(&self, template: Value) -> String {
        let answer = self.creates(template).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, id: &str) -> Value {
        self.get(&format!("{id}?fields=status")).await.body["status"].clone()
    }

    async fn decides(&self, id: &str, event: &str) -> Template {
        let decision = TemplateDecision {
            event: event.to_owned(),
            ..TemplateDecision::default()
        };
        self.control.decide_template(id, &decision).await.unwrap()
    }
}

fn body(text: &str) -> Value {
    json!({"type": "body", "text": text})
}

fn template(name: &str, category: &str, components: Vec<Value>) -> Value {
    json!({"name": name, "language": "en_US", "category": category, "components": components})
}

fn order() -> Value {
    let text = "Hi {{1}}, the order {{2}} is ready for you.";
    let body = json!({"type": "BODY", "text": text, "example": {"body_text": [["Ann", "42"]]}});
    template("order_ready", "utility", vec![body])
}

#[tokio::test]
async fn a_template_is_reviewed_when_its_time_has_come() {
    let scene = Scene::listening().await;

    let answer = scene.creates(order()).await;

    assert_eq!(answer.body["status"], "PENDING");
    assert_eq!(answer.body["category"], "UTILITY");
    let id = answer.body["id"].as_str().unwrap();
    let send = json!({"type": "template", "template": {
        "name": "order_ready", "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [
            {"type": "text", "text": "Bob"}, {"type": "text", "text": "7"},
        ]}],
    }});
    assert_eq!(scene.send(send.clone()).await.code(), (404, 132001));
    scene
        .control
        .advance_clock(Duration::from_secs(61))
        .await
        .unwrap();
    assert_eq!(scene.status(id).await, "APPROVED");
    assert_eq!(scene.send(send).await.status, 200);
    let rendered = scene.messages().await.remove(0).rendered.unwrap();
    assert_eq!(rendered.body, "Hi Bob, the order 7 is ready for you.");
    let (field, value) = scene.changes().await.remove(0);
    assert_eq!(field, "message_template_status_update");
    assert_eq!(
        value,
        json!({
            "event": "APPROVED",
            "message_template_id": id.parse::<u64>().unwrap(),
            "message_template_name": "order_ready",
            "message_template_language": "en_US",
            "reason": "NONE",
            "message_template_category": "UTILITY",
        })
    );
}

#[tokio::test]
async fn a_rejection_says_why_and_an_edit_begins_again() {
    let scene = Scene::listening().await;
    let off = json!({"template_review_ms": null});
    scene.control.change_settings(off).await.unwrap();
    let id = scene.made(order()).await;
    let edit = json!({"components": [body("All new words here")]});
    let edits = async || scene.graph(Method::POST, &id, Some(edit.clone())).await;
    let in_review = edits().await;
    assert_eq!(in_review.body["error"]["error_subcode"], 2388039);

    scene
        .control
        .reject_template(&id, "ABUSIVE_CONTENT")
        .await
        .unwrap();
    let read = scene
        .get(&format!("{id}?fields=status,rejected_reason"))
        .await
        .body;
    assert_eq!(
        (&read["status"], &read["rejected_reason"]),
        (&json!("REJECTED"), &json!("ABUSIVE_CONTENT"))
    );

    assert_eq!(edits().await.body["success"], true);
    assert_eq!(scene.status(&id).await, "PENDING");
    scene.control.approve_template(&id).await.unwrap();
    // An approved one can be edited once in a day, and stays in its category.
    let category = json!({"category": "MARKETING"});
    let category = scene.graph(Method::POST, &id, Some(category)).await;
    assert_eq!(category.code(), (400, 100));
    assert_eq!(edits().await.status, 200);
    scene.control.approve_template(&id).await.unwrap();
    assert_eq!(edits().await.code(), (400, 100));
    scene.control.advance_clock(HOUR * 25).await.unwrap();
    assert_eq!(edits().await.status, 200);
    let changes = scene.changes().await;
    assert_eq!(changes[0].1["reason"], "ABUSIVE_CONTENT");
    let edited = &changes[1];
    assert_eq!(edited.0, "message_template_components_update");
    assert_eq!(edited.1["message_template_element"], "All new words here");
}

#[tokio::test]
async fn a_template_is_paused_for_longer_each_time_and_then_disabled() {
    let scene = Scene::listening().await;
    let id = scene.template("t", "hello there").await;
    let send =
        json!({"type": "template", "template": {"name": "t", "language": {"code": "en_US"}}});

    scene.decides(&id, "PAUSED").await;
    assert_eq!(scene.send(send.clone()).await.code(), (400, 132015));
    scene.control.advance_clock(HOUR * 3).await.unwrap();
    assert_eq!(scene.status(&id).await, "APPROVED");
    scene.decides(&id, "PAUSED").await;
    scene.control.advance_clock(HOUR * 4).await.unwrap();
    assert_eq!(scene.status(&id).await, "PAUSED");
    let unpaused = scene
        .graph(Method::POST, &format!("{id}/unpause"), None)
        .await;
    assert_eq!(unpaused.body, json!({"success": true}));
    let again = scene
        .graph(Method::POST, &format!("{id}/unpause"), None)
        .await;
    assert_eq!(again.body["success"], false);
    scene.decides(&id, "PAUSED").await;

    assert_eq!(scene.status(&id).await, "DISABLED");
    assert_eq!(scene.send(send).await.code(), (400, 132016));
    let titles: Vec<Value> = scene
        .changes()
        .await
        .into_iter()
        .map(|(_, value)| value["other_info"]["title"].clone())
        .collect();
    assert_eq!(
        titles,
        [
            "FIRST_PAUSE",
            "UNPAUSE",
            "SECOND_PAUSE",
            "UNPAUSE",
            "DISABLED"
        ]
    );
    let path = format!("{}/message_templates?name=t", scene.waba_id);
    assert_eq!(
        scene.graph(Method::DELETE, &path, None).await.code(),
        (400, 100)
    );
}

#[tokio::test]
async fn quality_and_category_are_told() {
    let scene = Scene::listening().await;
    let id = scene.template("t", "hello there").await;

    scene.control.grade_template(&id, "RED").await.unwrap();
    scene.control.grade_template(&id, "RED").await.unwrap();
    let marketing = TemplateCategory {
        category: "MARKETING".to_owned(),
        is_announced: true,
    };
    scene
        .control
        .recategorize_template(&id, &marketing)
        .await
        .unwrap();
    let read = scene
        .get(&format!(
            "{id}?fields=category,correct_category,quality_score"
        ))
        .await
        .body;
    assert_eq!(
        (
            &read["category"],
            &read["correct_category"],
            &read["quality_score"]["score"]
        ),
        (&json!("UTILITY"), &json!("MARKETING"), &json!("RED"))
    );
    scene.control.advance_clock(HOUR * 24).await.unwrap();

    let changes = scene.changes().await;
    assert_eq!(changes.len(), 3, "{changes:?}");
    assert_eq!(changes[0].1["previous_quality_score"], "UNKNOWN");
    assert_eq!(changes[0].1["new_quality_score"], "RED");
    assert_eq!(changes[1].1["correct_category"], "MARKETING");
    assert!(changes[1].1["category_update_timestamp"].is_number());
    assert_eq!(
        (
            &changes[2].1["previous_category"],
            &changes[2].1["new_category"]
        ),
        (&json!("UTILITY"), &json!("MARKETING"))
    );
}

#[tokio::test]
async fn names_are_taken_and_stay_so_when_they_are_deleted() {
    let scene = Scene::listening().await;
    let id = scene.made(order()).await;
    let twin = scene.creates(order()).await;
    assert_eq!(twin.body["error"]["error_subcode"], 2388024);
    assert!(twin.body["error"]["error_user_title"].is_string());
    let mut spanish = order();
    spanish["language"] = "es".into();
    scene.made(spanish.clone()).await;
    scene.control.approve_template(&id).await.unwrap();

    let path = format!("{}/message_templates?name=order_ready", scene.waba_id);
    let one = format!("{path}&hsm_id={id}");
    let deleted = scene.graph(Method::DELETE, &one, None).await;
    assert_eq!(deleted.body, json!({"success": true}));
    assert_eq!(scene.get(&id).await.code(), (400, 100));
    let again = scene.creates(order()).await;
    assert_eq!(again.body["error"]["error_subcode"], 2388023);
    scene.control.advance_clock(HOUR * 24 * 30).await.unwrap();
    scene.made(order()).await;
    scene.graph(Method::DELETE, &path, None).await;
    let none = scene.graph(Method::DELETE, &path, None).await;
    assert_eq!(none.code(), (400, 100));
    let changes = scene.changes().await;
    let deleted = changes
        .iter()
        .filter(|(_, value)| value["event"] == "DELETED");
    assert_eq!(deleted.count(), 3);
}

#[tokio::test]
async fn an_account_has_a_limit_and_an_hour_too() {
    let scene = Scene::start().await;
    let waba = NewWaba {
        id: Some(scene.waba_id.clone()),
        template_limit: Some(101),
        ..NewWaba::default()
    };
    scene.control.create_waba(&waba).await.unwrap();
    for n in 0..100 {
        scene
            .made(template(&format!("t{n}"), "UTILITY", vec![body("hello")]))
            .await;
    }
    let more = async |name: &str| {
        scene
            .creates(template(name, "UTILITY", vec![body("hello")]))
            .await
    };
    assert_eq!(more("soon").await.code(), (400, 80008));
    scene.control.advance_clock(HOUR).await.unwrap();
    assert_eq!(more("later").await.status, 200);
    assert_eq!(more("last").await.body["error"]["error_subcode"], 2388019);
}

#[tokio::test]
async fn every_component_can_be_created_and_is_read_back() {
    let scene = Scene::start().await;
    let image = scene.handle("image/png", b"PNG").await;
    let header =
        json!({"type": "header", "format": "image", "example": {"header_handle": [image]}});
    let buttons = |list: Value| json!({"type": "buttons", "buttons": list});
    let card = json!({"components": [
        header,
        body("One card"),
        buttons(json!([{"type": "quick_reply", "text": "More"}])),
    ]});
    let otp = |kind: &str| {
        json!({"type": "otp", "otp_type": kind, "text": "Copy", "zero_tap_terms_accepted": true,
               "supported_apps": [{"package_name": "com.example", "signature_hash": "K8a/AINcGX7"}]})
    };
    let code = |kind: &str| {
        vec![
            json!({"type": "body", "add_security_recommendation": true}),
            json!({"type": "footer", "code_expiration_minutes": 5}),
            buttons(json!([otp(kind)])),
        ]
    };
    let table = [
        (
            "text_header",
            "MARKETING",
            vec![
                json!({"type": "header", "format": "text", "text": "Sale {{1}}", "example": {"header_text": ["today"]}}),
                body("Come to us"),
                json!({"type": "footer", "text": "Bye"}),
            ],
        ),
        (
            "image_header",
            "MARKETING",
            vec![header.clone(), body("Look at this")],
        ),
        (
            "location_header",
            "UTILITY",
            vec![
                json!({"type": "header", "format": "location"}),
                body("We are here"),
            ],
        ),
        (
            "all_buttons",
            "MARKETING",
            vec![
                body("Choose"),
                buttons(json!([
                    {"type": "quick_reply", "text": "Yes"},
                    {"type": "quick_reply", "text": "No"},
                    {"type": "url", "text": "Site", "url": "https://example.com/{{1}}", "example": ["https://example.com/a"]},
                    {"type": "phone_number", "text": "Call", "phone_number": "+16505551234"},
                    {"type": "copy_code", "example": "25OFF"},
                    {"type": "voice_call", "text": "Voice"},
                ])),
            ],
        ),
        (
            "catalog",
            "MARKETING",
            vec![
                body("See all"),
                buttons(json!([{"type": "catalog", "text": "View"}])),
            ],
        ),
        (
            "products",
            "MARKETING",
            vec![
                body("See some"),
                buttons(json!([{"type": "mpm", "text": "View items"}])),
            ],
        ),
        (
            "offer",
            "MARKETING",
            vec![
                json!({"type": "limited_time_offer", "limited_time_offer": {"text": "Ends soon", "has_expiration": true}}),
                body("A coupon"),
                buttons(
                    json!([{"type": "copy_code", "example": "25OFF"}, {"type": "url", "text": "Buy", "url": "https://example.com"}]),
                ),
            ],
        ),
        (
            "cards",
            "MARKETING",
            vec![
                body("Many"),
                json!({"type": "carousel", "cards": [card, card]}),
            ],
        ),
        (
            "call",
            "UTILITY",
            vec![
                body("May we call you?"),
                json!({"type": "call_permission_request"}),
            ],
        ),
        ("code_copy", "AUTHENTICATION", code("COPY_CODE")),
        ("code_tap", "AUTHENTICATION", code("ONE_TAP")),
        ("code_zero", "AUTHENTICATION", code("ZERO_TAP")),
    ];
    for (name, category, components) in table {
        let id = scene
            .made(template(name, category, components.clone()))
            .await;
        let read = scene.get(&id).await.body;
        let kinds: Vec<String> = components
            .iter()
            .map(|component| component["type"].as_str().unwrap().to_uppercase())
            .collect();
        let found: Vec<&str> = read["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|component| component["type"].as_str().unwrap())
            .collect();
        assert_eq!(found, kinds, "{name}");
    }
    let path = format!(
        "{}/message_templates?name=code_tap&fields=components",
        scene.waba_id
    );
    let code = scene.get(&path).await.body["data"][0]["components"].clone();
    assert_eq!(
        code[0]["text"],
        "*{{1}}* is your verification code. For your security, do not share this code."
    );
    assert_eq!(code[2]["buttons"][0]["type"], "URL");
    let url = code[2]["buttons"][0]["url"].as_str().unwrap();
    assert!(
        url.contains("otp_type=ONE_TAP") && url.ends_with("code=otp{{1}}"),
        "{url}"
    );
}

#[tokio::test]
async fn what_meta_would_refuse_is_refused_in_its_words() {
    let scene = Scene::start().await;
    let samples = |text: &str, list: Value| json!({"type": "BODY", "text": text, "example": {"body_text": [list]}});
    let buttons = |list: Value| {
        vec![
            body("Choose one"),
            json!({"type": "BUTTONS", "buttons": list}),
        ]
    };
    let quick = json!({"type": "QUICK_REPLY", "text": "Yes"});
    let site = json!({"type": "URL", "text": "Site", "url": "https://example.com"});
    let no = json!({"type": "QUICK_REPLY", "text": "No"});
    let long = "x".repeat(1025);
    let table: Vec<(&str, Vec<Value>, Option<u64>)> = vec![
        (
            "no body",
            vec![json!({"type": "FOOTER", "text": "x"})],
            Some(2388072),
        ),
        ("two bodies", vec![body("a"), body("b")], None),
        ("a long body", vec![body(&long)], Some(2388040)),
        (
            "no sample",
            vec![body("Hi {{1}}, how are you now?")],
            Some(2388043),
        ),
        (
            "too few samples",
            vec![samples(
                "Hi {{1}} and {{2}}, how are you all doing?",
                json!(["A"]),
            )],
            Some(2388043),
        ),
        (
            "a leading variable",
            vec![samples("{{1}} is here with us now", json!(["A"]))],
            Some(2388299),
        ),
        (
            "a trailing variable",
            vec![samples("Here with us now is {{1}}", json!(["A"]))],
            Some(2388299),
        ),
        (
            "a gap",
            vec![samples(
                "Hi {{1}} and {{3}}, how are you all doing?",
                json!(["A", "B"]),
            )],
            Some(2388072),
        ),
        (
            "too few words",
            vec![samples("Hi {{1}}!", json!(["A"]))],
            Some(2388293),
        ),
        (
            "variables side by side",
            vec![samples(
                "Hi you {{1}}{{2}} there, all of you now",
                json!(["A", "B"]),
            )],
            Some(2388072),
        ),
        (
            "a name as a number",
            vec![samples("Hi {{name}}, how are you now?", json!(["A"]))],
            Some(2388072),
        ),
        (
            "a variable footer",
            vec![body("a"), json!({"type": "FOOTER", "text": "{{1}}"})],
            Some(2388073),
        ),
        (
            "a long header",
            vec![
                body("a"),
                json!({"type": "HEADER", "format": "TEXT", "text": "x".repeat(61)}),
            ],
            Some(2388040),
        ),
        (
            "a made-up handle",
            vec![
                body("a"),
                json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}}),
            ],
            None,
        ),
        (
            "no handle",
            vec![body("a"), json!({"type": "HEADER", "format": "VIDEO"})],
            Some(2388043),
        ),
        (
            "three URLs",
            buttons(
                json!([site, {"type": "URL", "text": "B", "url": "https://b.c"}, {"type": "URL", "text": "C", "url": "https://b.c"}]),
            ),
            None,
        ),
        ("mixed buttons", buttons(json!([quick, site, no])), None),
        ("twins", buttons(json!([quick, quick])), None),
        (
            "a variable button",
            buttons(json!([{"type": "QUICK_REPLY", "text": "{{1}}"}])),
            None,
        ),
        (
            "a variable in the middle",
            buttons(json!([{"type": "URL", "text": "A", "url": "https://a.b/{{1}}/c"}])),
            None,
        ),
        (
            "an OTP",
            buttons(json!([{"type": "OTP", "otp_type": "COPY_CODE", "text": "A"}])),
            None,
        ),
        (
            "a Flow that is not there",
            buttons(json!([{"type": "FLOW", "text": "A", "flow_id": "1"}])),
            None,
        ),
        (
            "one card",
            vec![
                body("a"),
                json!({"type": "CAROUSEL", "cards": [{"components": []}]}),
            ],
            None,
        ),
        (
            "an unknown component",
            vec![body("a"), json!({"type": "MUSIC"})],
            None,
        ),
    ];
    for (what, components, subcode) in table {
        let answer = scene.creates(template("t", "UTILITY", components)).await;
        assert_eq!(answer.code(), (400, 100), "{what}: {answer:?}");
        let found = answer.body["error"]["error_subcode"].as_u64();
        assert_eq!(found, subcode, "{what}: {answer:?}");
    }
    for (what, change) in [
        ("a name", json!({"name": "Order Ready"})),
        ("a language", json!({"language": "xx"})),
        ("a category", json!({"category": "SPAM"})),
        ("a format", json!({"parameter_format": "OTHER"})),
        ("a life", json!({"message_send_ttl_seconds": 5})),
    ] {
        let mut wrong = order();
        for (key, value) in change.as_object().unwrap() {
            wrong[key] = value.clone();
        }
        assert_eq!(scene.creates(wrong).await.code(), (400, 100), "{what}");
    }
    assert_eq!(scene.control.templates().await.unwrap().len(), 0);
}

#[tokio::test]
async fn named_parameters_need_named_samples() {
    let scene = Scene::start().await;
    let make = |samples: Value| {
        let mut wish = template(
            "named",
            "UTILITY",
            vec![
                json!({"type": "BODY", "text": "Hi {{first_name}}, how are you?",
                        "example": {"body_text_named_params": samples}}),
            ],
        );
        wish["parameter_format"] = "named".into();
        wish
    };
    let wrong = scene
        .creates(make(json!([{"param_name": "name", "example": "Ann"}])))
        .await;
    assert_eq!(wrong.body["error"]["error_subcode"], 2388043);
    let id = scene
        .made(make(
            json!([{"param_name": "first_name", "example": "Ann"}]),
        ))
        .await;
    let read = scene.get(&id).await.body;
    assert_eq!(read["parameter_format"], "NAMED");
}

#[tokio::test]
async fn sends_are_checked_against_every_kind_of_button_and_card() {
    let scene = Scene::start().await;
    let image = scene.handle("image/png", b"PNG").await;
    let header =
        json!({"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [image]}});
    let card = json!({"components": [header, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "More"}]}]});
    let offer = vec![
        json!({"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Soon", "has_expiration": true}}),
        body("A coupon"),
        json!({"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "25OFF"}]}),
    ];
    let cards = vec![
        body("Many"),
        json!({"type": "CAROUSEL", "cards": [card, card]}),
    ];
    for (name, components) in [("offer", offer), ("cards", cards)] {
        let id = scene.made(template(name, "MARKETING", components)).await;
        scene.control.approve_template(&id).await.unwrap();
    }
    let send = |name: &str, components: Value| {
        let template =
            json!({"name": name, "language": {"code": "en_US"}, "components": components});
        scene.send(json!({"type": "template", "template": template}))
    };
    let now_ms = scene
        .control
        .set_clock(Default::default())
        .await
        .unwrap()
        .now_ms;
    let until = |at_ms: i64| {
        json!({"type": "limited_time_offer", "parameters": [
            {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": at_ms}},
        ]})
    };
    let code = |code: &str| {
        json!({"type": "button", "sub_type": "copy_code", "index": 0, "parameters": [
            {"type": "coupon_code", "coupon_code": code},
        ]})
    };
    let later = until(now_ms + 60_000);
    assert_eq!(
        send("offer", json!([later, code("25OFF")])).await.status,
        200
    );
    assert_eq!(
        send("offer", json!([code("25OFF")])).await.code(),
        (400, 131008)
    );
    let ended = json!([until(now_ms - 1), code("25OFF")]);
    assert_eq!(send("offer", ended).await.status, 200);
    assert_eq!(send("offer", json!([later])).await.code(), (400, 131008));
    let other = json!({"type": "button", "sub_type": "url", "index": 0, "parameters": []});
    assert_eq!(
        send("offer", json!([later, other])).await.code(),
        (400, 132012)
    );

    let picture = json!({"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.png"}}]});
    let filled = |index: usize| {
        json!({"card_index": index, "components": [picture, {
            "type": "button", "sub_type": "quick_reply", "index": "0",
            "parameters": [{"type": "payload", "payload": format!("more-{index}")}],
        }]})
    };
    let carousel = |cards: Value| json!([{"type": "carousel", "cards": cards}]);
    assert_eq!(
        send("cards", carousel(json!([filled(0)]))).await.code(),
        (400, 132012)
    );
    assert_eq!(
        send("cards", carousel(json!([filled(0), {"card_index": 1}])))
            .await
            .code(),
        (400, 132012)
    );
    assert_eq!(
        send("cards", carousel(json!([filled(0), filled(1)])))
            .await
            .status,
        200
    );
    scene.settle().await;
    scene.sheena().taps("more-1").await.unwrap();
}

#[tokio::test]
async fn another_account_has_other_templates() {
    let scene = Scene::start().await;
    let id = scene.template("mine", "hello there").await;
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
    let theirs = async |method: Method, path: &str| {
        scene
            .graph_as(Some(&token), method, path, Some(json!({})))
            .await
    };

    assert_eq!(theirs(Method::GET, &id).await.code(), (400, 100));
    assert_eq!(theirs(Method::POST, &id).await.code(), (400, 100));
    let listed = theirs(Method::GET, &format!("{}/message_templates", other.id)).await;
    assert_eq!(listed.body["data"], json!([]));
    let path = format!("{}/message_templates?name=mine&hsm_id={id}", other.id);
    assert_eq!(theirs(Method::DELETE, &path).await.code(), (400, 100));
    let path = format!(
        "{}/migrate_message_templates?source_waba_id={}",
        other.id, scene.waba_id
    );
    assert_eq!(theirs(Method::POST, &path).await.code(), (400, 100));
    let moved = scene.graph(Method::POST, &path, None).await;
    assert_eq!(
        moved.body["migrated_templates"].as_array().unwrap().len(),
        1
    );
    assert_eq!(scene.control.templates().await.unwrap().len(), 2);
}

#[tokio::test]
async fn lists_are_filtered_and_counted() {
    let scene = Scene::start().await;
    for (name, text) in [
        ("sale_now", "Come and buy"),
        ("order_ready", "It is ready"),
        ("order_late", "It is late"),
    ] {
        scene.template(name, text).await;
    }
    let names = async |query: &str| {
        let path = format!("{}/message_templates?{query}", scene.waba_id);
        let body = scene.get(&path).await.body;
        let list = body["data"].as_array().unwrap().iter();
        let mut names: Vec<String> = list
            .map(|t| t["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("name=order").await, ["order_late", "order_ready"]);
    assert_eq!(names("content=buy").await, ["sale_now"]);
    assert_eq!(names("name_or_content=late").await, ["order_late"]);
    assert_eq!(names("status=REJECTED").await, [""; 0]);
    assert_eq!(
        names("category=UTILITY&language=en_US&quality_score=UNKNOWN")
            .await
            .len(),
        3
    );
    let path = format!("{}/message_templates?summary=total_count", scene.waba_id);
    let summary = scene.get(&path).await.body["summary"].clone();
    assert_eq!(summary["message_template_limit"], 250);
    assert_eq!(summary["message_template_count"], 3);
}
