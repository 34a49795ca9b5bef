//! What the hosts work with: Postgres, the emulator in Meta's place, and the projects.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::stream::{StreamExt as _, TryStreamExt as _};
use roost::app::App;
use roost::postgres::{CONTROL_DATABASE, Embedded};
use roost::projects::ProjectId;
use roost_emulator::control::wire::NewApp;
use roost_emulator::control::{self, ClosedWindow, DelayRange, Fault, Often};
use roost_emulator::{Config, ControlClient, Emulator, Running};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::time::Instant;

use super::Options;
use super::common::meta::{self, Number};
use super::common::postgres;
use super::common::serve::{self, APP_SECRET, Settings, VERIFY_TOKEN};

const APP_ID: &str = "1201202301204";

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
    /// Of every host.
    pub(super) settings: Settings,
    pub(super) projects: Vec<Project>,
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

    /// Its folder in `guests/`.
    fn guest(self) -> String {
        let name = match self {
            Self::Steady(name) => name,
            Self::Random => "random",
        };
        format!("soak/{name}")
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
        let postgres = postgres::start(&options.postgres, folder.path()).await?;
        let emulator = Emulator::start(Config {
            settings: settings(),
            seed: options.seed,
            history: 10_000_000,
            ..Config::default()
        })
        .await?;
        let control = emulator.control()?;
        let seconds = |time: Duration| time.as_secs().to_string();
        let settings = Settings::new(
            postgres::url(&postgres, CONTROL_DATABASE)?,
            &serve::data_folder(folder.path())?,
            &options.sdk,
            emulator.graph_url(),
        )
        .with("ROOST_GRAPH_SECONDS", seconds(options.graph))
        .with("ROOST_SETTLE_SECONDS", seconds(options.settle))
        .with("ROOST_LEASE_SECONDS", seconds(options.lease));
        let mut world = Self {
            folder,
            postgres,
            emulator,
            control,
            settings,
            projects: Vec::new(),
        };
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
        meta::create_customers(&self.control, (0..options.people).map(phone)).await?;
        let app = self.settings.deployer().await?;
        let made = futures::stream::iter((0..options.projects).map(|n| self.project(&app, n)));
        self.projects = made.buffered(DEPLOYS).try_collect().await?;
        app.stop().await;
        Ok(())
    }

    async fn project(&self, app: &App, n: usize) -> Result<Project> {
        let display = format!("+1 555 07{:02} {:04}", n / 10_000, n % 10_000);
        let number = Number::create(&self.control, APP_ID, &display).await?;
        let bot = Bot::of(n);
        let bundle = serve::bundle(app, &bot.guest()).await?;
        let id = serve::deploy(app, &format!("soak-{n}"), &number, bundle).await?;
        Ok(Project {
            id,
            bot,
            number_id: number.id,
            waba_id: number.waba_id,
        })
    }

    /// From here on Meta's webhooks go there.
    pub(super) async fn point_at(&self, address: SocketAddr) -> Result<()> {
        let new = NewApp {
            id: Some(APP_ID.to_owned()),
            secret: Some(APP_SECRET.to_owned()),
            callback_url: Some(meta::webhook_url(address)),
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
fn settings() -> control::Settings {
    control::Settings {
        status_delay_ms: DelayRange { min: 0, max: 50 },
        webhook_retry_ms: vec![50, 100, 200, 500, 1_000],
        closed_window: ClosedWindow::Ignored,
        ..control::Settings::default()
    }
}
