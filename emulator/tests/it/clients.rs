//! Clients that others wrote, unmodified, against a running emulator: a script for each in `tests/clients`, which calls
//! all that its client offers, checks what comes back, and says how many calls there were.
//!
//! `cargo xtask setup` installs them, pinned.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use roost_emulator::{Config, Emulator};
use serde_json::Value;

/// A script with its arguments; the fewest calls that it has to make, and of how many methods.
struct Script {
    program: Program,
    arguments: &'static [&'static str],
    calls: u64,
    methods: u64,
}

#[derive(Clone, Copy)]
enum Program {
    Python,
    Node,
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Where `cargo xtask setup` puts the Python packages.
fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/emulator-clients")
}

async fn run(script: Script) {
    let folder = match script.program {
        Program::Python => packages(),
        Program::Node => scripts().join("node_modules"),
    };
    assert!(
        folder.is_dir(),
        "the clients are not installed at `{}`: run `cargo xtask setup`",
        folder.display()
    );
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let mut command = match script.program {
        Program::Python => tokio::process::Command::new("python3"),
        Program::Node => tokio::process::Command::new("node"),
    };
    let output = command
        .args(script.arguments)
        .current_dir(scripts())
        .env("PYTHONPATH", packages())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("GRAPH_URL", emulator.graph_url())
        .env("CONTROL_URL", emulator.control_url())
        .env("CONTROL_TOKEN", emulator.control_token())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{:?}: {said}\n{}",
        script.arguments,
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let count = |key: &str| report[key].as_u64().unwrap();
    assert!(
        count("calls") >= script.calls && count("methods") >= script.methods,
        "{report}: at least {} calls of {} methods were expected",
        script.calls,
        script.methods
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn pywa_and_its_synchronous_client() {
    run(Script {
        program: Program::Python,
        arguments: &["pywa_calls.py", "sync"],
        calls: 117,
        methods: 85,
    })
    .await;
}

#[tokio::test]
async fn pywa_and_its_asynchronous_client() {
    run(Script {
        program: Program::Python,
        arguments: &["pywa_calls.py", "async"],
        calls: 117,
        methods: 85,
    })
    .await;
}

#[tokio::test]
async fn pywa_reads_of_the_emulator_what_it_reads_of_meta() {
    run(Script {
        program: Program::Python,
        arguments: &["pywa_updates.py"],
        calls: 40,
        methods: 40,
    })
    .await;
}

#[tokio::test]
async fn heyoo() {
    run(Script {
        program: Program::Python,
        arguments: &["heyoo_client.py"],
        calls: 100,
        methods: 36,
    })
    .await;
}

#[tokio::test]
async fn the_client_of_kapso_for_python() {
    run(Script {
        program: Program::Python,
        arguments: &["kapso_client.py"],
        calls: 44,
        methods: 43,
    })
    .await;
}

#[tokio::test]
async fn the_client_of_kapso_for_node() {
    run(Script {
        program: Program::Node,
        arguments: &["kapso.mjs"],
        calls: 51,
        methods: 47,
    })
    .await;
}

#[tokio::test]
async fn whatsapp_api_js() {
    run(Script {
        program: Program::Node,
        arguments: &["whatsapp-api-js.mjs"],
        calls: 76,
        methods: 17,
    })
    .await;
}

#[tokio::test]
async fn metas_business_sdk_for_node() {
    run(Script {
        program: Program::Node,
        arguments: &["facebook.mjs"],
        calls: 29,
        methods: 24,
    })
    .await;
}

#[tokio::test]
async fn the_starter_sends_every_type() {
    run(Script {
        program: Program::Node,
        arguments: &["starter.mjs"],
        calls: 25,
        methods: 25,
    })
    .await;
}
