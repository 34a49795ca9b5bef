//! Events, logs and numbers over HTTP and by the command line.

use std::time::Duration;

use http::Method;
use roost::http::sign;
use roost::projects::Secret;
use roost_emulator::control::wire::{CustomerChange, NewCustomer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::cli::{complains, prints};
use crate::host::support::{Operator, Setup, TestHost, TestProject, fixture, guest};
use crate::support::bench::text;

const ANA: &str = "16505551234";
const DEADLINE: Duration = Duration::from_secs(30);

/// A host whose bot sends, throws, and gives up after one run; Ana said something secret.
async fn with_dead_event() -> (TestHost, TestProject, Operator) {
    let setup = Setup {
        max_attempts: 1,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("soup", &fixture("sends_and_throws")).await;
    bot.customer(ANA).await.says("a secret").await;
    host.settles(&bot).await;
    let operator = host.operator();
    (host, bot, operator)
}

async fn dead(operator: &Operator) -> Value {
    let dead = operator
        .get("/v1/projects/soup/events?state=dead")
        .await
        .ok();
    let items = dead["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{dead}");
    items[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_listed_shown_and_its_words_only_when_asked_for() {
    let (_host, _bot, operator) = with_dead_event().await;
    let event = dead(&operator).await;
    let id = event["id"].as_str().unwrap();
    assert_eq!(event["kind"], "message");
    assert_eq!(event["type"], "text");
    assert_eq!(event["from"], "…1234");
    assert_eq!(event["outcome"], "bad-status");
    assert_eq!(event["answer"], "given-up");
    let why = event["why"].as_str().unwrap();
    assert!(
        why.contains("Error: the soup is cold (at app.js:19:"),
        "{why}"
    );

    let path = format!("/v1/projects/soup/events/{id}");
    let shown = operator.get(&path).await;
    assert!(
        !shown.text.contains("a secret") && !shown.text.contains(ANA),
        "{}",
        shown.text
    );
    let shown = shown.ok();
    assert_eq!(shown["runs"][0]["response_status"], 500);
    assert!(shown["runs"][0]["wall_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(shown["sends"][0]["state"], "sent");
    assert_eq!(shown["sends"][0]["statuses"][2]["status"], "read");
    let log: Vec<&str> = shown["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        log[..3],
        ["looking for soup", "3 soups", "the soup gets cold"]
    );
    let whole = operator.get(&format!("{path}?payload=true")).await.ok();
    assert_eq!(whole["event"]["from"], ANA);
    assert!(whole["payload"].to_string().contains("a secret"));

    for (path, status, code) in [
        ("events/999999", 404, "event-not-found"),
        ("events/none", 404, "not-found"),
        ("events?state=lost", 400, "bad-query"),
        ("events?since=yesterday", 400, "bad-time"),
        ("events?contact=%00", 400, "bad-query"),
        ("events?limit=0", 400, "bad-limit"),
        ("logs?level=loud", 400, "bad-query"),
    ] {
        let refused = operator.get(&format!("/v1/projects/soup/{path}")).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_events_are_replayed_one_by_one_and_in_bulk() {
    let (host, bot, operator) = with_dead_event().await;
    let id = dead(&operator).await["id"].as_str().unwrap().to_owned();
    host.deploys(&bot, &guest("echo")).await.unwrap();
    let replay = "/v1/projects/soup/events/replay";
    let nothing = operator.post(replay, &json!({})).await;
    assert_eq!(nothing.refusal(), (422, "no-filter".to_owned()));
    let both = operator
        .post(replay, &json!({"all": true, "outcome": "timeout"}))
        .await;
    assert_eq!(both.refusal(), (422, "all-and-filter".to_owned()));
    let other = operator
        .post(replay, &json!({"outcome": "timeout"}))
        .await
        .ok();
    assert_eq!(other["events"], 0);
    let count = operator
        .post(replay, &json!({"error": "SOUP is cold"}))
        .await
        .ok();
    assert_eq!(count["events"], 1);
    host.settles(&bot).await;
    let path = format!("/v1/projects/soup/events/{id}");
    let shown = operator.get(&path).await.ok();
    assert_eq!(shown["event"]["state"], "done");
    let again = operator.post(&format!("{path}/replay"), &Value::Null).await;
    assert_eq!(again.refusal(), (409, "event-not-dead".to_owned()));
    let audit = operator.get("/v1/audit").await;
    assert!(audit.text.contains("replay_events"), "{}", audit.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_shows_why_and_replays() {
    let (host, bot, operator) = with_dead_event().await;
    let id = dead(&operator).await["id"].as_str().unwrap().to_owned();
    let table = prints(&operator, &["events", "dead", "-p", "soup"]).await;
    assert!(table.starts_with("EVENT"), "{table}");
    assert!(
        table.contains("Answered in part only: given up after one run"),
        "{table}"
    );
    let shown = prints(&operator, &["events", "show", &id, "-p", "soup"]).await;
    for part in [
        "Answered in part only",
        "bad-status",
        "read",
        "WARN   event",
        "the soup gets cold",
    ] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    assert!(!shown.contains("a secret"), "{shown}");
    let (code, said) = complains(&operator, &["events", "replay", "-p", "soup"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("roost events replay 17 18"), "{said}");

    host.deploys(&bot, &guest("echo")).await.unwrap();
    let replayed = prints(&operator, &["events", "replay", &id, "-p", "soup"]).await;
    assert_eq!(replayed, format!("event {id} is run again\n"));
    host.settles(&bot).await;
    let none = prints(&operator, &["events", "replay", "--all", "-p", "soup"]).await;
    assert_eq!(none, "there are no such dead events\n");
    let done = prints(
        &operator,
        &[
            "events",
            "--contact",
            "+1 650 555 1234",
            "--kind",
            "message",
            "--json",
            "-p",
            "soup",
        ],
    )
    .await;
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["items"][0]["answer"], "read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_turn_out_to_be_one_keep_their_history() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    let hidden = NewCustomer {
        phone: ANA.to_owned(),
        hides_phone: true,
        ..NewCustomer::default()
    };
    host.emulator().create_customer(&hidden).await.unwrap();
    let mut ana = bot.customer(ANA).await;

    // By her user id only, by her number only, and by both.
    ana.shows("image/png", b"a picture").await;
    host.settles(&bot).await;
    let body = text(&bot.number_id, ANA, "wamid.by-number").to_string();
    let signature = sign(&Secret::new(Setup::default().app_secret), body.as_bytes());
    let status = host.posted(body.as_bytes(), &signature).await;
    assert_eq!(status, http::StatusCode::OK);
    assert_eq!(ana.hears().await, "You said: wamid.by-number");
    host.settles(&bot).await;
    let shown = CustomerChange {
        hides_phone: Some(false),
        ..CustomerChange::default()
    };
    let client = host.emulator().customer(&bot.number_id, ANA);
    client.changes(&shown).await.unwrap();
    ana.says("it is me").await;
    assert_eq!(ana.hears().await, "You said: it is me");
    host.settles(&bot).await;

    let operator = host.operator();
    let all = operator.get("/v1/projects/soup/events").await.ok();
    let arguments = [
        "events",
        "--contact",
        "+1 650 555 1234",
        "--json",
        "-p",
        "soup",
    ];
    let hers: Value = serde_json::from_str(&prints(&operator, &arguments).await).unwrap();
    assert_eq!(hers["items"], all["items"], "some are not hers");
    let items = hers["items"].as_array().unwrap();
    assert!(
        items
            .iter()
            .all(|event| event["conversation_id"] == items[0]["conversation_id"]),
        "{hers}"
    );
    let messages = items.iter().filter(|event| event["kind"] == "message");
    let messages: Vec<(&str, &str)> = messages
        .map(|event| (event["type"].as_str(), event["answer"].as_str()))
        .map(|(kind, answer)| (kind.unwrap(), answer.unwrap()))
        .collect();
    assert_eq!(
        messages,
        [("text", "read"), ("text", "read"), ("image", "none")]
    );
    assert!(items.iter().any(|event| event["kind"] == "status"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_listed_by_level_and_followed_live() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &fixture("sends_and_throws")).await;
    let operator = host.operator();
    let mut follower = Command::new(env!("CARGO_BIN_EXE_roost"))
        .args(["logs", "--follow", "--level", "warn", "-p", "soup"])
        .env_clear()
        .env("ROOST_URL", &operator.base)
        .env("ROOST_TOKEN", &operator.token)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut live = BufReader::new(follower.stdout.take().unwrap()).lines();
    let stream = operator
        .request(Method::GET, "/v1/projects/soup/logs/stream?level=warn")
        .send();
    let mut stream = stream.await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");

    bot.customer(ANA).await.says("hi").await;
    let mut text = String::new();
    while !text.contains("the soup gets cold") {
        let chunk = tokio::time::timeout(DEADLINE, stream.chunk()).await;
        let chunk = chunk
            .expect("no line within the deadline")
            .unwrap()
            .expect("the stream ended");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(
        text.contains("event: line\n") && text.contains("id: "),
        "{text}"
    );
    assert!(!text.contains("looking for soup"), "{text}");
    let line = tokio::time::timeout(DEADLINE, live.next_line()).await;
    let line = line.expect("no line within the deadline").unwrap().unwrap();
    assert!(
        line.contains("WARN   event ") && line.ends_with("the soup gets cold"),
        "{line}"
    );
    host.settles(&bot).await;

    let listed = prints(
        &operator,
        &["logs", "--level", "info", "--since", "1h", "-p", "soup"],
    )
    .await;
    assert!(
        listed.contains("3 soups") && !listed.contains("looking for soup"),
        "{listed}"
    );
    let json = prints(
        &operator,
        &["logs", "--text", "FOR soup", "--json", "-p", "soup"],
    )
    .await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"][0]["level"], "debug");

    // A stream does not hold up a host that stops.
    host.stops().await;
    let rest = tokio::time::timeout(DEADLINE, stream.text()).await;
    assert!(rest.is_ok(), "the stream outlived its host");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_scraped_without_a_token_and_settings_are_checked() {
    let mut host = TestHost::start().await;
    host.project("soup").await;
    let operator = host.operator();
    let scraped = operator.with_token("").get("/metrics").await;
    assert_eq!(scraped.status, 200);
    assert_eq!(
        scraped.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(
        scraped.text.contains("\nroost_instances_max 32\n"),
        "{}",
        scraped.text
    );

    let change = json!({"settings": {"retention_days": 12, "log_retention_days": 3}});
    let now = operator.patch("/v1/projects/soup", &change).await.ok();
    assert_eq!(now["settings"]["retention_days"], 12);
    assert_eq!(now["settings"]["log_retention_days"], 3);
    let hasty = json!({"settings": {"retention_days": 7}});
    let refused = operator.patch("/v1/projects/soup", &hasty).await;
    assert_eq!(refused.refusal(), (422, "bad-setting".to_owned()));
    assert!(
        refused
            .detail()
            .contains("Meta repeats webhooks for seven days"),
        "{}",
        refused.detail()
    );
    let missed = prints(&operator, &["events", "missed", "-p", "soup"]).await;
    assert_eq!(
        missed,
        "Meta sent nothing before the number was connected\n"
    );
}
