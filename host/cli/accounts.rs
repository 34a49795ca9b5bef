//! `roost accounts`: business accounts that projects share, and whose is what they have.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, Session, or_dash, time};
use crate::views::accounts::{AccountDetails, AccountView, OwnedView};

/// Shows the business accounts of projects, and says whose is what they have.
#[derive(Args)]
pub struct AccountsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(subcommand)]
    word: Option<AccountsWord>,
}

#[derive(Subcommand)]
enum AccountsWord {
    /// Lists them (what `roost accounts` does by itself).
    List,
    /// Shows the templates and Flows of an account, and its webhooks, each with its owner.
    Show {
        /// Meta's id of the account.
        account: String,
    },
    /// Gives a template, a Flow or the account's webhooks to a project.
    Give {
        /// Meta's id of the account.
        account: String,
        /// `template`, `flow` or `webhooks`.
        kind: String,
        /// A template's name, a Flow's id; for webhooks it is left out.
        id: Option<String>,
        /// The project that is to own it.
        #[arg(long, conflicts_with = "nobody", required_unless_present = "nobody")]
        to: Option<String>,
        /// No project is to own it: it is the operator's alone.
        #[arg(long)]
        nobody: bool,
    },
}

impl AccountsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        match self.word.unwrap_or(AccountsWord::List) {
            AccountsWord::List => {
                let all = client.list::<AccountView>(&["accounts"], &[], None).await?;
                output.list(
                    &all,
                    &["account", "projects", "owned"],
                    |account| {
                        vec![
                            account.waba_id.clone(),
                            account.projects.join(", "),
                            account.owned.to_string(),
                        ]
                    },
                    "no project has a number yet",
                )
            }
            AccountsWord::Show { account } => {
                let found: Answer<AccountDetails> =
                    client.get(&["accounts", &account], &[]).await?;
                if output.is_json() {
                    return output.json(found.json());
                }
                let found = found.read()?;
                output.say(&format!(
                    "numbers in {account}: {}",
                    found.projects.join(", ")
                ))?;
                let rows = found.things.iter().map(|thing| {
                    vec![
                        thing.kind.to_string(),
                        thing.id.clone(),
                        or_dash(thing.owner.as_deref()),
                        time_or_dash(thing.since),
                    ]
                });
                output.table(&["kind", "id", "owner", "since"], rows)?;
                for change in &found.changes {
                    output.say(&format!("{}  {}", time(change.at), change.told))?;
                }
                Ok(())
            }
            AccountsWord::Give {
                account,
                kind,
                id,
                to,
                ..
            } => {
                let id = match (&id, kind.as_str()) {
                    (Some(id), _) => id.as_str(),
                    (None, "webhooks") => "account",
                    (None, _) => {
                        return Err(CliError::Usage(
                            "which one? Name the template, or the Flow's id".to_owned(),
                        ));
                    }
                };
                let path = ["accounts", &account, "things", &kind, id];
                let owner = to.as_deref().map_or(Value::Null, Value::from);
                let given: Answer<OwnedView> =
                    client.put(&path, &json!({ "project": owner })).await?;
                output.answer(&given, |thing| match thing.owner {
                    Some(owner) => format!("{} `{}` is `{owner}`'s", thing.kind, thing.id),
                    None => format!("{} `{}` is the operator's", thing.kind, thing.id),
                })
            }
        }
    }
}
