//! What the hosts work with: Postgres, the emulator in Meta's place, and the projects.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use roost::app::{App, AppConfig};
use roost::config::ServeArgs;
use roost::deploys::BundlingSettings;
use roost::postgres::{Embedded, EmbeddedConfig, Endpoint};
use roost::projects::{NewNumber, ProjectId, Secret};
use roost::sandbox::Compiler;
use roost_emulator::control::wire::{self, NewApp, NewCustomer, NewToken, NewWaba};
use roost_emulator::control::{ClosedWindow, DelayRange, Fault, Often, Settings};
use roost_emulator::{Config, ControlClient, Emulator, Running};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::time::Instant;

use super::Options;

pub(super) const APP_SECRET: &str = "what meta signs with";
const APP_ID: &str = "1201202301204";
const VERIFY_TOKEN: &str = "a-word-for-the-soak";
const MASTER_KEY: [u8; 32] = [7; 32];

/// Deploys at once.
const DEPLOYS: usize = 2;

/// What every conversation sees of Meta's failures: one send in twenty has one of these.
const FAULTS: [(Fault, f64); 6] = [
    (
        Fault::RateLimited {
            retry_after_s: Some(1),
        },
        0.01,
    ),
    (Fault::ServerError, 0.01),
    (Fault::CutAfter, 0.0125),
    (Fault::CutBefore, 0.0025),
    (Fault::Slow { delay_ms: 1_500 }, 0.01),
    (Fault::TokenExpired, 0.005),
];

/// And of its webhooks: they come twice, out of order, and some never.
const WEBHOOK_FAULTS: [(Fault, f64); 2] = [
    (Fault::WebhookDuplicate, 0.05),
    (Fault::WebhookReorder, 0.02),
];

/// What a project's bot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bot {
    /// `|0` and `|1`, always.
    Steady(&'static str),
    /// `|a` and `|b` in any order, and one of `|r0` to `|r3`, another one each time.
    Random,
}

pub(super) struct Project {
    pub(super) id: ProjectId,
    pub(super) bot: Bot,
    pub(super) number_id: String,
    pub(super) waba_id: String,
}

pub(super) struct World {
    folder: tempfile::TempDir,
    postgres: Embedded,
    emulator: Running,
    control: ControlClient,
    database_url: String,
    pub(super) projects: Vec<Project>,
}

/// As `roost serve` reads it.
#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    args: ServeArgs,
}

impl Bot {
    fn of(project: usize) -> Self {
        match project % 4 {
            0 => Self::Steady("plain"),
            1 => Self::Steady("express"),
            2 => Self::Steady("flaky"),
            _ => Self::Random,
        }
    }

    fn folder(self) -> PathBuf {
        let name = match self {
            Self::Steady(name) => name,
            Self::Random => "random",
        };
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("guests/soak")
            .join(name)
    }
}

/// The phone of a customer; the same in all projects.
pub(super) fn phone(person: usize) -> String {
    format!("1650555{person:04}")
}

impl World {
    /// Everything but the hosts.
    pub(super) async fn build(options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("roost-soak-").tempdir()?;
        // The server may have to run as another user.
        set_mode(folder.path(), 0o755)?;
        let config = EmbeddedConfig {
            public_dir: folder.path().join("public"),
            ..EmbeddedConfig::new(&options.postgres, folder.path().join("pg"))
        };
        let postgres = Embedded::start(config).await?;
        let Endpoint::Unix {
            folder: socket,
            port,
        } = postgres.endpoint()
        else {
            bail!("the embedded server listens on a socket");
        };
        let socket = socket.display().to_string().replace('/', "%2F");
        let emulator = Emulator::start(Config {
            settings: settings(),
            seed: options.seed,
            history: 10_000_000,
            ..Config::default()
        })
        .await?;
        let control = emulator.control()?;
        let mut world = Self {
            database_url: format!("postgres://roost_admin@{socket}:{port}/roost"),
            folder,
            postgres,
            emulator,
            control,
            projects: Vec::new(),
        };
        share_cache(&world.data())?;
        world.populate(options).await?;
        Ok(world)
    }

    /// Makes the projects with a host of this process, which then stops.
    async fn populate(&mut self, options: &Options) -> Result<()> {
        let new = NewApp {
            id: Some(APP_ID.to_owned()),
            secret: Some(APP_SECRET.to_owned()),
            ..NewApp::default()
        };
        self.control.create_app(&new).await?;
        for person in 0..options.people {
            let new = NewCustomer {
                phone: phone(person),
                reads_automatically: Some(false),
                ..NewCustomer::default()
            };
            self.control.create_customer(&new).await?;
        }
        let arguments = self.settings(options).into_iter().filter_map(|setting| {
            let (name, value) = setting;
            let flag = name.strip_prefix("ROOST_").unwrap_or(name);
            let flag = flag.to_ascii_lowercase().replace('_', "-");
            (flag != "log").then(|| format!("--{flag}={value}"))
        });
        let arguments = std::iter::once("soak".to_owned()).chain(arguments);
        let config = Serve::try_parse_from(arguments)?.args.into_config()?;
        let app = App::start(AppConfig {
            // This program is none.
            compiler: Compiler::new(env!("CARGO_BIN_EXE_roost")),
            bundling: BundlingSettings {
                program: env!("CARGO_BIN_EXE_roost").into(),
                ..config.bundling.clone()
            },
            ..config
        });
        let app = app.await?;
        let made = futures::stream::iter((0..options.projects).map(|n| self.project(&app, n)));
        self.projects = made.buffered(DEPLOYS).try_collect().await?;
        app.stop().await;
        Ok(())
    }

    async fn project(&self, app: &App, n: usize) -> Result<Project> {
        let new = NewWaba {
            app_ids: [APP_ID.to_owned()].into(),
            ..NewWaba::default()
        };
        let waba = self.control.create_waba(&new).await?;
        let display = format!("+1 555 07{:02} {:04}", n / 10_000, n % 10_000);
        let number = wire::NewNumber::new(&waba.id, &display);
        let number = self.control.create_number(&number).await?;
        let new = NewToken {
            app_id: APP_ID.to_owned(),
            ..NewToken::default()
        };
        let token = self.control.create_token(&new).await?.token;
        let project = app.create_project(&format!("soak-{n}").parse()?).await?;
        let new = NewNumber {
            phone_number_id: number.id.clone(),
            waba_id: waba.id.clone(),
            display_phone_number: display,
            token: Secret::new(token),
        };
        app.connect_number(project.project_id, &new).await?;
        let bot = Bot::of(n);
        let bundle = app.workshop().bundle(&bot.folder(), |_| {}).await?;
        app.deploy_folder(project.project_id, bundle).await?;
        Ok(Project {
            id: project.project_id,
            bot,
            number_id: number.id,
            waba_id: waba.id,
        })
    }

    /// From here on Meta's webhooks go there.
    pub(super) async fn point_at(&self, address: SocketAddr) -> Result<()> {
        let new = NewApp {
            id: Some(APP_ID.to_owned()),
            secret: Some(APP_SECRET.to_owned()),
            callback_url: Some(format!("http://{address}/webhooks/whatsapp")),
            verify_token: Some(VERIFY_TOKEN.to_owned()),
            ..NewApp::default()
        };
        self.control.create_app(&new).await?;
        Ok(())
    }

    pub(super) async fn begin_to_fail(&self) -> Result<()> {
        for (fault, probability) in FAULTS.into_iter().chain(WEBHOOK_FAULTS) {
            self.control
                .arm(fault, Often::Probability(probability))
                .await?;
        }
        Ok(())
    }

    /// Ends the server as a power cut would. It starts again by itself, and recovers.
    pub(super) fn crash_postgres(&self) -> Result<()> {
        let id = self.postgres.process_id().context("Postgres runs")?;
        let id = Pid::from_raw(i32::try_from(id)?).context("a process has an id")?;
        Ok(kill_process(id, Signal::QUIT)?)
    }

    /// Waits until nothing is pending and nothing is on its way, with all faults but those of the
    /// past. Gives false when that takes too long.
    pub(super) async fn rest(&self, patience: Duration) -> Result<bool> {
        let until = Instant::now() + patience;
        let mut before = None;
        while Instant::now() < until {
            let idle = self.control.idle(Duration::from_secs(1)).await?;
            let mut database = self.database().await?;
            let (pending, all): (i64, i64) = sqlx::query_as(
                "select count(*) filter (where state = 'pending'), count(*) from event",
            )
            .fetch_one(&mut database)
            .await?;
            let now = (pending == 0 && idle.is_idle).then_some(all);
            if now.is_some() && now == before {
                return Ok(true);
            }
            before = now;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(false)
    }

    /// The control database, as an administrator sees it.
    pub(super) async fn database(&self) -> Result<PgConnection> {
        Ok(self.postgres.admin_options().connect().await?)
    }

    pub(super) fn control(&self) -> &ControlClient {
        &self.control
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The settings of every host.
    fn settings(&self, options: &Options) -> Vec<(&'static str, String)> {
        let seconds = |time: Duration| time.as_secs().to_string();
        vec![
            ("DATABASE_URL", self.database_url.clone()),
            ("ROOST_TENANT_AUTH", "peer".to_owned()),
            ("ROOST_DATA", self.data().display().to_string()),
            ("ROOST_SDK", options.sdk.display().to_string()),
            ("ROOST_MASTER_KEY", hex::encode(MASTER_KEY)),
            ("ROOST_LISTEN", "127.0.0.1:0".to_owned()),
            ("ROOST_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
            ("ROOST_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
            ("ROOST_APP_SECRETS", APP_SECRET.to_owned()),
            ("ROOST_GRAPH_URL", self.emulator.graph_url().to_owned()),
            ("ROOST_GRAPH_SECONDS", seconds(options.graph)),
            ("ROOST_SETTLE_SECONDS", seconds(options.settle)),
            ("ROOST_LEASE_SECONDS", seconds(options.lease)),
            ("ROOST_LOG", "info".to_owned()),
        ]
    }

    /// The environment of `roost serve`.
    pub(super) fn environment(&self, options: &Options) -> Vec<(String, String)> {
        let settings = self.settings(options).into_iter();
        settings
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Ends it. What the hosts logged is kept when somebody has to read it.
    pub(super) async fn end(self, logs: Option<Vec<PathBuf>>) -> Result<()> {
        for log in logs.into_iter().flatten() {
            let name = log.file_name().unwrap_or_default();
            let kept = std::env::temp_dir().join("roost-soak-logs");
            std::fs::create_dir_all(&kept)?;
            std::fs::copy(&log, kept.join(name))?;
            println!("kept {}", kept.join(name).display());
        }
        self.emulator.shutdown().await;
        self.postgres.stop().await?;
        Ok(())
    }
}

/// An emulator that makes nobody wait, and repeats what was not taken.
fn settings() -> Settings {
    Settings {
        status_delay_ms: DelayRange { min: 0, max: 50 },
        webhook_retry_ms: vec![50, 100, 200, 500, 1_000],
        closed_window: ClosedWindow::Ignored,
        ..Settings::default()
    }
}

/// Compiled engines are kept from soak to soak: the first one compiles.
fn share_cache(data: &Path) -> Result<()> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-cache");
    std::fs::create_dir_all(&shared)?;
    std::fs::create_dir_all(data)?;
    std::os::unix::fs::symlink(shared, data.join("cache"))?;
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::set_permissions(
        path,
        std::fs::Permissions::from_mode(mode),
    )?)
}
