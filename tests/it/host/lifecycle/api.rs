//! The same over HTTP, and as words of the command line.

use std::process::Output;

use http::Method;
use roost_emulator::control::{AssetCall, Fault};
use serde_json::{Value, json};
use tokio::process::Command;

use super::super::support::{DEADLINE, Operator, TestHost, guest};
use super::{Business, new_project, test_project};

/// The events of a stream, as (name, id, data), until it ends.
async fn streamed(
    operator: &Operator,
    path: &str,
    last: Option<&str>,
) -> Vec<(String, String, Value)> {
    let mut request = operator.request(Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let whole = async {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.text().await.unwrap()
    };
    let text = tokio::time::timeout(DEADLINE, whole).await;
    let text = text.expect("the stream goes on after the deadline");
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
    blocks
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data:")).unwrap();
            (field(block, "event:"), field(block, "id:"), data)
        })
        .collect()
}

fn number_of(business: &Business) -> Value {
    json!({
        "phone_number_id": business.number_id, "waba_id": business.waba_id, "token": business.token,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_is_made_followed_paused_deleted_and_restored_over_http() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let operator = host.operator();
    let new = json!({
        "name": "pizza", "number": number_of(&business), "secrets": { "API_KEY": "hunter2" },
    });
    let made = operator.post("/v1/projects", &new).await;
    assert_eq!(made.status, 201);
    assert!(!made.text.contains("hunter2") && !made.text.contains(&business.token));
    assert_eq!(made.ok()["status"], "provisioning");

    let path = "/v1/projects/pizza/provisioning/stream";
    let events = streamed(&operator, path, None).await;
    let (last, steps) = events.split_last().unwrap();
    assert_eq!(
        (last.0.as_str(), last.2["status"].as_str()),
        ("end", Some("active"))
    );
    assert!(steps.iter().all(|(name, _, _)| name == "step"));
    assert_eq!(steps[0].2["step"], "database");
    let middle = &steps[3].1;
    let rest = streamed(&operator, path, Some(middle)).await;
    assert_eq!(rest, events[4..]);
    let bad = operator
        .request(Method::GET, path)
        .header("last-event-id", "x");
    let bad = super::super::support::answered(bad).await;
    assert_eq!(bad.refusal(), (400, "bad-last-event-id".to_owned()));

    let standing = operator.get("/v1/projects/pizza/provisioning").await.ok();
    assert_eq!(standing["steps"][0]["state"], "done");
    let paused = operator
        .post("/v1/projects/pizza/pause", &json!({}))
        .await
        .ok();
    assert_eq!(paused["status"], "paused");
    assert_eq!(
        operator.get("/v1/projects/pizza").await.ok()["status"],
        "paused"
    );
    let resumed = operator
        .post("/v1/projects/pizza/resume", &json!({}))
        .await
        .ok();
    assert_eq!(resumed["status"], "active");

    let deleted = operator.delete("/v1/projects/pizza").await;
    assert_eq!(deleted.status, 202);
    let deleted = deleted.ok();
    assert_eq!(deleted["status"], "deleting");
    assert!(deleted["delete_after"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        operator.get("/v1/projects").await.ok()["items"][0]["status"],
        "deleting"
    );
    for path in ["", "/provisioning", "/events"] {
        let gone = operator.get(&format!("/v1/projects/pizza{path}")).await;
        assert_eq!(
            gone.refusal(),
            (404, "project-deleted".to_owned()),
            "{path}"
        );
        assert!(gone.detail().contains("roost projects restore pizza"));
    }
    let refused = operator.post("/v1/projects/pizza/resume", &json!({})).await;
    assert_eq!(refused.refusal(), (409, "project-going".to_owned()));
    let refused = operator
        .post("/v1/projects", &json!({ "name": "pizza" }))
        .await;
    assert_eq!(refused.refusal(), (409, "project-going".to_owned()));
    assert!(
        refused.detail().contains("roost projects restore pizza"),
        "{}",
        refused.detail()
    );
    operator
        .post("/v1/projects/pizza/restore", &json!({}))
        .await
        .ok();
    let events = streamed(&operator, path, None).await;
    assert_eq!(events.last().unwrap().2["status"], "active");
    let refused = operator
        .post("/v1/projects/pizza/restore", &json!({}))
        .await;
    assert_eq!(refused.refusal(), (409, "project-not-going".to_owned()));

    operator.delete("/v1/projects/pizza?now=true").await.ok();
    let gone = async {
        while operator.get("/v1/projects").await.ok()["items"] != json!([]) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    operator
        .post("/v1/projects", &json!({ "name": "pizza" }))
        .await
        .ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_connected_over_http_and_a_refusal_says_which_step_and_why() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    host.provisioned(&new_project("pizza")).await;
    let operator = host.operator();
    let path = "/v1/projects/pizza/number";
    assert_eq!(
        operator.get(path).await.refusal(),
        (404, "no-number".to_owned())
    );
    let fault = Fault::Refused {
        call: AssetCall::Subscribe,
        code: 200,
        subcode: None,
    };
    host.emulator().fail_next(1, fault).await.unwrap();
    let refused = operator.put(path, &number_of(&business)).await;
    assert_eq!(refused.refusal(), (409, "meta-refused".to_owned()));
    let said = refused.detail();
    assert!(
        said.starts_with("step `number-subscribe`: Meta refused to subscribe the app"),
        "{said}"
    );
    let state = operator.get(path).await.ok();
    assert_eq!(state["connected"], false);
    assert_eq!(
        state["wanted"]["phone_number_id"],
        business.number_id.as_str()
    );

    let state = operator.put(path, &number_of(&business)).await;
    assert_eq!(state.status, 200);
    let state = state.ok();
    assert_eq!(state["number"]["verified_name"], "Business");
    assert_eq!(
        (&state["connected"], &state["wanted"]),
        (&json!(true), &Value::Null)
    );
    let mut bad = number_of(&business);
    bad["phone_number_id"] = "+1 555 0100".into();
    assert_eq!(
        operator.put(path, &bad).await.refusal(),
        (422, "bad-meta-id".to_owned())
    );
    let mut bad = number_of(&business);
    bad["pin"] = "12".into();
    assert_eq!(
        operator.put(path, &bad).await.refusal(),
        (422, "bad-pin".to_owned())
    );

    let gone = operator.delete(&format!("{path}?deregister=true")).await;
    assert_eq!(gone.status, 202);
    streamed(&operator, "/v1/projects/pizza/provisioning/stream", None).await;
    assert!(!business.is_registered(&host).await);
    assert_eq!(
        operator.delete(path).await.refusal(),
        (409, "no-number".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_delete_restore_and_export() {
    let host = TestHost::start().await;
    host.provisioned(&new_project("pizza")).await;
    let operator = host.operator();
    let token = operator
        .post("/v1/tokens", &json!({ "name": "ci", "scope": "write" }))
        .await
        .ok();
    let writer = operator.with_token(token["token"].as_str().unwrap());
    let refused = (403, "scope-too-small".to_owned());
    assert_eq!(writer.delete("/v1/projects/pizza").await.refusal(), refused);
    for path in ["restore", "export"] {
        let path = format!("/v1/projects/pizza/{path}");
        assert_eq!(
            writer.post(&path, &json!({})).await.refusal(),
            refused,
            "{path}"
        );
    }
    writer
        .post("/v1/projects/pizza/pause", &json!({}))
        .await
        .ok();
}

async fn roost(operator: &Operator, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_roost"))
        .args(words)
        .env_clear()
        .env("ROOST_URL", &operator.base)
        .env("ROOST_TOKEN", &operator.token)
        .env("ROOST_PROJECT", "pizza")
        .output()
        .await
        .unwrap()
}

async fn prints(operator: &Operator, words: &[&str]) -> String {
    let output = roost(operator, words).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_makes_connects_exports_and_deletes() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let operator = host.operator();
    let said = prints(&operator, &["projects", "create", "pizza", "--follow"]).await;
    assert!(said.contains("database          done"), "{said}");
    assert!(said.trim_end().ends_with("the project is active"), "{said}");

    let connect = |token: &'static str| {
        let (number, waba) = (business.number_id.clone(), business.waba_id.clone());
        let operator = operator.clone();
        async move {
            let words = [
                "number",
                "connect",
                "--phone-number-id",
                &number,
                "--waba-id",
                &waba,
                "--meta-token",
                token,
            ];
            roost(&operator, &words).await
        }
    };
    let refused = connect("wrong").await;
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("step `number-check`") && said.contains("What to do"),
        "{said}"
    );
    let said = connect(business.token.clone().leak()).await;
    assert!(said.status.success());
    assert!(
        String::from_utf8(said.stdout)
            .unwrap()
            .starts_with("connected")
    );
    let said = prints(&operator, &["number"]).await;
    assert!(
        said.contains("15550784711") && said.contains("number-verify"),
        "{said}"
    );

    let project = host
        .app()
        .projects()
        .by_name(&"pizza".parse().unwrap())
        .await
        .unwrap();
    let bot = test_project(&host, &project.unwrap(), &business);
    host.deploys(&bot, &guest("echo")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pizza.tar.gz");
    let file = file.to_str().unwrap();
    let said = prints(
        &operator,
        &["projects", "delete", "pizza", "--export", file],
    )
    .await;
    assert!(said.contains("roost projects restore pizza"), "{said}");
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(
        std::fs::File::open(file).unwrap(),
    ));
    let names = tar
        .entries()
        .unwrap()
        .map(|e| e.unwrap().path().unwrap().display().to_string());
    assert_eq!(names.last().unwrap(), "manifest.json");
    let said = prints(&operator, &["projects", "restore", "pizza"]).await;
    assert!(said.contains("`pizza` is back"), "{said}");
    prints(&operator, &["projects", "follow", "pizza"]).await;
    let json = prints(&operator, &["projects", "pause", "pizza", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["status"], "paused");
    prints(&operator, &["projects", "resume", "pizza"]).await;
    prints(&operator, &["projects", "delete", "pizza", "--now"]).await;
    // It ends with the project, or does not find it any more.
    roost(&operator, &["projects", "follow", "pizza"]).await;
    let gone = roost(&operator, &["projects", "show", "pizza"]).await;
    assert_eq!(gone.status.code(), Some(1));
}
