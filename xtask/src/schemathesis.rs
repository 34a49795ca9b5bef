//! `schemathesis`: asks a host's admin API everything that its OpenAPI document allows, and what it
//! does not allow, and looks for answers that are not documented.

use crate::tools::{Stamp, Tools, run};
use anyhow::{Context, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What `roost dev` says of its admin API.
const REACHED: &str = "reach this host with ROOST_URL=";

/// Starts a host with a new database and runs schemathesis against it. `arguments` are
/// schemathesis' own.
pub(crate) fn schemathesis(arguments: &[String]) -> Result<()> {
    let tools = crate::setup()?;
    let packages = install(&tools)?;
    crate::commands::build_host(&tools)?;
    let data = tools.root.join("target/schemathesis");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let mut host = Host::start(&tools, &data)?;
    let (url, token) = host.reached()?;
    println!("asking {url}");
    let asked = run(Command::new(&tools.python)
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{url}/openapi.json"))
        .arg(format!("--header=Authorization: Bearer {token}"))
        .args(arguments)
        .env("PYTHONPATH", &packages)
        .current_dir(&data));
    host.stop()?;
    asked
}

fn install(tools: &Tools) -> Result<PathBuf> {
    let requirements = tools.root.join("xtask/requirements-schemathesis.txt");
    let target = tools.home.join("schemathesis");
    let stamp = Stamp::of(&tools.home.join("schemathesis.stamp"), &[&requirements])?;
    if stamp.holds() && target.is_dir() {
        return Ok(target);
    }
    println!("installing schemathesis (once)");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    run(Command::new(&tools.python)
        .args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore"])
        .arg("--target")
        .arg(&target)
        .arg("-r")
        .arg(&requirements))?;
    stamp.write()?;
    Ok(target)
}

/// A `roost dev` with a bot.
struct Host {
    child: Child,
}

impl Host {
    fn start(tools: &Tools, data: &std::path::Path) -> Result<Self> {
        std::fs::create_dir_all(data)?;
        let mut command = Command::new(tools.root.join("target/release/roost"));
        command
            .arg("dev")
            .arg(tools.root.join("guests/echo"))
            .args(["--port", "0", "--admin-port", "0", "--data"])
            .arg(data)
            // The chat ends with its input: it stays open until the host is to stop.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        crate::commands::environment(tools, &mut command);
        let child = command.spawn().context("`roost dev` cannot be started")?;
        Ok(Self { child })
    }

    /// Where it is, and a token for it.
    fn reached(&mut self) -> Result<(String, String)> {
        let said = self
            .child
            .stderr
            .take()
            .context("standard error is piped")?;
        let mut lines = BufReader::new(said).lines();
        let mut all = String::new();
        while let Some(line) = lines.next().transpose()? {
            if let Some((_, rest)) = line.split_once(REACHED)
                && let Some((url, token)) = rest.split_once(" ROOST_TOKEN=")
            {
                let found = (url.to_owned(), token.to_owned());
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(found);
            }
            all.push_str(&line);
            all.push('\n');
        }
        bail!("`roost dev` did not start:\n{all}")
    }

    fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}
