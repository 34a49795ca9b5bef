//! Media goes by in pieces, and what is held of answers is within a budget of the project.

use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use roost::whatsapp::{GatewayError, GraphLimits, InFlightLimits, MediaError};

use super::bench::{ACCOUNT, NUMBER};
use super::door::{Door, json, request};
use crate::support::graph::Act;

const URL: &str = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9";

fn tight() -> InFlightLimits {
    InFlightLimits {
        answers: 1 << 20,
        requests: 1 << 20,
        patience: Duration::from_millis(20),
    }
}

#[tokio::test]
async fn a_medium_is_not_held_as_a_whole() {
    let limits = GraphLimits {
        max_media_bytes: 2 << 20,
        ..GraphLimits::default()
    };
    let door = Door::with_limits(vec![Act::Endless], limits, InFlightLimits::default()).await;
    let run = door.bench.run();
    let medium = door.open(&run, request(Method::GET, URL, "")).await;
    // It has no end, and is here.
    let medium = medium.unwrap();
    assert_eq!(medium.status(), StatusCode::OK);
    assert_eq!(medium.headers()["content-type"], "image/png");
    let mut body = medium.into_body();
    let mut bytes = 0;
    let error = loop {
        match body.frame().await.unwrap() {
            Ok(frame) => bytes += frame.into_data().unwrap().len(),
            Err(error) => break error,
        }
    };
    assert_eq!(error, MediaError::TooLong(2 << 20));
    assert!(bytes <= 2 << 20);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn answers_that_nobody_reads_are_let_in_under_a_budget() {
    let door = Door::with_limits(vec![], GraphLimits::default(), tight()).await;
    let run = door.bench.run();
    let open = async || {
        door.graph().then(Act::Endless);
        let medium = door.open(&run, request(Method::GET, URL, "")).await;
        let medium = medium.unwrap();
        if medium.status() != StatusCode::OK {
            door.graph().forget();
        }
        medium
    };
    let (one, two) = (open().await, open().await);
    let three = open().await;
    assert_eq!(three.status(), StatusCode::TOO_MANY_REQUESTS);
    let (_, body) = three.into_parts();
    let why = String::from_utf8(body.bytes().await.unwrap().to_vec()).unwrap();
    assert!(why.contains("read each answer"), "{why}");
    assert_eq!(door.graph().count(), 2);
    assert_eq!(run.refusals().len(), 1);

    // A number's answers find no room either, and another project's do.
    door.graph().then(Act::Answer(200, "", "{}".into()));
    let full = door.forward(&run, request(Method::GET, NUMBER, "")).await;
    assert_eq!(json(&full)["error"]["code"], 4);

    drop(one);
    let four = open().await;
    assert_eq!(four.status(), StatusCode::OK);
    drop((two, four));
    assert_eq!(open().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn so_many_calls_of_a_project_are_under_way_at_once() {
    let limits = GraphLimits {
        calls_of_project: 1,
        patience: Duration::from_millis(20),
        ..GraphLimits::default()
    };
    let door = Door::with_limits(vec![Act::Hold], limits, InFlightLimits::default()).await;
    let run = door.bench.run();
    let ask = || door.forward(&run, request(Method::GET, NUMBER, ""));
    let meanwhile = async {
        door.graph().has_seen(1).await;
        let full = ask().await;
        assert_eq!(full.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(json(&full)["error"]["code"], 4);
        assert_eq!(door.graph().count(), 1);
        // Messages have places of their own.
        door.bench.wamid(&run, "hi").await;
        door.graph().release();
    };
    let (held, ()) = tokio::join!(ask(), meanwhile);
    assert_eq!(held.status(), StatusCode::OK);

    // A medium has its place until it was read, or is dropped.
    door.graph().then(Act::Endless);
    let medium = door.open(&run, request(Method::GET, URL, "")).await;
    assert_eq!(ask().await.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(medium);
    assert_eq!(ask().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_answer_is_counted_by_its_length_until_it_is_read() {
    let door = Door::with_limits(vec![], GraphLimits::default(), tight()).await;
    let run = door.bench.run();
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(400 << 10));
    let open = async || {
        door.graph().then(Act::Answer(200, "", body.clone()));
        let path = format!("{ACCOUNT}?fields=name");
        door.open(&run, request(Method::GET, &path, "")).await
    };
    let answers = [open().await.unwrap(), open().await.unwrap()];
    assert!(
        answers
            .iter()
            .all(|answer| answer.status() == StatusCode::OK)
    );
    let full = open().await.unwrap();
    assert_eq!(full.status(), StatusCode::TOO_MANY_REQUESTS);
    for answer in answers {
        assert_eq!(answer.into_body().bytes().await.unwrap(), body);
    }
    assert_eq!(open().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn bodies_of_requests_are_counted_too() {
    let door = Door::with_limits(vec![], GraphLimits::default(), tight()).await;
    let run = door.bench.run();
    let mut first = door.gateway.admit(&run, 700 << 10).await.ok().unwrap();
    let full = door.gateway.admit(&run, 700 << 10).await;
    assert!(matches!(full, Err(GatewayError::Full)));
    first.keep(100 << 10);
    assert!(door.gateway.admit(&run, 700 << 10).await.is_ok());
    // What is longer than all there is waits for all there is.
    assert!(door.gateway.admit(&run, 100 << 20).await.is_err());
    drop(first);
    assert!(door.gateway.admit(&run, 100 << 20).await.is_ok());
}
