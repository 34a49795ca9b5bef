//! The command line, as a user has it.

use std::process::Output;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::host::support::{Operator, TestHost};

/// `roost` with these words.
async fn roost(operator: &Operator, words: &[&str]) -> Output {
    roost_at(&operator.base, &operator.token, words).await
}

async fn roost_at(base: &str, token: &str, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_roost"))
        .args(words)
        .env_clear()
        .env("ROOST_URL", base)
        .env("ROOST_TOKEN", token)
        .output()
        .await
        .unwrap()
}

/// What it prints when it does what it is told.
pub(in crate::host) async fn prints(operator: &Operator, words: &[&str]) -> String {
    let output = roost(operator, words).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it says when it does not, and its exit code.
pub(in crate::host) async fn complains(operator: &Operator, words: &[&str]) -> (i32, String) {
    let output = roost(operator, words).await;
    assert!(!output.status.success(), "{words:?}");
    assert!(output.stdout.is_empty());
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), errors)
}

#[tokio::test]
async fn projects_are_made_and_changed() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let none = prints(&operator, &["projects"]).await;
    assert!(none.contains("roost projects create NAME"), "{none}");
    prints(&operator, &["projects", "create", "pizza"]).await;
    prints(
        &operator,
        &["projects", "set", "pizza", "webhook_path=/hook"],
    )
    .await;
    prints(&operator, &["projects", "rename", "pizza", "pasta"]).await;
    let shown = prints(&operator, &["projects", "show", "pasta"]).await;
    assert!(shown.contains("/hook"), "{shown}");
    let table = prints(&operator, &["projects"]).await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("NAME"), "{table}");
    assert!(lines[1].starts_with("pasta"), "{table}");
    let json = prints(&operator, &["projects", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"][0]["settings"]["webhook_path"], "/hook");
    let audit = prints(&operator, &["audit", "-p", "pasta"]).await;
    assert!(audit.contains("change_project"), "{audit}");
}

#[tokio::test]
async fn a_token_is_printed_alone_and_works() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let words = ["tokens", "create", "ci", "--scope", "read"];
    let token = prints(&operator, &words).await;
    let reader = operator.with_token(token.trim_end());
    prints(&reader, &["projects"]).await;
    let (code, said) = complains(&reader, &["projects", "create", "pizza"]).await;
    assert_eq!(code, 4);
    assert!(said.contains("scope"), "{said}");
    prints(&operator, &["projects", "create", "pizza"]).await;
    let (code, said) = complains(&reader, &["logs", "-p", "pizza"]).await;
    assert_eq!(code, 4);
    assert!(said.contains("one with `people` may"), "{said}");
    let list = prints(&operator, &["tokens", "list", "--json"]).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    let id = list["items"][0]["id"].as_str().unwrap();
    prints(&operator, &["tokens", "remove", id]).await;
    let (code, said) = complains(&reader, &["projects"]).await;
    assert_eq!(code, 4);
    assert!(said.contains("ROOST_TOKEN"), "{said}");
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let host = TestHost::start().await;
    let operator = host.operator();
    prints(&operator, &["projects", "create", "pizza-bot"]).await;
    let (code, said) = complains(&operator, &["projects", "show", "piza-bot"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("did you mean `pizza-bot`?"), "{said}");
    let (_, said) = complains(&operator, &["projects", "show", "piza-bot", "--json"]).await;
    let problem: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(problem["code"], "project-not-found");

    let (code, said) = complains(&operator.with_token(""), &["projects"]).await;
    assert_eq!(code, 4);
    assert!(said.contains("set ROOST_TOKEN"), "{said}");
    let (code, said) = complains(&operator, &["projects", "set", "pizza-bot", "x"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("NAME=VALUE"), "{said}");
    let (code, said) = complains(&operator, &["projects", "show", ".."]).await;
    assert_eq!(code, 2);
    assert!(said.contains("`..`"), "{said}");

    let words = ["events", "-p", "pizza-bot", "--outcome", "melted"];
    let (code, said) = complains(&operator, &words).await;
    assert_eq!(code, 2);
    assert!(
        said.contains("`melted` is no outcome of a run; use done, "),
        "{said}"
    );

    // A port that nothing listens at, and one where something else does.
    let mut nowhere = operator.clone();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    nowhere.base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (code, said) = complains(&nowhere, &["projects"]).await;
    assert_eq!(code, 3);
    assert!(said.contains("is `roost serve` running there?"), "{said}");
    nowhere.base = format!("http://{}", host.app().address());
    let (code, said) = complains(&nowhere, &["projects"]).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("another port than webhooks"), "{said}");
}

#[tokio::test]
async fn shells_and_programs_get_what_they_need() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_roost"))
            .args(["completions", shell])
            .output()
            .await
            .unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("projects"), "{shell}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("openapi")
        .env_clear()
        .output()
        .await
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document, roost::api::openapi());
}

/// Answers as a host of a later version may, with words and fields that this one does not know.
async fn newer_host() -> String {
    let events = json!({ "next_cursor": null, "count": 1, "items": [{
        "id": "17", "kind": "call", "type": "voice", "state": "frozen", "from": null,
        "conversation_id": null, "outcome": "melted", "attempts": 1, "runs": 1, "sends": 0,
        "answer": "sung", "why": "Sung to the customer.", "last_error": null,
        "received_at": "2026-01-31T12:00:00.000000Z", "finished_at": null, "mood": "good",
    }] });
    // And as one that has taken something away.
    let projects = json!({ "next_cursor": null, "items": [{ "id": "1" }] });
    let routes = Router::new()
        .route(
            "/v1/projects/soup/events",
            get(async move || Json(events.clone())),
        )
        .route("/v1/projects", get(async move || Json(projects.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    base
}

#[tokio::test]
async fn a_newer_host_is_understood_as_far_as_that_goes() {
    let base = newer_host().await;
    let output = roost_at(&base, "x", &["events", "-p", "soup"]).await;
    let table = String::from_utf8(output.stdout).unwrap();
    for shown in ["17", "call voice", "frozen", "Sung to the customer."] {
        assert!(table.contains(shown), "{shown}: {table}");
    }
    let output = roost_at(&base, "x", &["events", "-p", "soup", "--json"]).await;
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["items"][0]["mood"], "good");

    let output = roost_at(&base, "x", &["projects"]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("missing field `name`"), "{said}");
    assert!(said.contains("of another version"), "{said}");
    let output = roost_at(&base, "x", &["projects", "--json"]).await;
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["items"], json!([{ "id": "1" }]));
}
