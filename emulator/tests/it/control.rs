//! The control API itself: its guard, its cursors, its errors, resets, the state file.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::SentKind;
use roost_emulator::control::wire::{Cursor, NewNumber, NewToken, Reset};
use roost_emulator::{Emulator, StartError};
use serde_json::{Value, json};

use crate::support::{BUSINESS, DEADLINE, SHEENA, Scene, quick, to_sheena};

const README: &str = include_str!("../../README.md");
const ROUTER: &str = include_str!("../../src/control/mod.rs");

/// The routes in the README's table, as (method, path).
fn documented_routes() -> Vec<(Method, String)> {
    let (_, section) = README.split_once("## Control API").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')?.0.split_once(' '))
        .filter(|(_, path)| path.starts_with('/'))
        .filter_map(|(method, path)| Some((method.parse().ok()?, path.to_owned())))
        .collect()
}

#[tokio::test]
async fn every_documented_route_exists_behind_the_token() {
    let scene = Scene::start().await;
    let routes = documented_routes();
    for (method, path) in routes {
        let url = format!(
            "{}{}",
            scene.emulator.control_url(),
            path.replace("{phone}", SHEENA)
        );
        let request = || scene.http.request(method.clone(), &url);
        let stranger = request().send().await.unwrap();
        assert_eq!(stranger.status(), 401, "{method} {path}");
        let known = request().bearer_auth(scene.emulator.control_token());
        let known = known.send().await.unwrap();
        let status = known.status();
        let problem: Value = known.json().await.unwrap();
        assert_ne!(status, 405, "{method} {path}");
        assert_ne!(problem["code"], "no-route", "{method} {path}");
    }
}

#[test]
fn every_route_is_documented() {
    let documented: BTreeSet<String> = documented_routes()
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    let quoted = ROUTER.split('"').skip(1).step_by(2);
    let routed: BTreeSet<String> = quoted
        .filter(|text| text.starts_with('/'))
        .map(str::to_owned)
        .collect();
    assert_eq!(routed, documented);
}

#[tokio::test]
async fn the_graph_side_has_no_control_routes_and_no_use_for_its_token() {
    let scene = Scene::start().await;
    let token = scene.emulator.control_token();

    let answer = scene.graph_as(Some(token), Method::GET, "apps", None).await;

    assert_eq!(answer.code(), (401, 190));
}

#[tokio::test]
async fn errors_are_problems_with_a_code() {
    let scene = Scene::start().await;
    let stranger = scene.control.customer(&scene.number_id, "16505550000");
    assert_eq!(
        stranger.says("hi").await.unwrap_err().code(),
        Some("not-found")
    );
    let nowhere = scene.control.customer("1", SHEENA);
    assert_eq!(
        nowhere.says("hi").await.unwrap_err().code(),
        Some("not-found")
    );
    let number = NewNumber::new("1", "15550001111");
    let error = scene.control.create_number(&number).await.unwrap_err();
    assert_eq!(error.code(), Some("not-found"));
    let setting = json!({"webhook_color": 1});
    let error = scene.control.change_settings(setting).await.unwrap_err();
    assert_eq!(error.code(), Some("invalid"));
    assert!(error.to_string().contains("webhook_color"), "{error}");
}

#[tokio::test]
async fn creating_something_again_replaces_it() {
    let scene = Scene::start().await;
    let token = NewToken {
        token: Some("EAAfixed".to_owned()),
        app_id: scene.app.id.clone(),
        ..NewToken::default()
    };

    for _ in 0..2 {
        scene.control.create_token(&token).await.unwrap();
    }

    let tokens = scene.control.tokens().await.unwrap();
    assert_eq!(tokens.iter().filter(|t| t.token == "EAAfixed").count(), 1);
}

#[tokio::test]
async fn a_reset_forgets_conversations_and_what_is_outstanding_but_not_cursors() {
    let mut config = quick();
    config.settings.webhook_retry_ms = vec![600_000];
    let scene = Scene::with(config).await;
    scene.receiver.answers_next(&[500]);
    scene.sheena().says("hi").await.unwrap();
    scene.receiver.next().await;
    scene.send_text("hello").await;
    let before = scene.control.sent(&Cursor::default()).await.unwrap();

    let count = scene.control.reset(Reset::default()).await.unwrap().count;

    assert_eq!(count, 1);
    scene.settle().await;
    let none = scene.control.sent(&Cursor::default()).await.unwrap();
    assert_eq!(none.items.len(), 0);
    scene.sheena().says("again").await.unwrap();
    scene.receiver.next().await;
    scene.send_text("hello again").await;
    let after = scene
        .sheena()
        .sent(before.next, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(after.items.len(), 1);
    let everything = Reset { everything: true };
    scene.control.reset(everything).await.unwrap();
    assert_eq!(scene.control.apps().await.unwrap(), []);
}

#[tokio::test]
async fn a_long_poll_ends_with_its_wait() {
    let scene = Scene::start().await;

    let page = scene
        .sheena()
        .sent(0, Duration::from_millis(20))
        .await
        .unwrap();

    assert_eq!((page.items.len(), page.next), (0, 0));
}

#[tokio::test]
async fn the_state_file_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = quick();
    config.state_file = Some(folder.path().join("state.json"));
    let first = Scene::with(config.clone()).await;
    let hers = first.sheena().says("hi").await.unwrap();
    let buttons = json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
    ]}});
    let message = json!({"type": "interactive", "interactive": buttons});
    let id = first.send(message).await.message_id();
    first.settle().await;
    first.emulator.shutdown().await;

    let emulator = Emulator::start(config).await.unwrap();

    let control = emulator.control().unwrap();
    let numbers = control.numbers().await.unwrap();
    assert_eq!(numbers[0].id, first.number_id);
    assert_eq!(numbers[0].digits(), BUSINESS);
    let sheena = control.customer(&first.number_id, SHEENA);
    let sent = sheena.sent(0, Duration::ZERO).await.unwrap();
    assert!(matches!(&sent.items[0].kind, SentKind::Message(m) if m.id == id));
    sheena.taps("yes").await.unwrap();
    let url = format!("{}/{}/messages", emulator.graph_url(), first.number_id);
    let mark = json!({"messaging_product": "whatsapp", "status": "read", "message_id": hers});
    for body in [mark, to_sheena(json!({"text": {"body": "welcome back"}}))] {
        let request = first.http.post(&url).bearer_auth(&first.token).json(&body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_state_file_of_something_else_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    std::fs::write(&path, "not JSON").unwrap();
    let mut config = quick();
    config.state_file = Some(path.clone());

    let error = Emulator::start(config).await.unwrap_err();

    assert!(
        error.to_string().contains("delete it to start afresh"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(path).unwrap(), "not JSON");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let scene = Scene::start().await;
    let mut config = quick();
    config.graph_addr = scene.emulator.graph_url()["http://".len()..]
        .parse()
        .unwrap();

    let error = Emulator::start(config.clone()).await.unwrap_err();

    assert!(matches!(error, StartError::AddressInUse { .. }));
    let message = error.to_string();
    let port = format!("port {}", config.graph_addr.port());
    assert!(
        message.contains(&port) && message.contains("--graph-addr"),
        "{message}"
    );
}

#[tokio::test]
async fn a_shutdown_ends_long_polls() {
    let scene = Scene::start().await;
    let sheena = scene.sheena();
    // Longer than it is waited for below.
    let poll = tokio::spawn(async move { sheena.sent(0, 2 * DEADLINE).await });
    // A second call on the same API: the first one has been taken up by now or fails to connect,
    // and either way it must end.
    scene.control.apps().await.unwrap();

    scene.emulator.shutdown().await;

    let ended = tokio::time::timeout(DEADLINE, poll);
    if let Ok(page) = ended.await.expect("it waits on").unwrap() {
        assert_eq!(page.items.len(), 0);
    }
}
