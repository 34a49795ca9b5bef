//! Templates: messages that Meta has to approve before they may open a conversation.
//!
//! A template belongs to a business account; in an account of several projects each has one owner
//! ([`crate::accounts`]), and nobody else sees, sends, changes or deletes it. The database has what Meta lists of
//! them: compared now and then (`sweep`), and changed at once by what Meta's webhooks tell ([`Heard`]). `model` is
//! what a template is, `check` Meta's limits, `parameters` what a message gives for its variables, `compare` whether a
//! file says what Meta has, `changes` what became of one, in words.
//!
//! Every change goes to Meta first. Not here: how messages go out (`whatsapp::outbox`), and plain HTTP of bots
//! (`whatsapp::gateway`).

mod changes;
pub mod check;
mod compare;
mod meta;
pub mod model;
pub mod parameters;
mod sending;
mod store;
mod sweep;
#[cfg(test)]
mod tests;

use std::fmt;

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

pub use changes::{Change, What};
pub use check::is_name;
pub use model::{Category, Draft, Fault};
pub use parameters::{ButtonValue, Filling, Given};
pub use sending::NotSendable;

use crate::accounts::{Accounts, Kind, Owned, Owner};
use crate::conversations::ConversationStore;
use crate::inbox::AccountListener;
use crate::projects::{ProjectError, ProjectId, ProjectStore};
use crate::telemetry::Metrics;
use crate::whatsapp::{AccessToken, GraphClient};
use meta::Meta;
use model::shown;

/// Files that are compared at once.
pub const MOST_PLANNED: usize = 500;

/// Templates of all projects. Clones share the pool.
#[derive(Clone)]
pub struct Templates {
    pool: PgPool,
    accounts: Accounts,
    projects: ProjectStore,
    client: GraphClient,
    metrics: Metrics,
    conversations: ConversationStore,
    asked: sending::Asked,
}

/// A template in one language, as Meta listed it last.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Stored {
    pub waba_id: String,
    pub template_id: String,
    pub name: String,
    pub language: String,
    /// Meta's words, of which new ones may come.
    pub category: String,
    pub status: String,
    pub parameter_format: String,
    /// JSON.
    pub components: String,
    pub send_ttl_seconds: Option<i32>,
    pub sub_category: Option<String>,
    pub previous_category: Option<String>,
    /// What Meta will make of the category.
    pub correct_category: Option<String>,
    pub quality: Option<String>,
    pub rejected_reason: Option<String>,
    /// What the owner was told of its status.
    pub said: Option<String>,
    pub status_at: Option<DateTime<Utc>>,
    pub seen_at: DateTime<Utc>,
}

/// A change that the owner is told of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Told {
    pub change_id: i64,
    pub name: String,
    pub language: String,
    pub what: What,
    pub before: Option<String>,
    pub after: Option<String>,
    pub told: String,
    pub at: DateTime<Utc>,
}

/// Which templates are listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub name: Option<String>,
    pub language: Option<String>,
    pub status: Option<String>,
    pub category: Option<String>,
}

/// What comparing an account with Meta brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// The project's own templates.
    pub templates: usize,
    /// Of the account's: what was different from before.
    pub changed: usize,
}

crate::words::words! {
    /// How a written template stands to what Meta has.
    pub enum Standing: "standing of a written template" {
        /// Meta has none of this name in this language.
        New = "new",
        /// Meta has it as it is written.
        Same = "same",
        /// Meta has it otherwise.
        Differs = "differs",
        /// Meta would refuse it.
        Invalid = "invalid",
        /// The account has one of this name that is not the project's.
        Taken = "taken",
    }
}

/// A written template, compared with Meta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub name: String,
    pub language: String,
    pub standing: Standing,
    /// What is different, or wrong.
    pub why: Vec<String>,
    /// At Meta, if it is there.
    pub status: Option<String>,
}

/// All that is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

/// Why something was not done with a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the project has no number, so it has no account for templates: connect one")]
    NoNumber,
    /// Meta would refuse it.
    #[error("{0}")]
    Invalid(Faults),
    /// The same for what is not there and for what is another's.
    #[error("the project has no template {0}")]
    NotFound(String),
    #[error(
        "the account has a template `{0}` that is not this project's: take another name, or ask the operator for it \
         (`roost accounts give`)"
    )]
    Taken(String),
    /// It is there already.
    #[error("{0} is there already: edit it")]
    There(String),
    /// It cannot be changed in the state that it is in.
    #[error("{0}")]
    NotNow(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Later(String),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("the templates cannot be looked up")]
    Database(#[from] sqlx::Error),
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            let before = if n == 0 { "" } else { "; " };
            write!(f, "{before}{fault}")?;
        }
        Ok(())
    }
}

impl Stored {
    /// As sentences name it.
    pub fn title(&self) -> String {
        changes::title(&self.name, &self.language)
    }

    /// What its status means, and what to do; nothing when it can be sent and nobody said more.
    pub fn told(&self) -> Option<String> {
        let in_words = || {
            let reason = self.rejected_reason.as_deref();
            changes::status_in_words(&self.title(), &self.status, reason, None)
        };
        match self.status.as_str() {
            "APPROVED" => self.said.clone(),
            _ => Some(self.said.clone().unwrap_or_else(in_words)),
        }
    }

    /// As it is written.
    pub fn draft(&self) -> Draft {
        Draft::read(&Value::Object(self.json())).0
    }

    /// As a file has it.
    pub fn json(&self) -> Map<String, Value> {
        let mut json = Map::new();
        json.insert("name".to_owned(), self.name.as_str().into());
        json.insert("language".to_owned(), self.language.as_str().into());
        json.insert("category".to_owned(), self.category.as_str().into());
        if self.parameter_format != "POSITIONAL" {
            let format = self.parameter_format.as_str();
            json.insert("parameter_format".to_owned(), format.into());
        }
        if let Some(seconds) = self.send_ttl_seconds {
            json.insert("message_send_ttl_seconds".to_owned(), seconds.into());
        }
        let components = serde_json::from_str(&self.components).unwrap_or(json!([]));
        json.insert("components".to_owned(), components);
        json
    }

    /// Whether nothing that anybody sees is different.
    fn is_as(&self, other: &Self) -> bool {
        let same = |row: &Self| Self {
            components: String::new(),
            seen_at: DateTime::default(),
            ..row.clone()
        };
        same(self) == same(other) && !self.says_otherwise(other)
    }

    fn says_otherwise(&self, other: &Self) -> bool {
        self.components != other.components
            && compare::stored(&self.components) != compare::stored(&other.components)
    }
}

impl Templates {
    /// Over the control database (tables of migrations 0030 and 0031), with this way to Meta.
    pub fn new(
        pool: PgPool,
        projects: ProjectStore,
        client: GraphClient,
        metrics: Metrics,
    ) -> Self {
        Self {
            accounts: Accounts::new(pool.clone()),
            conversations: ConversationStore::new(pool.clone()),
            pool,
            projects,
            client,
            metrics,
            asked: sending::Asked::default(),
        }
    }

    /// Whose things of accounts are.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// A project's own templates, in the order of name and language.
    pub async fn list(
        &self,
        project: ProjectId,
        filter: &Filter,
        after: Option<(&str, &str)>,
        rows: i64,
    ) -> Result<Vec<Stored>, TemplateError> {
        Ok(self.of_project(project, filter, after, rows).await?)
    }

    /// One template of a project's own, in one language or in all that it has.
    pub async fn show(
        &self,
        project: ProjectId,
        name: &str,
        language: Option<&str>,
    ) -> Result<Vec<Stored>, TemplateError> {
        let filter = Filter {
            name: Some(name.to_owned()),
            language: language.map(str::to_owned),
            ..Filter::default()
        };
        let found = self.of_project(project, &filter, None, 200).await?;
        match found.is_empty() {
            true => Err(not_found(name, language)),
            false => Ok(found),
        }
    }

    /// What was told of a project's templates, the newest first.
    pub async fn changes(
        &self,
        project: ProjectId,
        name: Option<&str>,
        before: Option<i64>,
        rows: i64,
    ) -> Result<Vec<Told>, TemplateError> {
        Ok(self.told(project, name, before, rows).await?)
    }

    /// What an account has, and whose it is, as the operator sees it.
    pub async fn things(&self, account: &str) -> Result<Vec<Owned>, TemplateError> {
        let mut things = self.accounts.owned(account).await?;
        let names = self.names_of(account).await?;
        let owners = self
            .accounts
            .owners_of(account, Kind::Template, &names)
            .await?;
        for name in names {
            let is_there = |thing: &Owned| thing.kind == Kind::Template && thing.object_id == name;
            if things.iter().any(is_there) {
                continue;
            }
            let project = match owners.get(&name) {
                Some(Owner::Project(project)) => Some(self.projects.by_id(*project).await?.name),
                Some(Owner::Operator) | None => None,
            };
            things.push(Owned {
                kind: Kind::Template,
                object_id: name,
                project,
                since: None,
            });
        }
        Ok(things)
    }

    /// What was told of an account's templates that no project owns, the newest first.
    pub async fn changes_of_nobody(&self, account: &str) -> Result<Vec<Told>, TemplateError> {
        Ok(self.told_to_nobody(account, 50).await?)
    }

    /// When the project's account was compared with Meta last, and why not since.
    pub async fn compared(
        &self,
        project: ProjectId,
    ) -> Result<(Option<DateTime<Utc>>, Option<String>), TemplateError> {
        let Some(account) = self.accounts.of(project).await? else {
            return Ok((None, None));
        };
        Ok(self.sync_of(&account).await?.unwrap_or_default())
    }

    /// Submits a template to Meta.
    pub async fn create(&self, project: ProjectId, json: &Value) -> Result<Stored, TemplateError> {
        let draft = valid(json)?;
        let (account, token) = self.reach(project).await?;
        let meta = self.meta(&account, token);
        let name = draft.name.as_str();
        let is_new_claim = self.claim(&meta, project, name).await?;
        let known = self.known(&account, Some(name)).await?;
        if known.iter().any(|row| row.language == draft.language) {
            return Err(TemplateError::There(changes::title(name, &draft.language)));
        }
        let made = match meta.create(&Value::Object(draft.json.clone())).await {
            Ok(made) => made,
            Err(error) => {
                // Nobody knows what became of a lost one: its name stays claimed.
                if is_new_claim && matches!(error, TemplateError::Refused(_)) {
                    self.accounts
                        .release(&account, Kind::Template, name, project)
                        .await?;
                }
                return Err(error);
            }
        };
        let category = made
            .category
            .or(draft.category.map(|c| c.word().to_owned()));
        let components = draft.json.get("components").cloned().unwrap_or(json!([]));
        let kept = self
            .keep_made(&Stored {
                waba_id: account,
                template_id: made.id,
                name: draft.name.clone(),
                language: draft.language.clone(),
                category: category.unwrap_or_default().to_ascii_uppercase(),
                status: made.status.to_ascii_uppercase(),
                parameter_format: draft.format.word().to_owned(),
                components: components.to_string(),
                send_ttl_seconds: draft.ttl_seconds.and_then(|ttl| ttl.try_into().ok()),
                sub_category: None,
                previous_category: None,
                correct_category: None,
                quality: None,
                rejected_reason: None,
                said: None,
                status_at: None,
                seen_at: DateTime::default(),
            })
            .await?;
        self.metrics.template(What::Made.word());
        Ok(kept)
    }

    /// Changes a template of a project's own: category, components and how long Meta tries to deliver it.
    pub async fn edit(
        &self,
        project: ProjectId,
        name: &str,
        language: &str,
        json: &Value,
    ) -> Result<Stored, TemplateError> {
        let mut json = json.clone();
        if let Some(map) = json.as_object_mut() {
            map.entry("name").or_insert_with(|| name.into());
            map.entry("language").or_insert_with(|| language.into());
        }
        let draft = valid(&json)?;
        if draft.name != name || draft.language != language {
            return Err(TemplateError::Invalid(Faults(vec![Fault {
                place: "the name".to_owned(),
                why: "name and language of a template cannot be changed: make another one"
                    .to_owned(),
            }])));
        }
        let (account, token) = self.reach(project).await?;
        let meta = self.meta(&account, token);
        let before = self.own(project, &meta, name, Some(language)).await?;
        let [before] = before.as_slice() else {
            return Err(not_found(name, Some(language)));
        };
        if !matches!(before.status.as_str(), "APPROVED" | "REJECTED" | "PAUSED") {
            let status = before.status.to_ascii_lowercase().replace('_', " ");
            return Err(TemplateError::NotNow(format!(
                "{} is {status}: Meta has templates changed that are approved, rejected or paused",
                before.title()
            )));
        }
        let mut sent = draft.json.clone();
        for key in [
            "name",
            "language",
            "parameter_format",
            "allow_category_change",
        ] {
            sent.remove(key);
        }
        if before.status == "APPROVED" && before.draft().category == draft.category {
            sent.remove("category");
        }
        meta.edit(&before.template_id, &Value::Object(sent)).await?;
        self.refresh(&meta, Some(name)).await?;
        let now = self.known(&account, Some(name)).await?;
        let now = now.into_iter().find(|row| row.language == language);
        now.ok_or_else(|| not_found(name, Some(language)))
    }

    /// Deletes a template of a project's own, in one language or in all.
    pub async fn delete(
        &self,
        project: ProjectId,
        name: &str,
        language: Option<&str>,
    ) -> Result<usize, TemplateError> {
        let (account, token) = self.reach(project).await?;
        let meta = self.meta(&account, token);
        let all = self.own(project, &meta, name, None).await?;
        let is_it = |row: &&Stored| language.is_none_or(|language| row.language == language);
        let gone: Vec<&Stored> = all.iter().filter(is_it).collect();
        match (gone.as_slice(), language) {
            ([], _) => return Err(not_found(name, language)),
            ([one], Some(_)) => meta.delete(name, Some(&one.template_id)).await?,
            _ => meta.delete(name, None).await?,
        }
        self.forget(&gone).await?;
        if gone.len() == all.len() {
            self.accounts
                .release(&account, Kind::Template, name, project)
                .await?;
        }
        self.metrics.template(What::Gone.word());
        Ok(gone.len())
    }

    /// Compares a project's account with Meta.
    pub async fn sync(&self, project: ProjectId) -> Result<Synced, TemplateError> {
        let (account, token) = self.reach(project).await?;
        let meta = self.meta(&account, token);
        let changed = self.refresh(&meta, None).await?;
        let all = Filter::default();
        let own = self.of_project(project, &all, None, i64::from(u16::MAX));
        Ok(Synced {
            templates: own.await?.len(),
            changed,
        })
    }

    /// Compares written templates with what Meta has.
    pub async fn plan(
        &self,
        project: ProjectId,
        written: &[Value],
    ) -> Result<Vec<Planned>, TemplateError> {
        let (account, token) = self.reach(project).await?;
        let meta = self.meta(&account, token);
        self.refresh(&meta, None).await?;
        let known = self.known(&account, None).await?;
        let (drafts, faults): (Vec<Draft>, Vec<Vec<Fault>>) = written
            .iter()
            .map(|json| {
                let (draft, mut faults) = Draft::read(json);
                faults.extend(check::check(&draft));
                (draft, faults)
            })
            .unzip();
        let names: Vec<String> = drafts.iter().map(|draft| draft.name.clone()).collect();
        let owners = self
            .accounts
            .owners_of(&account, Kind::Template, &names)
            .await?;
        let mut planned: Vec<Planned> = Vec::new();
        for (draft, faults) in drafts.into_iter().zip(faults) {
            let mut of_name = known.iter().filter(|row| row.name == draft.name).peekable();
            let owner = owners.get(&draft.name).copied().unwrap_or(Owner::Operator);
            let is_free = owner == Owner::Operator && of_name.peek().is_none();
            let there = of_name.find(|row| row.language == draft.language);
            let is_twice = planned
                .iter()
                .any(|before| before.name == draft.name && before.language == draft.language);
            let (standing, why) = match there {
                _ if is_twice => (
                    Standing::Invalid,
                    vec!["another file has the same name and language".to_owned()],
                ),
                _ if !faults.is_empty() => {
                    let why = faults.iter().map(ToString::to_string).collect();
                    (Standing::Invalid, why)
                }
                _ if !owner.is(project) && !is_free => {
                    let why = TemplateError::Taken(draft.name.clone()).to_string();
                    (Standing::Taken, vec![why])
                }
                None => (Standing::New, Vec::new()),
                Some(there) => match compare::differences(&draft, &there.draft()) {
                    same if same.is_empty() => (Standing::Same, Vec::new()),
                    differences => (Standing::Differs, differences),
                },
            };
            let is_own = owner.is(project);
            planned.push(Planned {
                status: there.filter(|_| is_own).map(|row| row.status.clone()),
                name: draft.name,
                language: draft.language,
                standing,
                why,
            });
        }
        Ok(planned)
    }

    /// A project's account, and the token that reaches it.
    async fn reach(&self, project: ProjectId) -> Result<(String, AccessToken), TemplateError> {
        let number = self.projects.number(project).await?;
        let number = number.ok_or(TemplateError::NoNumber)?;
        Ok((number.waba_id, AccessToken::new(number.token.expose())))
    }

    fn meta<'a>(&'a self, account: &'a str, token: AccessToken) -> Meta<'a> {
        Meta {
            client: &self.client,
            account,
            token,
        }
    }

    /// Asks Meta what there is, and writes it down. How much was different.
    async fn refresh(&self, meta: &Meta<'_>, name: Option<&str>) -> Result<usize, TemplateError> {
        let asked = self.now().await?;
        let listed = match meta.list(name).await {
            Ok(listed) => listed,
            Err(error) => {
                if name.is_none() {
                    self.synced(meta.account, Some(&error.to_string())).await?;
                }
                return Err(error);
            }
        };
        let mut names: Vec<String> = listed.iter().map(|row| row.name.clone()).collect();
        names.dedup();
        self.accounts
            .settle(meta.account, Kind::Template, &names)
            .await?;
        let changes = self.keep(meta.account, name, &listed, asked).await?;
        for change in &changes {
            self.metrics.template(change.what.word());
        }
        if name.is_none() {
            self.synced(meta.account, None).await?;
        }
        Ok(changes.len())
    }

    /// The rows of a name that is the project's own; Meta is asked when none is known.
    async fn own(
        &self,
        project: ProjectId,
        meta: &Meta<'_>,
        name: &str,
        language: Option<&str>,
    ) -> Result<Vec<Stored>, TemplateError> {
        let owner = self
            .accounts
            .owner_of(meta.account, Kind::Template, name)
            .await?;
        if !is_name(name) || !owner.is(project) {
            return Err(not_found(name, language));
        }
        let mut known = self.known(meta.account, Some(name)).await?;
        if known.is_empty() {
            self.refresh(meta, Some(name)).await?;
            known = self.known(meta.account, Some(name)).await?;
        }
        known.retain(|row| language.is_none_or(|language| row.language == language));
        Ok(known)
    }

    /// Has a project own a name, if it is its own or free. Whether it was free.
    async fn claim(
        &self,
        meta: &Meta<'_>,
        project: ProjectId,
        name: &str,
    ) -> Result<bool, TemplateError> {
        let kind = Kind::Template;
        let owner = self.accounts.owner_of(meta.account, kind, name).await?;
        match owner {
            Owner::Project(owner) if owner == project => {}
            Owner::Project(_) => return Err(TemplateError::Taken(name.to_owned())),
            // What Meta has and nobody owns is the operator's to give.
            Owner::Operator => {
                self.refresh(meta, Some(name)).await?;
                if !self.known(meta.account, Some(name)).await?.is_empty() {
                    return Err(TemplateError::Taken(name.to_owned()));
                }
            }
        }
        let names = [name.to_owned()];
        let own = self
            .accounts
            .claim(meta.account, kind, &names, project)
            .await?;
        match own.is_empty() {
            true => Err(TemplateError::Taken(name.to_owned())),
            false => Ok(owner == Owner::Operator),
        }
    }
}

/// What Meta's webhooks tell of templates.
impl AccountListener for Templates {
    fn hear<'a>(
        &'a self,
        account: &'a str,
        field: &'a str,
        payload: &'a str,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            if !field.starts_with("message_template_") && field != "template_category_update" {
                return Ok(());
            }
            let json: Value = serde_json::from_str(payload).unwrap_or_default();
            let entry = &json["entry"][0];
            let Some(change) = Change::heard(field, &entry["changes"][0]["value"]) else {
                return Ok(());
            };
            let at = entry["time"].as_i64();
            // Some of Meta's have milliseconds.
            let at = at.map(|at| if at > 100_000_000_000 { at / 1000 } else { at });
            let at = at.and_then(|at| DateTime::from_timestamp(at, 0));
            if self.keep_heard(account, &change, at, key).await? {
                self.metrics.template(change.what.word());
            }
            Ok(())
        })
    }
}

fn valid(json: &Value) -> Result<Draft, TemplateError> {
    let (draft, mut faults) = Draft::read(json);
    faults.extend(check::check(&draft));
    match faults.is_empty() {
        true => Ok(draft),
        false => Err(TemplateError::Invalid(Faults(faults))),
    }
}

fn not_found(name: &str, language: Option<&str>) -> TemplateError {
    TemplateError::NotFound(match language {
        Some(language) => changes::title(name, language),
        None => format!("`{}`", shown(name)),
    })
}
