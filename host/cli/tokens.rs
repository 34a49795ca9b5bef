//! `roost tokens`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use clap::{Args, Subcommand};
use serde::de::IgnoredAny;
use serde_json::json;

use super::output::time_or_dash;
use super::{Answer, ApiArgs, CliError, Session, or_dash};
use crate::access::Scope;
use crate::views::Page;
use crate::views::projects::ProjectView;
use crate::views::tokens::{MadeToken, TokenView};
use crate::words::typed;

/// Lists, makes and removes tokens for the admin API.
#[derive(Args)]
pub struct TokensArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(subcommand)]
    word: Option<TokensWord>,
}

#[derive(Subcommand)]
enum TokensWord {
    /// Lists tokens (what `roost tokens` does by itself).
    List,
    /// Makes a token, and prints its text: it is shown once.
    Create {
        /// Who or what uses it.
        name: String,
        /// What it may do: `read`, `write`, or `admin`.
        #[arg(long, default_value = "write", value_parser = typed::<Scope>)]
        scope: Scope,
        /// It shows what people wrote, who they are, and what bots log.
        #[arg(long)]
        people: bool,
        /// The only project it is for.
        #[arg(long, short)]
        project: Option<String>,
        /// When it ends by itself.
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// Removes a token: from then on it opens nothing.
    Remove {
        /// Its id, as `roost tokens` lists it.
        id: String,
    },
}

impl TokensArgs {
    /// The project that it is about.
    pub(super) fn project(&self) -> Option<&str> {
        match self.word.as_ref()? {
            TokensWord::Create { project, .. } => project.as_deref(),
            TokensWord::List | TokensWord::Remove { .. } => None,
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        match self.word.unwrap_or(TokensWord::List) {
            TokensWord::List => {
                let list: Answer<Page<TokenView>> = client.list(&["tokens"], &[], None).await?;
                // People know projects by their names.
                let mut names = BTreeMap::new();
                if !output.is_json() {
                    let ids = list.read()?.items.into_iter();
                    for id in ids.filter_map(|token| token.project_id) {
                        if let Entry::Vacant(vacant) = names.entry(id) {
                            let project = client.get(&["projects", vacant.key()], &[]).await;
                            let project = project.and_then(|it: Answer<ProjectView>| it.read());
                            let name = project.map_or_else(|_| vacant.key().clone(), |it| it.name);
                            vacant.insert(name);
                        }
                    }
                }
                output.list(
                    &list,
                    &[
                        "id",
                        "name",
                        "token",
                        "scope",
                        "people",
                        "project",
                        "expires",
                        "last used",
                    ],
                    |token| {
                        vec![
                            token.id.clone(),
                            token.name.clone(),
                            format!("{}…", token.prefix),
                            token.scope.to_string(),
                            match token.people {
                                true => "yes".to_owned(),
                                false => "no".to_owned(),
                            },
                            named(token, &names),
                            time_or_dash(token.expires_at),
                            time_or_dash(token.last_used_at),
                        ]
                    },
                    "there are no tokens but the one that the host was started with",
                )
            }
            TokensWord::Create {
                name,
                scope,
                people,
                project,
                expires_in_days,
            } => {
                let mut wanted = json!({ "name": name, "scope": scope, "people": people });
                if let Some(project) = project {
                    wanted["project"] = json!(project);
                }
                if let Some(days) = expires_in_days {
                    wanted["expires_in_days"] = json!(days);
                }
                let made: Answer<MadeToken> = client.post(&["tokens"], &wanted).await?;
                output.answer(&made, |made| made.token)
            }
            TokensWord::Remove { id } => {
                let gone: Answer<IgnoredAny> = client.delete(&["tokens", &id]).await?;
                output.answer(&gone, |_| format!("the token {id} is gone"))
            }
        }
    }
}

/// The project that a token is for.
fn named(token: &TokenView, names: &BTreeMap<String, String>) -> String {
    let id = token.project_id.as_ref();
    or_dash(id.map(|id| names.get(id).unwrap_or(id)))
}
