//! `roost projects`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{ApiArgs, CliError, Session, text, time};

/// Lists, makes and changes projects.
#[derive(Args)]
pub struct ProjectsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(subcommand)]
    word: Option<ProjectsWord>,
}

#[derive(Subcommand)]
enum ProjectsWord {
    /// Lists projects (what `roost projects` does by itself).
    List,
    /// Makes a project.
    Create {
        /// 1 to 40 lower-case letters, digits and hyphens; begins with a letter.
        name: String,
    },
    /// Shows a project with its number and settings.
    Show {
        /// Its name or id.
        project: String,
    },
    /// Gives a project another name.
    Rename {
        /// Its name or id.
        project: String,
        /// The new name.
        name: String,
    },
    /// Changes settings, as in `roost projects set pizza webhook_path=/hook`.
    Set {
        /// Its name or id.
        project: String,
        /// NAME=VALUE; with nothing behind `=`, the setting goes back to its default.
        #[arg(required = true, value_name = "NAME=VALUE")]
        settings: Vec<String>,
    },
}

impl ProjectsArgs {
    /// The project that it is about.
    pub(super) fn project(&self) -> Option<&str> {
        match self.word.as_ref()? {
            ProjectsWord::List | ProjectsWord::Create { .. } => None,
            ProjectsWord::Show { project }
            | ProjectsWord::Rename { project, .. }
            | ProjectsWord::Set { project, .. } => Some(project),
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        match self.word.unwrap_or(ProjectsWord::List) {
            ProjectsWord::List => {
                let list = client.list(&["projects"], &[], None).await?;
                output.list(
                    &list,
                    &["name", "status", "number", "made"],
                    |project| {
                        vec![
                            text(project, "/name"),
                            text(project, "/status"),
                            text(project, "/number/display_phone_number"),
                            time(project, "/created_at"),
                        ]
                    },
                    "there are no projects yet: `roost projects create NAME` makes one",
                )
            }
            ProjectsWord::Create { name } => {
                let made = client.post(&["projects"], &json!({ "name": name })).await?;
                output.answer(
                    &made,
                    &format!("project `{name}` is made ({})", text(&made, "/status")),
                )
            }
            ProjectsWord::Show { project } => {
                let project = client.get(&["projects", &project], &[]).await?;
                show(session, &project)
            }
            ProjectsWord::Rename { project, name } => {
                let change = json!({ "name": name });
                let now = client.patch(&["projects", &project], &change).await?;
                output.answer(&now, &format!("`{project}` is called `{name}` now"))
            }
            ProjectsWord::Set { project, settings } => {
                let change = json!({ "settings": changes(&settings)? });
                let now = client.patch(&["projects", &project], &change).await?;
                show(session, &now)
            }
        }
    }
}

fn show(session: &Session, project: &Value) -> Result<(), CliError> {
    if session.output.is_json() {
        return session.output.json(project);
    }
    let mut fields = vec![
        ("name", text(project, "/name")),
        ("id", text(project, "/id")),
        ("status", text(project, "/status")),
        ("number", text(project, "/number/display_phone_number")),
        ("version", text(project, "/active_version")),
        ("made", time(project, "/created_at")),
    ];
    let settings = project["settings"].as_object().into_iter().flatten();
    for (name, value) in settings {
        let value = match value {
            Value::Null => "(default)".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        fields.push((name, value));
    }
    session.output.fields(&fields)
}

/// `a=1 b=x c=` as a JSON object.
fn changes(settings: &[String]) -> Result<Value, CliError> {
    let mut changes = Map::new();
    for setting in settings {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(CliError::Usage(format!(
                "`{setting}` is not NAME=VALUE, as in `webhook_path=/hook`"
            )));
        };
        let value = match value {
            "" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => text
                .parse::<i64>()
                .map_or_else(|_| Value::String(text.to_owned()), Value::from),
        };
        if changes.insert(name.to_owned(), value).is_some() {
            return Err(CliError::Usage(format!("`{name}` is set twice")));
        }
    }
    Ok(Value::Object(changes))
}
