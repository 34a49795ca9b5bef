//! Projects: made, listed, shown, renamed and set.

use http::Method;
use serde_json::{Value, json};

use crate::host::support::{TestHost, answered};

#[tokio::test]
async fn a_project_is_made_shown_renamed_and_set() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let made = operator
        .post("/v1/projects", &json!({ "name": "pizza" }))
        .await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    assert_eq!(made["name"], "pizza");
    assert_eq!(made["settings"]["webhook_path"], Value::Null);
    let id = made["id"].as_str().unwrap().to_owned();
    operator.ready("pizza").await;

    let change = json!({ "name": "pasta", "settings": { "webhook_path": "/hook" } });
    let now = operator.patch("/v1/projects/pizza", &change).await.ok();
    assert_eq!((&now["name"], &now["id"]), (&json!("pasta"), &json!(id)));
    assert_eq!(now["settings"]["webhook_path"], "/hook");
    let shown = operator.get(&format!("/v1/projects/{id}")).await.ok();
    assert_eq!(shown, now);
    let gone = operator.get("/v1/projects/pizza").await;
    assert_eq!(gone.refusal(), (404, "project-not-found".to_owned()));

    // Left out stays; null goes back to the default.
    operator.patch("/v1/projects/pasta", &json!({})).await.ok();
    let same = operator.get("/v1/projects/pasta").await.ok();
    assert_eq!(same, now);
    let change = json!({ "settings": { "webhook_path": null } });
    let now = operator.patch("/v1/projects/pasta", &change).await.ok();
    assert_eq!(now["settings"]["webhook_path"], Value::Null);
}

#[tokio::test]
async fn a_refused_change_changes_nothing_and_says_why() {
    let host = TestHost::start().await;
    let operator = host.operator();
    for name in ["pizza", "pasta"] {
        let made = operator
            .post("/v1/projects", &json!({ "name": name }))
            .await;
        made.ok();
    }
    let before = operator.ready("pizza").await;
    let cases = [
        (
            json!({ "name": "pasta", "settings": { "webhook_path": "/a" } }),
            409,
            "name-taken",
        ),
        (
            json!({ "name": "sugo", "settings": { "webhook_path": "a" } }),
            422,
            "bad-setting",
        ),
        (json!({ "name": "Su go" }), 422, "bad-project-name"),
        (json!({ "nmae": "sugo" }), 422, "bad-body"),
        (
            json!({ "settings": { "webhok_path": "/a" } }),
            422,
            "bad-body",
        ),
        (
            json!({ "settings": { "webhook_path": "/a\u{0}" } }),
            422,
            "bad-setting",
        ),
        (json!([]), 422, "bad-body"),
        (json!({ "settings": [null] }), 422, "bad-body"),
    ];
    for (change, status, code) in cases {
        let refused = operator.patch("/v1/projects/pizza", &change).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{change}");
    }
    assert_eq!(operator.get("/v1/projects/pizza").await.ok(), before);
    let again = operator
        .post("/v1/projects", &json!({ "name": "pizza" }))
        .await;
    assert_eq!(again.refusal(), (409, "name-taken".to_owned()));
    assert!(again.detail().contains("`pizza`"), "{}", again.detail());
}

#[tokio::test]
async fn pages_show_every_project_once() {
    let host = TestHost::start().await;
    let operator = host.operator();
    for n in 0..7 {
        let name = json!({ "name": format!("bot-{n}") });
        operator.post("/v1/projects", &name).await.ok();
    }
    let mut names = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let page = operator.get(&format!("/v1/projects{query}")).await.ok();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        names.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=3&cursor={cursor}");
    }
    let all: Vec<String> = (0..7).map(|n| format!("bot-{n}")).collect();
    assert_eq!(names, all);
    for (query, status, code) in [
        ("?limit=0", 400, "bad-limit"),
        ("?limit=201", 400, "bad-limit"),
        ("?limit=x", 400, "bad-query"),
        ("?limit=1&limit=2", 400, "bad-query"),
        ("?lmit=1", 400, "bad-query"),
        ("?cursor=x", 404, "cursor-not-found"),
    ] {
        let refused = operator.get(&format!("/v1/projects{query}")).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn requests_that_no_handler_sees_are_problems_too() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let post = || operator.request(Method::POST, "/v1/projects");
    let json = "application/json";
    let long = format!("{{\"name\":\"{}\"}}", "a".repeat(2_000_000));
    let cases = [
        (
            post().header("content-type", json).body("{"),
            400,
            "not-json",
        ),
        (post().body("{}"), 415, "not-json-type"),
        (
            post().header("content-type", json).body(long),
            413,
            "body-too-large",
        ),
        (
            operator.request(Method::GET, "/v1/nothing"),
            404,
            "no-such-route",
        ),
        (
            operator.request(Method::GET, "/v1/projects/%ff"),
            400,
            "bad-path",
        ),
    ];
    for (request, status, code) in cases {
        let refused = answered(request).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()));
    }
    let wrong = operator.put("/v1/projects", &json!({})).await;
    assert_eq!(wrong.refusal(), (405, "wrong-method".to_owned()));
    assert_eq!(wrong.headers["allow"], "GET,HEAD,POST");
}
