//! `roost contacts`.

use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::output::write;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash, time};
use crate::conversations::Consent;
use crate::views::Page;
use crate::views::people::{ContactView, ErasedView};
use crate::words::typed;

/// Shows who writes to a project's number, and what they agreed to; exports and erases one of them.
#[derive(Args)]
pub struct ContactsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<ContactsWord>,
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Clone)]
struct Which {
    /// How the name or the number begins.
    #[arg(long)]
    text: Option<String>,
    /// What they said to messages of marketing: opted-in or opted-out.
    #[arg(long, value_parser = typed::<Consent>)]
    consent: Option<Consent>,
    /// How many contacts to show.
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

#[derive(Subcommand)]
enum ContactsWord {
    /// Lists contacts, those met last first (what `roost contacts` does by itself).
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Shows a contact.
    Show {
        /// Their number, user id, or id here.
        contact: String,
    },
    /// Writes all that the host keeps of a contact, as lines of JSON.
    Export {
        /// Their number, user id, or id here.
        contact: String,
        /// Into this file; without it, to standard output.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Erases a contact with all that the host keeps of them. What the bot keeps in its own schema stays.
    Erase {
        /// Their number, user id, or id here.
        contact: String,
        /// Asks nothing.
        #[arg(long)]
        yes: bool,
    },
    /// Keeps that a contact agreed to messages of marketing.
    OptIn(Said),
    /// Keeps that a contact wants no messages of marketing.
    OptOut(Said),
}

#[derive(Args)]
struct Said {
    /// Their number, user id, or id here.
    contact: String,
    /// Where they said it.
    #[arg(long, default_value = "the command line")]
    source: String,
}

impl ContactsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?.to_owned();
        let word = self
            .word
            .unwrap_or(ContactsWord::List { which: self.which });
        match word {
            ContactsWord::List { which } => list(session, &project, &which).await,
            ContactsWord::Show { contact } => show(session, &project, &contact).await,
            ContactsWord::Export { contact, output } => {
                export(session, &project, &contact, output.as_deref()).await
            }
            ContactsWord::Erase { contact, yes } => erase(session, &project, &contact, yes).await,
            ContactsWord::OptIn(said) => consent(session, &project, &said, "opt-in").await,
            ContactsWord::OptOut(said) => consent(session, &project, &said, "opt-out").await,
        }
    }
}

async fn list(session: &Session, project: &str, which: &Which) -> Result<(), CliError> {
    let pairs = [
        ("text", which.text.as_deref()),
        ("consent", which.consent.map(Consent::word)),
    ];
    let query: Vec<(&str, &str)> = pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let path = ["projects", project, "contacts"];
    let list: Answer<Page<ContactView>> = session
        .client
        .list(&path, &query, Some(which.limit))
        .await?;
    session.output.list(
        &list,
        &["number", "user id", "name", "consent", "since"],
        |contact| {
            vec![
                or_dash(contact.wa_id.as_deref()),
                or_dash(contact.user_id.as_deref()),
                or_dash(contact.name.as_deref()),
                or_dash(
                    contact
                        .consent
                        .as_ref()
                        .map(|consent| consent.word.to_string()),
                ),
                time(contact.created_at),
            ]
        },
        "there are no such contacts",
    )
}

async fn show(session: &Session, project: &str, contact: &str) -> Result<(), CliError> {
    let path = ["projects", project, "contacts", contact];
    let answer: Answer<ContactView> = session.client.get(&path, &[]).await?;
    if session.output.is_json() {
        return session.output.json(answer.json());
    }
    let contact = answer.read()?;
    let consent = contact.consent.map(|consent| {
        let (word, at) = (consent.word, time(consent.at));
        format!("{word} at {at}: {}", consent.source)
    });
    session.output.fields(&[
        ("id", contact.id),
        ("number", or_dash(contact.wa_id)),
        ("user id", or_dash(contact.user_id)),
        ("name", or_dash(contact.name)),
        ("username", or_dash(contact.username)),
        ("consent", or_dash(consent)),
        ("conversations", contact.conversation_ids.join(", ")),
        ("since", time(contact.created_at)),
    ])
}

async fn export(
    session: &Session,
    project: &str,
    contact: &str,
    file: Option<&Path>,
) -> Result<(), CliError> {
    let path = ["projects", project, "contacts", contact, "export"];
    let request = session.client.request(Method::POST, &path)?;
    let mut response = session.client.send(request).await?;
    let mut lines = Vec::new();
    // One that breaks off lacks its last line.
    while let Ok(Some(piece)) = response.chunk().await {
        lines.extend_from_slice(&piece);
    }
    let last = lines.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    let end: Value = serde_json::from_slice(last.unwrap_or_default()).unwrap_or_default();
    if end["complete"] != true {
        return Err(CliError::File(
            "the export was cut off, so nothing was kept: the host's log says why".to_owned(),
        ));
    }
    let Some(file) = file else {
        return write(&lines);
    };
    let failed = |error: std::io::Error| {
        CliError::File(format!("`{}` cannot be written: {error}", file.display()))
    };
    // It holds what people wrote.
    let mut options = std::fs::File::options();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options.open(file).map_err(failed)?;
    out.write_all(&lines).map_err(failed)?;
    let (file, rows) = (file.display(), &end["rows"]);
    match session.output.is_json() {
        true => (session.output).json(&json!({ "file": file.to_string(), "rows": rows })),
        false => session.output.say(&format!("{file}: {rows} rows")),
    }
}

async fn erase(
    session: &Session,
    project: &str,
    contact: &str,
    is_sure: bool,
) -> Result<(), CliError> {
    if !is_sure && !asks(contact)? {
        return Err(CliError::Usage(
            "nothing was erased; say `--yes` where nobody can be asked".to_owned(),
        ));
    }
    let path = ["projects", project, "contacts", contact];
    let answer: Answer<ErasedView> = session.client.delete(&path).await?;
    session.output.answer(&answer, |erased| {
        let ErasedView {
            conversations,
            messages,
            events,
        } = erased;
        format!(
            "erased: {conversations} conversations with {messages} messages, and {events} events. What the bot keeps in \
             its own schema stays: erase it there"
        )
    })
}

/// Whether somebody at a terminal says yes.
fn asks(contact: &str) -> Result<bool, CliError> {
    let mut stderr = std::io::stderr();
    if !std::io::stdin().is_terminal() || !stderr.is_terminal() {
        return Ok(false);
    }
    write!(
        stderr,
        "Erase all that the host keeps of {contact}? Type `yes`: "
    )
    .and_then(|()| stderr.flush())
    .map_err(CliError::Output)?;
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(CliError::Output)?;
    Ok(line.trim() == "yes")
}

async fn consent(
    session: &Session,
    project: &str,
    said: &Said,
    word: &str,
) -> Result<(), CliError> {
    let path = ["projects", project, "contacts", &said.contact, word];
    let body = json!({ "source": said.source });
    let answer: Answer<ContactView> = session.client.post(&path, &body).await?;
    session.output.answer(&answer, |contact| {
        let name = contact.name.or(contact.wa_id).unwrap_or(contact.id);
        match word {
            "opt-in" => format!("{name} may get messages of marketing"),
            _ => format!("{name} gets no messages of marketing"),
        }
    })
}
