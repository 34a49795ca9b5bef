//! `roost number`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, client, or_dash, steps};
use crate::views::number::{ConnectedView, NumberStateView};

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
                let answer: Answer<NumberStateView> = client.get(&path, &[]).await?;
                if output.is_json() {
                    return output.json(answer.json());
                }
                let state = answer.read()?;
                show(session, &state)?;
                steps::table(session, &state.steps)
            }
            NumberWord::Connect(number) => {
                let answer: Answer<NumberStateView> = client.put(&path, &number.body()?).await?;
                if output.is_json() {
                    return output.json(answer.json());
                }
                let state = answer.read()?;
                match state.connected {
                    true => {
                        output.say("connected")?;
                        show(session, &state)
                    }
                    false => output.say(&format!(
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
                let state: Answer<IgnoredAny> = session.client.answer(request).await?;
                output.answer(&state, |_| {
                    "disconnected: its messages are the project's no longer, and Meta is being told"
                        .to_owned()
                })
            }
        }
    }
}

fn show(session: &Session, state: &NumberStateView) -> Result<(), CliError> {
    let number = state.number.as_ref();
    let of = |field: fn(&ConnectedView) -> Option<&str>| or_dash(number.and_then(field));
    let connected_at = number.and_then(|number| number.connected_at);
    let mut fields = vec![
        ("number", of(|number| Some(&number.display_phone_number))),
        ("name", of(|number| number.verified_name.as_deref())),
        (
            "phone number id",
            of(|number| Some(&number.phone_number_id)),
        ),
        ("account", of(|number| Some(&number.waba_id))),
        ("quality", of(|number| number.quality_rating.as_deref())),
        ("status at Meta", of(|number| number.meta_status.as_deref())),
        ("connected", time_or_dash(connected_at)),
    ];
    if let Some(wanted) = &state.wanted {
        fields.push(("to be connected", wanted.phone_number_id.clone()));
    }
    session.output.fields(&fields)
}
