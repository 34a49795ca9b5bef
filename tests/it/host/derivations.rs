//! Derived keys, hashes of passwords, ciphers and public keys, over HTTP: the host computes for the bot.

use http::StatusCode;
use serde_json::{Value, json};

use super::support::{TestHost, fixture};

struct Bench {
    host: TestHost,
    client: reqwest::Client,
}

impl Bench {
    async fn start() -> Self {
        let mut host = TestHost::start().await;
        host.bot("deriver", &fixture("derives")).await;
        let client = reqwest::Client::new();
        Self { host, client }
    }

    async fn json(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.host.address());
        let asked = self.client.get(url).header("host", "deriver.bots.test");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_hashes_at_the_usual_costs_fit_into_an_event() {
    let bench = Bench::start().await;
    let expected = json!({
        "early": true,
        "scrypt": "745731af4484f323968969eda289aeee",
        "pbkdf2": "72629a41b076e588fba8c71ca37fadc9",
        "bcrypt": "$2b$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK",
        "bcryptjs": "$2b$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK",
        "argon2": "$argon2id$v=19$m=65536,p=4,t=3$c29tZXNhbHRzb21lc2FsdA$gduXp+Z6iReEolmbyHn5V8s1EtJzmEvZfYoY/Fn/AeI",
    });
    for _ in 0..2 {
        assert_eq!(bench.json("/usual").await, expected);
    }
    // Each needs half of the bot's memory: they wait for each other.
    assert_eq!(
        bench.json("/together").await,
        json!([true, true, true, true, true])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_too_much_is_refused_before_it_starts() {
    let bench = Bench::start().await;
    let refused = bench.json("/refused").await;
    let texts: Vec<&str> = refused
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    for text in &texts[..3] {
        assert!(
            text.starts_with("ERR_CRYPTO_INVALID_SCRYPT_PARAMS: Invalid scrypt params: "),
            "{text}"
        );
    }
    for text in &texts[1..3] {
        assert!(text.contains("needs 1024 MiB of memory"), "{text}");
    }
    for text in &texts[3..5] {
        assert!(
            text.starts_with("ERR_CRYPTO_OPERATION_FAILED: bcrypt would take about"),
            "{text}"
        );
    }
    assert!(
        texts[5].contains("argon2 needs 1024 MiB of memory"),
        "{}",
        texts[5]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ciphers_of_the_top_level_serve_every_event() {
    let bench = Bench::start().await;
    for _ in 0..2 {
        assert_eq!(bench.json("/sealed").await, json!([4, "text"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_the_top_level_serve_every_event() {
    let bench = Bench::start().await;
    let expected = json!({
        "signs": true,
        "agrees": [true, 192, "dh"],
        // From then on its curve is named, which takes 121 bytes.
        "older": [true, "prime256v1", 121],
        "sealed": 20,
        "hash": "59a00b72575860f34c38d5269250513881b0b8c6",
    });
    for _ in 0..2 {
        assert_eq!(bench.json("/keys").await, expected);
    }
}
