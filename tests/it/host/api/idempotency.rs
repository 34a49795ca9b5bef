//! POSTs that are sent again.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::host::support::{Answered, Operator, TestHost, answered};

async fn post(operator: &Operator, key: &str, path: &str, body: &Value) -> Answered {
    let request = operator.request(Method::POST, path);
    answered(request.header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn a_request_that_is_sent_again_does_nothing_again() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let wanted = json!({ "name": "one", "scope": "read" });
    let first = post(&operator, "key-1", "/v1/tokens", &wanted).await;
    let again = post(&operator, "key-1", "/v1/tokens", &wanted).await;
    assert_eq!(
        (first.status, again.status),
        (201.try_into().unwrap(), 201.try_into().unwrap())
    );
    assert_eq!(first.ok(), again.ok());
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let tokens = operator.get("/v1/tokens").await.ok();
    assert_eq!(tokens["items"].as_array().unwrap().len(), 1);

    // The answer holds a token: the database must not show it.
    let token = first.ok()["token"].as_str().unwrap().to_owned();
    let mut database = host.control_database().await;
    let leaks: bool = sqlx::query_scalar(
        "select exists (select from idempotency where position($1 in body_sealed) > 0)",
    )
    .bind(token.as_bytes())
    .fetch_one(&mut database)
    .await
    .unwrap();
    assert!(!leaks);

    // Another key, another token's key: other requests.
    post(&operator, "key-2", "/v1/tokens", &wanted).await.ok();
    let wanted = json!({ "name": "boss", "scope": "admin" });
    let boss = operator.post("/v1/tokens", &wanted).await.ok();
    let boss = operator.with_token(boss["token"].as_str().unwrap());
    let own = post(
        &boss,
        "key-1",
        "/v1/tokens",
        &json!({ "name": "b", "scope": "read" }),
    )
    .await;
    assert_eq!(own.ok()["name"], "b");
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let wanted = json!({ "name": "pizza" });
    post(&operator, "key", "/v1/projects", &wanted).await.ok();
    let other = post(
        &operator,
        "key",
        "/v1/projects",
        &json!({ "name": "pasta" }),
    )
    .await;
    assert_eq!(other.refusal(), (409, "idempotency-key-reused".to_owned()));
    for bad in ["", "a b", &"a".repeat(201)] {
        let refused = post(&operator, bad, "/v1/projects", &wanted).await;
        assert_eq!(refused.refusal(), (400, "bad-idempotency-key".to_owned()));
    }
}

#[tokio::test]
async fn a_refused_request_is_judged_anew() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let refused = post(
        &operator,
        "key",
        "/v1/projects",
        &json!({ "name": "Pizza" }),
    )
    .await;
    assert_eq!(refused.refusal(), (422, "bad-project-name".to_owned()));
    let mended = post(
        &operator,
        "key",
        "/v1/projects",
        &json!({ "name": "pizza" }),
    )
    .await;
    assert_eq!(mended.status, 201);
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_works() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let wanted = json!({ "name": "pizza" });
    let all = join_all((0..8).map(|_| post(&operator, "key", "/v1/projects", &wanted))).await;
    for answer in &all {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.ok()["name"], "pizza"),
            _ => assert_eq!(answer.refusal(), (409, "idempotency-key-in-use".to_owned())),
        }
    }
    assert!(all.iter().any(|answer| answer.status == 201));
    let projects = operator.get("/v1/projects").await.ok();
    assert_eq!(projects["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_claim_of_a_host_that_died_runs_out() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let mut database = host.control_database().await;
    let claim = "insert into idempotency (owner, key, claim, expires_at)
                 values ('00000000-0000-0000-0000-000000000000', encode(sha256('key'), 'hex'), gen_random_uuid(), now() + interval '30 seconds')";
    sqlx::query(claim).execute(&mut database).await.unwrap();
    let wanted = json!({ "name": "pizza" });
    let busy = post(&operator, "key", "/v1/projects", &wanted).await;
    assert_eq!(busy.refusal(), (409, "idempotency-key-in-use".to_owned()));
    sqlx::query("update idempotency set expires_at = now() - interval '1 second'")
        .execute(&mut database)
        .await
        .unwrap();
    post(&operator, "key", "/v1/projects", &wanted).await.ok();
}

#[tokio::test]
async fn another_host_knows_the_answer_too() {
    let mut host = TestHost::start().await;
    let wanted = json!({ "name": "pizza" });
    let first = post(&host.operator(), "key", "/v1/projects", &wanted).await;
    host.stops().await;
    host.starts_again().await;
    let again = post(&host.operator(), "key", "/v1/projects", &wanted).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(first.ok(), again.ok());
}
