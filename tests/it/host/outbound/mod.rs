//! Requests of bots to the outside, over TLS: the clients that people use, compared with themselves on Node.

mod peer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use roost::egress::EgressPolicy;
use roost::web::WebSettings;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use self::peer::{NodeBot, Peer};
use super::support::{DEADLINE, Setup, TestHost, guest, sdk, share_cache};

/// A folder of `guests/clients`, whose packages must be installed.
fn client(name: &str) -> PathBuf {
    let folder = guest("clients");
    assert!(
        folder.join("node_modules").is_dir(),
        "run `npm ci` in {}, as `cargo xtask test` does",
        folder.display()
    );
    folder.join(name)
}

/// What each check of a bot gives; `ask` fetches a path of its pages.
async fn results(ask: impl AsyncFn(String) -> Value, peer: &Peer) -> BTreeMap<String, Value> {
    let names = ask("/checks".to_owned()).await;
    let names: Vec<String> = serde_json::from_value(names).unwrap();
    assert!(!names.is_empty());
    let mut results = BTreeMap::new();
    for name in names {
        let asked = ask(format!("/checks/{name}?base={}", peer.base())).await;
        results.insert(name, asked);
    }
    results
}

async fn fetched(client: &reqwest::Client, url: &str, host: &str) -> Value {
    let request = client.get(url).header("host", host);
    let answer = request.timeout(DEADLINE * 3).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(format!("{status} {text}")))
}

async fn is_as_on_node(name: &str) {
    let folder = client(name);
    let peer = Peer::start().await;
    // Some other test may have installed it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let asks = reqwest::Client::new();

    let node = NodeBot::start(&folder, &peer).await;
    let on_node = async |path| fetched(&asks, &format!("{}{path}", node.base()), "localhost").await;
    let expected = results(on_node, &peer).await;

    let mut host = TestHost::start_with(Setup {
        egress: EgressPolicy::from(peer.exceptions()),
        web: WebSettings {
            domain: Some("bots.test".parse().unwrap()),
            ..WebSettings::default()
        },
        ..Setup::default()
    })
    .await;
    let _project = host.bot(name, &folder).await;
    let base = format!("http://{}", host.address());
    let of_bot = format!("{name}.bots.test");
    let on_roost = async |path| fetched(&asks, &format!("{base}{path}"), &of_bot).await;
    let given = results(on_roost, &peer).await;

    let differ: Vec<String> = expected
        .iter()
        .filter(|(name, expected)| given.get(*name) != Some(expected))
        .map(|(name, expected)| format!("{name}\n  Node:  {expected}\n  Roost: {}", given[name]))
        .collect();
    assert!(
        differ.is_empty(),
        "{} of {} checks differ:\n{}\n{}",
        differ.len(),
        expected.len(),
        differ.join("\n"),
        host.log()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_clients_do_what_they_do_on_node() {
    is_as_on_node("http").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packages_of_services_do_what_they_do_on_node() {
    is_as_on_node("services").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_answers_with_axios_does_so_in_the_chat() {
    let peer = Peer::start().await;
    let data = tempfile::tempdir().unwrap();
    share_cache(data.path());
    let environment = |name: &str| std::env::var_os(name).unwrap_or_default();
    let mut roost = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("dev")
        .arg(client("http"))
        .args(["--port", "0", "--admin-port", "0", "--log", "error"])
        .arg("--egress-resolve")
        .arg(format!("service.test=127.0.0.1:{}", peer.port()))
        .arg("--egress-ca")
        .arg(peer.authority())
        .arg("--data")
        .arg(data.path())
        .env_clear()
        .env("PATH", environment("PATH"))
        .env("ROOST_SDK", sdk())
        .env("ROOST_POSTGRES", environment("ROOST_TEST_PG_BIN"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut chat = roost.stdin.take().unwrap();
    chat.write_all(b"hello\nhttps://service.test/echo?by=axios\n")
        .await
        .unwrap();
    drop(chat);
    let (mut said, mut told) = (String::new(), String::new());
    let (mut out, mut err) = (roost.stdout.take().unwrap(), roost.stderr.take().unwrap());
    let ends = async {
        tokio::try_join!(out.read_to_string(&mut said), err.read_to_string(&mut told)).unwrap();
    };
    tokio::time::timeout(Duration::from_secs(300), ends)
        .await
        .expect("the chat does not end");
    assert!(said.contains("You said: hello"), "{said}\n{told}");
    let answer = r#"200 POST /echo?by=axios {"asked":true}"#;
    assert!(said.contains(answer), "{said}\n{told}");
}
