//! Numbers: onboarding, names, profiles, settings, codes, limits, health.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::wire::{NameDecision, NewApp, NewNumber, NumberChange};
use serde_json::{Value, json};

use crate::support::{Scene, everything_in};

impl Scene {
    async fn shows(&self, fields: &str) -> Value {
        self.get(&format!("{}?fields={fields}", self.number_id))
            .await
            .body
    }

    async fn hears(&self, fields: &[&str]) {
        let app = NewApp {
            id: Some(self.app.id.clone()),
            secret: Some(self.app.secret.clone()),
            callback_url: Some(self.receiver.url()),
            fields: Some(fields.iter().map(|field| (*field).to_owned()).collect()),
            ..NewApp::default()
        };
        self.control.create_app(&app).await.unwrap();
    }
}

#[tokio::test]
async fn a_number_is_added_proved_and_registered() {
    let scene = Scene::start().await;
    let path = format!("v25.0/{}/phone_numbers", scene.waba_id);
    let wish = json!({"cc": "1", "phone_number": "650-555-0000", "verified_name": "Lucky Shrub"});
    let id = scene.posts(&path, wish.clone()).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let twin = scene.posts(&path, wish).await;
    assert_eq!(twin.body["error"]["error_subcode"], 2388012);
    let read = scene
        .get(&format!(
            "{id}?fields=code_verification_status,status,name_status"
        ))
        .await
        .body;
    assert_eq!(
        (
            &read["code_verification_status"],
            &read["status"],
            &read["name_status"]
        ),
        (
            &json!("NOT_VERIFIED"),
            &json!("UNVERIFIED"),
            &json!("PENDING_REVIEW")
        )
    );
    let register = json!({"messaging_product": "whatsapp", "pin": "123456"});
    let early = scene
        .posts(&format!("{id}/register"), register.clone())
        .await;
    assert_eq!(early.code(), (400, 133006));

    let asked = scene
        .posts(
            &format!("{id}/request_code?code_method=SMS&language=en_US"),
            json!({}),
        )
        .await;
    assert_eq!(asked.body, json!({"success": true}));
    let code = scene
        .control
        .number(&id)
        .await
        .unwrap()
        .pending_code
        .unwrap();
    let wrong = scene
        .posts(&format!("{id}/verify_code?code=000000"), json!({}))
        .await;
    assert_eq!(wrong.code(), (400, 136025));
    let dashed = format!("{id}/verify_code?code={}-{}", &code[..3], &code[3..]);
    assert_eq!(scene.posts(&dashed, json!({})).await.status, 200);
    assert_eq!(
        scene
            .posts(&format!("{id}/register"), register)
            .await
            .status,
        200
    );

    let read = scene
        .get(&format!(
            "{id}?fields=status,platform_type,last_onboarded_time"
        ))
        .await
        .body;
    assert_eq!(
        (&read["status"], &read["platform_type"]),
        (&json!("CONNECTED"), &json!("CLOUD_API"))
    );
    assert!(
        read["last_onboarded_time"]
            .as_str()
            .unwrap()
            .ends_with("+0000")
    );
    let again = scene
        .posts(
            &format!("{id}/request_code?code_method=SMS&language=en_US"),
            json!({}),
        )
        .await;
    assert_eq!(again.code(), (400, 136024));
}

#[tokio::test]
async fn a_name_is_reviewed_by_time_or_by_decision() {
    let scene = Scene::start().await;
    scene.hears(&["phone_number_name_update"]).await;
    let wish = format!("{}?new_display_name=Lucky%20Shrub", scene.number_id);
    scene.posts(&wish, json!({})).await;
    let fields = "verified_name,new_display_name,new_name_status,name_status";
    let read = scene.shows(fields).await;
    assert_eq!(
        (&read["new_display_name"], &read["new_name_status"]),
        (&json!("Lucky Shrub"), &json!("PENDING_REVIEW"))
    );
    scene
        .control
        .advance_clock(Duration::from_secs(60))
        .await
        .unwrap();
    let read = scene.shows(fields).await;
    assert_eq!(
        (&read["verified_name"], &read["new_name_status"]),
        (&json!("Lucky Shrub"), &json!("NONE"))
    );
    assert_eq!(read.get("new_display_name"), None);

    let wish = format!("{}?new_display_name=Other", scene.number_id);
    scene.posts(&wish, json!({})).await;
    let decision = NameDecision {
        decision: "REJECTED".to_owned(),
        reason: Some("NAME_FORMAT_UNACCEPTABLE".to_owned()),
    };
    scene
        .control
        .decide_name(&scene.number_id, &decision)
        .await
        .unwrap();
    assert_eq!(scene.shows(fields).await["new_name_status"], "DECLINED");
    let changes = scene.changes().await;
    assert_eq!(changes[0].1["decision"], "APPROVED");
    assert_eq!(
        changes[1].1,
        json!({
            "display_phone_number": "15550783881",
            "decision": "REJECTED",
            "requested_verified_name": "Other",
            "rejection_reason": "NAME_FORMAT_UNACCEPTABLE",
        })
    );
    let mut test = NewNumber::new(&scene.waba_id, "+1 555 000 1111");
    test.allowed_recipients = Some([].into());
    let test = scene.control.create_number(&test).await.unwrap();
    let refused = scene
        .posts(&format!("{}?new_display_name=Test", test.id), json!({}))
        .await;
    assert_eq!(refused.code(), (400, 100));
}

#[tokio::test]
async fn a_profile_is_changed_in_parts_and_within_its_limits() {
    let scene = Scene::start().await;
    let path = format!("v25.0/{}/whatsapp_business_profile", scene.number_id);
    let change = |change: Value| {
        let mut body = json!({"messaging_product": "whatsapp"});
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        scene.posts(&path, body)
    };
    assert_eq!(
        change(json!({"about": "Plants", "websites": ["https://example.com"]}))
            .await
            .status,
        200
    );
    assert_eq!(
        change(json!({"email": "a@example.com", "vertical": "retail"}))
            .await
            .status,
        200
    );
    for wrong in [
        json!({"about": ""}),
        json!({"about": "x".repeat(140)}),
        json!({"address": "x".repeat(257)}),
        json!({"description": "x".repeat(513)}),
        json!({"email": "nobody"}),
        json!({"websites": ["https://a.b", "https://a.b", "https://a.b"]}),
        json!({"websites": ["example.com"]}),
        json!({"vertical": "SPACE"}),
        json!({"profile_picture_handle": "4::x"}),
        json!({"messaging_product": "sms"}),
    ] {
        assert_eq!(change(wrong.clone()).await.code(), (400, 100), "{wrong}");
    }
    let read = scene
        .get(&format!(
            "{path}?fields=about,address,email,websites,vertical"
        ))
        .await
        .body;
    assert_eq!(
        read,
        json!({"data": [{
            "about": "Plants",
            "email": "a@example.com",
            "websites": ["https://example.com/"],
            "vertical": "RETAIL",
            "messaging_product": "whatsapp",
        }]})
    );
    let nested = scene.shows("whatsapp_business_profile{about}").await;
    assert_eq!(
        nested["whatsapp_business_profile"]["data"][0]["about"],
        "Plants"
    );
    let unknown = scene.get(&format!("{path}?fields=colour")).await;
    assert_eq!(unknown.code(), (400, 100));
}

#[tokio::test]
async fn a_pin_is_changed_told_and_guessed_a_few_times() {
    let scene = Scene::start().await;
    scene.hears(&["security"]).await;
    assert_eq!(
        scene
            .posts(&scene.number_id, json!({"pin": "12"}))
            .await
            .code(),
        (400, 100)
    );
    assert_eq!(
        scene
            .posts(&scene.number_id, json!({"pin": "654321"}))
            .await
            .status,
        200
    );
    let changes = scene.changes().await;
    assert_eq!(
        (&changes[0].0, &changes[0].1["event"]),
        (&"security".to_owned(), &json!("PIN_CHANGED"))
    );
    let path = format!("{}/register", scene.number_id);
    let guess = json!({"messaging_product": "whatsapp", "pin": "000000"});
    for _ in 0..5 {
        assert_eq!(
            scene.posts(&path, guess.clone()).await.code(),
            (400, 133005)
        );
    }
    assert_eq!(scene.posts(&path, guess).await.code(), (400, 133008));
}

#[tokio::test]
async fn what_meta_thinks_of_a_number_is_read_and_told() {
    let scene = Scene::start().await;
    scene
        .hears(&[
            "phone_number_quality_update",
            "account_update",
            "business_capability_update",
        ])
        .await;
    let change = |change: NumberChange| {
        let control = scene.control.clone();
        let id = scene.number_id.clone();
        async move { control.change_number(&id, &change).await.unwrap() }
    };
    change(NumberChange {
        messaging_limit: Some("TIER_2K".to_owned()),
        ..Default::default()
    })
    .await;
    change(NumberChange {
        quality_rating: Some("RED".to_owned()),
        ..Default::default()
    })
    .await;
    change(NumberChange {
        throughput: Some("HIGH".to_owned()),
        ..Default::default()
    })
    .await;
    change(NumberChange {
        status: Some("RESTRICTED".to_owned()),
        ..Default::default()
    })
    .await;

    let read = scene
        .shows("quality_rating,messaging_limit_tier,whatsapp_business_manager_messaging_limit,throughput,status,health_status")
        .await;
    assert_eq!(read["quality_rating"], "RED");
    assert_eq!(read["whatsapp_business_manager_messaging_limit"], "TIER_2K");
    assert_eq!(read["throughput"], json!({"level": "HIGH"}));
    assert_eq!(read["status"], "RESTRICTED");
    let health = &read["health_status"];
    assert_eq!(health["can_send_message"], "BLOCKED");
    let number = &health["entities"][0];
    assert_eq!(number["entity_type"], "PHONE_NUMBER");
    assert!(number["errors"][0]["possible_solution"].is_string());
    let changes = scene.changes().await;
    let events: Vec<(&str, &Value)> = changes
        .iter()
        .map(|(field, value)| (field.as_str(), &value["event"]))
        .collect();
    assert_eq!(
        events,
        [
            ("phone_number_quality_update", &json!("UPGRADE")),
            ("business_capability_update", &Value::Null),
            ("phone_number_quality_update", &json!("FLAGGED")),
            ("phone_number_quality_update", &json!("THROUGHPUT_UPGRADE")),
            ("account_update", &json!("ACCOUNT_RESTRICTION")),
        ]
    );
}

#[tokio::test]
async fn ice_breakers_commands_and_the_welcome_are_set_together() {
    let scene = Scene::start().await;
    let path = format!("{}/conversational_automation", scene.number_id);
    let automation = json!({
        "enable_welcome_message": true,
        "prompts": ["Book a flight"],
        "commands": [{"command_name": "tickets", "command_description": "Book tickets"}],
    });
    assert_eq!(
        scene.posts(&path, automation.clone()).await.body,
        json!({"success": true})
    );
    let read = scene.shows("conversational_automation").await["conversational_automation"].clone();
    for (key, value) in automation.as_object().unwrap() {
        assert_eq!(read[key], *value);
    }
    for wrong in [
        json!({"prompts": ["a", "b", "c", "d", "e"]}),
        json!({"prompts": ["x".repeat(81)]}),
        json!({"commands": [{"command_name": "x".repeat(33), "command_description": "y"}]}),
        json!({"commands": [{"command_description": "y"}]}),
        json!({"commands": "all"}),
    ] {
        assert_eq!(
            scene.posts(&path, wrong.clone()).await.code(),
            (400, 100),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn codes_open_conversations() {
    let scene = Scene::start().await;
    let path = format!("{}/message_qrdls", scene.number_id);
    let made = scene
        .posts(
            &path,
            json!({"prefilled_message": "Hi", "generate_qr_image": "SVG"}),
        )
        .await
        .body;
    let code = made["code"].as_str().unwrap();
    assert_eq!(
        made["deep_link_url"],
        format!("https://wa.me/message/{code}")
    );
    let image = scene
        .http
        .get(made["qr_image_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(image.headers()["content-type"], "image/svg+xml");
    assert!(image.text().await.unwrap().starts_with("<svg"));
    let changed = json!({"prefilled_message": "Hello", "code": code});
    assert_eq!(
        scene.posts(&path, changed).await.body["prefilled_message"],
        "Hello"
    );
    let fields = "fields=prefilled_message,qr_image_url.format(PNG)";
    let listed = scene.get(&format!("{path}?{fields}")).await.body["data"][0].clone();
    assert_eq!(listed["prefilled_message"], "Hello");
    let png = scene
        .http
        .get(listed["qr_image_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert!(png.bytes().await.unwrap().starts_with(b"\x89PNG"));
    let one = format!("{path}/{code}");
    assert_eq!(scene.get(&one).await.body["data"][0]["code"], code);
    let deleted = scene.graph(Method::DELETE, &one, None).await;
    assert_eq!(deleted.body, json!({"success": true}));
    assert_eq!(scene.get(&one).await.code(), (400, 100));
    assert_eq!(scene.posts(&path, json!({})).await.code(), (400, 100));
}

#[tokio::test]
async fn settings_catalog_and_username_are_kept() {
    let scene = Scene::start().await;
    let settings = format!("{}/settings", scene.number_id);
    let calling = json!({"calling": {"status": "ENABLED"}});
    assert_eq!(scene.posts(&settings, calling).await.status, 200);
    let identity = json!({"user_identity_change": {"enable_identity_key_check": true}});
    assert_eq!(scene.posts(&settings, identity).await.status, 200);
    let read = scene.get(&settings).await.body;
    assert_eq!(read["calling"]["status"], "ENABLED");
    assert_eq!(
        read["user_identity_change"]["enable_identity_key_check"],
        true
    );
    assert_eq!(
        scene.posts(&settings, json!({"music": {}})).await.code(),
        (400, 100)
    );

    let commerce = format!("{}/whatsapp_commerce_settings", scene.number_id);
    scene
        .posts(&format!("{commerce}?is_catalog_visible=true"), json!({}))
        .await;
    assert_eq!(
        scene.get(&commerce).await.body,
        json!({"data": [{"id": scene.number_id, "is_cart_enabled": true, "is_catalog_visible": true}]})
    );

    let username = format!("{}/username", scene.number_id);
    assert_eq!(
        scene
            .posts(&username, json!({"username": "Lucky Shrub"}))
            .await
            .code(),
        (400, 100)
    );
    assert_eq!(
        scene
            .posts(&username, json!({"username": "lucky.shrub"}))
            .await
            .status,
        200
    );
    assert_eq!(scene.get(&username).await.body["username"], "lucky.shrub");
    let other = NewNumber::new(&scene.waba_id, "+1 555 000 2222");
    let other = scene.control.create_number(&other).await.unwrap();
    let taken = scene
        .posts(
            &format!("{}/username", other.id),
            json!({"username": "lucky.shrub"}),
        )
        .await;
    assert_eq!(taken.code(), (400, 147001));
    scene.graph(Method::DELETE, &username, None).await;
    assert_eq!(scene.get(&username).await.body, json!({}));
}

#[tokio::test]
async fn an_account_has_settings_users_and_a_portfolio() {
    let scene = Scene::start().await;
    let users = format!("{}/assigned_users", scene.waba_id);
    let assigned = scene
        .posts(&format!("{users}?user=77&tasks=['MANAGE']"), json!({}))
        .await;
    assert_eq!(assigned.body, json!({"success": true}));
    assert_eq!(
        scene
            .posts(&format!("{users}?user=77&tasks=['SING']"), json!({}))
            .await
            .code(),
        (400, 100)
    );
    assert_eq!(
        scene.get(&users).await.body["data"][0]["tasks"],
        json!(["MANAGE"])
    );
    scene
        .graph(Method::DELETE, &format!("{users}?user=77"), None)
        .await;
    assert_eq!(scene.get(&users).await.body["data"], json!([]));

    scene
        .posts(&scene.waba_id, json!({"is_enabled_for_insights": true}))
        .await;
    let fields = "is_enabled_for_insights,owner_business_info,health_status{can_send_message}";
    let read = scene
        .get(&format!("{}?fields={fields}", scene.waba_id))
        .await
        .body;
    assert_eq!(read["is_enabled_for_insights"], true);
    assert_eq!(
        read["health_status"],
        json!({"can_send_message": "AVAILABLE"})
    );
    let business = read["owner_business_info"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let owned = scene
        .get(&format!("{business}/owned_whatsapp_business_accounts"))
        .await
        .body;
    assert_eq!(owned["data"][0]["id"], scene.waba_id.as_str());
    let shared = scene
        .get(&format!("{business}/client_whatsapp_business_accounts"))
        .await
        .body;
    assert_eq!(shared["data"], json!([]));
}

#[tokio::test]
async fn template_insights_count_days_once_they_are_on() {
    let scene = Scene::open().await;
    let id = scene.template("t", "hello there").await;
    let template = json!({"name": "t", "language": {"code": "en_US"}});
    scene
        .send(json!({"type": "template", "template": template}))
        .await;
    scene.settle().await;
    let now_s = scene
        .control
        .set_clock(Default::default())
        .await
        .unwrap()
        .now_ms
        / 1000;
    let span = format!("start={}&end={}", now_s - 3600, now_s + 3600);
    let path = format!(
        "{}/template_analytics?{span}&granularity=DAILY&metric_types=SENT&template_ids=[\"{id}\"]",
        scene.waba_id
    );
    assert_eq!(scene.get(&path).await.code(), (400, 200_005));
    scene
        .posts(&scene.waba_id, json!({"is_enabled_for_insights": true}))
        .await;
    let points = scene.get(&path).await.body["data"][0]["data_points"].clone();
    let sum = |key: &str| {
        points
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("sent"), sum("delivered"), sum("read")), (1, 1, 1));
    let compared = scene
        .get(&format!("{id}/compare?template_ids=[]&{span}"))
        .await
        .body;
    assert_eq!(compared["data"][1]["number_values"][0]["value"], 1);
}

#[tokio::test]
async fn any_webhook_can_be_sent_on_request() {
    let scene = Scene::start().await;
    scene.hears(&["account_alerts"]).await;
    let alert = roost_emulator::control::wire::NewWebhook {
        waba_id: scene.waba_id.clone(),
        field: "account_alerts".to_owned(),
        value: json!({"entity_type": "BUSINESS", "entity_id": "1"}),
    };
    assert_eq!(scene.control.tell(&alert).await.unwrap(), 1);
    assert_eq!(
        scene.changes().await,
        [("account_alerts".to_owned(), alert.value.clone())]
    );
    assert_eq!(
        everything_in(&scene.receiver.bodies()[0], "messages"),
        [Value::Null; 0]
    );
    let other = roost_emulator::control::wire::NewWebhook {
        field: "flows".to_owned(),
        ..alert
    };
    assert_eq!(scene.control.tell(&other).await.unwrap(), 0);
}
