//! `roost versions` and `roost rollback`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::deploy::{follow, log_line};
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash, time};
use crate::views::Page;
use crate::views::versions::{Switched, VersionLog, VersionView};
use crate::words::LogLevel;

/// Lists and shows versions, and has another one serve.
#[derive(Args)]
pub struct VersionsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<VersionsWord>,
}

#[derive(Subcommand)]
enum VersionsWord {
    /// Lists versions, newest first (what `roost versions` does by itself).
    List {
        /// How many at most.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Shows a version: who deployed it, what changed, what became of it.
    Show {
        /// Such as `v3`.
        version: String,
    },
    /// Prints the log of a version's build, and follows it while it is built.
    Log {
        /// Such as `v3`.
        version: String,
    },
    /// Has a version serve.
    Activate {
        /// Such as `v3`.
        version: String,
    },
}

/// Has the version before serve again.
#[derive(Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The version to go to, such as `v3`, instead of the one before.
    #[arg(long)]
    to: Option<String>,
}

impl VersionsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        let project = self.project.required()?;
        let path = ["projects", project, "versions"];
        match self.word.unwrap_or(VersionsWord::List { limit: 20 }) {
            VersionsWord::List { limit } => {
                let list: Answer<Page<VersionView>> = client.list(&path, &[], Some(limit)).await?;
                output.list(
                    &list,
                    &["version", "state", "deployed", "by", "changed", "message"],
                    row,
                    "there are no versions yet: `roost deploy` makes one",
                )
            }
            VersionsWord::Show { version } => {
                let [projects, project, versions] = path;
                let version: Answer<VersionView> = client
                    .get(&[projects, project, versions, &version], &[])
                    .await?;
                show(session, &version)
            }
            VersionsWord::Log { version } if output.is_json() => {
                let path = ["projects", project, "versions", &version, "log"];
                let log: Answer<VersionLog> = client.get(&path, &[("limit", "2000")]).await?;
                output.json(log.json())
            }
            VersionsWord::Log { version } => {
                follow(session, project, &version, true).await?;
                let path = ["projects", project, "versions", &version];
                let version: Answer<VersionView> = client.get(&path, &[]).await?;
                match version.read()?.error {
                    Some(error) => output.say(&log_line(&LogLevel::Error.into(), &error)),
                    None => Ok(()),
                }
            }
            VersionsWord::Activate { version } => {
                let path = ["projects", project, "versions", &version, "activate"];
                let done: Answer<Switched> = client.post(&path, &json!({})).await?;
                output.answer(&done, sentence)
            }
        }
    }
}

impl RollbackArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?;
        let path = ["projects", project, "rollback"];
        let done: Answer<Switched> = session
            .client
            .post(&path, &json!({ "to": self.to }))
            .await?;
        session.output.answer(&done, sentence)
    }
}

fn sentence(done: Switched) -> String {
    let to = done.to.name;
    match done.from {
        Some(from) => format!("{to} serves, in place of {}", from.name),
        None => format!("{to} serves"),
    }
}

fn row(version: &VersionView) -> Vec<String> {
    let state = match version.active {
        true => "serves".to_owned(),
        false => version.state.to_string(),
    };
    vec![
        version.name.clone(),
        state,
        time(version.created_at),
        version.created_by.clone(),
        changed(version),
        or_dash(version.message.as_deref()),
    ]
}

/// `+1 ~2 -0` files.
fn changed(version: &VersionView) -> String {
    or_dash(version.changes.as_ref().map(|changes| {
        format!(
            "+{} ~{} -{}",
            changes.added.len(),
            changes.changed.len(),
            changes.removed.len()
        )
    }))
}

fn show(session: &Session, answer: &Answer<VersionView>) -> Result<(), CliError> {
    let output = &session.output;
    if output.is_json() {
        return output.json(answer.json());
    }
    let version = answer.read()?;
    let webhook = match (&version.webhook_path, &version.webhook_because) {
        (path, Some(because)) => format!("{} ({because})", or_dash(path.as_deref())),
        (path, None) => or_dash(path.as_deref()),
    };
    let since = version.changes.as_ref();
    let since = since.map(|changes| format!("since {}", changes.since));
    let mut fields = vec![
        ("version", version.name.clone()),
        ("id", version.id.clone()),
        ("state", version.state.to_string()),
        ("serves", version.active.to_string()),
        ("deployed", time(version.created_at)),
        ("by", version.created_by.clone()),
        ("message", or_dash(version.message.as_deref())),
        ("kind", version.kind.to_string()),
        ("entry", or_dash(version.entry.as_deref())),
        ("webhook", webhook),
        ("source", or_dash(version.source_sha256.as_deref())),
    ];
    if let Some(since) = &since {
        fields.push((since, changed(&version)));
    }
    output.fields(&fields)?;
    if let Some(changes) = &version.changes {
        for (mark, names) in [
            ("+", &changes.added),
            ("~", &changes.changed),
            ("-", &changes.removed),
        ] {
            for name in names {
                output.say(&format!("  {mark} {name}"))?;
            }
        }
    }
    match &version.error {
        Some(error) => output.say(&log_line(&LogLevel::Error.into(), error)),
        None => Ok(()),
    }
}
