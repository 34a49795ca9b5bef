//! `roost templates`: what a project has at Meta, and in its folder's `templates/`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, media, or_dash, time};
use crate::templates::Standing;
use crate::views::Page;
use crate::views::templates::{
    ChangeView, PlannedView, TemplatePage, TemplatePlan, TemplateView, TemplatesDeleted,
    TemplatesSynced,
};

/// Where a bot's folder has its templates.
pub(super) const FOLDER: &str = "templates";

/// Lists, shows, makes and changes templates, and compares a folder's with Meta's.
#[derive(Args)]
pub struct TemplatesArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<TemplatesWord>,
}

#[derive(Subcommand)]
enum TemplatesWord {
    /// Lists them (what `roost templates` does by itself).
    List {
        /// Only with this status, as Meta has it: approved, pending, rejected, paused and so on.
        #[arg(long)]
        status: Option<String>,
        /// Only in this language.
        #[arg(long)]
        language: Option<String>,
    },
    /// Shows what a template says, and what became of it.
    Show {
        name: String,
        /// As `en_US`; all languages without it.
        language: Option<String>,
    },
    /// Submits a template to Meta.
    Create {
        /// A file with Meta's JSON; `-` is standard input.
        file: PathBuf,
    },
    /// Changes a template at Meta, which reviews it anew.
    Edit {
        /// A file with the whole template, as for `create`; `-` is standard input.
        file: PathBuf,
    },
    /// Deletes a template at Meta.
    Delete {
        name: String,
        /// As `en_US`; all languages without it.
        language: Option<String>,
    },
    /// Compares what the host knows with Meta. It does so by itself now and then.
    Sync,
    /// Submits what is new or different in the folder's `templates/`.
    Push {
        /// The bot's folder.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Says what it would do, and does nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Writes the project's templates into the folder's `templates/`.
    Pull {
        /// The bot's folder.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
}

/// A template in a file.
struct Written {
    file: String,
    json: Map<String, Value>,
}

impl TemplatesArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?.to_owned();
        match self.word.unwrap_or(TemplatesWord::List {
            status: None,
            language: None,
        }) {
            TemplatesWord::List { status, language } => {
                list(session, &project, status, language).await
            }
            TemplatesWord::Show { name, language } => {
                show(session, &project, &name, language.as_deref()).await
            }
            TemplatesWord::Create { file } => {
                let json = read_one(&file)?;
                let json = with_samples(session, &project, &folder_of(&file), json).await?;
                let path = ["projects", &project, "templates"];
                let made = session.client.post(&path, &Value::Object(json)).await?;
                said(session, &made)
            }
            TemplatesWord::Edit { file } => {
                let json = read_one(&file)?;
                let json = with_samples(session, &project, &folder_of(&file), json).await?;
                let made = edit(session, &project, json).await?;
                said(session, &made)
            }
            TemplatesWord::Delete { name, language } => {
                let mut path = vec!["projects", &project, "templates", &name];
                path.extend(language.as_deref());
                let answer: Answer<TemplatesDeleted> = session.client.delete(&path).await?;
                session.output.answer(&answer, |gone| match gone.deleted {
                    1 => format!("`{name}` is deleted"),
                    n => format!("`{name}` is deleted in {n} languages"),
                })
            }
            TemplatesWord::Sync => {
                let path = ["projects", &project, "template-sync"];
                let answer: Answer<TemplatesSynced> =
                    session.client.post(&path, &json!({})).await?;
                session.output.answer(&answer, |synced| {
                    format!(
                        "{} templates are as Meta has them; {} changes were new",
                        synced.templates, synced.changed
                    )
                })
            }
            TemplatesWord::Push { path, dry_run } => push(session, &project, &path, dry_run).await,
            TemplatesWord::Pull { path } => pull(session, &project, &path).await,
        }
    }
}

async fn all(
    session: &Session,
    project: &str,
    query: &[(&str, &str)],
) -> Result<Answer<Page<TemplateView>>, CliError> {
    let path = ["projects", project, "templates"];
    session.client.list(&path, query, None).await
}

async fn list(
    session: &Session,
    project: &str,
    status: Option<String>,
    language: Option<String>,
) -> Result<(), CliError> {
    let mut query = Vec::new();
    if let Some(status) = &status {
        query.push(("status", status.as_str()));
    }
    if let Some(language) = &language {
        query.push(("language", language.as_str()));
    }
    let found = all(session, project, &query).await?;
    session.output.list(
        &found,
        &["name", "language", "category", "status", "quality"],
        |template| {
            vec![
                template.name.clone(),
                template.language.clone(),
                template.category.to_ascii_lowercase(),
                template.status.to_ascii_lowercase(),
                or_dash(template.quality.as_deref().map(str::to_ascii_lowercase)),
            ]
        },
        "there are no templates: `roost templates create FILE` submits one, `roost templates sync` asks Meta",
    )?;
    if !session.output.is_json() {
        let path = ["projects", project, "templates"];
        let page: Answer<TemplatePage> = session.client.get(&path, &[("limit", "1")]).await?;
        if let Some(error) = page.read()?.sync_error {
            session
                .output
                .say(&format!("they could not be compared with Meta: {error}"))?;
        }
    }
    Ok(())
}

async fn show(
    session: &Session,
    project: &str,
    name: &str,
    language: Option<&str>,
) -> Result<(), CliError> {
    let Session { client, output } = session;
    let mut query = vec![("name", name)];
    if let Some(language) = language {
        query.push(("language", language));
    }
    let found = all(session, project, &query).await?;
    if output.is_json() {
        return output.json(found.json());
    }
    let found = found.read()?.items;
    if found.is_empty() {
        return Err(CliError::Failed(format!(
            "`{project}` has no template `{name}`{}; `roost templates` lists them",
            language
                .map(|language| format!(" in {language}"))
                .unwrap_or_default()
        )));
    }
    for template in &found {
        output.fields(&[
            ("name", template.name.clone()),
            ("language", template.language.clone()),
            ("category", template.category.clone()),
            ("status", template.status.clone()),
            ("quality", or_dash(template.quality.as_deref())),
            ("id at Meta", template.id.clone()),
        ])?;
        if let Some(category) = &template.correct_category {
            output.say(&format!("Meta will make its category {category}"))?;
        }
        if let Some(told) = &template.told {
            output.say(told)?;
        }
        let components = Value::from(template.components.clone());
        let shown = serde_json::to_string_pretty(&components).unwrap_or_default();
        output.say(&format!("{shown}\n"))?;
    }
    let path = ["projects", project, "template-changes"];
    let changes: Answer<Page<ChangeView>> = client.list(&path, &[("name", name)], Some(20)).await?;
    let changes = changes.read()?.items;
    let rows = changes
        .iter()
        .filter(|change| language.is_none_or(|language| change.language == language))
        .map(|change| vec![time(change.at), change.told.clone()]);
    output.table(&["when", "what happened"], rows)
}

fn said(session: &Session, made: &Answer<TemplateView>) -> Result<(), CliError> {
    session.output.answer(made, |template| {
        let told = template.told.unwrap_or_else(|| "it can be sent".to_owned());
        format!(
            "`{}` ({}) is at Meta as {}, {}: {told}",
            template.name, template.language, template.category, template.status
        )
    })
}

async fn edit(
    session: &Session,
    project: &str,
    json: Map<String, Value>,
) -> Result<Answer<TemplateView>, CliError> {
    let word = |key: &str| {
        let word = json.get(key).and_then(Value::as_str).map(str::to_owned);
        word.ok_or_else(|| CliError::Usage(format!("the template has no `{key}`")))
    };
    let (name, language) = (word("name")?, word("language")?);
    let path = ["projects", project, "templates", &name, &language];
    session.client.put(&path, &Value::Object(json)).await
}

/// Uploads the samples of headers that a template names by files or addresses, and puts Meta's handles in their place.
async fn with_samples(
    session: &Session,
    project: &str,
    folder: &Path,
    json: Map<String, Value>,
) -> Result<Map<String, Value>, CliError> {
    let mut json = Value::Object(json);
    let mut samples = Vec::new();
    find_samples(&mut json, &mut samples);
    for sample in samples {
        let named = sample.as_str().unwrap_or_default();
        let handle = match named.strip_prefix("./") {
            Some(file) => media::sample_of(session, project, &folder.join(file)).await?,
            // As Meta lists them.
            None if named.starts_with("https://") || named.starts_with("http://") => {
                media::sample_at(session, project, named).await?
            }
            None => continue,
        };
        *sample = handle.into();
    }
    match json {
        Value::Object(json) => Ok(json),
        _ => Ok(Map::new()),
    }
}

fn find_samples<'a>(json: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| find_samples(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key != "header_handle" {
                    find_samples(value, found);
                } else if let Value::Array(samples) = value {
                    found.extend(samples);
                }
            }
        }
        _ => {}
    }
}

/// Where a file's samples are.
fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

/// A template of a file, or of standard input.
fn read_one(file: &Path) -> Result<Map<String, Value>, CliError> {
    let text = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(file),
    };
    let file = file.display().to_string();
    let text = text.map_err(|error| CliError::File(format!("`{file}` cannot be read: {error}")))?;
    match parsed(&file, &text)?.as_mut_slice() {
        [one] => Ok(std::mem::take(&mut one.json)),
        several => Err(CliError::File(format!(
            "`{file}` has {} templates: one is wanted",
            several.len()
        ))),
    }
}

/// The templates in a file: one, or a list of them.
fn parsed(file: &str, text: &str) -> Result<Vec<Written>, CliError> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| CliError::File(format!("`{file}` is not JSON: {error}")))?;
    let all = match json {
        Value::Array(all) => all,
        one => vec![one],
    };
    all.into_iter()
        .map(|json| match json {
            Value::Object(json) => Ok(Written {
                file: file.to_owned(),
                json,
            }),
            _ => Err(CliError::File(format!(
                "`{file}` has something that is no template: one is an object with name, language, category and \
                 components"
            ))),
        })
        .collect()
}

/// The templates of a bot's folder, in the order of their files.
fn of_folder(folder: &Path) -> Result<Vec<Written>, CliError> {
    let folder = folder.join(FOLDER);
    let unreadable = |error: std::io::Error| {
        CliError::File(format!("`{}` cannot be read: {error}", folder.display()))
    };
    let mut files = Vec::new();
    match std::fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(unreadable)?.path();
                if path.extension().is_some_and(|end| end == "json") && path.is_file() {
                    files.push(path);
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    }
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        all.extend(parsed(&format!("{FOLDER}/{name}"), &text)?);
    }
    Ok(all)
}

/// How the templates of a folder stand to Meta's.
pub(super) struct Plan {
    /// Where the samples are.
    folder: PathBuf,
    written: Vec<Written>,
    planned: Vec<PlannedView>,
}

impl Plan {
    /// `None`: the folder has none.
    pub(super) async fn of(
        session: &Session,
        project: &str,
        folder: &Path,
    ) -> Result<Option<Self>, CliError> {
        let written = of_folder(folder)?;
        if written.is_empty() {
            return Ok(None);
        }
        let templates: Vec<&Map<String, Value>> = written.iter().map(|one| &one.json).collect();
        let path = ["projects", project, "template-plan"];
        let body = json!({ "templates": templates });
        let plan: Answer<TemplatePlan> = session.client.post(&path, &body).await?;
        Ok(Some(Self {
            folder: folder.join(FOLDER),
            planned: plan.read()?.items,
            written,
        }))
    }

    fn all(&self) -> impl Iterator<Item = (&Written, &PlannedView)> {
        self.written.iter().zip(&self.planned)
    }

    /// How many would be submitted.
    pub(super) fn pending(&self) -> usize {
        let is_pending = |(_, planned): &(&Written, &PlannedView)| {
            planned.standing.is(Standing::New) || planned.standing.is(Standing::Differs)
        };
        self.all().filter(is_pending).count()
    }

    /// What is to be said of those that are not as Meta has them.
    pub(super) fn lines(&self) -> Vec<String> {
        self.all()
            .filter(|(_, planned)| !planned.standing.is(Standing::Same))
            .map(|(written, planned)| {
                let what = match planned.standing.known() {
                    Some(Standing::New) => "is not at Meta".to_owned(),
                    Some(Standing::Differs) => {
                        format!("differs from what Meta has: {}", planned.why.join(", "))
                    }
                    _ => planned.why.join("; "),
                };
                format!("{} ({}): {what}", written.file, planned.language)
            })
            .collect()
    }

    /// Submits what is new or different. Says of each what became of it, and fails when one was refused.
    pub(super) async fn submit(self, session: &Session, project: &str) -> Result<(), CliError> {
        let mut failed = 0;
        for (written, planned) in self.written.into_iter().zip(self.planned) {
            let standing = planned.standing.known();
            if standing == Some(Standing::Same) {
                continue;
            }
            let submitting = async {
                if !matches!(standing, Some(Standing::New | Standing::Differs)) {
                    return Err(CliError::Failed(planned.why.join("; ")));
                }
                let json = with_samples(session, project, &self.folder, written.json).await?;
                if standing == Some(Standing::Differs) {
                    return edit(session, project, json).await;
                }
                let path = ["projects", project, "templates"];
                session.client.post(&path, &Value::Object(json)).await
            };
            let made: Result<Answer<TemplateView>, CliError> = submitting.await;
            match made {
                Ok(made) => {
                    let made = made.read()?;
                    tell(
                        session,
                        &format!(
                            "{} ({}): submitted, {}",
                            written.file,
                            made.language,
                            made.status.to_ascii_lowercase()
                        ),
                    )?;
                }
                Err(error) => {
                    failed += 1;
                    tell(
                        session,
                        &format!("{} ({}): {error}", written.file, planned.language),
                    )?;
                }
            }
        }
        match failed {
            0 => Ok(()),
            1 => Err(CliError::Failed("a template was not submitted".to_owned())),
            n => Err(CliError::Failed(format!(
                "{n} templates were not submitted"
            ))),
        }
    }
}

fn tell(session: &Session, line: &str) -> Result<(), CliError> {
    match session.output.is_json() {
        true => Ok(()),
        false => session.output.say(line),
    }
}

async fn push(
    session: &Session,
    project: &str,
    folder: &Path,
    dry_run: bool,
) -> Result<(), CliError> {
    let Some(plan) = Plan::of(session, project, folder).await? else {
        return Err(CliError::File(format!(
            "`{}` has no `{FOLDER}/` with files *.json: `roost templates pull` makes it",
            folder.display()
        )));
    };
    if session.output.is_json() {
        session.output.json(&json!({ "items": plan.planned }))?;
    }
    if dry_run || plan.lines().is_empty() {
        for line in plan.lines() {
            tell(session, &line)?;
        }
        return match plan.lines().is_empty() {
            true => tell(session, "Meta has all of them as they are written"),
            false => Ok(()),
        };
    }
    plan.submit(session, project).await
}

async fn pull(session: &Session, project: &str, folder: &Path) -> Result<(), CliError> {
    let path = ["projects", project, "template-sync"];
    let _: Answer<TemplatesSynced> = session.client.post(&path, &json!({})).await?;
    let found = all(session, project, &[]).await?;
    let templates = found.read()?.items;
    let folder = folder.join(FOLDER);
    // Whoever keeps one in a file of another name goes on with that.
    let known = match folder.parent() {
        Some(bot) => of_folder(bot)?,
        None => Vec::new(),
    };
    let (mut written, mut same) = (0, 0);
    for template in &templates {
        let is_it = |one: &&Written| {
            one.json.get("name") == Some(&template.name.as_str().into())
                && one.json.get("language") == Some(&template.language.as_str().into())
        };
        let file = match known.iter().find(is_it) {
            Some(one) => one.file.clone(),
            None => format!("{FOLDER}/{}.{}.json", template.name, template.language),
        };
        let in_it = known.iter().filter(|one| one.file == file).count();
        if in_it > 1 {
            tell(
                session,
                &format!("{file}: it has several templates, and is left as it is"),
            )?;
            continue;
        }
        let path = folder.parent().unwrap_or(&folder).join(&file);
        let text = format!(
            "{}\n",
            serde_json::to_string_pretty(&in_file(template)).unwrap_or_default()
        );
        if std::fs::read_to_string(&path).is_ok_and(|before| before == text) {
            same += 1;
            continue;
        }
        let made = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &text));
        made.map_err(|error| {
            CliError::File(format!("`{}` cannot be written: {error}", path.display()))
        })?;
        written += 1;
        tell(session, &format!("wrote {file}"))?;
    }
    if session.output.is_json() {
        return session.output.json(found.json());
    }
    session.output.say(&match (written, same) {
        (0, 0) => "the project has no templates at Meta".to_owned(),
        (0, same) => format!("{same} files are as Meta has them"),
        (written, _) => format!("{written} files are written"),
    })
}

/// A template as a file has it.
fn in_file(template: &TemplateView) -> Value {
    let mut json = json!({
        "name": template.name, "language": template.language, "category": template.category,
    });
    if template.parameter_format != "POSITIONAL" {
        json["parameter_format"] = template.parameter_format.as_str().into();
    }
    if let Some(seconds) = template.message_send_ttl_seconds {
        json["message_send_ttl_seconds"] = seconds.into();
    }
    json["components"] = template.components.clone().into();
    json
}
