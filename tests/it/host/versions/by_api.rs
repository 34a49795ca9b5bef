//! The same by the admin API.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANA, app, named};
use crate::host::support::{Answered, Operator, TestHost, answered, eventually};

async fn upload(operator: &Operator, path: &str, body: Vec<u8>) -> Answered {
    let request = operator.request(Method::POST, path);
    answered(
        request
            .header("content-type", "application/gzip")
            .body(body),
    )
    .await
}

/// Follows a build by its log, as a program would.
async fn followed(operator: &Operator, version: &str) -> (Value, String) {
    let (mut after, mut log) = (json!(0), String::new());
    loop {
        let path = format!("/v1/projects/shop/versions/{version}/log?after={after}&wait_ms=20000");
        let page = operator.get(&path).await.ok();
        let items = page["items"].as_array().unwrap();
        for line in items {
            log.push_str(line["text"].as_str().unwrap());
            log.push('\n');
        }
        if items.is_empty() && ["ready", "failed"].contains(&page["state"].as_str().unwrap()) {
            let path = format!("/v1/projects/shop/versions/{version}");
            return (operator.get(&path).await.ok(), log);
        }
        after = page["next_after"].clone();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_is_deployed_and_rolled_back_over_http() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let operator = host.operator();
    let versions = "/v1/projects/shop/versions";

    let path = format!("{versions}?message=first%20one");
    let accepted = upload(&operator, &path, app(&named("one"))).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    assert_eq!(accepted.ok()["name"], "v1");
    let (version, log) = followed(&operator, "v1").await;
    assert_eq!(version["state"], "ready", "{version}");
    assert_eq!(version["active"], true);
    assert_eq!(version["created_by"], "root");
    assert_eq!(version["message"], "first one");
    assert_eq!(version["webhook_because"], "it answers Meta's handshake");
    assert!(log.contains("built and checked in"), "{log}");
    let id = version["id"].as_str().unwrap().to_owned();
    assert_eq!(
        operator.get(&format!("{versions}/{id}")).await.ok()["name"],
        "v1"
    );

    upload(&operator, versions, app(&named("two"))).await.ok();
    followed(&operator, "v2").await;
    let broken = upload(&operator, versions, app("const x = (")).await.ok();
    assert_eq!(broken["name"], "v3");
    let (broken, _) = followed(&operator, "v3").await;
    assert_eq!(broken["state"], "failed");
    assert!(
        broken["error"].as_str().unwrap().contains("app.js:1:"),
        "{broken}"
    );
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "two: hi");

    let page = operator.get(&format!("{versions}?limit=2")).await.ok();
    let names: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["v3", "v2"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = operator
        .get(&format!("{versions}?cursor={cursor}"))
        .await
        .ok();
    assert_eq!(page["items"][0]["name"], "v1");

    let done = operator
        .post("/v1/projects/shop/rollback", &json!({}))
        .await
        .ok();
    assert_eq!(
        (&done["from"]["name"], &done["to"]["name"]),
        (&json!("v2"), &json!("v1"))
    );
    assert_eq!(done["to"]["active"], true);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "one: hi");
    let done = operator
        .post(&format!("{versions}/v2/activate"), &json!({}))
        .await
        .ok();
    assert_eq!(done["to"]["name"], "v2");

    for (nonsense, complaint) in [
        (
            &b"nonsense"[..],
            "neither a tar.gz nor a WebAssembly component",
        ),
        (b"", "the upload is empty"),
    ] {
        let taken = upload(&operator, versions, nonsense.to_vec()).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED);
        let (failed, _) = followed(&operator, taken.ok()["name"].as_str().unwrap()).await;
        assert_eq!(failed["state"], "failed");
        assert!(
            failed["error"].as_str().unwrap().contains(complaint),
            "{failed}"
        );
    }

    for (refused, status, code) in [
        (
            upload(&operator, &format!("{versions}?activate=perhaps"), app("")).await,
            400,
            "bad-query",
        ),
        (
            operator.get(&format!("{versions}/v9")).await,
            404,
            "version-not-found",
        ),
        (
            operator.get(&format!("{versions}/nonsense")).await,
            404,
            "version-not-found",
        ),
        (
            operator.get(&format!("{versions}/v1/log?limit=0")).await,
            400,
            "bad-log-query",
        ),
        (
            operator
                .post(&format!("{versions}/v2/activate"), &json!({}))
                .await,
            409,
            "version-serves-already",
        ),
        (
            operator
                .post(&format!("{versions}/v3/activate"), &json!({}))
                .await,
            409,
            "version-not-ready",
        ),
        (
            operator
                .post("/v1/projects/shop/rollback", &json!({"to": "v9"}))
                .await,
            404,
            "version-not-found",
        ),
    ] {
        assert_eq!(refused.refusal(), (status, code.to_owned()));
    }
    let audit = operator.get("/v1/audit").await.text;
    for action in ["create_version", "roll_back", "activate_version"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_go_in_over_http_and_do_not_come_out() {
    let mut host = TestHost::start().await;
    host.project("shop").await;
    let operator = host.operator();
    let secrets = "/v1/projects/shop/secrets";
    let mut said = Vec::new();

    let set = operator
        .put(&format!("{secrets}/MOTTO"), &json!({"value": "hunter2"}))
        .await;
    assert_eq!(set.ok()["changed"], true);
    let again = operator
        .put(&format!("{secrets}/MOTTO"), &json!({"value": "hunter2"}))
        .await;
    assert_eq!(again.ok()["changed"], false);
    let port = operator
        .put(&format!("{secrets}/PORT"), &json!({"value": "hunter2"}))
        .await;
    assert!(
        port.ok()["warning"]
            .as_str()
            .unwrap()
            .contains("the host sets `PORT`")
    );
    let import = operator.request(Method::POST, &format!("{secrets}/import"));
    let import = import.header("content-type", "text/plain");
    let imported = answered(import.body("KEY=hunter2\nNODE_ENV=test\n\nhunter2\n")).await;
    assert_eq!(imported.ok()["set"], json!(["KEY"]));
    assert_eq!(imported.ok()["left_out"], json!(["NODE_ENV"]));
    assert_eq!(imported.ok()["invalid"][0]["line"], 4);
    let list = operator.get(secrets).await;
    let names: Vec<_> = list.ok()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    assert_eq!(names, ["KEY", "MOTTO", "PORT"]);
    assert_eq!(list.ok()["environment"]["state"], "current");
    assert_eq!(
        operator.delete(&format!("{secrets}/PORT")).await.status,
        StatusCode::NO_CONTENT
    );
    said.extend([set, again, port, imported, list].map(|answer| answer.text));
    said.push(operator.get("/v1/audit").await.text);
    said.push(host.log());
    for text in said {
        assert!(!text.contains("hunter2"), "{text}");
    }

    for (refused, status, code) in [
        (
            operator.delete(&format!("{secrets}/PORT")).await,
            404,
            "secret-not-found",
        ),
        (
            operator
                .put(&format!("{secrets}/A-B"), &json!({"value": ""}))
                .await,
            422,
            "bad-secret-name",
        ),
        (
            operator
                .put(&format!("{secrets}/A"), &json!({"value": "\0"}))
                .await,
            422,
            "bad-secret-value",
        ),
        (
            operator
                .put(
                    &format!("{secrets}/A"),
                    &json!({"value": "x".repeat(65_537)}),
                )
                .await,
            422,
            "secret-too-long",
        ),
        (
            operator.put(&format!("{secrets}/A"), &json!({})).await,
            422,
            "bad-body",
        ),
        (
            operator
                .post(&format!("{secrets}/import"), &json!({}))
                .await,
            415,
            "not-text-type",
        ),
    ] {
        assert_eq!(refused.refusal(), (status, code.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_sent_wrongly_is_not_quoted_anywhere() {
    let mut host = TestHost::start().await;
    host.project("shop").await;
    let operator = host.operator();
    let secrets = "/v1/projects/shop/secrets";
    let mut said = Vec::new();

    let number = json!({ "value": 1_234_567_812_345_678_u64 });
    let refused = operator.put(&format!("{secrets}/OK"), &number).await;
    assert_eq!(refused.refusal(), (422, "bad-body".to_owned()));
    assert_eq!(refused.detail(), "value: expected a string, not a number");
    said.push(refused.text);
    let pem = "A=1\nKEY=-----BEGIN PRIVATE KEY-----\nMIIS3CR3Tbase64==\nMIIS3CR3T=\n\
               -----END PRIVATE KEY-----\n";
    let import = operator.request(Method::POST, &format!("{secrets}/import"));
    let refused = answered(import.body(pem)).await;
    assert_eq!(refused.refusal(), (422, "key-not-quoted".to_owned()));
    assert!(
        refused
            .detail()
            .starts_with("line 2 lies in a PEM that is not in quotes"),
        "{}",
        refused.detail()
    );
    said.push(refused.text);
    let import = operator.request(Method::POST, &format!("{secrets}/import"));
    let part = answered(import.body("9S3CR3T=\nMIIS3CR3T==\n")).await;
    assert_eq!(part.ok()["set"], json!([]));
    said.push(part.text);
    // Nothing of it was kept.
    let list = operator.get(secrets).await;
    assert_eq!(list.ok()["items"], json!([]));
    said.extend([list.text, operator.get("/v1/audit").await.text, host.log()]);
    for text in said {
        for part in ["1234567812345678", "S3CR3T"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}

/// A bot that reads what customers wrote at its top level, and says it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bot_says_at_its_start_is_for_tokens_with_people() {
    let mut host = TestHost::start().await;
    host.project("shop").await;
    let root = host.operator();
    let mut tokens = Vec::new();
    for people in [false, true] {
        let name = format!("people-{people}");
        let wanted = json!({ "name": name, "scope": "write", "people": people });
        let made = root.post("/v1/tokens", &wanted).await.ok();
        tokens.push(root.with_token(made["token"].as_str().unwrap()));
    }
    let [keeper, reader] = <[Operator; 2]>::try_from(tokens).ok().unwrap();
    let versions = "/v1/projects/shop/versions";
    let top = "console.log('soup is cold')\nif (process.env.MOTTO === 'bad') throw new Error('her card is 4111')";
    let talks = app(&super::bot(top, "'hi'"));
    upload(&root, versions, talks.clone()).await.ok();
    followed(&root, "v1").await;
    let set = |value: &str| json!({ "value": value });
    let motto = "/v1/projects/shop/secrets/MOTTO";
    root.put(motto, &set("bad")).await.ok();
    let secrets = "/v1/projects/shop/secrets";
    eventually("the secret was tried", async || {
        let seen = root.get(secrets).await.ok();
        (seen["environment"]["state"] == "failed").then_some(())
    })
    .await;
    upload(&root, versions, talks).await.ok();
    followed(&root, "v2").await;

    let paths = [
        versions.to_owned(),
        format!("{versions}/v2"),
        format!("{versions}/v2/log"),
        secrets.to_owned(),
    ];
    for path in &paths {
        let hidden = keeper.get(path).await;
        assert!(
            !hidden.text.contains("4111") && !hidden.text.contains("soup"),
            "{}",
            hidden.text
        );
        assert!(
            hidden.text.contains("may quote a customer"),
            "{}",
            hidden.text
        );
        let shown = reader.get(path).await;
        assert!(shown.text.contains("her card is 4111"), "{}", shown.text);
    }
    // What the host says stays, and the log comes to its end.
    let (version, log) = followed(&keeper, "v1").await;
    assert_eq!(version["state"], "ready");
    assert!(
        log.contains("built and checked in") && !log.contains("soup"),
        "{log}"
    );
    let (_, log) = followed(&reader, "v1").await;
    assert!(log.contains("soup is cold"), "{log}");
    let broken = upload(&root, versions, app("const x = (")).await.ok();
    assert_eq!(broken["name"], "v3");
    followed(&root, "v3").await;
    let broken = keeper.get(&format!("{versions}/v3")).await.ok();
    assert!(
        broken["error"].as_str().unwrap().contains("app.js:1:"),
        "{broken}"
    );
}
