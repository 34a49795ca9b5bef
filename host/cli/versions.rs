//! `roost versions` and `roost rollback`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::deploy::{follow, log_line};
use super::{ApiArgs, CliError, ProjectArgs, Session, text, time};

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
                let list = client.list(&path, &[], Some(limit)).await?;
                output.list(
                    &list,
                    &["version", "state", "deployed", "by", "changed", "message"],
                    row,
                    "there are no versions yet: `roost deploy` makes one",
                )
            }
            VersionsWord::Show { version } => {
                let [projects, project, versions] = path;
                let version = client
                    .get(&[projects, project, versions, &version], &[])
                    .await?;
                show(session, &version)
            }
            VersionsWord::Log { version } if output.is_json() => {
                let path = ["projects", project, "versions", &version, "log"];
                let log = client.get(&path, &[("limit", "2000")]).await?;
                output.json(&log)
            }
            VersionsWord::Log { version } => {
                follow(session, project, &version, true).await?;
                let path = ["projects", project, "versions", &version];
                let version = client.get(&path, &[]).await?;
                if let Some(error) = version["error"].as_str() {
                    output.say(&log_line(&json!({ "level": "error", "text": error })))?;
                }
                Ok(())
            }
            VersionsWord::Activate { version } => {
                let path = ["projects", project, "versions", &version, "activate"];
                let done = client.post(&path, &json!({})).await?;
                output.answer(&done, &sentence(&done))
            }
        }
    }
}

impl RollbackArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?;
        let path = ["projects", project, "rollback"];
        let done = session
            .client
            .post(&path, &json!({ "to": self.to }))
            .await?;
        session.output.answer(&done, &sentence(&done))
    }
}

fn sentence(done: &Value) -> String {
    let to = text(done, "/to/name");
    match done["from"]["name"].as_str() {
        Some(from) => format!("{to} serves, in place of {from}"),
        None => format!("{to} serves"),
    }
}

fn row(version: &Value) -> Vec<String> {
    let state = match version["active"] == true {
        true => "serves".to_owned(),
        false => text(version, "/state"),
    };
    vec![
        text(version, "/name"),
        state,
        time(version, "/created_at"),
        text(version, "/created_by"),
        changed(version),
        text(version, "/message"),
    ]
}

/// `+1 ~2 -0` files.
fn changed(version: &Value) -> String {
    let count = |what: &str| version["changes"][what].as_array().map(Vec::len);
    match (count("added"), count("changed"), count("removed")) {
        (Some(added), Some(changed), Some(removed)) => format!("+{added} ~{changed} -{removed}"),
        _ => "-".to_owned(),
    }
}

fn show(session: &Session, version: &Value) -> Result<(), CliError> {
    if session.output.is_json() {
        return session.output.json(version);
    }
    let webhook = match version["webhook_because"].as_str() {
        Some(because) => format!("{} ({because})", text(version, "/webhook_path")),
        None => text(version, "/webhook_path"),
    };
    let mut fields = vec![
        ("version", text(version, "/name")),
        ("id", text(version, "/id")),
        ("state", text(version, "/state")),
        ("serves", text(version, "/active")),
        ("deployed", time(version, "/created_at")),
        ("by", text(version, "/created_by")),
        ("message", text(version, "/message")),
        ("kind", text(version, "/kind")),
        ("entry", text(version, "/entry")),
        ("webhook", webhook),
        ("source", text(version, "/source_sha256")),
    ];
    let since = format!("since {}", text(version, "/changes/since"));
    if version["changes"].is_object() {
        fields.push((&since, changed(version)));
    }
    session.output.fields(&fields)?;
    for (mark, what) in [("+", "added"), ("~", "changed"), ("-", "removed")] {
        for name in version["changes"][what].as_array().into_iter().flatten() {
            session
                .output
                .say(&format!("  {mark} {}", text(name, "")))?;
        }
    }
    match version["error"].as_str() {
        Some(error) => session
            .output
            .say(&log_line(&json!({ "level": "error", "text": error }))),
        None => Ok(()),
    }
}
