//! The words of the command line that talk to a host: over its admin API, and in no other way.
//!
//! To add a word: a file with its arguments (flatten [`ApiArgs`], and [`ProjectArgs`] if it is
//! about one project) and an async `run(self, &Session)`; then a line in [`ClientWord`] and one in
//! [`ClientWord::run`]. No argument may be called as one of the flattened (`url`, `token`, `json`,
//! `project`): clap would take them for one. [`Client`] asks, and its [`Answer`] is one of `crate::views`; [`Output`]
//! prints: what the API answered with `--json`, else a table or a sentence. Errors are [`CliError`]s and say what to do.

mod accounts;
mod audit;
mod check;
mod client;
mod contacts;
mod conversations;
mod deploy;
mod doctor;
mod error;
mod events;
mod flows;
mod logs;
mod media;
mod near;
mod number;
mod output;
mod pack;
mod profile;
mod projects;
mod queue;
mod rotate;
mod secrets;
mod sse;
mod steps;
mod templates;
mod tokens;
mod versions;
mod when;

use std::process::ExitCode;

use clap::{Args, Command, Subcommand};
use clap_complete::Shell;
use serde_json::Value;

pub use check::CheckArgs;
pub use client::{Answer, Client, LocalHost};
pub use error::CliError;
pub(crate) use flows::folder::{FlowFile, flow_files};
pub use output::{Output, or_dash, time};

/// Above the flags that all words have which talk to a host.
const HOST: &str = "Of every word that talks to a host";

/// How a host is reached, and how its answers are shown.
#[derive(Args, Clone, Debug)]
pub struct ApiArgs {
    /// Where the host's admin API is. Without it: the `roost dev` that runs in this folder, else
    /// http://127.0.0.1:4001.
    #[arg(long, global = true, env = "ROOST_URL", help_heading = HOST)]
    pub url: Option<String>,
    /// A token of the host. Others on this machine can read flags: better set the variable.
    #[arg(long, global = true, env = "ROOST_TOKEN", hide_env_values = true, help_heading = HOST)]
    pub token: Option<String>,
    /// Prints JSON: what the API answered.
    #[arg(long, global = true, help_heading = HOST)]
    pub json: bool,
}

/// Which project a word is about.
#[derive(Args, Clone, Debug)]
pub struct ProjectArgs {
    /// The project: its name or id. Without it: the bot of the `roost dev` that runs in this folder.
    #[arg(long, short, global = true, env = "ROOST_PROJECT", help_heading = HOST)]
    pub project: Option<String>,
}

impl ProjectArgs {
    /// The project, or an error that says how to name one.
    pub fn required(&self) -> Result<&str, CliError> {
        let project = self.project.as_deref().filter(|name| !name.is_empty());
        if let Some(project) = project {
            return Ok(project);
        }
        LocalHost::project_here().ok_or_else(|| {
            CliError::Usage(
                "which project? Name it with `--project NAME`, or set ROOST_PROJECT; \
                 `roost projects` lists them"
                    .to_owned(),
            )
        })
    }
}

/// Words that talk to a host.
#[derive(Subcommand)]
pub enum ClientWord {
    /// Lists, makes and changes projects.
    Projects(projects::ProjectsArgs),
    /// Shows what waits to run, for how long, and whose it is.
    Queue(queue::QueueArgs),
    /// Shows, checks, connects and disconnects a project's WhatsApp number; its name and PIN.
    Number(number::NumberArgs),
    /// Shows and changes the business profile of a project's number.
    Profile(profile::ProfileArgs),
    /// Lists, checks, pushes and publishes Flows, the forms that open in WhatsApp.
    Flows(Box<flows::FlowsArgs>),
    /// Shows what came in, what became of it and why; runs dead events again.
    Events(Box<events::EventsArgs>),
    /// Shows conversations, and looks after them in the bot's place.
    Conversations(Box<conversations::ConversationsArgs>),
    /// Shows who writes to a project's number, and what they agreed to; exports and erases one of them.
    Contacts(contacts::ContactsArgs),
    /// Lists, reads, uploads and deletes media: what customers sent, and what messages are to carry.
    Media(media::MediaArgs),
    /// Shows what a bot logs.
    Logs(logs::LogsArgs),
    /// Deploys a bot: its folder, or a component that `roost build` made.
    Deploy(deploy::DeployArgs),
    /// Lists and shows versions, and has another one serve.
    Versions(versions::VersionsArgs),
    /// Has the version before serve again.
    Rollback(versions::RollbackArgs),
    /// Sets, imports, lists and removes the secrets that a bot finds in `process.env`.
    Secrets(secrets::SecretsArgs),
    /// Lists, shows, submits and changes templates, and compares a folder's with Meta's.
    Templates(templates::TemplatesArgs),
    /// Shows business accounts that projects share, and says whose their templates and Flows are.
    Accounts(accounts::AccountsArgs),
    /// Lists, makes and removes tokens for the admin API.
    Tokens(tokens::TokensArgs),
    /// Changes the master key, the admin key, the verify token or the app secret while hosts run.
    Rotate(rotate::RotateArgs),
    /// Shows what was changed, and by whom.
    Audit(audit::AuditArgs),
    /// Checks what roost needs of this machine, and whether a host answers.
    Doctor(doctor::DoctorArgs),
    /// Prints the OpenAPI document of the admin API.
    Openapi,
    /// Prints what makes a shell complete roost's words, as in `roost completions bash`.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What a word needs besides its arguments.
pub struct Session {
    pub client: Client,
    pub output: Output,
}

impl ClientWord {
    /// Does what the word says. `command` is the whole command line, for completions.
    pub async fn run(self, command: Command) -> ExitCode {
        let (api, project) = match &self {
            Self::Projects(args) => (&args.api, args.project()),
            Self::Queue(args) => (&args.api, args.project.project.as_deref()),
            Self::Number(args) => (&args.api, args.project.project.as_deref()),
            Self::Profile(args) => (&args.api, args.project.project.as_deref()),
            Self::Flows(args) => (&args.api, args.project.project.as_deref()),
            Self::Events(args) => (&args.api, args.project.project.as_deref()),
            Self::Conversations(args) => (&args.api, args.project.project.as_deref()),
            Self::Contacts(args) => (&args.api, args.project.project.as_deref()),
            Self::Media(args) => (&args.api, args.project.project.as_deref()),
            Self::Logs(args) => (&args.api, args.project.project.as_deref()),
            Self::Deploy(args) => (&args.api, args.project.project.as_deref()),
            Self::Versions(args) => (&args.api, args.project.project.as_deref()),
            Self::Rollback(args) => (&args.api, args.project.project.as_deref()),
            Self::Secrets(args) => (&args.api, args.project.project.as_deref()),
            Self::Templates(args) => (&args.api, args.project.project.as_deref()),
            Self::Accounts(args) => (&args.api, None),
            Self::Tokens(args) => (&args.api, args.project()),
            Self::Rotate(args) => (&args.api, None),
            Self::Audit(args) => (&args.api, args.project.project.as_deref()),
            // Below: it wants no token.
            Self::Doctor(args) => (&args.api, None),
            Self::Openapi => return print(crate::api::openapi()),
            Self::Completions { shell } => return completions(*shell, command),
        };
        let (api, project) = (api.clone(), project.map(str::to_owned));
        if let Self::Doctor(args) = self {
            return args.run().await;
        }
        if let Self::Flows(args) = &self
            && let Some(code) = args.run_here(api.json)
        {
            return code;
        }
        let session = match Client::new(&api) {
            Ok(client) => Session {
                client,
                output: Output::new(api.json),
            },
            Err(error) => return error.tell(api.json),
        };
        let ended = match self {
            Self::Projects(args) => args.run(&session).await,
            Self::Queue(args) => args.run(&session).await,
            Self::Number(args) => args.run(&session).await,
            Self::Profile(args) => args.run(&session).await,
            Self::Flows(args) => args.run(&session).await,
            Self::Events(args) => args.run(&session).await,
            Self::Conversations(args) => args.run(&session).await,
            Self::Contacts(args) => args.run(&session).await,
            Self::Media(args) => args.run(&session).await,
            Self::Logs(args) => args.run(&session).await,
            Self::Deploy(args) => args.run(&session).await,
            Self::Versions(args) => args.run(&session).await,
            Self::Rollback(args) => args.run(&session).await,
            Self::Secrets(args) => args.run(&session).await,
            Self::Templates(args) => args.run(&session).await,
            Self::Accounts(args) => args.run(&session).await,
            Self::Tokens(args) => args.run(&session).await,
            Self::Rotate(args) => args.run(&session).await,
            Self::Audit(args) => args.run(&session).await,
            Self::Doctor(_) | Self::Openapi | Self::Completions { .. } => Ok(()),
        };
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let error = near::with_near_names(error, project.as_deref(), &session).await;
                error.tell(api.json)
            }
        }
    }
}

fn print(value: Value) -> ExitCode {
    match Output::new(true).json(&value) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.tell(true),
    }
}

fn completions(shell: Shell, mut command: Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "roost", &mut script);
    match output::write(&script) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.tell(false),
    }
}
