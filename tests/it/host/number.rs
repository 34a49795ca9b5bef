//! A project's number and its profile as Meta has them: what customers see, what keeps messages from coming and going, and
//! a token that Meta refuses.

use http::Method;
use roost_emulator::control::wire::{NameDecision, NewToken, NumberChange};
use serde_json::{Value, json};

use super::api::cli::{complains, prints};
use super::support::{APP_ID, Operator, TestHost, TestProject, answered, eventually, guest};

const ANA: &str = "16505551234";

async fn start() -> (TestHost, TestProject, Operator) {
    let mut host = TestHost::start().await;
    let bot = host.bot("pizza", &guest("echo")).await;
    let operator = host.operator();
    (host, bot, operator)
}

/// Makes Meta refuse the project's token, or take it again.
async fn make(host: &TestHost, token: &str, is_revoked: bool) {
    let token = NewToken {
        token: Some(token.to_owned()),
        app_id: APP_ID.to_owned(),
        is_revoked,
        ..NewToken::default()
    };
    host.emulator().create_token(&token).await.unwrap();
}

/// What the check says of one thing.
fn of<'a>(check: &'a Value, what: &str) -> &'a Value {
    let items = check["items"].as_array().unwrap();
    items.iter().find(|item| item["check"] == what).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_is_shown_changed_and_has_a_photo() {
    let (_host, _bot, operator) = start().await;
    let path = "/v1/projects/pizza/profile";
    let empty = operator.get(path).await.ok();
    assert_eq!(
        (&empty["about"], &empty["websites"]),
        (&Value::Null, &json!([]))
    );
    let words = [
        "profile",
        "set",
        "-p",
        "pizza",
        "--about",
        "Pizza since 1962",
        "--vertical",
        "restaurant",
        "--website",
        "https://pizza.test",
        "--email",
        "ana@pizza.test",
        "--address",
        "Via Roma 1",
    ];
    let shown = prints(&operator, &words).await;
    assert!(
        shown.contains("Pizza since 1962") && shown.contains("RESTAURANT"),
        "{shown}"
    );
    let changed = operator.patch(path, &json!({ "address": "" })).await.ok();
    assert_eq!(changed["address"], Value::Null);
    assert_eq!(changed["websites"], json!(["https://pizza.test/"]));
    for (change, why) in [
        (json!({ "about": "" }), "cannot be empty"),
        (json!({ "vertical": "pizza" }), "RESTAURANT"),
        (json!({ "websites": ["pizza"] }), "no website"),
        (json!({}), "nothing of the profile"),
    ] {
        let refused = operator.patch(path, &change).await;
        assert_eq!(refused.refusal(), (422, "bad-profile".to_owned()));
        assert!(refused.detail().contains(why), "{}", refused.detail());
    }
    let mut photo = b"\xff\xd8\xff\xe0".to_vec();
    photo.resize(2000, 1);
    let request = operator.request(Method::PUT, &format!("{path}/photo"));
    let with_photo = answered(request.header("content-type", "image/jpeg").body(photo)).await;
    assert!(
        with_photo.ok()["photo_url"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    let request = operator.request(Method::PUT, &format!("{path}/photo"));
    let unfit = answered(request.header("content-type", "image/jpeg").body("hello")).await;
    assert_eq!(unfit.refusal(), (422, "media-unfit".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_shows_its_limits_and_is_given_a_name_and_a_pin() {
    let (host, bot, operator) = start().await;
    let details = "/v1/projects/pizza/number/details";
    let before = operator.get(details).await.ok();
    assert_eq!(
        (&before["name_status"], &before["status"]),
        (&json!("APPROVED"), &json!("CONNECTED"))
    );
    assert_eq!(before["throughput"], "STANDARD");
    assert!(
        before["messaging_limit"]
            .as_str()
            .unwrap()
            .starts_with("TIER_"),
        "{before}"
    );

    let renamed = prints(
        &operator,
        &["number", "rename", "Pizza Roma", "-p", "pizza"],
    )
    .await;
    assert!(
        renamed.contains("“Pizza Roma”: PENDING_REVIEW"),
        "{renamed}"
    );
    let shown = prints(&operator, &["number", "-p", "pizza"]).await;
    assert!(
        shown.contains("“Pizza Roma” is PENDING_REVIEW") && shown.contains("TIER_"),
        "{shown}"
    );
    let decision = NameDecision {
        decision: "APPROVED".to_owned(),
        reason: None,
    };
    host.emulator()
        .decide_name(&bot.number_id, &decision)
        .await
        .unwrap();
    let after = operator.get(details).await.ok();
    assert_eq!(after["verified_name"], "Pizza Roma");
    let stored = operator.get("/v1/projects/pizza/number").await.ok();
    assert_eq!(stored["number"]["verified_name"], "Pizza Roma");

    let (code, why) = complains(&operator, &["number", "pin", "12345", "-p", "pizza"]).await;
    assert!(code != 0 && why.contains("six digits"), "{why}");
    prints(&operator, &["number", "pin", "493827", "-p", "pizza"]).await;
    let after = operator.get(details).await.ok();
    assert_eq!(after["is_pin_enabled"], true);
    let number = host.emulator().number(&bot.number_id).await.unwrap();
    assert_eq!(number.pin.as_deref(), Some("493827"));
    let audit = operator.get("/v1/audit").await.text;
    assert!(audit.contains("set_number_pin") && !audit.contains("493827"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_of_each_thing_how_it_is_and_what_to_do() {
    let (host, bot, operator) = start().await;
    let path = "/v1/projects/pizza/number/check";
    operator
        .put("/v1/projects/pizza/number/pin", &json!({ "pin": "493827" }))
        .await
        .ok();
    let good = operator.post(path, &json!({})).await.ok();
    assert_eq!(good["works"], true, "{good}");
    let verdicts: Vec<&str> = good["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["good"; 10], "{good}");
    let shown = prints(&operator, &["number", "check", "-p", "pizza"]).await;
    assert_eq!(shown.lines().count(), 10, "{shown}");

    let change = NumberChange {
        quality_rating: Some("RED".to_owned()),
        status: Some("BANNED".to_owned()),
        ..NumberChange::default()
    };
    host.emulator()
        .change_number(&bot.number_id, &change)
        .await
        .unwrap();
    let banned = operator.post(path, &json!({})).await.ok();
    assert_eq!(banned["works"], false);
    assert_eq!(of(&banned, "quality")["verdict"], "doubtful");
    let health = of(&banned, "health");
    assert_eq!(health["verdict"], "bad");
    assert_eq!(health["advice"], "Ask for a review in the WhatsApp Manager");
    let (code, shown) = {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_roost"))
            .args(["number", "check", "-p", "pizza"])
            .env_clear()
            .env("ROOST_URL", &operator.base)
            .env("ROOST_TOKEN", &operator.token)
            .output()
            .await
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert_ne!(code, Some(0));
    assert!(
        shown.contains(
            "The phone number has been banned (code 141004). What to do: Ask for a review"
        ),
        "{shown}"
    );

    // A token that lacks a permission.
    let own = bot.token.clone();
    let limited = NewToken {
        token: Some(own.clone()),
        app_id: APP_ID.to_owned(),
        scopes: Some(["whatsapp_business_management".to_owned()].into()),
        expires_in_s: Some(3 * 24 * 60 * 60),
        ..NewToken::default()
    };
    host.emulator().create_token(&limited).await.unwrap();
    let lacking = operator.post(path, &json!({})).await.ok();
    assert_eq!(
        of(&lacking, "token")["told"],
        "it lacks the permission whatsapp_business_messaging"
    );
    assert_eq!(of(&lacking, "app")["verdict"], "good");

    make(&host, &own, true).await;
    let refused = operator.post(path, &json!({})).await.ok();
    assert_eq!(of(&refused, "token")["verdict"], "bad");
    assert!(
        of(&refused, "token")["advice"]
            .as_str()
            .unwrap()
            .contains("connect the number again"),
        "{refused}"
    );
    assert_eq!(of(&refused, "health")["verdict"], "unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_meta_refuses_is_told_in_the_number_the_list_the_metric_and_the_events() {
    let (host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let own = bot.token.clone();
    make(&host, &own, true).await;
    ana.says("are you there?").await;
    let refused = eventually("the token is refused", async || {
        let number = operator.get("/v1/projects/pizza/number").await.ok()["number"].clone();
        number["token_refused_at"].is_string().then_some(number)
    })
    .await;
    let why = refused["token_refused"].as_str().unwrap();
    assert!(
        why.contains("code 190") && why.contains("What to do: make a token"),
        "{why}"
    );
    assert!(!why.contains(&own));
    let list = prints(&operator, &["projects"]).await;
    assert!(list.contains("Meta refuses its token since"), "{list}");
    let shown = prints(&operator, &["number", "-p", "pizza"]).await;
    assert!(shown.contains("Meta refuses its token since"), "{shown}");
    eventually("the metric", async || {
        let metrics = operator.get("/metrics").await.text;
        metrics.contains("roost_numbers_refused 1").then_some(())
    })
    .await;
    eventually("the event says so", async || {
        let events = operator.get("/v1/projects/pizza/events?limit=1").await.ok();
        let told = events["items"][0].to_string();
        told.contains("Meta refuses the number's token since")
            .then_some(())
    })
    .await;

    // It is taken again, as after a mistake of Meta's: the next call that works says so.
    make(&host, &own, false).await;
    operator.get("/v1/projects/pizza/number/details").await.ok();
    eventually("the token is taken", async || {
        let number = operator.get("/v1/projects/pizza/number").await.ok()["number"].clone();
        number["token_refused_at"].is_null().then_some(())
    })
    .await;
    let list = prints(&operator, &["projects"]).await;
    assert!(!list.contains("Meta refuses"), "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_without_a_number_is_told_so() {
    let host = TestHost::start().await;
    let operator = host.operator();
    prints(&operator, &["projects", "create", "pizza"]).await;
    for path in ["profile", "number/details"] {
        let refused = operator.get(&format!("/v1/projects/pizza/{path}")).await;
        assert_eq!(refused.refusal(), (409, "no-number".to_owned()), "{path}");
    }
    let check = operator
        .post("/v1/projects/pizza/number/check", &json!({}))
        .await;
    assert_eq!(check.refusal(), (409, "no-number".to_owned()));
}
