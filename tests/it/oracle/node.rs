//! One bot in one Node process.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::{APP_SECRET, Answer, Graph, PHONE_NUMBER_ID, Run, Webhook};

const START_DEADLINE: Duration = Duration::from_secs(30);
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A running bot; its process ends when it is dropped.
pub(super) struct Bot {
    port: u16,
    client: reqwest::Client,
    _process: Child,
}

impl Bot {
    /// Starts the bot and waits until it listens.
    pub(super) async fn start(run: &Run<'_>, graph: &Graph) -> Self {
        // A file, not a pipe: nobody reads it while the bot writes.
        let errors = tempfile::NamedTempFile::new().unwrap();
        let port = free_port();
        let redirect = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oracle/redirect.cjs");
        let mut process = Command::new("node")
            .arg("--require")
            .arg(redirect)
            .arg(run.entry)
            .current_dir(run.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TZ", "UTC")
            .env("ORACLE_GRAPH", graph.address())
            .env("ORACLE_PORT", port.to_string())
            .env("PORT", port.to_string())
            .env("APP_SECRET", APP_SECRET)
            .env("PHONE_NUMBER_ID", PHONE_NUMBER_ID)
            .env("WHATSAPP_TOKEN", "a-token-for-tests")
            .env("VERIFY_TOKEN", "a-word-for-tests")
            .envs(run.environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors.reopen().unwrap())
            .kill_on_drop(true)
            .spawn()
            .expect("node is needed: it runs the bots that Roost is compared with");
        // Some other test may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = process.try_wait().unwrap() {
                let said = std::fs::read_to_string(errors.path()).unwrap_or_default();
                panic!(
                    "{} on Node ended before it listened: {status}\n{said}",
                    run.folder.display()
                );
            }
            let waited = begin.elapsed();
            assert!(
                waited < START_DEADLINE,
                "{} does not listen on Node",
                run.folder.display()
            );
            tokio::time::sleep(POLL).await;
        }
        Self {
            port,
            client: reqwest::Client::new(),
            _process: process,
        }
    }

    /// Gives one webhook to the bot and waits for its answer.
    pub(super) async fn deliver(&self, path: &str, webhook: &Webhook) -> Answer {
        let response = self
            .client
            .post(format!("http://127.0.0.1:{}{path}", self.port))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", &webhook.signature)
            .timeout(ANSWER_DEADLINE)
            .body(webhook.body.clone())
            .send()
            .await
            .unwrap();
        Answer {
            status: response.status().as_u16(),
            body: response.text().await.unwrap(),
        }
    }
}

/// Free now; another process may take it, which the start then says.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
