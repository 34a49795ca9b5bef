//! Whether a message that is made from a template may go out, before it is written down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::model::shown;
use super::parameters::{self, Filling, components_of};
use super::{Filter, Stored, TemplateError, Templates, check, is_name};
use crate::accounts::Kind;
use crate::projects::ProjectId;

/// What was seen so long ago is asked for again before a message is refused for it.
const STALE: Duration = Duration::from_secs(30);

/// Likewise, of one name, by this host's clock.
const AGAIN: Duration = Duration::from_secs(10);

/// As many names are told to who named none that is there.
const SHOWN_NAMES: usize = 10;

/// When Meta was asked for which name of which account, by this host.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<HashMap<(String, String), Instant>>>);

impl Asked {
    /// As many are remembered.
    const MOST: usize = 10_000;

    /// Whether a name was not asked for just now. It is from here on.
    fn is_due(&self, account: &str, name: &str) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_old = |at: &Instant| now.duration_since(*at) >= AGAIN;
        if asked.len() >= Self::MOST {
            asked.retain(|_, at| !is_old(at));
        }
        let key = (account.to_owned(), name.to_owned());
        match asked.get(&key) {
            Some(at) if !is_old(at) => false,
            _ if asked.len() >= Self::MOST => false,
            _ => {
                asked.insert(key, now);
                true
            }
        }
    }

    /// It was not told.
    fn forget(&self, account: &str, name: &str) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.remove(&(account.to_owned(), name.to_owned()));
    }
}

/// Why a message does not go out.
#[derive(Debug, thiserror::Error)]
pub enum NotSendable {
    /// It does not fit, in words.
    #[error("{0}")]
    Unfit(String),
    /// Nobody knows.
    #[error("the templates cannot be looked up; try again later")]
    Database(#[from] sqlx::Error),
}

impl Templates {
    /// Looks whether a message may go out, which is Meta's JSON: its template is the project's, approved, and has
    /// what the message gives. Other messages pass. So do those of which nothing is known while Meta cannot be asked.
    pub async fn admit(&self, project: ProjectId, message: &Value) -> Result<(), NotSendable> {
        let Some(template) = message
            .get("template")
            .filter(|template| !template.is_null())
        else {
            return Ok(());
        };
        let read;
        // Meta reads texts that hold JSON.
        let template = match template {
            Value::String(text) => {
                read = serde_json::from_str(text).unwrap_or(json!({}));
                &read
            }
            object => object,
        };
        let name = template["name"].as_str().unwrap_or_default();
        let language = &template["language"];
        let language = language["code"].as_str().or(language.as_str());
        let components = template.as_object().map(components_of).unwrap_or_default();
        let fitted = self
            .found(project, name, language, |row| {
                let faults = parameters::check(&row.draft(), &components);
                match faults.is_empty() {
                    true => Ok(row.category.clone()),
                    false => Err(format!("{}: {}", row.title(), super::Faults(faults))),
                }
            })
            .await?;
        match fitted {
            Some(category) => {
                let to = message["to"].as_str().or(message["recipient"].as_str());
                self.is_wanted(project, name, &category, to.unwrap_or_default())
                    .await
            }
            None => Ok(()),
        }
    }

    /// Refuses what advertises to somebody who wants none.
    async fn is_wanted(
        &self,
        project: ProjectId,
        name: &str,
        category: &str,
        to: &str,
    ) -> Result<(), NotSendable> {
        if category != "MARKETING" {
            return Ok(());
        }
        let contact = to.trim_start_matches('+');
        match self.conversations.has_opted_out(project, contact).await? {
            true => Err(NotSendable::Unfit(format!(
                "template `{name}` is MARKETING, and the contact has opted out of that: send nothing, or a template of \
                 the category UTILITY that is about something the contact asked for"
            ))),
            false => Ok(()),
        }
    }

    /// Meta's `template` of a message: found by its name, in the language that is named or in the only one that it
    /// has, with these values in it. `to` is whom it goes to.
    pub async fn message(
        &self,
        project: ProjectId,
        to: &str,
        name: &str,
        language: Option<&str>,
        filling: &Filling,
    ) -> Result<Value, NotSendable> {
        let fitted = self
            .found(project, name, language, |row| {
                let draft = row.draft();
                let components = parameters::fill(&draft, filling);
                let faults = parameters::check(&draft, &components);
                match faults.is_empty() {
                    true => Ok((row.language.clone(), row.category.clone(), components)),
                    false => Err(format!("{}: {}", row.title(), super::Faults(faults))),
                }
            })
            .await?;
        let Some((language, category, components)) = fitted else {
            return Err(NotSendable::Unfit(format!(
                "nothing is known of template `{}`, and Meta cannot be asked for it: try again later",
                shown(name)
            )));
        };
        self.is_wanted(project, name, &category, to).await?;
        Ok(json!({
            "name": name,
            "language": { "code": language },
            "components": components,
        }))
    }

    /// What `fits` makes of a template; `None` when nothing is known of it.
    async fn found<T>(
        &self,
        project: ProjectId,
        name: &str,
        language: Option<&str>,
        fits: impl Fn(&Stored) -> Result<T, String>,
    ) -> Result<Option<T>, NotSendable> {
        let Some(account) = self.accounts.of(project).await? else {
            return Ok(None);
        };
        if !is_name(name) {
            return Err(NotSendable::Unfit(format!(
                "`{}` cannot name a template: names are lower-case letters, digits and `_`",
                shown(name)
            )));
        }
        let owner = self
            .accounts
            .owner_of(&account, Kind::Template, name)
            .await?;
        if !owner.is(project) {
            return Err(self.no_such(project, name).await?);
        }
        let known = self.known(&account, Some(name)).await?;
        let now = self.now().await?;
        let is_fresh = !known.is_empty() && known.iter().all(|row| row.seen_at > now - STALE);
        let is_stale = |row: &Stored| row.seen_at.timestamp() == 0;
        let must_ask = known.is_empty() || known.iter().any(is_stale);
        if !must_ask {
            match judged(&known, name, language, &fits) {
                Ok(fitted) => return Ok(Some(fitted)),
                Err(why) if is_fresh => return Err(NotSendable::Unfit(why)),
                Err(_) => {}
            }
        }
        // What is known may be older than what Meta has. A bot that goes on asking is told the same for a while.
        if !self.asked.is_due(&account, name) {
            return match known.is_empty() {
                true => Err(self.no_such(project, name).await?),
                false => judged(&known, name, language, &fits)
                    .map(Some)
                    .map_err(NotSendable::Unfit),
            };
        }
        let (account, token) = match self.reach(project).await {
            Ok(reached) => reached,
            Err(_) => return Ok(None),
        };
        let asked = self.refresh(&self.meta(&account, token), Some(name)).await;
        let is_told = asked.is_ok();
        if !is_told {
            self.asked.forget(&account, name);
        }
        let known = match asked {
            Ok(_) => self.known(&account, Some(name)).await?,
            Err(TemplateError::Database(error)) => return Err(error.into()),
            Err(_) => known,
        };
        match (known.is_empty(), is_told) {
            (false, _) => judged(&known, name, language, &fits)
                .map(Some)
                .map_err(NotSendable::Unfit),
            (true, true) => Err(self.no_such(project, name).await?),
            // Meta decides, if it takes anything at all.
            (true, false) => Ok(None),
        }
    }

    /// The same for what is not there and for what is another project's.
    async fn no_such(&self, project: ProjectId, name: &str) -> Result<NotSendable, sqlx::Error> {
        let own = self
            .of_project(project, &Filter::default(), None, i64::from(u8::MAX))
            .await?;
        let mut names: Vec<&str> = own.iter().map(|row| row.name.as_str()).collect();
        names.dedup();
        let there = match names.as_slice() {
            [] => "it has none yet".to_owned(),
            few if few.len() <= SHOWN_NAMES => format!("it has {}", few.join(", ")),
            many => format!(
                "it has {} and {} more",
                many[..SHOWN_NAMES].join(", "),
                many.len() - SHOWN_NAMES
            ),
        };
        Ok(NotSendable::Unfit(format!(
            "the project has no template `{}`; {there}",
            shown(name)
        )))
    }
}

/// What `fits` makes of the one in the language, if that can be sent.
fn judged<T>(
    known: &[Stored],
    name: &str,
    language: Option<&str>,
    fits: impl Fn(&Stored) -> Result<T, String>,
) -> Result<T, String> {
    let languages: Vec<&str> = known.iter().map(|row| row.language.as_str()).collect();
    let row = match (language, known) {
        (None, [only]) => only,
        (None, _) => {
            return Err(format!(
                "template `{name}` is there in {}: say in which language to send it",
                languages.join(", ")
            ));
        }
        (Some(wanted), rows) => {
            rows.iter()
                .find(|row| row.language == wanted)
                .ok_or_else(|| {
                    let hint = match check::is_language(wanted) {
                        true => "",
                        false => ", and language codes look like `en_US`",
                    };
                    format!(
                        "template `{name}` is not there in `{}`; it is in {}{hint}",
                        shown(wanted),
                        languages.join(", ")
                    )
                })?
        }
    };
    if row.status != "APPROVED" {
        let said = row.told().unwrap_or_default();
        return Err(format!("{} cannot be sent: {said}", row.title()));
    }
    fits(row)
}
