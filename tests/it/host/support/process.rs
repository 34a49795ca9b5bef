//! `roost serve` as a process of its own, which can be killed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use http::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::DEADLINE;

/// What it says once it takes webhooks.
const LISTENING: &str = "listening on http://";
/// What it says after that.
const ADMIN: &str = "admin on ";

/// A running host; it is killed when it is dropped.
pub(in crate::host) struct RoostProcess {
    child: Child,
    address: SocketAddr,
    errors: Option<NamedTempFile>,
    /// Where its admin API is.
    pub(in crate::host) admin: String,
}

impl RoostProcess {
    /// Starts it and waits until it listens.
    pub(super) async fn start(environment: &[(&str, String)]) -> Self {
        // A file, not a pipe: nobody reads it while the host writes.
        let errors = NamedTempFile::new().unwrap();
        let process = Self::start_with_errors_to(errors.path(), environment).await;
        Self {
            errors: Some(errors),
            ..process
        }
    }

    /// The same; its log goes to this file.
    pub(super) async fn start_with_errors_to(
        errors: &Path,
        environment: &[(&str, String)],
    ) -> Self {
        Self::start_prepared(errors, environment, |_| {}).await
    }

    /// The same; `prepare` has the last word on how it is started.
    pub(super) async fn start_prepared(
        errors: &Path,
        environment: &[(&str, String)],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let log = std::fs::OpenOptions::new().write(true).open(errors);
        let mut command = Command::new(env!("CARGO_BIN_EXE_roost"));
        command
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .kill_on_drop(true);
        prepare(&mut command);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = None;
        let listens = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, text)) = line.split_once(LISTENING) {
                    address = text.trim().parse::<SocketAddr>().ok();
                }
                if let Some(admin) = line.strip_prefix(ADMIN) {
                    return Some((address?, admin.trim().to_owned()));
                }
            }
            None
        };
        let listens = tokio::time::timeout(DEADLINE, listens).await;
        let Ok(Some((address, admin))) = listens else {
            let said = std::fs::read_to_string(errors).unwrap_or_default();
            panic!("`roost serve` does not listen: {said}");
        };
        // Its output goes on; a closed pipe would be its end.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            address,
            errors: None,
            admin,
        }
    }

    /// Where it takes webhooks.
    pub(in crate::host) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it calls itself in the runs that it makes ends with this.
    pub(in crate::host) fn owner_suffix(&self) -> String {
        format!(":{}", self.child.id().expect("it runs"))
    }

    /// What it logged so far.
    pub(in crate::host) fn log(&self) -> String {
        let errors = self.errors.as_ref().expect("its log goes elsewhere");
        std::fs::read_to_string(errors.path()).unwrap()
    }

    /// What `/readyz` says; `None` when nobody listens.
    pub(in crate::host) async fn readiness(&self) -> Option<StatusCode> {
        let url = format!("http://{}/readyz", self.address);
        let answer = reqwest::get(url).await.ok()?;
        Some(answer.status())
    }

    /// SIGTERM, as service managers stop programs.
    pub(in crate::host) fn is_told_to_stop(&self) {
        let id = i32::try_from(self.child.id().expect("it runs")).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    }

    /// Waits for its end, which must be a good one.
    pub(in crate::host) async fn stopped(mut self) {
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let ended = ended.expect("it does not stop").unwrap();
        assert!(ended.success(), "{ended}");
    }

    /// SIGKILL: no destructor runs, no row is written.
    pub(in crate::host) async fn die(mut self) {
        self.child.kill().await.unwrap();
    }
}
