//! A host: its settings, a process of `roost serve` with them, and one within this process that deploys.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use roost::app::{App, AppConfig};
use roost::build::Bundle;
use roost::config::ServeArgs;
use roost::deploys::{BundlingSettings, NewDeploy};
use roost::projects::{NewProject, ProjectId, Secret, WishedNumber};
use roost::sandbox::Compiler;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::meta::Number;

pub const APP_SECRET: &str = "what meta signs with";
pub const VERIFY_TOKEN: &str = "a-word-for-the-benches";
const MASTER_KEY: [u8; 32] = [7; 32];

/// What the process says once it takes webhooks.
const LISTENING: &str = "listening on http://";

/// How long a host may take to listen, on a machine that does much else.
pub const START: Duration = Duration::from_secs(90);

/// The settings of a host, by their variables.
#[derive(Clone)]
pub struct Settings(Vec<(&'static str, String)>);

/// A process that takes webhooks, and ends when this is dropped.
pub struct Serving {
    pub process: Child,
    pub address: SocketAddr,
}

/// As `roost serve` reads them.
#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    args: ServeArgs,
}

impl Settings {
    /// Everything that has no default, and ports of the system's choice.
    pub fn new(database_url: String, data: &Path, sdk: &Path, graph_url: &str) -> Self {
        let text = |path: &Path| path.display().to_string();
        Self(vec![
            ("DATABASE_URL", database_url),
            ("ROOST_TENANT_AUTH", "peer".to_owned()),
            ("ROOST_DATA", text(data)),
            ("ROOST_SDK", text(sdk)),
            ("ROOST_MASTER_KEY", hex::encode(MASTER_KEY)),
            ("ROOST_LISTEN", "127.0.0.1:0".to_owned()),
            ("ROOST_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
            ("ROOST_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
            ("ROOST_APP_SECRETS", APP_SECRET.to_owned()),
            ("ROOST_GRAPH_URL", graph_url.to_owned()),
        ])
    }

    /// One more.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.0.push((variable, value.into()));
        self
    }

    /// Starts a process, and waits until it listens. Its log goes to `log`.
    pub async fn start(&self, log: impl Into<Stdio>) -> Result<Serving> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_roost"))
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.0.iter().map(|(variable, value)| (variable, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("`roost serve` cannot be started")?;
        let output = process.stdout.take().context("it has an output")?;
        let mut lines = BufReader::new(output).lines();
        let listens = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, address)) = line.split_once(LISTENING) {
                    return Ok(address.trim().parse::<SocketAddr>()?);
                }
            }
            bail!("`roost serve` ended")
        };
        let address = tokio::time::timeout(START, listens)
            .await
            .context("`roost serve` did not listen in time")??;
        // Its output goes on; a closed pipe would be its end.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Serving { process, address })
    }

    /// Starts a host within this process, which makes what others of the same settings serve.
    pub async fn deployer(&self) -> Result<App> {
        let program = std::iter::once("serve".to_owned());
        let arguments = Serve::try_parse_from(program.chain(self.flags()))?;
        let config = arguments.args.into_config()?;
        let app = App::start(AppConfig {
            // This program is none of the host's.
            compiler: Compiler::new(env!("CARGO_BIN_EXE_roost")),
            bundling: BundlingSettings {
                program: env!("CARGO_BIN_EXE_roost").into(),
                ..config.bundling.clone()
            },
            // No load balancer has to see that it stops.
            drain: Duration::ZERO,
            ..config
        });
        app.await
    }

    fn flags(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|&(variable, ref value)| {
            let name = variable.strip_prefix("ROOST_").unwrap_or(variable);
            let name = name.to_ascii_lowercase().replace('_', "-");
            format!("--{name}={value}")
        })
    }
}

/// A folder for hosts' data. Compiled engines are kept from bench to bench: the first one compiles.
pub fn data_folder(below: &Path) -> Result<PathBuf> {
    let data = below.join("data");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-cache");
    std::fs::create_dir_all(&shared)?;
    std::fs::create_dir_all(&data)?;
    std::os::unix::fs::symlink(shared, data.join("cache"))?;
    Ok(data)
}

/// Bundles a folder of `guests/`.
pub async fn bundle(app: &App, guest: &str) -> Result<Bundle> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    Ok(app.workshop().bundle(&folder.join(guest), |_| {}).await?)
}

/// Makes a project with that number, which serves that bot.
pub async fn deploy(app: &App, name: &str, number: &Number, bot: Bundle) -> Result<ProjectId> {
    let new = NewProject {
        name: name.parse()?,
        number: Some(WishedNumber {
            phone_number_id: number.id.clone(),
            waba_id: number.waba_id.clone(),
            token: Secret::new(&number.token),
            pin: None,
        }),
        secrets: Vec::new(),
        wants_deploy: false,
    };
    let project = app.lifecycle().create(&new).await?.project_id;
    let standing = app.lifecycle().settles(project).await?;
    if let Some(failed) = standing.failed() {
        bail!("project `{name}` cannot be made: {failed:?}");
    }
    let upload = app.workshop().upload(bot).await?;
    let deploy = NewDeploy {
        upload: &upload,
        created_by: "bench",
        message: None,
        serves_when_ready: true,
        takes_links: false,
    };
    let version = app.deploys().submit(project, &deploy).await?;
    let version = app.deploys().ended(&version).await?;
    match version.error {
        None => Ok(project),
        Some(error) => bail!("`{name}` cannot be deployed: {error}"),
    }
}
