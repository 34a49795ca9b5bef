//! `schemathesis`: checks that the admin API's OpenAPI document is valid, asks a host everything that
//! it allows, and what it does not allow, and looks for answers that are not documented.

use crate::tools::{Stamp, Tools, pip_install, run};
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
    let python = || {
        let mut python = Command::new(&tools.python);
        python.env("PYTHONPATH", &packages).current_dir(&data);
        python
    };
    let asked = document(&tools, &url, &token)
        .and_then(|document| {
            std::fs::write(data.join("openapi.json"), document)?;
            run(python().args(["-m", "openapi_spec_validator", "openapi.json"]))
        })
        .and_then(|()| {
            run(python()
                .args(["-m", "schemathesis.cli", "run"])
                .arg(format!("{url}/openapi.json"))
                .arg(format!("--header=Authorization: Bearer {token}"))
                // Another admin key or master key would be the end of what it asks.
                .arg("--exclude-path-regex=^/v1/keys")
                .args(arguments))
        });
    host.stop()?;
    asked
}

/// The host's OpenAPI document.
fn document(tools: &Tools, url: &str, token: &str) -> Result<Vec<u8>> {
    let said = Command::new(tools.root.join("target/release/roost"))
        .arg("openapi")
        .env("ROOST_URL", url)
        .env("ROOST_TOKEN", token)
        .stderr(Stdio::inherit())
        .output()?;
    match said.status.success() {
        true => Ok(said.stdout),
        false => bail!("the host does not show its OpenAPI document"),
    }
}

fn install(tools: &Tools) -> Result<PathBuf> {
    let requirements = tools.root.join("xtask/requirements-schemathesis.txt");
    let target = tools.home.join("schemathesis");
    let stamp = Stamp::of(&tools.home.join("schemathesis.stamp"), &[&requirements])?;
    if stamp.holds() && target.is_dir() {
        return Ok(target);
    }
    println!("installing schemathesis (once)");
    pip_install(tools, &requirements, &target)?;
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
