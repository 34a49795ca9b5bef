//! `roost number`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, client, or_dash, steps, time};
use crate::views::number::{ConnectedView, DetailsView, NumberCheck, NumberStateView};

/// Shows, checks, connects and disconnects a project's WhatsApp number; its name and PIN.
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
    /// Shows the number, what Meta says of it now, and how far connecting it is (what `roost number` does by itself).
    Show,
    /// Asks Meta whether the number works: token, subscription, callback, registration, name, quality and health.
    Check,
    /// Sets the PIN of two-step verification, which turns that on.
    Pin {
        /// Six digits; `-` reads them from standard input. Others on this machine can read arguments.
        pin: String,
    },
    /// Asks Meta for another display name, which it reviews.
    Rename {
        /// What customers are to see.
        name: String,
    },
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
        let token = given(&self.meta_token, "token")?;
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
                if state.number.is_some() {
                    let path = ["projects", project, "number", "details"];
                    let details: Result<Answer<DetailsView>, CliError> =
                        client.get(&path, &[]).await;
                    match details {
                        Ok(details) => show_details(session, &details.read()?)?,
                        Err(error) => output.say(&format!("Meta does not say more: {error}"))?,
                    }
                }
                steps::table(session, &state.steps)
            }
            NumberWord::Check => {
                let path = ["projects", project, "number", "check"];
                let check: Answer<NumberCheck> = client.post(&path, &json!({})).await?;
                let works = check.read()?.works;
                match output.is_json() {
                    true => output.json(check.json())?,
                    false => show_check(session, &check.read()?)?,
                }
                match works {
                    true => Ok(()),
                    false => Err(CliError::Failed("the number does not work".to_owned())),
                }
            }
            NumberWord::Pin { pin } => {
                let pin = given(&pin, "PIN")?;
                let path = ["projects", project, "number", "pin"];
                let set: Answer<IgnoredAny> = client.put(&path, &json!({ "pin": pin })).await?;
                output.answer(&set, |_| {
                    "the PIN is set, and two-step verification is on: keep it, nobody can read it again"
                        .to_owned()
                })
            }
            NumberWord::Rename { name } => {
                let path = ["projects", project, "number", "display-name"];
                let details: Answer<DetailsView> =
                    client.put(&path, &json!({ "name": name })).await?;
                output.answer(&details, |details| match details.new_name_status {
                    Some(status) => format!("Meta was asked for “{name}”: {status}"),
                    None => format!("it is called “{}”", or_dash(details.verified_name)),
                })
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

/// A text, or what is on standard input.
fn given(text: &str, what: &str) -> Result<String, CliError> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| CliError::File(format!("the {what} cannot be read: {error}")))?;
    Ok(text.trim().to_owned())
}

fn show_details(session: &Session, details: &DetailsView) -> Result<(), CliError> {
    let yes = |is: Option<bool>| or_dash(is.map(|is| if is { "yes" } else { "no" }));
    let name = match (&details.new_display_name, &details.new_name_status) {
        (Some(name), Some(status)) => format!("“{name}” is {status}"),
        _ => or_dash(details.name_status.as_deref()),
    };
    session.output.fields(&[
        ("review of the name", name),
        (
            "messaging limit",
            or_dash(details.messaging_limit.as_deref()),
        ),
        ("throughput", or_dash(details.throughput.as_deref())),
        ("two-step PIN", yes(details.is_pin_enabled)),
        ("mode", or_dash(details.account_mode.as_deref())),
        (
            "official account",
            yes(details.is_official_business_account),
        ),
        ("username", or_dash(details.username.as_deref())),
        ("can send", or_dash(details.can_send_message.as_deref())),
    ])
}

/// A line for each thing.
fn show_check(session: &Session, check: &NumberCheck) -> Result<(), CliError> {
    for finding in &check.items {
        let advice = finding.advice.as_ref();
        let advice = advice.map(|advice| format!(". What to do: {advice}"));
        session.output.say(&format!(
            "{:9} {:13} {}{}",
            finding.verdict.to_string(),
            finding.check.to_string(),
            finding.told,
            advice.unwrap_or_default()
        ))?;
    }
    Ok(())
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
    if let Some(number) = number
        && let (Some(since), Some(said)) = (number.token_refused_at, &number.token_refused)
    {
        let refused = format!("Meta refuses its token since {}: {said}", time(since));
        fields.push(("state", refused));
    }
    if let Some(wanted) = &state.wanted {
        fields.push(("to be connected", wanted.phone_number_id.clone()));
    }
    session.output.fields(&fields)
}
