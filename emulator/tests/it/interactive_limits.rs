//! Every limit of an interactive message at its edge, and the errors beyond it.

use serde_json::{Value, json};

use crate::limits::{check, long};
use crate::support::Scene;

fn button(id: &str, title: &str) -> Value {
    json!({"type": "reply", "reply": {"id": id, "title": title}})
}

fn buttons(buttons: Vec<Value>) -> Value {
    interactive(json!({
        "type": "button",
        "body": {"text": "choose"},
        "action": {"buttons": buttons},
    }))
}

fn row(id: &str, title: &str, description: &str) -> Value {
    json!({"id": id, "title": title, "description": description})
}

fn list(button: &str, sections: Value) -> Value {
    interactive(json!({
        "type": "list",
        "body": {"text": "choose"},
        "action": {"button": button, "sections": sections},
    }))
}

fn rows(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| row(&format!("r{n}"), "Row", ""))
        .collect()
}

fn link(text: &str, url: &str) -> Value {
    interactive(json!({
        "type": "cta_url",
        "body": {"text": "see"},
        "action": {"name": "cta_url", "parameters": {"display_text": text, "url": url}},
    }))
}

fn interactive(interactive: Value) -> Value {
    json!({"type": "interactive", "interactive": interactive})
}

/// A message with one member replaced, by its JSON pointer.
fn with(mut message: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    message.pointer_mut(parent).unwrap()[key] = value;
    message
}

fn one_button() -> Value {
    buttons(vec![button("a", "A")])
}

fn one_row() -> Value {
    list("Open", json!([{"rows": rows(1)}]))
}

#[tokio::test]
async fn reply_buttons() {
    let titled = |title: &str| buttons(vec![button("a", title)]);
    let numbered = |count: usize| {
        let all = (0..count).map(|n| button(&format!("b{n}"), &format!("B{n}")));
        buttons(all.collect())
    };
    check(vec![
        ("three", numbered(3), 0),
        ("four", numbered(4), 131009),
        ("none", numbered(0), 131009),
        ("the longest title", titled(&long(20)), 0),
        ("a title too long", titled(&long(21)), 131009),
        ("an empty title", titled(""), 131009),
        ("the longest id", buttons(vec![button(&long(256), "A")]), 0),
        (
            "an id too long",
            buttons(vec![button(&long(257), "A")]),
            131009,
        ),
        (
            "the same id",
            buttons(vec![button("a", "A"), button("a", "B")]),
            131009,
        ),
        (
            "the same title",
            buttons(vec![button("a", "A"), button("b", "A")]),
            131009,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_surrounds_reply_buttons() {
    let with_body = |length| {
        with(
            one_button(),
            "/interactive/body",
            json!({"text": long(length)}),
        )
    };
    let with_footer = |length| {
        with(
            one_button(),
            "/interactive/footer",
            json!({"text": long(length)}),
        )
    };
    let with_header = |header: Value| with(one_button(), "/interactive/header", header);
    let image = json!({"type": "image", "image": {"link": "https://example.com/a.png"}});
    check(vec![
        ("the longest body", with_body(1024), 0),
        ("a body too long", with_body(1025), 131009),
        (
            "no body",
            with(one_button(), "/interactive/body", Value::Null),
            131008,
        ),
        ("the longest footer", with_footer(60), 0),
        ("a footer too long", with_footer(61), 131009),
        (
            "the longest header",
            with_header(json!({"type": "text", "text": long(60)})),
            0,
        ),
        (
            "a header too long",
            with_header(json!({"type": "text", "text": long(61)})),
            131009,
        ),
        ("an image header", with_header(image), 0),
        (
            "an unknown header",
            with_header(json!({"type": "audio"})),
            131009,
        ),
    ])
    .await;
}

#[tokio::test]
async fn lists() {
    let sections = |count: usize| {
        let section = |n: usize| json!({"title": "S", "rows": [row(&format!("r{n}"), "Row", "")]});
        list("Open", (0..count).map(section).collect())
    };
    let titled = |title: String| list("Open", json!([{"title": title, "rows": rows(1)}]));
    let untitled = json!([{"rows": rows(1)}, {"title": "S", "rows": []}]);
    check(vec![
        ("ten rows", list("Open", json!([{"rows": rows(10)}])), 0),
        (
            "eleven rows",
            list("Open", json!([{"rows": rows(11)}])),
            131009,
        ),
        ("no rows", list("Open", json!([{"rows": []}])), 131009),
        ("ten sections", sections(10), 0),
        ("eleven sections", sections(11), 131009),
        ("no sections", sections(0), 131009),
        ("two sections, one untitled", list("Open", untitled), 131008),
        ("the longest section title", titled(long(24)), 0),
        ("a section title too long", titled(long(25)), 131009),
    ])
    .await;
}

#[tokio::test]
async fn rows_and_what_surrounds_lists() {
    let of_row = |row: Value| list("Open", json!([{"rows": [row]}]));
    let image = json!({"type": "image", "image": {"link": "https://example.com/a.png"}});
    check(vec![
        (
            "the longest button",
            list(&long(20), json!([{"rows": rows(1)}])),
            0,
        ),
        (
            "a button too long",
            list(&long(21), json!([{"rows": rows(1)}])),
            131009,
        ),
        (
            "the longest row",
            of_row(row(&long(200), &long(24), &long(72))),
            0,
        ),
        (
            "a row id too long",
            of_row(row(&long(201), "Row", "")),
            131009,
        ),
        (
            "a row title too long",
            of_row(row("r", &long(25), "")),
            131009,
        ),
        (
            "a description too long",
            of_row(row("r", "Row", &long(73))),
            131009,
        ),
        (
            "the same row id",
            list("Open", json!([{"rows": [rows(1)[0], rows(1)[0]]}])),
            131009,
        ),
        (
            "the longest body",
            with(one_row(), "/interactive/body/text", json!(long(4096))),
            0,
        ),
        (
            "a body too long",
            with(one_row(), "/interactive/body/text", json!(long(4097))),
            131009,
        ),
        (
            "an image header",
            with(one_row(), "/interactive/header", image),
            131009,
        ),
    ])
    .await;
}

#[tokio::test]
async fn links_and_other_interactive_messages() {
    let location_request = interactive(json!({
        "type": "location_request_message",
        "body": {"text": "where?"},
        "action": {"name": "send_location"},
    }));
    check(vec![
        (
            "the longest text",
            link(&long(20), "https://example.com"),
            0,
        ),
        (
            "a text too long",
            link(&long(21), "https://example.com"),
            131009,
        ),
        ("another scheme", link("Open", "ftp://example.com"), 131009),
        ("a location request", location_request, 0),
        (
            "an unknown type",
            interactive(json!({"type": "hologram"})),
            100,
        ),
        (
            "no action",
            with(one_button(), "/interactive/action", Value::Null),
            131008,
        ),
    ])
    .await;
}

#[tokio::test]
async fn errors_say_what_is_wrong_in_metas_words() {
    let scene = Scene::open().await;
    let table = [
        (
            buttons(vec![]),
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
        ),
        (
            buttons(vec![button("a", &long(21))]),
            "Button title length invalid. Min length: 1, Max length: 20",
        ),
    ];
    for (body, details) in table {
        let answer = scene.send(body).await;
        let message = "(#131009) Parameter value is not valid";
        assert_eq!(answer.body["error"]["message"], message);
        assert_eq!(answer.details(), details);
    }
}
