//! `roost deploy`: hands a bot in, and follows its build until it serves.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use reqwest::{Method, header};

use super::client::with_query;
use super::flows::{self, FlowsOfDeploy};
use super::output;
use super::pack::pack;
use super::templates::Plan;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash};
use crate::deploys::upload::MAX_UPLOAD_BYTES;
use crate::projects::VersionState;
use crate::views::versions::{VersionLog, VersionView};
use crate::words::{LogLevel, Told};

/// How long one look at a log waits.
const WAIT_MS: &str = "20000";

/// Deploys a bot: its folder, or a component that `roost build` made.
#[derive(Args)]
pub struct DeployArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The bot's folder, or a component. What .gitignore and .roostignore name, `.env`, `.roost` and
    /// node_modules stay here.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// What changed.
    #[arg(long, short)]
    message: Option<String>,
    /// Builds and checks it, and lets the version before serve on.
    #[arg(long)]
    no_activate: bool,
    /// Gives the bot what the host knows of the project under the names that its code reads it by, such
    /// as META_APP_SECRET, where nobody set them.
    #[arg(long)]
    link: bool,
    /// What becomes of Flows in flows/ that differ from what Meta has: they are pushed as drafts, or published,
    /// too. Without it you are asked, and in a script they are only told.
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_missing_value = "push")]
    flows: Option<FlowsOfDeploy>,
    /// Submits what is new or different in the folder's `templates/` to Meta, without asking.
    #[arg(long)]
    templates: bool,
    /// Does not wait for the build.
    #[arg(long)]
    no_wait: bool,
}

impl DeployArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        let project = self.project.required()?;
        let started = Instant::now();
        let (upload, kind) = self.upload(session)?;
        let activate = (!self.no_activate).to_string();
        let mut query = vec![("activate", activate.as_str())];
        if self.link {
            query.push(("link", "true"));
        }
        if let Some(message) = &self.message {
            query.push(("message", message));
        }
        let request = client.request(Method::POST, &["projects", project, "versions"])?;
        let request = with_query(request.header(header::CONTENT_TYPE, kind), &query)?;
        let answer: Answer<VersionView> = client.answer(request.body(upload)).await?;
        let name = answer.read()?.name;
        if self.no_wait {
            return output.answer(&answer, |version| {
                format!(
                    "{name} is {}: `roost versions log {name}` follows it",
                    version.state
                )
            });
        }
        if !output.is_json() {
            output.say(&format!("{name}:"))?;
        }
        follow(session, project, &name, !output.is_json()).await?;
        let answer: Answer<VersionView> = client
            .get(&["projects", project, "versions", &name], &[])
            .await?;
        let version = answer.read()?;
        if !version.state.is(VersionState::Ready) {
            if output.is_json() {
                output.json(answer.json())?;
            }
            return Err(CliError::Failed(format!(
                "{name} was not deployed\n{}",
                or_dash(version.error)
            )));
        }
        let seconds = started.elapsed().as_secs_f32();
        let is_served = version.active && self.path.is_dir();
        let told = output.answer(&answer, |version| match version.active {
            true => format!("{name} serves `{project}` ({seconds:.1} s)"),
            false => format!(
                "{name} is ready ({seconds:.1} s): `roost versions activate {name}` has it serve"
            ),
        });
        told?;
        self.offer_templates(session, project).await?;
        // The bot answers their data requests by now.
        match is_served {
            true => flows::of_deploy(session, project, &self.path, self.flows).await,
            false => Ok(()),
        }
    }

    /// Compares the folder's templates with what Meta has. Submits what is different when that is wanted: by
    /// `--templates`, or by who is asked; else says how.
    async fn offer_templates(&self, session: &Session, project: &str) -> Result<(), CliError> {
        let output = &session.output;
        // Of a component nobody knows the folder, and a program asks for what it wants.
        if !self.path.is_dir() || (output.is_json() && !self.templates) {
            return Ok(());
        }
        let plan = match Plan::of(session, project, &self.path).await {
            Ok(Some(plan)) => plan,
            Ok(None) => return Ok(()),
            Err(error) if self.templates => return Err(error),
            // The bot is deployed all the same.
            Err(error) => {
                return output.say(&format!(
                    "the templates of the folder could not be compared with Meta: {error}"
                ));
            }
        };
        if !self.templates {
            let lines = plan.lines();
            if lines.is_empty() {
                return Ok(());
            }
            for line in lines {
                output.say(&line)?;
            }
            if plan.pending() == 0 || !asks(plan.pending())? {
                return output.say(
                    "nothing of it was submitted: `roost templates push` does so, and so does `roost deploy --templates`",
                );
            }
        }
        plan.submit(session, project).await
    }

    /// What to send, and its type.
    fn upload(&self, session: &Session) -> Result<(Vec<u8>, &'static str), CliError> {
        if self.path.is_file() {
            let read = std::fs::read(&self.path);
            let bytes = read.map_err(|error| {
                CliError::File(format!("`{}` cannot be read: {error}", self.path.display()))
            })?;
            let is_component = bytes.starts_with(b"\0asm");
            fits(&self.path, bytes.len(), is_component)?;
            return match is_component {
                true => Ok((bytes, "application/wasm")),
                false => Ok((bytes, "application/gzip")),
            };
        }
        if !self.path.is_dir() {
            return Err(CliError::File(format!(
                "there is no folder and no file `{}`",
                self.path.display()
            )));
        }
        let packed = pack(&self.path)?;
        if !session.output.is_json() {
            for warning in &packed.warnings {
                session.output.say(&format!("warning: {warning}"))?;
            }
            session.output.say(&format!(
                "packed {}: {} files, {} KiB",
                shown(&self.path),
                packed.files,
                packed.bytes.div_ceil(1024)
            ))?;
        }
        fits(&self.path, packed.archive.len(), false)?;
        Ok((packed.archive, "application/gzip"))
    }
}

/// Asks whether to submit templates; who is no person is taken to say no.
fn asks(count: usize) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(false);
    }
    let what = match count {
        1 => "it".to_owned(),
        n => format!("these {n}"),
    };
    output::write(format!("Submit {what} to Meta for approval? [y/N] ").as_bytes())?;
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.map_err(|error| CliError::File(format!("the answer cannot be read: {error}")))?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

/// Whether a host takes so many bytes; without it the answer is about bytes, and not about the bot.
fn fits(path: &Path, bytes: usize, is_component: bool) -> Result<(), CliError> {
    if bytes <= MAX_UPLOAD_BYTES {
        return Ok(());
    }
    let instead = match is_component {
        true => {
            "deploy the bot's folder, as in `roost deploy ./bot`: it is packed without what a build adds"
        }
        false => "list what the bot does not need in .gitignore or .roostignore",
    };
    Err(CliError::File(format!(
        "`{}` comes to {} MiB, and a host takes {}: {instead}",
        path.display(),
        bytes.div_ceil(1 << 20),
        MAX_UPLOAD_BYTES >> 20
    )))
}

fn shown(path: &Path) -> String {
    match path.to_str() {
        Some(".") => "this folder".to_owned(),
        _ => format!("`{}`", path.display()),
    }
}

/// Waits until a build is over, and says its log if `aloud`.
pub(super) async fn follow(
    session: &Session,
    project: &str,
    version: &str,
    aloud: bool,
) -> Result<(), CliError> {
    let mut after = 0;
    loop {
        let shown = after.to_string();
        let query = [("after", shown.as_str()), ("wait_ms", WAIT_MS)];
        let path = ["projects", project, "versions", version, "log"];
        let page: Answer<VersionLog> = session.client.get(&path, &query).await?;
        let page = page.read()?;
        if aloud {
            for line in &page.items {
                session.output.say(&log_line(&line.level, &line.text))?;
            }
        }
        let is_final = page.state.known().is_some_and(VersionState::is_final);
        if page.items.is_empty() && is_final {
            return Ok(());
        }
        after = page.next_after;
    }
}

/// A line of a build's log, for people.
pub(super) fn log_line(level: &Told<LogLevel>, text: &str) -> String {
    let mark = match level {
        Told::Known(LogLevel::Warn) => "warning: ",
        Told::Known(LogLevel::Error) => "error: ",
        Told::Known(LogLevel::Trace | LogLevel::Debug | LogLevel::Info) | Told::New(_) => "",
    };
    let shown = |c: char| match c {
        '\n' => c,
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = text.chars().map(shown).collect();
    format!("  {mark}{}", text.replace('\n', "\n    "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_host_takes_is_told_before_it_is_sent() {
        let path = Path::new("pizza.wasm");
        assert!(fits(path, MAX_UPLOAD_BYTES, true).is_ok());

        let told = |is_component| {
            fits(path, MAX_UPLOAD_BYTES + 1, is_component)
                .unwrap_err()
                .to_string()
        };

        let expected = "`pizza.wasm` comes to 65 MiB, and a host takes 64: deploy the bot's folder";
        assert!(told(true).contains(expected), "{}", told(true));
        assert!(told(false).contains(".roostignore"), "{}", told(false));
    }
}
