//! `roost tokens`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{ApiArgs, CliError, Session, text, time};

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
        #[arg(long, default_value = "write")]
        scope: crate::access::Scope,
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
                let list = client.list(&["tokens"], &[], None).await?;
                // People know projects by their names.
                let mut names = BTreeMap::new();
                if !output.is_json() {
                    let tokens = list["items"].as_array().into_iter().flatten();
                    for id in tokens.filter_map(|token| token["project_id"].as_str()) {
                        if !names.contains_key(id) {
                            let project = client.get(&["projects", id], &[]).await;
                            let name = project.map(|project| text(&project, "/name"));
                            names.insert(id.to_owned(), name.unwrap_or_else(|_| id.to_owned()));
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
                            text(token, "/id"),
                            text(token, "/name"),
                            format!("{}…", text(token, "/prefix")),
                            text(token, "/scope"),
                            match token["people"].as_bool() {
                                Some(true) => "yes".to_owned(),
                                _ => "no".to_owned(),
                            },
                            named(token, &names),
                            time(token, "/expires_at"),
                            time(token, "/last_used_at"),
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
                let made = client.post(&["tokens"], &wanted).await?;
                output.answer(&made, &text(&made, "/token"))
            }
            TokensWord::Remove { id } => {
                let gone = client.delete(&["tokens", &id]).await?;
                output.answer(&gone, &format!("the token {id} is gone"))
            }
        }
    }
}

/// The project that a token is for.
fn named(token: &Value, names: &BTreeMap<String, String>) -> String {
    let id = text(token, "/project_id");
    names.get(&id).cloned().unwrap_or(id)
}
