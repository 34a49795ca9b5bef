//! `roost flows`, and what `roost deploy` does with a folder's Flows.

pub(super) mod folder;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::client::with_query;
use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, Output, ProjectArgs, Session, or_dash, time};
use crate::views::Page;
use crate::views::flows::{
    FlowChecked, FlowJson, FlowKeyView, FlowMetric, FlowProblem, FlowPushed, FlowView, FlowsSynced,
    PreviewView,
};
use folder::FlowFile;

/// Lists, checks, pushes and publishes a project's Flows.
#[derive(Args)]
pub struct FlowsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<FlowsWord>,
}

#[derive(Subcommand)]
enum FlowsWord {
    /// Lists the Flows (what `roost flows` does by itself).
    List {
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows a Flow, and what Meta has against it.
    Show {
        /// What the project calls it.
        name: String,
        /// Asks Meta how it is now.
        #[arg(long)]
        fresh: bool,
    },
    /// Looks Flow JSON through, without a host: what Meta would refuse, with line and column.
    Check {
        /// Names, as in `flows/NAME.json`, or files; without any all of the folder.
        names: Vec<String>,
        /// The bot's folder.
        #[arg(long, default_value = ".")]
        folder: PathBuf,
    },
    /// Makes Flows at Meta of the folder's, or changes them: drafts, until they are published.
    Push {
        /// Names, as in `flows/NAME.json`; without any all of the folder.
        names: Vec<String>,
        /// The bot's folder.
        #[arg(long, default_value = ".")]
        folder: PathBuf,
        /// One of Meta's categories, as APPOINTMENT_BOOKING; may be said again.
        #[arg(long = "category", value_name = "CATEGORY")]
        categories: Vec<String>,
        /// Who answers data requests: `host`, or an address that does so by a key of its own.
        #[arg(long, value_name = "ADDRESS")]
        endpoint: Option<String>,
        /// The bot's route that gets data requests as plain JSON; `/flows/NAME` without it.
        #[arg(long, value_name = "PATH")]
        route: Option<String>,
        /// Publishes them, too.
        #[arg(long)]
        publish: bool,
    },
    /// Writes a Flow's JSON, as Meta has it, into the folder.
    Pull {
        /// What the project calls it.
        name: String,
        /// The bot's folder.
        #[arg(long, default_value = ".")]
        folder: PathBuf,
        /// Writes over a file that says something else.
        #[arg(long)]
        force: bool,
    },
    /// Gives a link to try a Flow without WhatsApp.
    Preview {
        /// What the project calls it.
        name: String,
        /// Makes a new link: the one before ends.
        #[arg(long)]
        new: bool,
    },
    /// Publishes what was pushed last.
    Publish {
        /// What the project calls it.
        name: String,
    },
    /// Ends a published Flow: nobody can open it any more, for good.
    Deprecate {
        /// What the project calls it.
        name: String,
    },
    /// Deletes a draft.
    Delete {
        /// What the project calls it.
        name: String,
    },
    /// Compares the project's Flows with Meta's.
    Sync,
    /// Shows numbers of a Flow's endpoint, as Meta counts them.
    Metrics {
        /// What the project calls it.
        name: String,
        /// Meta's word.
        #[arg(long, default_value = "ENDPOINT_REQUEST_COUNT")]
        metric: String,
        /// DAY, HOUR or LIFETIME.
        #[arg(long, default_value = "DAY")]
        granularity: String,
        /// A day, as 2026-12-31.
        #[arg(long)]
        since: Option<String>,
        /// A day, as 2026-12-31.
        #[arg(long)]
        until: Option<String>,
    },
    /// Shows the public key of the endpoint that the host keeps, or makes a new one.
    Key {
        /// Makes a new key: Meta takes it in the place of the one before.
        #[arg(long)]
        rotate: bool,
    },
}

/// What a deploy does with the folder's Flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FlowsOfDeploy {
    /// Those that changed are pushed.
    Push,
    /// Those that changed are pushed and published.
    Publish,
    /// They are only told.
    Leave,
}

impl FlowsArgs {
    /// Does what needs no host; nothing, when the word needs one.
    pub(super) fn run_here(&self, is_json: bool) -> Option<ExitCode> {
        let Some(FlowsWord::Check { names, folder }) = &self.word else {
            return None;
        };
        Some(match check(folder, names, Output::new(is_json)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => error.tell(is_json),
        })
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        let project = self.project.required()?;
        let path = ["projects", project, "flows"];
        let [projects, project, flows] = path;
        match self.word.unwrap_or(FlowsWord::List { limit: 50 }) {
            FlowsWord::List { limit } => {
                let list: Answer<Page<FlowView>> = client.list(&path, &[], Some(limit)).await?;
                output.list(
                    &list,
                    &[
                        "name", "status", "version", "endpoint", "changed", "problems",
                    ],
                    row,
                    "there are no Flows yet: `roost flows push` makes them of flows/NAME.json",
                )
            }
            FlowsWord::Show { name, fresh } => {
                let query: &[(&str, &str)] = match fresh {
                    true => &[("fresh", "true")],
                    false => &[],
                };
                let flow: Answer<FlowView> = client
                    .get(&[projects, project, flows, &name], query)
                    .await?;
                if output.is_json() {
                    return output.json(flow.json());
                }
                show(session, &flow.read()?)
            }
            FlowsWord::Check { names, folder } => check(&folder, &names, *output),
            FlowsWord::Push {
                names,
                folder,
                categories,
                endpoint,
                route,
                publish,
            } => {
                let files = folder::read(&folder, &names)?;
                if files.is_empty() {
                    return Err(CliError::File(format!(
                        "`{}` has no Flow: each is a file flows/NAME.json",
                        folder.display()
                    )));
                }
                let mut answers = Vec::new();
                for file in &files {
                    refuse_broken(file, *output)?;
                    let body = file.body(&categories, endpoint.as_deref(), route.as_deref());
                    answers.push(push(session, project, file, &body, publish).await?);
                }
                match output.is_json() {
                    true => output.json(&Value::Array(answers)),
                    false => Ok(()),
                }
            }
            FlowsWord::Pull {
                name,
                folder,
                force,
            } => {
                let path = [projects, project, flows, &name, "json"];
                let pulled: Answer<FlowJson> = client.get(&path, &[]).await?;
                let file = folder::file_of(&folder, &name);
                write(&file, &pulled.read()?.json, force)?;
                output.answer(&pulled, |_| format!("wrote `{}`", file.display()))
            }
            FlowsWord::Preview { name, new } => {
                let query: &[(&str, &str)] = match new {
                    true => &[("new", "true")],
                    false => &[],
                };
                let path = [projects, project, flows, &name, "preview"];
                let preview: Answer<PreviewView> = client.get(&path, query).await?;
                output.answer(&preview, |preview| {
                    let until = preview.expires_at;
                    let until = until.map_or_else(String::new, |until| format!(" (until {until})"));
                    format!("{}{until}", preview.preview_url)
                })
            }
            FlowsWord::Publish { name } => {
                let flow = publish(session, project, &name).await?;
                output.answer(&flow, |flow| format!("`{}` is {}", flow.name, flow.status))
            }
            FlowsWord::Deprecate { name } => {
                let path = [projects, project, flows, &name, "deprecate"];
                let flow: Answer<FlowView> = client.post(&path, &json!({})).await?;
                output.answer(&flow, |flow| format!("`{}` is {}", flow.name, flow.status))
            }
            FlowsWord::Delete { name } => {
                let path = [projects, project, flows, &name];
                let request = client.request(Method::DELETE, &path)?;
                let deleted: Answer<IgnoredAny> = client.answer(request).await?;
                output.answer(&deleted, |_| format!("`{name}` is deleted"))
            }
            FlowsWord::Sync => {
                let path = [projects, project, flows, "sync"];
                let synced: Answer<FlowsSynced> = client.post(&path, &json!({})).await?;
                output.answer(&synced, |synced| told(&synced))
            }
            FlowsWord::Metrics {
                name,
                metric,
                granularity,
                since,
                until,
            } => {
                let path = [projects, project, flows, &name, "metrics"];
                let mut query = vec![
                    ("metric", metric.as_str()),
                    ("granularity", granularity.as_str()),
                ];
                query.extend(since.as_deref().map(|day| ("since", day)));
                query.extend(until.as_deref().map(|day| ("until", day)));
                let request = with_query(client.request(Method::GET, &path)?, &query)?;
                let metric: Answer<FlowMetric> = client.answer(request).await?;
                if output.is_json() {
                    return output.json(metric.json());
                }
                metrics(*output, &metric.read()?)
            }
            FlowsWord::Key { rotate } => {
                let path = [projects, project, "flow-key"];
                let key: Answer<FlowKeyView> = match rotate {
                    true => client.post(&path, &json!({})).await?,
                    false => client.get(&path, &[]).await?,
                };
                if output.is_json() {
                    return output.json(key.json());
                }
                let key = key.read()?;
                output.fields(&[
                    ("of number", or_dash(key.phone_number_id)),
                    ("made", time(key.created_at)),
                    ("at Meta since", time_or_dash(key.registered_at)),
                ])?;
                output.say(key.public_key.trim_end())
            }
        }
    }
}

/// What a deploy does with the folder's Flows, once the version serves.
pub(super) async fn of_deploy(
    session: &Session,
    project: &str,
    folder: &Path,
    how: Option<FlowsOfDeploy>,
) -> Result<(), CliError> {
    let Session { client, output } = session;
    let files = folder::read(folder, &[])?;
    if files.is_empty() {
        return Ok(());
    }
    let path = ["projects", project, "flows"];
    let known: Answer<Page<FlowView>> = client.list(&path, &[], Some(usize::MAX)).await?;
    let known = known.read()?.items;
    let mut changed = Vec::new();
    for file in &files {
        let before = known.iter().find(|flow| flow.name == file.name.as_str());
        let is_same = before.is_some_and(|flow| flow.json_sha256.as_ref() == Some(&file.digest()));
        if is_same {
            continue;
        }
        let what = match before {
            Some(_) => "differs from what Meta has",
            None => "is not at Meta yet",
        };
        say(*output, &format!("{} {what}", file.shown()))?;
        if !file.report.is_good() {
            let found = file.report.errors().count();
            let line = format!("  and has {found} problems: `roost flows check` lists them");
            say(*output, &line)?;
            continue;
        }
        changed.push(file);
    }
    if changed.is_empty() {
        return Ok(());
    }
    let how = match how {
        Some(how) => how,
        None if may_ask(*output) && agrees()? => FlowsOfDeploy::Push,
        None => FlowsOfDeploy::Leave,
    };
    if how == FlowsOfDeploy::Leave {
        return say(
            *output,
            "`roost flows push` brings them to Meta, and so does `roost deploy --flows`",
        );
    }
    for file in changed {
        let body = file.body(&[], None, None);
        push(session, project, file, &body, how == FlowsOfDeploy::Publish).await?;
    }
    Ok(())
}

/// For people only: what a program reads is one document.
fn say(output: Output, line: &str) -> Result<(), CliError> {
    match output.is_json() {
        true => Ok(()),
        false => output.say(line),
    }
}

fn may_ask(output: Output) -> bool {
    !output.is_json() && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn agrees() -> Result<bool, CliError> {
    print!("Push them to Meta as drafts? [y/N] ");
    std::io::stdout().flush().map_err(CliError::Output)?;
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|error| CliError::File(format!("the answer cannot be read: {error}")))?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

async fn push(
    session: &Session,
    project: &str,
    file: &FlowFile,
    body: &Value,
    publishes: bool,
) -> Result<Value, CliError> {
    let Session { client, output } = session;
    let name = file.name.as_str();
    let path = ["projects", project, "flows", name];
    let pushed: Answer<FlowPushed> = client.put(&path, body).await?;
    let view = pushed.read()?;
    let word = if view.is_new { "made" } else { "changed" };
    say(*output, &format!("{word} `{name}` ({})", view.flow.flow_id))?;
    for problem in view.warnings.iter().chain(&view.flow.validation_errors) {
        say(*output, &format!("  {}", line(problem)))?;
    }
    let errors = view.flow.validation_errors.len();
    if !publishes {
        let next = match errors {
            0 => format!("  it is a draft: `roost flows publish {name}` shows it to customers"),
            _ => format!("  it is a draft, and Meta has {errors} things against it"),
        };
        say(*output, &next)?;
        return Ok(pushed.into_json());
    }
    let flow = publish(session, project, name).await?;
    say(*output, &format!("  it is {}", flow.read()?.status))?;
    Ok(flow.into_json())
}

async fn publish(
    session: &Session,
    project: &str,
    name: &str,
) -> Result<Answer<FlowView>, CliError> {
    let path = ["projects", project, "flows", name, "publish"];
    session.client.post(&path, &json!({})).await
}

/// A file that Meta would refuse is not sent.
fn refuse_broken(file: &FlowFile, output: Output) -> Result<(), CliError> {
    if file.report.is_good() {
        return Ok(());
    }
    for problem in &file.report.problems {
        say(output, &format!("{}:{problem}", file.shown()))?;
    }
    Err(CliError::File(format!(
        "`{}` would be refused by Meta, so it was not sent",
        file.shown()
    )))
}

fn check(folder: &Path, names: &[String], output: Output) -> Result<(), CliError> {
    let files = folder::read(folder, names)?;
    if files.is_empty() {
        return Err(CliError::File(format!(
            "`{}` has no Flow: each is a file flows/NAME.json",
            folder.display()
        )));
    }
    let mut found = 0;
    let mut checked = Vec::new();
    for file in files {
        let shown = file.shown();
        found += file.report.errors().count();
        for problem in &file.report.problems {
            let mark = if problem.is_warning { "warning: " } else { "" };
            say(output, &format!("{shown}:{mark}{problem}"))?;
        }
        if file.report.problems.is_empty() {
            let screens = file.report.screens.len();
            say(
                output,
                &format!("{shown}: nothing is wrong ({screens} screens)"),
            )?;
        }
        let view = FlowChecked::from(file.report);
        checked.push(json!({ "file": shown, "checked": view }));
    }
    if output.is_json() {
        output.json(&Value::Array(checked))?;
    }
    match found {
        0 => Ok(()),
        1 => Err(CliError::Failed("Meta would refuse it".to_owned())),
        found => Err(CliError::Failed(format!(
            "Meta would refuse it, for {found} reasons"
        ))),
    }
}

/// Writes a file whole, and over another text only when that is asked for.
fn write(file: &Path, text: &str, force: bool) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::File(format!("`{}` cannot be written: {error}", file.display()))
    };
    if let Ok(before) = std::fs::read_to_string(file)
        && before != text
        && !force
    {
        return Err(CliError::File(format!(
            "`{}` says something else: `--force` writes over it",
            file.display()
        )));
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(file, text).map_err(failed)
}

fn row(flow: &FlowView) -> Vec<String> {
    vec![
        flow.name.clone(),
        flow.status.clone(),
        or_dash(flow.json_version.as_deref()),
        flow.endpoint.to_string(),
        time(flow.updated_at),
        match flow.validation_errors.len() {
            0 => "-".to_owned(),
            errors => errors.to_string(),
        },
    ]
}

fn show(session: &Session, flow: &FlowView) -> Result<(), CliError> {
    let complaint = match (&flow.complaint, flow.complained_at) {
        (Some(word), Some(at)) => format!("{word}, {}", time(at)),
        _ => "-".to_owned(),
    };
    let output = session.output;
    output.fields(&[
        ("name", flow.name.clone()),
        ("status at Meta", flow.status.clone()),
        ("id at Meta", flow.flow_id.clone()),
        ("name at Meta", flow.meta_name.clone()),
        ("categories", flow.categories.join(", ")),
        ("version", or_dash(flow.json_version.as_deref())),
        ("data API", or_dash(flow.data_api_version.as_deref())),
        ("endpoint", flow.endpoint.to_string()),
        ("its address", or_dash(flow.endpoint_uri.as_deref())),
        ("the bot's route", or_dash(flow.route.as_deref())),
        ("complaint", complaint),
        ("changed", time(flow.updated_at)),
        ("seen at Meta", time(flow.seen_at)),
    ])?;
    for problem in &flow.validation_errors {
        output.say(&format!("  {}", line(problem)))?;
    }
    Ok(())
}

/// A problem as compilers write one.
fn line(problem: &FlowProblem) -> String {
    let at = |number: Option<i64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let path = problem.path.as_deref();
    let path = path.map_or_else(String::new, |path| format!(" {path}"));
    let mark = if problem.is_warning { "warning: " } else { "" };
    format!(
        "{}:{}{path}: {mark}{} ({})",
        at(problem.line_start),
        at(problem.column_start),
        problem.message,
        problem.error
    )
}

fn told(synced: &FlowsSynced) -> String {
    let mut said = vec![format!("{} are as the project knows them", synced.seen)];
    if !synced.found.is_empty() {
        said.push(format!("found {}", synced.found.join(", ")));
    }
    if !synced.gone.is_empty() {
        said.push(format!("gone: {}", synced.gone.join(", ")));
    }
    said.join("; ")
}

fn metrics(output: Output, metric: &FlowMetric) -> Result<(), CliError> {
    if metric.data_points.is_empty() {
        return output.say("Meta tells no numbers for that time");
    }
    let rows = metric.data_points.iter().flat_map(|point| {
        let at = or_dash(point.timestamp.as_deref());
        let row = move |value: &crate::views::flows::FlowMetricValue| {
            vec![at.clone(), value.key.clone(), value.value.to_string()]
        };
        point.data.iter().map(row)
    });
    output.table(&["time", "what", "value"], rows)
}
