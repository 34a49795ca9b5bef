//! `roost rotate`: changes a key of the host while it runs.
//!
//! A change has two halves. The first takes a new key beside the old one; then whoever uses the old one is given
//! the new; `--finish` ends the old one. Each half may be asked for again.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use rand::RngExt as _;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::output::time_or_dash;
use super::secrets::ask;
use super::{Answer, ApiArgs, CliError, Session};
use crate::access::KeyKind;
use crate::views::Time;
use crate::views::keys::{Keys, TakenKey};

/// What the master key is called in addresses and tables.
const MASTER_KEY: &str = "master-key";

/// How often it is looked whether all is sealed with the new key.
const LOOK: Duration = Duration::from_millis(500);

/// Changes a key of the host while it runs; by itself says which are being changed.
#[derive(Args)]
pub struct RotateArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(subcommand)]
    word: Option<RotateWord>,
}

#[derive(Subcommand)]
enum RotateWord {
    /// What seals tokens and secrets (ROOST_MASTER_KEY).
    MasterKey {
        /// Where the new key is: made and written there, unless the file is there.
        #[arg(long, value_name = "FILE", required_unless_present = "finish")]
        key_file: Option<PathBuf>,
        /// Ends the change: from then on the old key starts no host.
        #[arg(long, conflicts_with = "key_file")]
        finish: bool,
    },
    /// The token that may do everything (ROOST_ADMIN_TOKEN). Prints the new one.
    AdminKey {
        /// Ends the change: from then on the old one opens nothing. Ask with the new one.
        #[arg(long)]
        finish: bool,
    },
    /// What Meta says at the webhook's handshake (ROOST_VERIFY_TOKEN). Prints the new one.
    VerifyToken {
        /// Ends the change: from then on the old one is not taken.
        #[arg(long)]
        finish: bool,
    },
    /// What Meta signs webhooks with (ROOST_APP_SECRETS). Asks for the new one, or reads standard input.
    AppSecret {
        /// Ends the change: from then on the old one is not taken.
        #[arg(long)]
        finish: bool,
    },
}

impl RotateArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        match self.word {
            None => show(session).await,
            Some(RotateWord::MasterKey { finish: true, .. }) => {
                let said = "the old master key starts no host any more";
                finish(session, MASTER_KEY, said).await
            }
            Some(RotateWord::MasterKey { key_file, .. }) => {
                // clap has seen to it.
                master_key(session, &key_file.unwrap_or_default()).await
            }
            Some(RotateWord::AdminKey { finish: true }) => {
                finish(
                    session,
                    KeyKind::AdminKey.word(),
                    "the old admin key opens nothing any more",
                )
                .await
            }
            Some(RotateWord::AdminKey { .. }) => {
                let next = "use it from now on, give it to every host as ROOST_ADMIN_TOKEN for its next start, and end \
                            the old one with `roost rotate admin-key --finish`, asked with the new one";
                made(session, KeyKind::AdminKey, next).await
            }
            Some(RotateWord::VerifyToken { finish: true }) => {
                let said = "the old verify token is not taken any more";
                finish(session, KeyKind::VerifyToken.word(), said).await
            }
            Some(RotateWord::VerifyToken { .. }) => {
                let next = "give it to Meta, and to every host as ROOST_VERIFY_TOKEN for its next start; end the old one \
                            with `roost rotate verify-token --finish`";
                made(session, KeyKind::VerifyToken, next).await
            }
            Some(RotateWord::AppSecret { finish: true }) => {
                let said = "the old app secret is not taken any more";
                finish(session, KeyKind::AppSecret.word(), said).await
            }
            Some(RotateWord::AppSecret { .. }) => {
                let secret = ask("the new app secret")?;
                let body = json!({ "value": secret.trim() });
                let path = ["keys", KeyKind::AppSecret.word()];
                let answer: Answer<IgnoredAny> = session.client.post(&path, &body).await?;
                let sentence = "both app secrets are taken. Give every host the new one in ROOST_APP_SECRETS for its next \
                                start, and when Meta signs with it end the old one with `roost rotate app-secret --finish`";
                session.output.answer(&answer, |_| sentence.to_owned())
            }
        }
    }
}

async fn show(session: &Session) -> Result<(), CliError> {
    let answer: Answer<Keys> = session.client.get(&["keys"], &[]).await?;
    if session.output.is_json() {
        return session.output.json(answer.json());
    }
    let keys = answer.read()?;
    let others = [
        (KeyKind::AdminKey, keys.admin_key),
        (KeyKind::VerifyToken, keys.verify_token),
        (KeyKind::AppSecret, keys.app_secret),
    ];
    let master = row(
        MASTER_KEY,
        keys.master_key.changing_since,
        keys.master_key.left,
    );
    let others = others.map(|(kind, key)| row(kind.word(), key.changing_since, 0));
    let rows = std::iter::once(master).chain(others);
    session
        .output
        .table(&["key", "is taken", "changing since"], rows)
}

/// Since when a key is being changed, and how many values are not sealed with the new one.
fn row(name: &str, since: Option<Time>, left: i64) -> Vec<String> {
    let standing = match since {
        None => "one".to_owned(),
        Some(_) if left > 0 => format!("two; {left} values are to be sealed anew"),
        Some(_) => "two, until it is finished".to_owned(),
    };
    vec![name.to_owned(), standing, time_or_dash(since)]
}

/// A key that the host makes: printed alone, and what to do with it beside it.
async fn made(session: &Session, key: KeyKind, next: &str) -> Result<(), CliError> {
    let path = ["keys", key.word()];
    let answer: Answer<TakenKey> = session.client.post(&path, &json!({})).await?;
    session
        .output
        .answer(&answer, |taken| taken.value.unwrap_or_default())?;
    match session.output.is_json() {
        true => Ok(()),
        false => {
            let mut stderr = std::io::stderr();
            writeln!(stderr, "{next}").map_err(CliError::Output)
        }
    }
}

async fn finish(session: &Session, key: &str, said: &str) -> Result<(), CliError> {
    let path = ["keys", key, "finish"];
    let answer: Answer<IgnoredAny> = session.client.post(&path, &Value::Null).await?;
    session.output.answer(&answer, |_| said.to_owned())
}

async fn master_key(session: &Session, file: &Path) -> Result<(), CliError> {
    let Session { client, output } = session;
    // Written before any host has it: a key that is nowhere would open nothing.
    let key = key_of(file)?;
    let body = json!({ "value": key });
    let path = ["keys", MASTER_KEY];
    client.post::<TakenKey>(&path, &body).await?;
    let answer = loop {
        let answer: Answer<Keys> = client.get(&["keys"], &[]).await?;
        if answer.read()?.master_key.left <= 0 {
            break answer;
        }
        tokio::time::sleep(LOOK).await;
    };
    output.answer(&answer, |_| {
        format!(
            "all is sealed with the key in `{}`, and hosts start with the old one or with it. Give it to every host as \
             ROOST_MASTER_KEY for its next start, keep a copy elsewhere, and then end the old one with \
             `roost rotate master-key --finish`",
            file.display()
        )
    })
}

/// The key in a file, which is made when it is not there.
fn key_of(file: &Path) -> Result<String, CliError> {
    let failed = |what: &str, error: std::io::Error| {
        CliError::File(format!("`{}` cannot be {what}: {error}", file.display()))
    };
    match std::fs::read_to_string(file) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read", error)),
    }
    let key = hex::encode(rand::rng().random::<[u8; 32]>());
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(file);
    let mut out = made.map_err(|error| failed("made", error))?;
    let written = writeln!(out, "{key}").and_then(|()| out.sync_all());
    written.map_err(|error| failed("written", error))?;
    Ok(key)
}
