//! `roost number`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ApiArgs, CliError, ProjectArgs, Session, client, steps, text, time};

/// Shows, connects and disconnects a project's WhatsApp number.
#[derive(Args)]
pub struct NumberArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<NumberWord>,
}

#[derive(Subcommand)]
enum NumberWord {
    /// Shows the number and how far connecting it is (what `roost number` does by itself).
    Show,
    /// Connects a number: subscribes the Meta app, registers, and checks.
    Connect(MetaNumber),
    /// Takes the number from the project, and tells Meta.
    Disconnect {
        /// Also ends its registration for the Cloud API, so that it can be used elsewhere.
        #[arg(long)]
        deregister: bool,
    },
}

/// A number at Meta.
#[derive(Args, Clone, Debug)]
pub(super) struct MetaNumber {
    /// Meta's id of the number, from WhatsApp Manager; not the phone number itself.
    #[arg(long, value_name = "ID")]
    phone_number_id: String,
    /// The id of its WhatsApp Business account.
    #[arg(long, value_name = "ID")]
    waba_id: String,
    /// A token of the Meta app with the account; `-` reads it from standard input. Others on this
    /// machine can read flags: better set the variable.
    #[arg(long, env = "ROOST_META_TOKEN", hide_env_values = true)]
    meta_token: String,
    /// The six digits of its two-step verification: needed when it is not registered yet.
    #[arg(long)]
    pin: Option<String>,
}

/// A number for a project that is being made.
#[derive(Args, Clone, Debug)]
pub(super) struct FirstNumber {
    /// Meta's id of the number to connect; needs `--waba-id` and `--meta-token`.
    #[arg(long, value_name = "ID", requires_all = ["waba_id", "meta_token"])]
    phone_number_id: Option<String>,
    /// The id of its WhatsApp Business account.
    #[arg(long, value_name = "ID", requires = "phone_number_id")]
    waba_id: Option<String>,
    /// A token of the Meta app with the account; `-` reads it from standard input. Others on this
    /// machine can read flags: better set the variable.
    #[arg(long, env = "ROOST_META_TOKEN", hide_env_values = true)]
    meta_token: Option<String>,
    /// The six digits of its two-step verification: needed when it is not registered yet.
    #[arg(long, requires = "phone_number_id")]
    pin: Option<String>,
}

impl FirstNumber {
    pub(super) fn wanted(self) -> Option<MetaNumber> {
        Some(MetaNumber {
            phone_number_id: self.phone_number_id?,
            waba_id: self.waba_id?,
            meta_token: self.meta_token?,
            pin: self.pin,
        })
    }
}

impl MetaNumber {
    /// As the API wants it.
    pub(super) fn body(&self) -> Result<Value, CliError> {
        let token = match self.meta_token.as_str() {
            "-" => {
                let mut text = String::new();
                std::io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|error| {
                        CliError::File(format!("the token cannot be read: {error}"))
                    })?;
                text.trim().to_owned()
            }
            token => token.to_owned(),
        };
        let mut body = json!({
            "phone_number_id": self.phone_number_id, "waba_id": self.waba_id, "token": token,
        });
        if let Some(pin) = &self.pin {
            body["pin"] = pin.as_str().into();
        }
        Ok(body)
    }
}

impl NumberArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?;
        let path = ["projects", project, "number"];
        let Session { client, output } = session;
        match self.word.unwrap_or(NumberWord::Show) {
            NumberWord::Show => {
                let state = client.get(&path, &[]).await?;
                if output.is_json() {
                    return output.json(&state);
                }
                show(session, &state)?;
                steps::table(session, &state)
            }
            NumberWord::Connect(number) => {
                let state = client.put(&path, &number.body()?).await?;
                if output.is_json() {
                    return output.json(&state);
                }
                match state["connected"].as_bool() {
                    Some(true) => {
                        output.say("connected")?;
                        show(session, &state)
                    }
                    _ => output.say(&format!(
                        "it is being connected: `roost projects follow {project}` shows how far it is"
                    )),
                }
            }
            NumberWord::Disconnect { deregister } => {
                let request = session.client.request(Method::DELETE, &path)?;
                let query: &[(&str, &str)] = match deregister {
                    true => &[("deregister", "true")],
                    false => &[],
                };
                let request = client::with_query(request, query)?;
                let state = session.client.json(request).await?;
                output.answer(
                    &state,
                    "disconnected: its messages are the project's no longer, and Meta is being told",
                )
            }
        }
    }
}

fn show(session: &Session, state: &Value) -> Result<(), CliError> {
    let mut fields = vec![
        ("number", text(state, "/number/display_phone_number")),
        ("name", text(state, "/number/verified_name")),
        ("phone number id", text(state, "/number/phone_number_id")),
        ("account", text(state, "/number/waba_id")),
        ("quality", text(state, "/number/quality_rating")),
        ("status at Meta", text(state, "/number/meta_status")),
        ("connected", time(state, "/number/connected_at")),
    ];
    if let Some(wanted) = state
        .pointer("/wanted/phone_number_id")
        .and_then(Value::as_str)
    {
        fields.push(("to be connected", wanted.to_owned()));
    }
    session.output.fields(&fields)
}
