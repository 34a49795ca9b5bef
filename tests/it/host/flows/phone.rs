//! The cryptography of a phone, by Node's own.

use std::process::Stdio;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A request that a phone sealed, with what opens the answer.
#[derive(Deserialize)]
pub(super) struct Phone {
    pub(super) body: String,
    key: String,
    iv: String,
}

impl Phone {
    pub(super) async fn seals(public_key: &str, text: &str) -> Self {
        serde_json::from_value(node(&json!({ "publicKey": public_key, "text": text })).await)
            .unwrap()
    }

    pub(super) async fn opens(&self, answer: &str) -> String {
        let asked = json!({ "answer": answer, "key": self.key, "iv": self.iv });
        node(&asked).await.as_str().unwrap().to_owned()
    }
}

async fn node(asked: &Value) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/host/flows/phone.cjs");
    let mut process = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(asked.to_string().as_bytes()).await.unwrap();
    drop(input);
    let output = process.wait_with_output().await.unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}
