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
use serde_json::{Value, json};

use super::secrets::ask;
use super::{ApiArgs, CliError, Session, time};

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
                finish(session, "master-key", said).await
            }
            Some(RotateWord::MasterKey { key_file, .. }) => {
                // clap has seen to it.
                master_key(session, &key_file.unwrap_or_default()).await
            }
            Some(RotateWord::AdminKey { finish: true }) => {
                finish(
                    session,
                    "admin-key",
                    "the old admin key opens nothing any more",
                )
                .await
            }
            Some(RotateWord::AdminKey { .. }) => {
                let next = "use it from now on, give it to every host as ROOST_ADMIN_TOKEN for its next start, and end \
                            the old one with `roost rotate admin-key --finish`, asked with the new one";
                made(session, "admin-key", next).await
            }
            Some(RotateWord::VerifyToken { finish: true }) => {
                let said = "the old verify token is not taken any more";
                finish(session, "verify-token", said).await
            }
            Some(RotateWord::VerifyToken { .. }) => {
                let next = "give it to Meta, and to every host as ROOST_VERIFY_TOKEN for its next start; end the old one \
                            with `roost rotate verify-token --finish`";
                made(session, "verify-token", next).await
            }
            Some(RotateWord::AppSecret { finish: true }) => {
                let said = "the old app secret is not taken any more";
                finish(session, "app-secret", said).await
            }
            Some(RotateWord::AppSecret { .. }) => {
                let secret = ask("the new app secret")?;
                let body = json!({ "value": secret.trim() });
                let answer = session.client.post(&["keys", "app-secret"], &body).await?;
                let sentence = "both app secrets are taken. Give every host the new one in ROOST_APP_SECRETS for its next \
                                start, and when Meta signs with it end the old one with `roost rotate app-secret --finish`";
                session.output.answer(&answer, sentence)
            }
        }
    }
}

async fn show(session: &Session) -> Result<(), CliError> {
    let keys = session.client.get(&["keys"], &[]).await?;
    if session.output.is_json() {
        return session.output.json(&keys);
    }
    let names = ["master_key", "admin_key", "verify_token", "app_secret"];
    let rows = names.map(|name| {
        let since = time(&keys, &format!("/{name}/changing_since"));
        let standing = match (since.as_str(), keys[name]["left"].as_i64()) {
            ("-", _) => "one".to_owned(),
            (_, Some(left)) if left > 0 => format!("two; {left} values are to be sealed anew"),
            _ => "two, until it is finished".to_owned(),
        };
        vec![name.replace('_', "-"), standing, since]
    });
    session
        .output
        .table(&["key", "is taken", "changing since"], rows)
}

/// A key that the host makes: printed alone, and what to do with it beside it.
async fn made(session: &Session, key: &str, next: &str) -> Result<(), CliError> {
    let answer = session.client.post(&["keys", key], &json!({})).await?;
    let value = answer["value"].as_str().unwrap_or_default().to_owned();
    session.output.answer(&answer, &value)?;
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
    let answer = session.client.post(&path, &Value::Null).await?;
    session.output.answer(&answer, said)
}

async fn master_key(session: &Session, file: &Path) -> Result<(), CliError> {
    let Session { client, output } = session;
    // Written before any host has it: a key that is nowhere would open nothing.
    let key = key_of(file)?;
    let body = json!({ "value": key });
    let mut answer = client.post(&["keys", "master-key"], &body).await?["keys"].take();
    while answer["master_key"]["left"]
        .as_i64()
        .is_some_and(|left| left > 0)
    {
        tokio::time::sleep(LOOK).await;
        answer = client.get(&["keys"], &[]).await?;
    }
    output.answer(
        &answer,
        &format!(
            "all is sealed with the key in `{}`, and hosts start with the old one or with it. Give it to every host as \
             ROOST_MASTER_KEY for its next start, keep a copy elsewhere, and then end the old one with \
             `roost rotate master-key --finish`",
            file.display()
        ),
    )
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
