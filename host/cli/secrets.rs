//! `roost secrets`: values go in by standard input or a prompt, and never come out.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use reqwest::{Method, header};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::client::with_query;
use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash};
use crate::projects::HostValue;
use crate::views::Page;
use crate::views::environment::{BotEnvironment, BotVariable, VariableSource};
use crate::views::secrets::{
    EnvironmentView, EnvironmentWord, SecretPage, SecretSet, SecretView, SecretsImported,
};
use crate::words::{Told, UnknownWord};

/// How long a bot may take to start with a changed secret before the word ends without knowing.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// Sets, imports, lists and removes the secrets that a bot finds in `process.env`.
#[derive(Args)]
pub struct SecretsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<SecretsWord>,
}

#[derive(Subcommand)]
enum SecretsWord {
    /// Lists what the bot finds, by name (what `roost secrets` does by itself).
    List,
    /// Shows one variable: where it comes from, and its value where that is no secret, as VERIFY_TOKEN.
    Show {
        /// As the bot reads it.
        name: String,
    },
    /// Sets a secret. Its value is asked for, or read from standard input: `… set KEY < key.pem`.
    Set {
        /// Letters, digits and `_`.
        name: String,
        /// The value. Others on this machine can read it, and your shell keeps it: better leave it out.
        #[arg(long)]
        value: Option<String>,
    },
    /// Sets what a `.env` holds, as npm's `dotenv` reads it.
    Import {
        /// The file; `-` is standard input.
        #[arg(default_value = ".env")]
        file: PathBuf,
        /// Also variables that the host sets by itself, such as PORT.
        #[arg(long)]
        all: bool,
    },
    /// Gives the bot what the host knows by other names: `… link META_APP_SECRET=app-secret`.
    Link {
        /// NAME=VALUE, where VALUE is verify-token, app-secret, access-token, phone-number-id, account-id,
        /// phone-number or graph-version. None: all that the bot which serves reads and nobody set.
        #[arg(value_name = "NAME=VALUE")]
        links: Vec<String>,
    },
    /// Ends links.
    Unlink {
        /// The names that the bot reads.
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Removes secrets.
    Remove {
        #[arg(required = true)]
        names: Vec<String>,
    },
}

impl SecretsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?.to_owned();
        match self.word.unwrap_or(SecretsWord::List) {
            SecretsWord::List => list(session, &project).await,
            SecretsWord::Show { name } => show(session, &project, &name).await,
            SecretsWord::Link { links } => link(session, &project, &links).await,
            SecretsWord::Unlink { names } => unlink(session, &project, &names).await,
            SecretsWord::Set { name, value } => set(session, &project, &name, value).await,
            SecretsWord::Import { file, all } => import(session, &project, &file, all).await,
            SecretsWord::Remove { names } => remove(session, &project, &names).await,
        }
    }
}

async fn list(session: &Session, project: &str) -> Result<(), CliError> {
    let Session { client, output } = session;
    let path = ["projects", project, "secrets"];
    let answer: Answer<Page<SecretView>> = client.list(&path, &[], None).await?;
    if output.is_json() {
        return output.json(answer.json());
    }
    let secrets = answer.read()?.items;
    let environment = environment(session, project).await?.read()?;
    let changed = |name: &str| {
        let mut named = secrets.iter().filter(|secret| secret.name == name);
        time_or_dash(named.next().map(|secret| secret.updated_at))
    };
    let rows = environment.variables.iter().map(|variable| {
        vec![
            variable.name.clone(),
            source(variable),
            changed(&variable.name),
        ]
    });
    output.table(&["name", "from", "changed"], rows)?;
    say_unset(session, project, &environment)?;
    if secrets.is_empty() {
        output.say("there are no secrets yet: `roost secrets set NAME` sets one")?;
    }
    Ok(())
}

async fn environment(session: &Session, project: &str) -> Result<Answer<BotEnvironment>, CliError> {
    let path = ["projects", project, "environment"];
    session.client.get(&path, &[]).await
}

/// `a secret`, `the host: verify-token`.
fn source(variable: &BotVariable) -> String {
    let from = match &variable.source {
        Told::Known(VariableSource::Secret) => return "a secret".to_owned(),
        Told::Known(VariableSource::File) => return "the bot's .env".to_owned(),
        Told::Known(VariableSource::Link) => "a link",
        Told::Known(VariableSource::Host) => "the host",
        Told::New(other) => other.as_str(),
    };
    match &variable.is {
        Some(is) => format!("{from}: {is}"),
        None => from.to_owned(),
    }
}

/// What the bot that serves reads and nobody set, with the commands.
fn say_unset(
    session: &Session,
    project: &str,
    environment: &BotEnvironment,
) -> Result<(), CliError> {
    let output = &session.output;
    for unset in &environment.unset {
        let place = format!("{}:{}", unset.file, unset.line);
        let name = &unset.name;
        output.say(&match &unset.means {
            Some(means) => format!(
                "{name} ({place}) is not set: `roost secrets link {name}={means} -p {project}` gives the \
                 bot the host's"
            ),
            None => format!(
                "{name} ({place}) is not set: `roost secrets set {name} -p {project}` sets it"
            ),
        })?;
    }
    Ok(())
}

async fn show(session: &Session, project: &str, name: &str) -> Result<(), CliError> {
    let answer = environment(session, project).await?;
    let environment = answer.read()?;
    let Some(variable) = environment.variable(name) else {
        return Err(CliError::Failed(format!(
            "`{project}` has no variable `{name}`: `roost secrets` lists what its bot finds"
        )));
    };
    if session.output.is_json() {
        return session.output.json(&json!(variable));
    }
    let is_linked = variable.source.is(VariableSource::Link);
    let is_public = variable.is != Some(Told::Known(HostValue::AppSecret));
    let value = match &variable.value {
        Some(value) => value.clone(),
        // Of a number that is not connected.
        None if is_linked && is_public => "(not known yet)".to_owned(),
        None => "(never shown)".to_owned(),
    };
    let fields = [
        ("name", variable.name.clone()),
        ("from", source(variable)),
        ("value", value),
    ];
    session.output.fields(&fields)
}

async fn link(session: &Session, project: &str, links: &[String]) -> Result<(), CliError> {
    let mut wanted = Map::new();
    for link in links {
        let Some((name, value)) = link.split_once('=') else {
            return Err(CliError::Usage(format!(
                "`{link}` is not NAME=VALUE, as in `META_APP_SECRET=app-secret`"
            )));
        };
        let value: HostValue = value
            .parse()
            .map_err(|error: UnknownWord| CliError::Usage(error.to_string()))?;
        wanted.insert(name.to_owned(), json!(value));
    }
    let environment = environment(session, project).await?.read()?;
    if links.is_empty() {
        for unset in &environment.unset {
            if let Some(means) = &unset.means {
                wanted.insert(unset.name.clone(), json!(means));
            }
        }
        if wanted.is_empty() {
            return Err(CliError::Usage(format!(
                "the bot that serves `{project}` reads nothing by another name: name what to link, as in \
                 `roost secrets link META_APP_SECRET=app-secret`"
            )));
        }
    }
    change_links(session, project, &wanted).await?;
    if !session.output.is_json() {
        let is_secret = |name: &str| {
            let variable = environment.variable(name);
            variable.is_some_and(|variable| variable.source.is(VariableSource::Secret))
        };
        for (name, value) in &wanted {
            let value = value.as_str().unwrap_or_default();
            session.output.say(&match is_secret(name) {
                true => format!(
                    "{name} is linked to {value}, and the secret {name} is what the bot sees: \
                     `roost secrets remove {name} -p {project}` removes it"
                ),
                false => format!("{name} is the host's {value}"),
            })?;
        }
    }
    settled(session, project, json!({ "links": wanted })).await
}

async fn unlink(session: &Session, project: &str, names: &[String]) -> Result<(), CliError> {
    let removed = names.iter().map(|name| (name.clone(), Value::Null));
    let removed: Map<String, Value> = removed.collect();
    change_links(session, project, &removed).await?;
    if !session.output.is_json() {
        for name in names {
            session.output.say(&format!("{name} is linked no longer"))?;
        }
    }
    settled(session, project, json!({ "links": removed })).await
}

async fn change_links(
    session: &Session,
    project: &str,
    links: &Map<String, Value>,
) -> Result<(), CliError> {
    let change = json!({ "settings": { "links": links } });
    session
        .client
        .patch::<IgnoredAny>(&["projects", project], &change)
        .await?;
    Ok(())
}

async fn set(
    session: &Session,
    project: &str,
    name: &str,
    value: Option<String>,
) -> Result<(), CliError> {
    let value = match value {
        Some(value) => value,
        None => ask(name)?,
    };
    let path = ["projects", project, "secrets", name];
    let done: Answer<SecretSet> = session
        .client
        .put(&path, &json!({ "value": value }))
        .await?;
    if !session.output.is_json() {
        let done = done.read()?;
        if let Some(warning) = done.warning {
            session.output.say(&format!("warning: {warning}"))?;
        }
        session.output.say(&match done.changed {
            true => format!("{name} is set"),
            false => format!("{name} has that value already"),
        })?;
    }
    settled(session, project, done.into_json()).await
}

async fn import(session: &Session, project: &str, file: &Path, all: bool) -> Result<(), CliError> {
    let Session { client, output } = session;
    let content = read(file)?;
    let request = client.request(Method::POST, &["projects", project, "secrets", "import"])?;
    let request = request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
    let request = with_query(request, &[("all", &all.to_string())])?;
    let answer: Answer<SecretsImported> = client.answer(request.body(content)).await?;
    let done = answer.read()?;
    if !output.is_json() {
        output.say(&format!(
            "{} set, {} unchanged",
            done.set.len(),
            done.unchanged.len()
        ))?;
        for name in &done.left_out {
            output.say(&format!(
                "{name} is left out: the host sets it (`--all` takes it too)"
            ))?;
        }
        for name in &done.hides_links {
            output.say(&format!(
                "{name} of the file is used now in place of the host's own, which it was linked to: \
                 `roost secrets remove {name} --project {project}` takes it back"
            ))?;
        }
        for line in &done.invalid {
            output.say(&format!("line {}: {}", line.line, line.reason))?;
        }
    }
    settled(session, project, answer.into_json()).await?;
    match done.invalid.len() {
        0 => Ok(()),
        n => Err(CliError::Failed(format!(
            "{n} lines were not taken: correct them, and import the file again"
        ))),
    }
}

async fn remove(session: &Session, project: &str, names: &[String]) -> Result<(), CliError> {
    for name in names {
        let path = ["projects", project, "secrets", name];
        session.client.delete::<IgnoredAny>(&path).await?;
        if !session.output.is_json() {
            session.output.say(&format!("{name} is removed"))?;
        }
    }
    settled(session, project, json!({ "removed": names })).await
}

/// Waits until the bot runs with what was changed, or does not start with it.
async fn settled(session: &Session, project: &str, mut done: Value) -> Result<(), CliError> {
    let Session { client, output } = session;
    let begin = Instant::now();
    let environment: EnvironmentView = loop {
        let page: Answer<SecretPage> = client
            .get(&["projects", project, "secrets"], &[("limit", "1")])
            .await?;
        let environment = page.read()?.environment;
        if !environment.state.is(EnvironmentWord::Applying) || begin.elapsed() > PATIENCE {
            break environment;
        }
        tokio::time::sleep(LOOK).await;
    };
    if output.is_json() {
        done["environment"] = json!(environment);
        output.json(&done)?;
    }
    match &environment.state {
        Told::Known(EnvironmentWord::Failed) => Err(CliError::Failed(format!(
            "the bot does not start with its secrets as they are now, and runs with those before\n{}",
            or_dash(environment.error)
        ))),
        Told::Known(EnvironmentWord::Applying) => output_unless_json(
            session,
            "the bot does not run with them yet: `roost secrets` shows when it does",
        ),
        Told::Known(EnvironmentWord::Current) | Told::New(_) => Ok(()),
    }
}

fn output_unless_json(session: &Session, line: &str) -> Result<(), CliError> {
    match session.output.is_json() {
        true => Ok(()),
        false => session.output.say(line),
    }
}

/// The text of a file, or of standard input for `-`.
fn read(file: &Path) -> Result<String, CliError> {
    let read = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(file),
    };
    read.map_err(|error| CliError::File(format!("`{}` cannot be read: {error}", file.display())))
}

/// A value that no command line and no terminal shows.
pub(super) fn ask(name: &str) -> Result<String, CliError> {
    let unreadable = |error| CliError::File(format!("the value of {name} cannot be read: {error}"));
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let mut value = String::new();
        stdin
            .lock()
            .read_to_string(&mut value)
            .map_err(unreadable)?;
        return Ok(without_end(&value).to_owned());
    }
    let before = tcgetattr(&stdin).map_err(|error| unreadable(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    let mut stderr = std::io::stderr();
    let asked = write!(stderr, "value of {name}: ").and_then(|()| stderr.flush());
    asked.map_err(CliError::Output)?;
    let set = |to| tcsetattr(&stdin, OptionalActions::Flush, to);
    set(&silent).map_err(|error| unreadable(error.into()))?;
    let mut value = String::new();
    let read = stdin.lock().read_line(&mut value);
    // Whatever was read: the terminal must show again what is typed.
    let restored = set(&before);
    writeln!(stderr).map_err(CliError::Output)?;
    restored.map_err(|error| unreadable(error.into()))?;
    read.map_err(unreadable)?;
    Ok(without_end(&value).to_owned())
}

/// Without the line end that editors and `echo` put behind a value.
fn without_end(value: &str) -> &str {
    let value = value.strip_suffix('\n').unwrap_or(value);
    value.strip_suffix('\r').unwrap_or(value)
}
