//! Keys of a host are changed while it runs: old and new are taken in between, and nothing is lost.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use http::StatusCode;
use roost::projects::{SEALED, Secret};
use serde_json::json;
use sqlx::PgConnection;

use super::api::cli::{complains, prints};
use super::support::{Operator, Setup, TestHost, TestProject, eventually};

const ANA: &str = "16505551234";

/// Says what it has as a secret.
const TELLER: &str = "
const http = require('node:http')
const { whatsapp } = require('roost')
http.createServer(async (req, res) => {
  if (req.method === 'GET') return res.end(new URL(req.url, 'http://bot').searchParams.get('hub.challenge'))
  let body = ''
  for await (const chunk of req) body += chunk
  const [message] = JSON.parse(body).entry[0].changes[0].value.messages ?? []
  if (message) await whatsapp.sendText(message.from, process.env.MOTTO)
  res.end()
}).listen(process.env.PORT)
";

/// A host with a bot that has a secret, and many more secrets.
async fn with_teller(secrets: usize) -> (TestHost, TestProject) {
    let mut host = TestHost::start().await;
    let bot = host.project("teller").await;
    let projects = host.app().projects();
    projects
        .set_secret(bot.id, "MOTTO", &Secret::new("first of all"))
        .await
        .unwrap();
    for n in 1..secrets {
        let value = Secret::new(format!("value {n}"));
        projects
            .set_secret(bot.id, &format!("NAME_{n}"), &value)
            .await
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.js"), TELLER).unwrap();
    host.deploys(&bot, folder.path()).await.unwrap();
    (host, bot)
}

fn key_in(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap().trim().to_owned()
}

/// Which keys the sealed values name: their first byte, and the name where there is one.
async fn marks(control: &mut PgConnection) -> BTreeSet<String> {
    let marks: Vec<String> = sqlx::query_scalar(
        "select encode(substring(sealed from 1 for case get_byte(sealed, 0) when 1 then 1 else 5 end), 'hex')
         from (select value_sealed as sealed from secret union all select sealed from environment
               union all select verify_token_sealed from project union all select app_secret_sealed from project
               union all select token_sealed from number) all_of_them",
    )
    .fetch_all(control)
    .await
    .unwrap();
    marks.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_changed_while_the_host_serves() {
    let (mut host, bot) = with_teller(40).await;
    let mut ana = bot.customer(ANA).await;
    let operator = host.operator();
    let scene = tempfile::tempdir().unwrap();
    let file = scene.path().join("key");
    let mut control = host.control_database().await;
    assert_eq!(marks(&mut control).await, BTreeSet::from(["01".to_owned()]));
    let generation = host.app().projects().generation(bot.id).await.unwrap();

    let words = ["rotate", "master-key", "--key-file", file.to_str().unwrap()];
    let said = prints(&operator, &words).await;

    assert!(
        said.contains("`roost rotate master-key --finish`"),
        "{said}"
    );
    let new = key_in(&file);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!((new.len(), mode & 0o777), (64, 0o600));
    let named = marks(&mut control).await;
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named.iter().all(|mark| mark.starts_with("02")), "{named:?}");
    // No bot was started anew because of it.
    let now = host.app().projects().generation(bot.id).await.unwrap();
    assert_eq!(now, generation);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "first of all");
    let standing = prints(&operator, &["rotate"]).await;
    assert!(standing.contains("two, until it is finished"), "{standing}");
    // Asked for again it is the same change.
    prints(&operator, &words).await;

    // A host that is started now may have either.
    host.stops().await;
    for key in [&new, &hex::encode([7; 32])] {
        let process = host.is_joined(&[("ROOST_MASTER_KEY", key.clone())]).await;
        host.takes_webhooks_at(&format!("http://{}", process.address()))
            .await;
        ana.says("hi").await;
        assert_eq!(ana.hears().await, "first of all");
        process.die().await;
    }
    let process = host.is_joined(&[("ROOST_MASTER_KEY", new.clone())]).await;
    host.takes_webhooks_at(&format!("http://{}", process.address()))
        .await;
    let operator = Operator::of(&process);
    prints(&operator, &["rotate", "master-key", "--finish"]).await;
    let (code, said) = complains(&operator, &["rotate", "master-key", "--finish"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("is not being changed"), "{said}");

    // The canary moved: the old key starts no host, and changes nothing.
    let started = roost::app::App::start(host.config()).await;
    let error = started.err().expect("it starts with the old key");
    assert!(
        error.to_string().contains("the master key is not the one"),
        "{error:#}"
    );
    let value = json!({ "value": "second of all" });
    let set = operator
        .put("/v1/projects/teller/secrets/MOTTO", &value)
        .await;
    set.ok();
    eventually("the bot has its new secret", async || {
        let secrets = operator.get("/v1/projects/teller/secrets").await;
        secrets.text.contains("\"current\"").then_some(())
    })
    .await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "second of all");
    assert_eq!(marks(&mut control).await, named);

    // And once more: what is made of the first key stays as it is.
    let other = scene.path().join("other");
    let words = [
        "rotate",
        "master-key",
        "--key-file",
        other.to_str().unwrap(),
    ];
    prints(&operator, &words).await;
    process.die().await;
    let process = host
        .is_joined(&[("ROOST_MASTER_KEY", key_in(&other))])
        .await;
    let operator = Operator::of(&process);
    prints(&operator, &["rotate", "master-key", "--finish"]).await;
    let former = json!({ "value": new });
    let refused = operator.post("/v1/keys/master-key", &former).await;
    assert_eq!(refused.refusal(), (409, "key-used-before".to_owned()));
    host.takes_webhooks_at(&format!("http://{}", process.address()))
        .await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "second of all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_dies_while_the_master_key_is_changed_loses_nothing() {
    let (mut host, bot) = with_teller(250).await;
    let mut ana = bot.customer(ANA).await;
    host.stops().await;
    let mut control = host.control_database().await;
    let new = "5e".repeat(32);
    let process = host.is_joined(&[]).await;
    let operator = Operator::of(&process);
    // One value cannot be sealed anew before the host dies.
    let mut locking = host.control_database().await;
    sqlx::raw_sql("begin; select from secret where name = 'NAME_7' for update")
        .execute(&mut locking)
        .await
        .unwrap();
    let change = json!({ "value": new });
    let begun = operator.post("/v1/keys/master-key", &change).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
    // Some are sealed anew, some are not: as of a host that died in the midst of it.
    eventually("it has begun", async || {
        let marks = marks(&mut control).await;
        marks
            .iter()
            .any(|mark| mark.starts_with("02"))
            .then_some(())
    })
    .await;
    process.die().await;
    sqlx::raw_sql("rollback")
        .execute(&mut locking)
        .await
        .unwrap();
    assert_eq!(marks(&mut control).await.len(), 2, "some of both");
    // Each opens with the key that it names.
    let both = host.is_joined(&[]).await;
    let operator = Operator::of(&both);
    operator
        .put("/v1/projects/teller/secrets/LATE", &json!({ "value": "x" }))
        .await
        .ok();
    eventually("all is sealed anew", async || {
        let keys = operator.get("/v1/keys").await.ok();
        (keys["master_key"]["left"] == 0).then_some(())
    })
    .await;
    both.die().await;
    let process = host.is_joined(&[("ROOST_MASTER_KEY", new.clone())]).await;
    host.takes_webhooks_at(&format!("http://{}", process.address()))
        .await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "first of all");
    let operator = Operator::of(&process);
    operator
        .post("/v1/keys/master-key/finish", &json!(null))
        .await
        .ok();
    let marks = marks(&mut control).await;
    assert_eq!(marks.len(), 1, "{marks:?}");
}

#[tokio::test]
async fn every_sealed_column_is_sealed_anew() {
    let host = TestHost::start().await;
    let mut control = host.control_database().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
         where table_schema = 'public' and data_type = 'bytea'
           and column_name ~ 'sealed' and table_name <> 'master_key'",
    )
    .fetch_all(&mut control)
    .await
    .unwrap();
    let columns: BTreeSet<(String, String)> = columns.into_iter().collect();
    let listed = SEALED.map(|sealed| (sealed.table.to_owned(), sealed.column.to_owned()));
    assert_eq!(columns, BTreeSet::from(listed));
}

#[tokio::test]
async fn only_an_administrator_of_all_projects_changes_keys() {
    let host = TestHost::start().await;
    let root = host.operator();
    root.post("/v1/projects", &json!({ "name": "pizza" }))
        .await
        .ok();
    let made = async |wanted| {
        let made = root.post("/v1/tokens", &wanted).await.ok();
        root.with_token(made["token"].as_str().unwrap())
    };
    let writer = made(json!({ "name": "writer", "scope": "write" })).await;
    let bound = made(json!({ "name": "bound", "scope": "admin", "project": "pizza" })).await;
    for (operator, code) in [
        (&writer, "scope-too-small"),
        (&bound, "token-of-one-project"),
    ] {
        let refusal = (403, code.to_owned());
        for key in ["master-key", "admin-key", "verify-token", "app-secret"] {
            let path = format!("/v1/keys/{key}");
            let new = json!({ "value": "5e".repeat(32) });
            assert_eq!(operator.post(&path, &new).await.refusal(), refusal, "{key}");
            let path = format!("{path}/finish");
            let finished = operator.post(&path, &json!(null)).await;
            assert_eq!(finished.refusal(), refusal, "{key}");
        }
        assert_eq!(operator.get("/v1/keys").await.refusal(), refusal);
    }
    let short = root
        .post("/v1/keys/master-key", &json!({ "value": "5e5e" }))
        .await;
    assert_eq!(short.refusal(), (422, "bad-key".to_owned()));
    let same = json!({ "value": hex::encode([7; 32]) });
    let same = root.post("/v1/keys/master-key", &same).await;
    assert_eq!(same.refusal(), (409, "key-used-before".to_owned()));
    let unknown = root.post("/v1/keys/other", &json!({})).await;
    assert_eq!(unknown.refusal(), (404, "key-not-found".to_owned()));
    let audit = root.get("/v1/audit").await;
    assert!(audit.text.contains("change_key") && !audit.text.contains("5e5e5e5e"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_key_is_changed_while_the_host_serves() {
    let mut host = TestHost::start().await;
    let old = host.operator();
    let new = prints(&old, &["rotate", "admin-key"]).await;
    let new = old.with_token(new.trim());
    assert!(new.token.starts_with("roost_"), "{}", new.token);
    for operator in [&old, &new] {
        operator.get("/v1/audit").await.ok();
    }
    // Another host has it within some seconds.
    let other = host.is_joined(&[]).await;
    let there = Operator::of(&other).with_token(&new.token);
    eventually("another host takes it", async || {
        there
            .get("/v1/projects")
            .await
            .status
            .is_success()
            .then_some(())
    })
    .await;
    let (code, said) = complains(&old, &["rotate", "admin-key", "--finish"]).await;
    assert_eq!(code, 4);
    assert!(said.contains("with the new admin key"), "{said}");
    prints(&new, &["rotate", "admin-key", "--finish"]).await;
    let unknown = (401, "token-unknown".to_owned());
    assert_eq!(old.get("/v1/projects").await.refusal(), unknown);
    let there_with_old = Operator::of(&other);
    eventually("another host takes the old one no more", async || {
        (there_with_old.get("/v1/projects").await.status == 401).then_some(())
    })
    .await;
    // Nor after a start with it.
    host.stops().await;
    host.starts_again().await;
    let old = host.operator();
    let new = old.with_token(&new.token);
    assert_eq!(old.get("/v1/projects").await.refusal(), unknown);
    new.get("/v1/projects").await.ok();
    let (_, said) = complains(&new, &["rotate", "admin-key", "--finish"]).await;
    assert!(said.contains("is not being changed"), "{said}");
}

/// Makes Meta's handshake.
async fn handshake(host: &TestHost, token: &str) -> StatusCode {
    let url = format!(
        "http://{}/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}",
        host.address()
    );
    let request = reqwest::Client::new().get(url);
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verify_token_is_changed_while_the_host_serves() {
    let mut host = TestHost::start().await;
    let operator = host.operator();
    let old = "a-word-for-tests";
    let new = prints(&operator, &["rotate", "verify-token"]).await;
    let new = new.trim();
    for token in [old, new] {
        assert_eq!(handshake(&host, token).await, StatusCode::OK, "{token}");
    }
    assert_eq!(handshake(&host, "other").await, StatusCode::FORBIDDEN);
    prints(&operator, &["rotate", "verify-token", "--finish"]).await;
    assert_eq!(handshake(&host, old).await, StatusCode::FORBIDDEN);
    assert_eq!(handshake(&host, new).await, StatusCode::OK);
    host.stops().await;
    host.starts_again().await;
    assert_eq!(handshake(&host, old).await, StatusCode::FORBIDDEN);
    assert_eq!(handshake(&host, new).await, StatusCode::OK);
    let mut control = host.control_database().await;
    let stored: Vec<String> = sqlx::query_scalar("select k::text from host_key k")
        .fetch_all(&mut control)
        .await
        .unwrap();
    let stored = stored.join("\n");
    for token in [old, new] {
        let is_there = stored.contains(token) || stored.contains(&hex::encode(token));
        assert!(!is_there, "`{token}` is in {stored}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_secret_is_changed_while_the_host_serves() {
    let host = TestHost::start_with(Setup {
        app_secret: "the-old-secret-of-the-app",
        ..Setup::default()
    })
    .await;
    let operator = host.operator();
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let posted = async |secret: &str| {
        let signature = roost::http::sign(&Secret::new(secret), body);
        host.posted(body, &signature).await
    };
    let (old, new) = (
        "the-old-secret-of-the-app",
        "0123456789abcdef0123456789abcdef",
    );
    assert_eq!(posted(old).await, StatusCode::OK);
    assert_eq!(posted(new).await, StatusCode::UNAUTHORIZED);
    let taken = operator
        .post("/v1/keys/app-secret", &json!({ "value": new }))
        .await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text);
    assert!(!taken.text.contains(new));
    assert_eq!(posted(old).await, StatusCode::OK);
    assert_eq!(posted(new).await, StatusCode::OK);
    prints(&operator, &["rotate", "app-secret", "--finish"]).await;
    assert_eq!(posted(old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(posted(new).await, StatusCode::OK);
    let again = operator
        .post("/v1/keys/app-secret", &json!({ "value": old }))
        .await;
    assert_eq!(again.refusal(), (409, "key-used-before".to_owned()));
    let none = operator.post("/v1/keys/app-secret", &json!({})).await;
    assert_eq!(none.refusal(), (422, "bad-key".to_owned()));
}
