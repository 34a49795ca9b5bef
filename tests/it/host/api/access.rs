//! Tokens and their scopes, and the audit log.

use serde_json::{Value, json};
use sqlx::Row as _;

use crate::host::support::{Operator, TestHost};

/// An operator with a token that was just made.
async fn made(operator: &Operator, wanted: Value) -> Operator {
    let made = operator.post("/v1/tokens", &wanted).await;
    assert_eq!(made.status, 201, "{}", made.text);
    operator.with_token(made.ok()["token"].as_str().unwrap())
}

#[tokio::test]
async fn without_a_known_token_nothing_is_told() {
    let host = TestHost::start().await;
    let operator = host.operator();
    for (token, code) in [
        ("", "token-missing"),
        ("roost_nobodys", "token-unknown"),
        ("something", "token-unknown"),
    ] {
        let refused = operator.with_token(token).get("/v1/projects").await;
        assert_eq!(refused.refusal(), (401, code.to_owned()));
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_scope_holds_the_ones_before_it_and_no_other() {
    let host = TestHost::start().await;
    let root = host.operator();
    root.post("/v1/projects", &json!({ "name": "pizza" }))
        .await
        .ok();
    let reader = made(&root, json!({ "name": "reader", "scope": "read" })).await;
    let writer = made(&root, json!({ "name": "writer", "scope": "write" })).await;
    let change = json!({ "settings": { "webhook_path": "/a" } });
    let too_small = (403, "scope-too-small".to_owned());

    reader.get("/v1/projects/pizza").await.ok();
    let refused = reader.patch("/v1/projects/pizza", &change).await;
    assert_eq!(refused.refusal(), too_small);
    writer.patch("/v1/projects/pizza", &change).await.ok();
    for operator in [&reader, &writer] {
        for path in ["/v1/tokens", "/v1/audit"] {
            assert_eq!(operator.get(path).await.refusal(), too_small, "{path}");
        }
        let project = json!({ "name": "pasta" });
        assert_eq!(
            operator.post("/v1/projects", &project).await.refusal(),
            too_small
        );
        let token = json!({ "name": "more", "scope": "admin" });
        assert_eq!(
            operator.post("/v1/tokens", &token).await.refusal(),
            too_small
        );
    }
}

#[tokio::test]
async fn a_token_for_one_project_sees_no_other() {
    let host = TestHost::start().await;
    let root = host.operator();
    for name in ["pizza", "pasta"] {
        root.post("/v1/projects", &json!({ "name": name }))
            .await
            .ok();
    }
    let wanted = json!({ "name": "pizza only", "scope": "admin", "project": "pizza" });
    let bound = made(&root, wanted).await;
    let list = bound.get("/v1/projects").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    bound.get("/v1/projects/pizza").await.ok();
    let hidden = bound.get("/v1/projects/pasta").await;
    let missing = bound.get("/v1/projects/nothing").await;
    assert_eq!(hidden.refusal(), missing.refusal());
    let wider = json!({ "name": "wider", "scope": "read" });
    let other = json!({ "name": "other", "scope": "read", "project": "pasta" });
    assert_eq!(bound.post("/v1/tokens", &wider).await.status, 403);
    assert_eq!(bound.post("/v1/tokens", &other).await.status, 404);
    assert_eq!(
        bound
            .post("/v1/projects", &json!({ "name": "sugo" }))
            .await
            .status,
        403
    );
    let tokens = root.get("/v1/tokens").await.ok();
    let id = tokens["items"][0]["id"].as_str().unwrap().to_owned();
    made(&root, json!({ "name": "a reader", "scope": "read" })).await;
    let own = bound.get("/v1/tokens").await.ok();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);

    root.delete(&format!("/v1/tokens/{id}")).await.ok();
    let refused = bound.get("/v1/projects").await;
    assert_eq!(refused.refusal(), (401, "token-unknown".to_owned()));
}

#[tokio::test]
async fn a_token_is_stored_as_its_hash_only_and_ends_in_time() {
    let host = TestHost::start().await;
    let root = host.operator();
    let wanted = json!({ "name": "short", "scope": "read", "expires_in_days": 1 });
    let short = made(&root, wanted).await;
    short.get("/v1/projects").await.ok();
    let mut database = host.control_database().await;
    let rows = sqlx::query("select t::text from token t")
        .fetch_all(&mut database)
        .await
        .unwrap();
    let stored: String = rows.iter().map(|row| row.get::<String, _>(0)).collect();
    assert!(stored.contains(&short.token[..12]), "{stored}");
    assert!(!stored.contains(&short.token[..14]), "{stored}");
    let listed = root.get("/v1/tokens").await.ok();
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");

    // By the clock that judges it, whatever the host's says.
    let is_a_day: bool =
        sqlx::query_scalar("select expires_at = created_at + interval '1 day' from token")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert!(is_a_day);

    sqlx::query("update token set expires_at = now()")
        .execute(&mut database)
        .await
        .unwrap();
    let refused = short.get("/v1/projects").await;
    assert_eq!(refused.refusal(), (401, "token-expired".to_owned()));
    for days in [0, 3651] {
        let wanted = json!({ "name": "odd", "scope": "read", "expires_in_days": days });
        let refused = root.post("/v1/tokens", &wanted).await;
        assert_eq!(refused.refusal(), (422, "bad-expiry".to_owned()));
    }
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_and_no_secret() {
    let host = TestHost::start().await;
    let root = host.operator();
    root.post("/v1/projects", &json!({ "name": "pizza" }))
        .await
        .ok();
    let writer = made(&root, json!({ "name": "writer", "scope": "write" })).await;
    let change = json!({ "settings": { "webhook_path": "/a" } });
    writer.patch("/v1/projects/pizza", &change).await.ok();
    let refused = writer
        .patch("/v1/projects/pizza", &json!({ "name": "x y" }))
        .await;

    let log = root.get("/v1/audit").await.ok();
    assert!(!log.to_string().contains(&writer.token));
    let seen: Vec<Value> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            json!([
                entry["actor"],
                entry["action"],
                entry["project"],
                entry["status"],
                entry["code"]
            ])
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["writer", "change_project", "pizza", 422, "bad-project-name"]),
            json!(["writer", "change_project", "pizza", 200, null]),
            json!(["root", "create_token", null, 201, null]),
            json!(["root", "create_project", "pizza", 201, null]),
        ]
    );
    let first = &log["items"][0];
    assert_eq!(
        first["request_id"].as_str(),
        refused.headers["x-request-id"].to_str().ok()
    );
    assert_eq!(log["items"][1]["changed"]["settings"]["webhook_path"], "/a");
    root.post("/v1/projects", &json!({ "name": "pasta" }))
        .await
        .ok();
    let of_pasta = root.get("/v1/audit?project=pasta").await.ok();
    assert_eq!(of_pasta["items"].as_array().unwrap().len(), 1);
}
