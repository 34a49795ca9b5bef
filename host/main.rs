//! `roost`: the command line.

use anyhow::{Context, Result};
use clap::{CommandFactory as _, Parser, Subcommand};
use roost::app::App;
use roost::capabilities::Grants;
use roost::cli::{CheckArgs, ClientWord};
use roost::config::{Mistakes, ServeArgs};
use roost::deploys::{Advice, BundleUploadArgs, Needs};
use roost::dev::{DevArgs, EmulatorArgs};
use roost::projects::{SET_BY_HOST, dotenv};
use roost::sandbox::{CompileArgs, Sandbox, SandboxSettings};
use roost::sdk::Sdk;
use roost::starter::NewArgs;
use roost::workshop::{ReadFunctionsArgs, Workshop, WorkshopError};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// A high-density host for WhatsApp bots.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Runs a bot on your machine, with an emulated WhatsApp, and opens a chat with it.
    Dev(DevArgs),
    /// Runs the emulated WhatsApp alone, for bots and clients of any kind.
    Emulator(EmulatorArgs),
    /// Makes a bot to begin with, in a folder of its own.
    New(NewArgs),
    /// Builds a bot's folder into a component.
    Build(BuildArgs),
    /// Shows whether a component of another tool can be a bot, and talks to it.
    Check(CheckArgs),
    /// Runs a host.
    Serve(Box<ServeArgs>),
    /// Compiles code for a host, which starts this itself.
    #[command(hide = true)]
    Compile(CompileArgs),
    /// Bundles an upload for a host, which starts this itself.
    #[command(hide = true)]
    BundleUpload(BundleUploadArgs),
    /// Finds functions in a bot's files for a host, which starts this itself.
    #[command(hide = true)]
    ReadFunctions(ReadFunctionsArgs),
    #[command(flatten)]
    Client(ClientWord),
}

#[derive(clap::Args)]
struct BuildArgs {
    /// The bot's folder.
    folder: PathBuf,
    /// The component to write.
    #[arg(short, long, default_value = "bot.wasm")]
    output: PathBuf,
    /// A variable that the top level needs to start: NAME=VALUE. It stays in the component.
    #[arg(long, value_parser = variable)]
    env: Vec<(String, String)>,
    /// A file of such variables, as npm's dotenv reads it. They stay in the component, too.
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// The SDK's files.
    #[arg(long, env = "ROOST_SDK", default_value = ".tools/sdk")]
    sdk: PathBuf,
    /// Where compiled engines are kept.
    #[arg(long, env = "ROOST_DATA", default_value = ".roost")]
    data: PathBuf,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not NAME=VALUE")),
    }
}

/// What files hold, later ones winning.
fn variables_of(files: &[PathBuf]) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("`{}` cannot be read", file.display()))?;
        let (entries, invalid) =
            dotenv::parse(&text).with_context(|| format!("`{}` is not taken", file.display()))?;
        if let Some(line) = invalid.first() {
            anyhow::bail!("{}:{}: {}", file.display(), line.line, line.reason);
        }
        let plain = |entry: dotenv::Entry| (entry.name, entry.value.expose().to_owned());
        variables.extend(entries.into_iter().map(plain));
    }
    Ok(variables)
}

fn main() -> ExitCode {
    roost::memory::set_up();
    roost::rooms::take_all_files();
    let word = match serve_args() {
        Some(Ok(args)) => Word::Serve(Box::new(args)),
        Some(Err(mistakes)) => {
            tell(&mistakes.into());
            return ExitCode::from(2);
        }
        None => Cli::parse().word,
    };
    let ended = match word {
        // These confine themselves, which is for processes with one thread.
        Word::Compile(args) => Ok(args.run()),
        Word::BundleUpload(args) => Ok(args.run()),
        Word::ReadFunctions(args) => Ok(args.run()),
        word => in_runtime(word),
    };
    match ended {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            tell(&error);
            ExitCode::FAILURE
        }
        Err(code) => code,
    }
}

/// Runs a word that waits for many things at once; a client's gives its own code.
#[tokio::main]
async fn in_runtime(word: Word) -> Result<Result<()>, ExitCode> {
    Ok(match word {
        Word::Dev(args) => roost::dev::run(args).await,
        Word::Emulator(args) => roost::dev::emulator(args).await,
        Word::New(args) => roost::starter::new(&args),
        Word::Build(args) => build(args).await,
        Word::Check(args) => args.run().await,
        Word::Serve(args) => serve(*args).await,
        Word::Compile(args) => args.run(),
        Word::BundleUpload(args) => args.run(),
        Word::ReadFunctions(args) => args.run(),
        Word::Client(word) => return Err(word.run(Cli::command()).await),
    })
}

/// The settings of `serve`, if that is the word: read so that every mistake is told at once.
fn serve_args() -> Option<Result<ServeArgs, Mistakes>> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != "serve" {
        return None;
    }
    let flags: Vec<OsString> = words.collect();
    // clap writes the help.
    if flags.iter().any(|flag| flag == "--help" || flag == "-h") {
        return None;
    }
    let variables = roost::config::variables(&Cli::command());
    Some(roost::config::serve_args(flags, &variables).unwrap_or_else(|error| error.exit()))
}

#[expect(clippy::print_stderr, reason = "this is where errors reach people")]
fn tell(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

#[expect(
    clippy::print_stdout,
    reason = "programs that start a host read its address"
)]
async fn serve(args: ServeArgs) -> Result<()> {
    roost::telemetry::start(args.log_format, &args.log);
    // What a host keeps is for its user alone, whatever wrote it.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let app = App::start(args.into_config()?).await?;
    println!("listening on http://{}", app.address());
    println!("admin on http://{}", app.admin_address());
    roost::shutdown::signal().await;
    tokio::select! {
        () = app.stop() => {}
        () = roost::shutdown::signal() => tracing::warn!("stopped at once: events under way run again"),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
async fn build(args: BuildArgs) -> Result<()> {
    roost::telemetry::start(Default::default(), "warn,bot=info");
    if !args.folder.is_dir() {
        anyhow::bail!(match args.folder.exists() {
            true => format!(
                "`{}` is a file: name the folder of the bot",
                args.folder.display()
            ),
            false => format!("there is no folder `{}`", args.folder.display()),
        });
    }
    let mut env: BTreeMap<String, String> = [("NODE_ENV", "production"), ("PORT", "3000")]
        .map(|(k, v)| (k.into(), v.into()))
        .into();
    env.extend(variables_of(&args.env_file)?);
    env.extend(args.env);
    let sandbox = Sandbox::new(SandboxSettings {
        instances: 4,
        cache: Some(args.data.join("cache")),
        ..SandboxSettings::default()
    })?;
    let workshop = Workshop::start(&sandbox, Sdk::open(&args.sdk)?).await?;
    let started = Instant::now();
    let bundle = workshop
        .bundle(&args.folder, |step| println!("{step}"))
        .await
        .map_err(WorkshopError::Build)?;
    println!(
        "entry: {} ({})",
        bundle.entry.path, bundle.entry.chosen_because
    );
    for warning in &bundle.warnings {
        println!("warning: {warning}");
    }
    let artifact = workshop.artifact(bundle);
    // What a host sets or knows is there when the bot is deployed; the rest has to be set.
    let needs = Needs::of(&artifact.manifest.variables, |variable| {
        let is_hosts = SET_BY_HOST.contains(&variable.name.as_str());
        is_hosts || env.contains_key(&variable.name)
    });
    let complaints = [needs.offer("NAME"), needs.complaint(&Advice::Flag, false)];
    for complaint in complaints.into_iter().flatten() {
        println!("warning: {complaint}");
    }
    let (component, report) = workshop.build(&artifact, env, Grants::none).await?;
    std::fs::write(&args.output, &component)
        .with_context(|| format!("cannot write `{}`", args.output.display()))?;
    if report.parked > 0 {
        println!(
            "{} calls of the top level wait for a project: they are made when it is deployed",
            report.parked
        );
    }
    println!(
        "{}: {} KiB in {} ms",
        args.output.display(),
        component.len() / 1024,
        started.elapsed().as_millis()
    );
    Ok(())
}
