//! What Meta, and whoever pretends to be Meta, can do at the door.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use futures::future::join_all;
use http::{Request, StatusCode};
use roost::accounts::{Accounts, Kind, WEBHOOKS};
use roost::http::{Health, HttpState, WebhookSettings, router, sign};
use roost::projects::Secret;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::support::bench::{Bench, NUMBER, WABA, deploy, envelope, text};
use crate::support::db;

const APP_SECRET: &str = "meta's secret";
const TEXT: &str = include_str!("payloads/text.json");
const BATCH: &str = include_str!("payloads/batch.json");
const HOSTILE_TEXT: &str = include_str!("payloads/hostile_text.json");

/// The routes over a bench.
struct Door {
    bench: Bench,
    router: Router,
    draining: CancellationToken,
}

struct Answer {
    status: StatusCode,
    text: String,
}

impl Door {
    async fn open() -> Self {
        Self::of(Bench::start().await)
    }

    fn of(bench: Bench) -> Self {
        let draining = CancellationToken::new();
        let router = routes(&bench, bench.pool.clone(), draining.clone());
        Self {
            bench,
            router,
            draining,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// A POST with Meta's signature.
    async fn meta_posts(&self, body: &str) -> Answer {
        let signature = sign(&Secret::new(APP_SECRET), body.as_bytes());
        self.posts(body.as_bytes(), Some(&signature)).await
    }

    async fn posts(&self, body: &[u8], signature: Option<&str>) -> Answer {
        let mut request = Request::post("/webhooks/whatsapp");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap())
            .await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    async fn pending(&self) -> i64 {
        self.bench.inbox.depth(None).await.unwrap().pending
    }
}

fn routes(bench: &Bench, pool: PgPool, draining: CancellationToken) -> Router {
    let secrets = vec![Secret::new("the next secret"), Secret::new(APP_SECRET)];
    let needed_migration = db::MIGRATIONS.iter().last().unwrap().version;
    router(HttpState {
        inbox: bench.inbox.clone(),
        webhook: Arc::new(WebhookSettings::new(Secret::new("our token"), secrets)),
        health: Health {
            pool,
            needed_migration,
            draining,
        },
    })
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let id = response
        .headers()
        .get("x-request-id")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let body = to_bytes(response.into_body(), 10_000_000).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    if !status.is_success() {
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["request_id"], json!(id));
        assert_eq!(problem["status"], json!(status.as_u16()));
    }
    Answer { status, text }
}

impl Answer {
    #[track_caller]
    fn is(&self, status: u16, code: &str) {
        let problem: Value = serde_json::from_str(&self.text).unwrap_or_default();
        assert_eq!(
            (self.status.as_u16(), problem["code"].as_str()),
            (status, Some(code))
        );
    }

    #[track_caller]
    fn is_ok(&self) {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
    }
}

#[tokio::test]
async fn the_handshake_answers_with_the_challenge() {
    let door = Door::open().await;
    let path = "/webhooks/whatsapp?hub.challenge=1158201444&hub.verify_token=our%20token&hub.mode=subscribe";
    let answer = door.get(path).await;
    answer.is_ok();
    assert_eq!(answer.text, "1158201444");
}

#[tokio::test]
async fn every_refusal_has_its_status_and_code() {
    let door = Door::open().await;
    let handshake = "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1";
    let cases = [
        ("GET", handshake.to_owned(), 403, "wrong-verify-token"),
        (
            "GET",
            format!("{handshake}&hub.verify_token=theirs"),
            403,
            "wrong-verify-token",
        ),
        ("GET", "/webhooks/whatsapp".to_owned(), 400, "bad-handshake"),
        (
            "GET",
            "/webhooks/whatsapp?hub.mode=%ff".to_owned(),
            400,
            "bad-handshake",
        ),
        (
            "POST",
            "/webhooks/whatsapp".to_owned(),
            401,
            "bad-signature",
        ),
        (
            "DELETE",
            "/webhooks/whatsapp".to_owned(),
            405,
            "wrong-method",
        ),
        ("POST", "/livez".to_owned(), 405, "wrong-method"),
        ("GET", "/".to_owned(), 404, "no-such-route"),
        ("GET", "/webhooks/other".to_owned(), 404, "no-such-route"),
    ];
    for (method, path, status, code) in cases {
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .body(Body::empty())
            .unwrap();
        door.send(request).await.is(status, code);
    }
}

#[tokio::test]
async fn a_wrong_signature_stores_nothing() {
    let door = Door::open().await;
    let other = sign(&Secret::new("other"), TEXT.as_bytes());
    let of_another_body = sign(&Secret::new(APP_SECRET), b"{}");
    for signature in [
        None,
        Some(""),
        Some("sha256=00"),
        Some(&other),
        Some(&of_another_body),
    ] {
        door.posts(TEXT.as_bytes(), signature)
            .await
            .is(401, "bad-signature");
    }
    assert_eq!(door.pending().await, 0);
    assert_eq!(door.bench.unrouted().await, 0);
    assert!(door.bench.groups().await.is_empty());
}

#[tokio::test]
async fn each_accepted_secret_may_sign() {
    let door = Door::open().await;
    for (secret, id) in [("the next secret", "wamid.1"), (APP_SECRET, "wamid.2")] {
        let body = text(NUMBER, "34600000001", id).to_string();
        let signature = sign(&Secret::new(secret), body.as_bytes());
        door.posts(body.as_bytes(), Some(&signature)).await.is_ok();
    }
    assert_eq!(door.pending().await, 2);
}

#[tokio::test]
async fn what_is_not_json_is_refused_after_its_signature_was_good() {
    let door = Door::open().await;
    door.posts(b"{oops", Some("sha256=00"))
        .await
        .is(401, "bad-signature");
    door.meta_posts("{oops").await.is(400, "not-json");
    let latin = b"{\"a\":\"\xe9\"}";
    let signature = sign(&Secret::new(APP_SECRET), latin);
    door.posts(latin, Some(&signature))
        .await
        .is(400, "not-utf-8");
    assert_eq!(door.bench.unrouted().await, 0);
}

#[tokio::test]
async fn three_megabytes_are_taken_and_no_more() {
    let door = Door::open().await;
    let padded = |bytes: usize| {
        let mut body = text(NUMBER, "34600000001", "wamid.1").to_string();
        body.extend(std::iter::repeat_n(' ', bytes - body.len()));
        body
    };
    door.meta_posts(&padded(3 * 1024 * 1024 + 1))
        .await
        .is(413, "body-too-large");
    assert_eq!(door.pending().await, 0);
    door.meta_posts(&padded(3 * 1024 * 1024)).await.is_ok();
    assert_eq!(door.pending().await, 1);
}

#[tokio::test]
async fn a_webhook_that_comes_twice_is_one_event() {
    let door = Door::open().await;
    for _ in 0..2 {
        door.meta_posts(TEXT).await.is_ok();
    }
    assert_eq!(door.pending().await, 1);
    assert_eq!(door.bench.messages("16505551234").await.len(), 1);
}

#[tokio::test]
async fn a_webhook_that_comes_many_times_at_once_is_one_event() {
    let door = Door::open().await;
    let answers = join_all((0..8).map(|_| door.meta_posts(BATCH))).await;
    answers.iter().for_each(Answer::is_ok);
    assert_eq!(door.pending().await, 6);
    assert_eq!(door.bench.groups().await.len(), 2);
}

#[tokio::test]
async fn webhooks_of_many_people_at_once_are_all_stored() {
    let door = Door::open().await;
    let bodies: Vec<String> = (0..32)
        .map(|n| {
            text(
                NUMBER,
                &format!("3460000000{}", n % 8),
                &format!("wamid.{n}"),
            )
            .to_string()
        })
        .collect();
    let answers = join_all(bodies.iter().map(|body| door.meta_posts(body))).await;
    answers.iter().for_each(Answer::is_ok);
    assert_eq!(door.pending().await, 32);
    assert_eq!(door.bench.groups().await.len(), 8);
}

#[tokio::test]
async fn a_thousand_updates_in_one_post_are_a_thousand_events() {
    let door = Door::open().await;
    let messages: Vec<Value> = (0..1_000)
        .map(|n| {
            json!({"from": format!("3460000{:04}", n % 100), "id": format!("wamid.{n}"),
                   "timestamp": "1749416383", "type": "text", "text": {"body": "hi"}})
        })
        .collect();
    let body = envelope(NUMBER, &json!({"messages": messages})).to_string();
    door.meta_posts(&body).await.is_ok();
    assert_eq!(door.pending().await, 1_000);
    let expected: Vec<String> = (0..10).map(|n| format!("wamid.{}", n * 100 + 7)).collect();
    assert_eq!(door.bench.messages("34600000007").await, expected);

    door.meta_posts(&body).await.is_ok();
    assert_eq!(door.pending().await, 1_000);
}

#[tokio::test]
async fn what_would_grow_without_bound_is_refused_and_nothing_of_it_is_stored() {
    let door = Door::open().await;
    let value = json!({"messages": vec![json!({}); 20_000], "future_member": "x".repeat(1 << 20)});
    let body = envelope(NUMBER, &value).to_string();
    let answer = door.meta_posts(&body).await;
    answer.is(413, "too-much-at-once");
    assert!(answer.text.contains("more than 16 MiB"), "{}", answer.text);
    assert_eq!(door.pending().await, 0);
    assert_eq!(door.bench.unrouted().await, 0);
}

#[tokio::test]
async fn what_nobody_has_the_number_of_is_kept_aside() {
    let door = Door::open().await;
    let body = text("999", "34600000001", "wamid.1").to_string();
    for _ in 0..2 {
        door.meta_posts(&body).await.is_ok();
    }
    door.meta_posts(r#"{"object":"page"}"#).await.is_ok();
    assert_eq!(door.bench.unrouted().await, 2);
    assert_eq!(door.pending().await, 0);
}

/// A change of the account, with one field.
fn change(field: &str, value: &Value) -> String {
    let change = json!({ "field": field, "value": value });
    let entry = json!({ "id": WABA, "time": 1_750_030_100, "changes": [change] });
    json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()
}

fn template(name: &str) -> Value {
    json!({ "event": "APPROVED", "message_template_id": 17, "message_template_name": name, "message_template_language": "en_US" })
}

#[tokio::test]
async fn what_an_account_shares_goes_to_each_of_its_projects() {
    let door = Door::open().await;
    let other = deploy(&door.bench.projects, "other", "777").await;
    let limits = json!({ "max_daily_conversations_per_business": 2000 });
    door.meta_posts(&change("business_capability_update", &limits))
        .await
        .is_ok();
    let depth = |project| door.bench.inbox.depth(Some(project));
    assert_eq!(depth(door.bench.project).await.unwrap().pending, 1);
    assert_eq!(depth(other).await.unwrap().pending, 1);
}

#[tokio::test]
async fn what_is_one_projects_of_an_account_is_told_to_no_other() {
    let door = Door::open().await;
    let other = deploy(&door.bench.projects, "other", "777").await;
    let accounts = Accounts::new(door.bench.pool.clone());
    let (own, theirs) = (["mine".to_owned()], ["theirs".to_owned()]);
    let kind = Kind::Template;
    accounts
        .claim(WABA, kind, &own, door.bench.project)
        .await
        .unwrap();
    accounts.claim(WABA, kind, &theirs, other).await.unwrap();
    let flow = ["99".to_owned()];
    accounts
        .claim(WABA, Kind::Flow, &flow, other)
        .await
        .unwrap();
    accounts
        .give(
            WABA,
            Kind::Webhooks,
            WEBHOOKS,
            Some((door.bench.project, "bot")),
        )
        .await
        .unwrap();
    for (field, value) in [
        ("message_template_status_update", template("mine")),
        ("message_template_quality_update", template("theirs")),
        ("template_category_update", template("theirs")),
        ("message_template_components_update", template("theirs")),
        (
            "flows",
            json!({ "event": "FLOW_STATUS_CHANGE", "flow_id": "99" }),
        ),
        ("account_update", json!({ "event": "ACCOUNT_VIOLATION" })),
        (
            "security",
            json!({ "display_phone_number": "+1 555 999 0000", "event": "PIN_CHANGED" }),
        ),
        ("message_template_status_update", template("nobodys")),
    ] {
        door.meta_posts(&change(field, &value)).await.is_ok();
    }
    let depth = async |project| door.bench.inbox.depth(Some(project)).await.unwrap().pending;
    // The first template and the account's own news.
    assert_eq!(depth(door.bench.project).await, 2);
    assert_eq!(depth(other).await, 4);
    // A template and a number that are nobody's here.
    assert_eq!(door.bench.unrouted().await, 2);
    for project in [door.bench.project, other] {
        assert_eq!(door.bench.inbox.adopt(project).await.unwrap().events, 0);
        assert_eq!(door.bench.inbox.missed(project).await.unwrap().count, 0);
    }
}

#[tokio::test]
async fn a_project_that_is_alone_in_its_account_hears_of_all_of_it() {
    let door = Door::open().await;
    door.meta_posts(BATCH).await.is_ok();
    let depth = door.bench.inbox.depth(Some(door.bench.project)).await;
    assert_eq!(depth.unwrap().pending, 6);
}

#[tokio::test]
async fn text_that_postgres_refuses_elsewhere_is_stored() {
    let door = Door::open().await;
    door.meta_posts(HOSTILE_TEXT).await.is_ok();
    assert_eq!(door.bench.messages("16505550000").await, ["wamid.hostile"]);
}

#[tokio::test]
async fn meta_is_told_to_come_again_when_the_database_is_away() {
    let door = Door::open().await;
    door.bench.pool.close().await;
    door.meta_posts(TEXT).await.is(503, "unavailable");
    door.get("/readyz").await.is(503, "unavailable");
    door.get("/livez").await.is_ok();
}

#[tokio::test]
async fn readiness_needs_the_migrations_and_ends_with_draining() {
    let door = Door::open().await;
    door.get("/readyz").await.is_ok();

    let unmigrated = routes(&door.bench, db::empty().await, CancellationToken::new());
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    send(&unmigrated, request).await.is(503, "not-ready");

    door.draining.cancel();
    door.get("/readyz").await.is(503, "not-ready");
    door.get("/livez").await.is_ok();
}

#[tokio::test]
async fn meta_is_told_to_come_again_later_when_a_project_has_too_much_waiting() {
    let mut bench = Bench::start().await;
    bench.inbox = bench.inbox.with_limits(roost::inbox::InboxLimits {
        pending_per_project: 1,
        ..Default::default()
    });
    let door = Door::of(bench);
    door.meta_posts(TEXT).await.is_ok();
    let another = text(NUMBER, "34600000001", "wamid.another").to_string();
    door.meta_posts(&another).await.is(503, "too-many-waiting");
    assert_eq!(door.pending().await, 1);
}
