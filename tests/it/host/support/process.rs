//! `roost serve` as a process of its own, which can be killed.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::DEADLINE;

/// What it says once it takes webhooks.
const LISTENING: &str = "listening on http://";

/// A running host; it is killed when it is dropped.
pub(in crate::host) struct RoostProcess {
    child: Child,
}

impl RoostProcess {
    /// Starts it and waits until it listens.
    pub(super) async fn start(environment: &[(&str, String)]) -> Self {
        // A file, not a pipe: nobody reads it while the host writes.
        let errors = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_roost"))
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors.reopen().unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listens = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains(LISTENING) {
                    return true;
                }
            }
            false
        };
        let listens = tokio::time::timeout(DEADLINE, listens).await;
        if listens != Ok(true) {
            let said = std::fs::read_to_string(errors.path()).unwrap_or_default();
            panic!("`roost serve` does not listen: {said}");
        }
        // Its output goes on; a closed pipe would be its end.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child }
    }

    /// SIGKILL: no destructor runs, no row is written.
    pub(in crate::host) async fn die(mut self) {
        self.child.kill().await.unwrap();
    }
}
