//! `roost secrets`: values go in by standard input or a prompt, and never come out.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use reqwest::{Method, header};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Map, Value, json};

use super::client::with_query;
use super::{ApiArgs, CliError, ProjectArgs, Session, text, time};
use crate::projects::{HostValue, UnknownValue};

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
    let list = client.list(&path, &[], None).await?;
    if output.is_json() {
        return output.json(&list);
    }
    let environment = environment(session, project).await?;
    let changed = |name: &Value| {
        let secrets = list["items"].as_array().into_iter().flatten();
        let mut named = secrets.filter(|secret| secret["name"] == *name);
        named
            .next()
            .map_or_else(|| "-".to_owned(), |secret| time(secret, "/updated_at"))
    };
    let variables = environment["variables"].as_array().into_iter().flatten();
    let rows = variables.map(|variable| {
        vec![
            text(variable, "/name"),
            source(variable),
            changed(&variable["name"]),
        ]
    });
    output.table(&["name", "from", "changed"], rows)?;
    say_unset(session, project, &environment)?;
    if list["items"].as_array().is_none_or(Vec::is_empty) {
        output.say("there are no secrets yet: `roost secrets set NAME` sets one")?;
    }
    Ok(())
}

async fn environment(session: &Session, project: &str) -> Result<Value, CliError> {
    let path = ["projects", project, "environment"];
    session.client.get(&path, &[]).await
}

/// `a secret`, `the host: verify-token`.
fn source(variable: &Value) -> String {
    let is = variable["is"].as_str();
    let from = match variable["source"].as_str() {
        Some("secret") => return "a secret".to_owned(),
        Some("file") => return "the bot's .env".to_owned(),
        Some("link") => "a link",
        _ => "the host",
    };
    match is {
        Some(is) => format!("{from}: {is}"),
        None => from.to_owned(),
    }
}

/// What the bot that serves reads and nobody set, with the commands.
fn say_unset(session: &Session, project: &str, environment: &Value) -> Result<(), CliError> {
    let output = &session.output;
    for unset in environment["unset"].as_array().into_iter().flatten() {
        let place = format!("{}:{}", text(unset, "/file"), text(unset, "/line"));
        let name = text(unset, "/name");
        output.say(&match unset["means"].as_str() {
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
    let environment = environment(session, project).await?;
    let variables = environment["variables"].as_array().into_iter().flatten();
    let Some(variable) = variables
        .into_iter()
        .find(|variable| variable["name"] == name)
    else {
        return Err(CliError::Failed(format!(
            "`{project}` has no variable `{name}`: `roost secrets` lists what its bot finds"
        )));
    };
    if session.output.is_json() {
        return session.output.json(variable);
    }
    let value = match variable["value"].as_str() {
        Some(value) => value.to_owned(),
        // Of a number that is not connected.
        None if variable["source"] == "link" && variable["is"] != "app-secret" => {
            "(not known yet)".to_owned()
        }
        None => "(never shown)".to_owned(),
    };
    let fields = [
        ("name", text(variable, "/name")),
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
            .map_err(|error: UnknownValue| CliError::Usage(error.to_string()))?;
        wanted.insert(name.to_owned(), json!(value));
    }
    let environment = environment(session, project).await?;
    if links.is_empty() {
        for unset in environment["unset"].as_array().into_iter().flatten() {
            if !unset["means"].is_null() {
                wanted.insert(text(unset, "/name"), unset["means"].clone());
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
            let variables = environment["variables"].as_array().into_iter().flatten();
            let mut named = variables.filter(|variable| variable["name"] == *name);
            named.any(|variable| variable["source"] == "secret")
        };
        for (name, value) in &wanted {
            let value = text(value, "");
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
        .patch(&["projects", project], &change)
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
    let done = session
        .client
        .put(&path, &json!({ "value": value }))
        .await?;
    if !session.output.is_json() {
        if let Some(warning) = done["warning"].as_str() {
            session.output.say(&format!("warning: {warning}"))?;
        }
        session.output.say(&match done["changed"] == true {
            true => format!("{name} is set"),
            false => format!("{name} has that value already"),
        })?;
    }
    settled(session, project, done).await
}

async fn import(session: &Session, project: &str, file: &Path, all: bool) -> Result<(), CliError> {
    let Session { client, output } = session;
    let content = read(file)?;
    let request = client.request(Method::POST, &["projects", project, "secrets", "import"])?;
    let request = request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
    let request = with_query(request, &[("all", &all.to_string())])?;
    let done = client.json(request.body(content)).await?;
    let count = |what: &str| done[what].as_array().map_or(0, Vec::len);
    let invalid = count("invalid");
    if !output.is_json() {
        output.say(&format!(
            "{} set, {} unchanged",
            count("set"),
            count("unchanged")
        ))?;
        for name in done["left_out"].as_array().into_iter().flatten() {
            output.say(&format!(
                "{} is left out: the host sets it (`--all` takes it too)",
                text(name, "")
            ))?;
        }
        for name in done["hides_links"].as_array().into_iter().flatten() {
            let name = text(name, "");
            output.say(&format!(
                "{name} of the file is used now in place of the host's own, which it was linked to: \
                 `roost secrets remove {name} --project {project}` takes it back"
            ))?;
        }
        for line in done["invalid"].as_array().into_iter().flatten() {
            output.say(&format!(
                "line {}: {}",
                text(line, "/line"),
                text(line, "/reason")
            ))?;
        }
    }
    settled(session, project, done).await?;
    match invalid {
        0 => Ok(()),
        n => Err(CliError::Failed(format!(
            "{n} lines were not taken: correct them, and import the file again"
        ))),
    }
}

async fn remove(session: &Session, project: &str, names: &[String]) -> Result<(), CliError> {
    for name in names {
        let path = ["projects", project, "secrets", name];
        session.client.delete(&path).await?;
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
    let environment = loop {
        let page = client
            .get(&["projects", project, "secrets"], &[("limit", "1")])
            .await?;
        let environment = page["environment"].clone();
        if environment["state"] != "applying" || begin.elapsed() > PATIENCE {
            break environment;
        }
        tokio::time::sleep(LOOK).await;
    };
    let state = text(&environment, "/state");
    let error = text(&environment, "/error");
    if output.is_json() {
        done["environment"] = environment;
        output.json(&done)?;
    }
    match state.as_str() {
        "failed" => Err(CliError::Failed(format!(
            "the bot does not start with its secrets as they are now, and runs with those before\n{error}"
        ))),
        "applying" => output_unless_json(
            session,
            "the bot does not run with them yet: `roost secrets` shows when it does",
        ),
        _ => Ok(()),
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
