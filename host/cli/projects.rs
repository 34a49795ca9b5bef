//! `roost projects`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;

use super::number::FirstNumber;
use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, Session, client, or_dash, steps, time};
use crate::views::Page;
use crate::views::projects::{ProjectView, StandingView};
use crate::views::versions::VersionView;

/// Lists, makes and changes projects.
#[derive(Args)]
pub struct ProjectsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(subcommand)]
    word: Option<ProjectsWord>,
}

#[derive(Subcommand)]
enum ProjectsWord {
    /// Lists projects (what `roost projects` does by itself).
    List,
    /// Makes a project.
    Create {
        /// 1 to 40 lower-case letters, digits and hyphens; begins with a letter.
        name: String,
        #[command(flatten)]
        number: FirstNumber,
        /// Waits and says each step as it is done.
        #[arg(long)]
        follow: bool,
    },
    /// Shows a project with its number and settings.
    Show {
        /// Its name or id.
        project: String,
    },
    /// Gives a project another name.
    Rename {
        /// Its name or id.
        project: String,
        /// The new name.
        name: String,
    },
    /// Changes settings, as in `roost projects set pizza webhook_path=/hook`.
    Set {
        /// Its name or id.
        project: String,
        /// NAME=VALUE; with nothing behind `=`, the setting goes back to its default.
        #[arg(required = true, value_name = "NAME=VALUE")]
        settings: Vec<String>,
    },
    /// Pauses a project: its events are kept, and wait.
    Pause {
        /// Its name or id.
        project: String,
    },
    /// Resumes a project: what waited is run, in its order.
    Resume {
        /// Its name or id.
        project: String,
    },
    /// Deletes a project with all that it owns, after the host's grace period.
    Delete {
        /// Its name or id.
        project: String,
        /// Without a grace period: it cannot be undone.
        #[arg(long)]
        now: bool,
        /// Writes an export to this file first.
        #[arg(long, value_name = "FILE")]
        export: Option<PathBuf>,
    },
    /// Undoes a deletion, until the grace period is over.
    Restore {
        /// Its name or id.
        project: String,
    },
    /// Writes all that a project has to a `tar.gz`, except the values of its secrets.
    Export {
        /// Its name or id.
        project: String,
        /// The file to write; `-`: standard output.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Says how far a project's provisioning is, as it goes on.
    Follow {
        /// Its name or id.
        project: String,
    },
    /// Has failed steps tried again, and says how that goes.
    Retry {
        /// Its name or id.
        project: String,
    },
}

impl ProjectsArgs {
    /// The project that it is about.
    pub(super) fn project(&self) -> Option<&str> {
        match self.word.as_ref()? {
            ProjectsWord::List | ProjectsWord::Create { .. } => None,
            ProjectsWord::Show { project }
            | ProjectsWord::Rename { project, .. }
            | ProjectsWord::Set { project, .. }
            | ProjectsWord::Pause { project }
            | ProjectsWord::Resume { project }
            | ProjectsWord::Delete { project, .. }
            | ProjectsWord::Restore { project }
            | ProjectsWord::Export { project, .. }
            | ProjectsWord::Follow { project }
            | ProjectsWord::Retry { project } => Some(project),
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        match self.word.unwrap_or(ProjectsWord::List) {
            ProjectsWord::List => {
                let list: Answer<Page<ProjectView>> = client.list(&["projects"], &[], None).await?;
                output.list(
                    &list,
                    &["name", "status", "number", "made"],
                    |project| {
                        vec![
                            project.name.clone(),
                            project.status.to_string(),
                            dialled(project),
                            time(project.created_at),
                        ]
                    },
                    "there are no projects yet: `roost projects create NAME` makes one",
                )
            }
            ProjectsWord::Create {
                name,
                number,
                follow,
            } => {
                let mut new = json!({ "name": name });
                if let Some(number) = number.wanted() {
                    new["number"] = number.body()?;
                }
                let made: Answer<ProjectView> = client.post(&["projects"], &new).await?;
                if follow {
                    return steps::follow(session, &name).await;
                }
                output.answer(&made, |made| {
                    format!(
                        "project `{name}` is made ({}); `roost projects follow {name}` shows how far it is",
                        made.status
                    )
                })
            }
            ProjectsWord::Show { project } => {
                let project = client.get(&["projects", &project], &[]).await?;
                show(session, &project).await
            }
            ProjectsWord::Rename { project, name } => {
                let change = json!({ "name": name });
                let now: Answer<IgnoredAny> =
                    client.patch(&["projects", &project], &change).await?;
                output.answer(&now, |_| format!("`{project}` is called `{name}` now"))
            }
            ProjectsWord::Set { project, settings } => {
                let change = json!({ "settings": changes(&settings)? });
                let now = client.patch(&["projects", &project], &change).await?;
                show(session, &now).await
            }
            ProjectsWord::Pause { project } => {
                let now: Answer<IgnoredAny> = client
                    .post(&["projects", &project, "pause"], &json!({}))
                    .await?;
                output.answer(&now, |_| {
                    format!("`{project}` is paused: its events are kept, and wait")
                })
            }
            ProjectsWord::Resume { project } => {
                let now: Answer<IgnoredAny> = client
                    .post(&["projects", &project, "resume"], &json!({}))
                    .await?;
                output.answer(&now, |_| format!("`{project}` goes on"))
            }
            ProjectsWord::Delete {
                project,
                now,
                export,
            } => {
                if let Some(file) = export {
                    download(session, &project, &file).await?;
                }
                delete(session, &project, now).await
            }
            ProjectsWord::Restore { project } => {
                let now: Answer<ProjectView> = client
                    .post(&["projects", &project, "restore"], &json!({}))
                    .await?;
                output.answer(&now, |now| format!("`{project}` is back ({})", now.status))
            }
            ProjectsWord::Export { project, output } => download(session, &project, &output).await,
            ProjectsWord::Follow { project } => steps::follow(session, &project).await,
            ProjectsWord::Retry { project } => {
                let path = ["projects", &project, "provisioning", "retry"];
                client.post::<IgnoredAny>(&path, &json!({})).await?;
                steps::follow(session, &project).await
            }
        }
    }
}

/// Its number, as people dial it.
fn dialled(project: &ProjectView) -> String {
    let number = project.number.as_ref();
    or_dash(number.map(|number| match number.token_refused_at {
        Some(since) => format!(
            "{} (Meta refuses its token since {})",
            number.display_phone_number,
            time(since)
        ),
        None => number.display_phone_number.clone(),
    }))
}

async fn show(session: &Session, answer: &Answer<ProjectView>) -> Result<(), CliError> {
    if session.output.is_json() {
        return session.output.json(answer.json());
    }
    let project = answer.read()?;
    let version = match &project.active_version {
        // People know it as `v3`.
        Some(id) => {
            let path = ["projects", &project.name, "versions", id];
            let version: Answer<VersionView> = session.client.get(&path, &[]).await?;
            Some(version.read()?.name)
        }
        None => None,
    };
    let mut fields = vec![
        ("name", project.name.clone()),
        ("id", project.id.clone()),
        ("status", project.status.to_string()),
        ("number", dialled(&project)),
        ("version", or_dash(version)),
        ("made", time(project.created_at)),
    ];
    for (name, value) in &project.settings.0 {
        let value = match value {
            Value::Null => "(default)".to_owned(),
            Value::String(text) => text.clone(),
            Value::Object(links) => shown_links(links),
            Value::Array(list) => shown_list(list),
            other => other.to_string(),
        };
        fields.push((name, value));
    }
    session.output.fields(&fields)
}

/// `a.test,b.test`, as it is set.
fn shown_list(list: &[Value]) -> String {
    let list: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    match list.is_empty() {
        true => "-".to_owned(),
        false => list.join(","),
    }
}

/// `A=app-secret B=account-id`.
fn shown_links(links: &Map<String, Value>) -> String {
    let links: Vec<String> = links
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    if links.is_empty() {
        return "-".to_owned();
    }
    links.join(" ")
}

async fn delete(session: &Session, project: &str, now: bool) -> Result<(), CliError> {
    let request = session
        .client
        .request(Method::DELETE, &["projects", project])?;
    let query: &[(&str, &str)] = if now { &[("now", "true")] } else { &[] };
    let request = client::with_query(request, query)?;
    let standing: Answer<StandingView> = session.client.answer(request).await?;
    session.output.answer(&standing, |standing| match now {
        true => format!("`{project}` is being deleted now"),
        false => format!(
            "`{project}` answers no longer, and goes at {}; `roost projects restore {project}` undoes that",
            time_or_dash(standing.delete_after)
        ),
    })
}

/// Writes an export to a file, which is there when it is whole.
async fn download(session: &Session, project: &str, file: &Path) -> Result<(), CliError> {
    let request = session
        .client
        .request(Method::POST, &["projects", project, "export"])?;
    let mut response = session.client.send(request).await?;
    let failed = |error: std::io::Error| {
        CliError::File(format!("`{}` cannot be written: {error}", file.display()))
    };
    let cut_off = |_| {
        CliError::File(
            "the export was cut off, so nothing was kept: the host's log says why".to_owned(),
        )
    };
    if file == Path::new("-") {
        while let Some(piece) = response.chunk().await.map_err(cut_off)? {
            super::output::write(&piece)?;
        }
        return Ok(());
    }
    let partial = file.with_added_extension("partial");
    // It holds what people wrote.
    let mut options = tokio::fs::File::options();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options.open(&partial).await.map_err(failed)?;
    let mut bytes = 0_usize;
    let written = async {
        while let Some(piece) = response.chunk().await.map_err(cut_off)? {
            bytes += piece.len();
            out.write_all(&piece).await.map_err(failed)?;
        }
        out.sync_all().await.map_err(failed)
    };
    if let Err(error) = written.await {
        let _ = tokio::fs::remove_file(&partial).await;
        return Err(error);
    }
    tokio::fs::rename(&partial, file).await.map_err(failed)?;
    let file = file.display();
    match session.output.is_json() {
        true => (session.output).json(&json!({ "file": file.to_string(), "bytes": bytes })),
        false => (session.output).say(&format!("{file}: {} KiB", bytes.div_ceil(1024))),
    }
}

/// Settings of which several are given with commas.
const LISTS: [&str; 2] = ["egress_deny", "egress_only"];

/// `a=1 b=x c=` as a JSON object.
fn changes(settings: &[String]) -> Result<Value, CliError> {
    let mut changes = Map::new();
    for setting in settings {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(CliError::Usage(format!(
                "`{setting}` is not NAME=VALUE, as in `webhook_path=/hook`"
            )));
        };
        let value = match value {
            "" => Value::Null,
            list if LISTS.contains(&name) => list.split(',').map(str::trim).collect(),
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => text
                .parse::<i64>()
                .map_or_else(|_| Value::String(text.to_owned()), Value::from),
        };
        if changes.insert(name.to_owned(), value).is_some() {
            return Err(CliError::Usage(format!("`{name}` is set twice")));
        }
    }
    Ok(Value::Object(changes))
}
