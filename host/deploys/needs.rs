//! What a bot's code reads of the environment, beside what is there: what nobody set, and what the
//! host knows by another name.

use super::environment::{Source, Variables};
use crate::build::{UsedAs, Variable};
use crate::projects::{HostValue, SET_BY_HOST, Secret, recognize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Of more variables than this there is a count.
const SHOWN: usize = 12;

/// What the code reads and does not find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Nobody set them, and the code has nothing in their place.
    pub unset: Vec<Variable>,
    /// The host knows them by another name, and nobody set them.
    pub offers: Vec<(Variable, HostValue)>,
    /// They are the number's, and the project has none yet.
    pub of_number: Vec<Variable>,
}

impl Needs {
    /// Of a bundle's variables, where these names have a value.
    pub fn of(variables: &[Variable], is_set: impl Fn(&Variable) -> bool) -> Self {
        let mut needs = Self::default();
        for variable in variables {
            if is_set(variable) {
                continue;
            }
            match meaning(variable) {
                // What the code says of the version is as good as what the host would.
                Some(HostValue::GraphVersion) if !variable.needed => {}
                Some(value) => needs.offers.push((variable.clone(), value)),
                None if variable.needed => needs.unset.push(variable.clone()),
                None => {}
            }
        }
        needs
    }

    /// `--link`'s and `roost secrets link`'s words: `META_APP_SECRET=app-secret`.
    pub fn links(&self) -> Vec<String> {
        let links = self.offers.iter();
        links
            .map(|(variable, value)| format!("{}={value}", variable.name))
            .collect()
    }

    /// What to say of what the host knows by another name; `None`: nothing.
    pub fn offer(&self, project: &str) -> Option<String> {
        if self.offers.is_empty() {
            return None;
        }
        let names = list(self.offers.iter().map(|(variable, _)| variable.shown()));
        Some(format!(
            "nobody set {names}, and this host knows what that means\n  = `roost secrets link {} \
             --project {project}` gives the bot the host's values; `roost deploy --link` does it \
             with a deploy",
            self.links().join(" ")
        ))
    }

    /// What to say of a bot that does not start without a number; `None`: nothing.
    pub fn waits_for_number(&self, project: &str) -> Option<String> {
        let names = self.of_number.iter().map(Variable::shown);
        (!self.of_number.is_empty()).then(|| {
            format!(
                "{} is empty until the project has a number\n  = connect it first, and deploy again: \
                 `roost number connect --project {project} --phone-number-id … --waba-id …`",
                list(names)
            )
        })
    }

    /// What to say of what nobody set; `None`: nothing. Of a bot that fails all of it may be why.
    pub fn complaint(&self, how: &Advice<'_>, fails: bool) -> Option<String> {
        let unset = self.unset.iter();
        let unset: Vec<_> = unset
            .filter(|variable| fails || !is_of_database(&variable.name))
            .collect();
        let first = unset.first()?;
        let names = list(unset.iter().map(|variable| variable.shown()));
        let mut text = format!("the code reads {names}, and nobody set ");
        text.push_str(if unset.len() == 1 { "it" } else { "them" });
        let _ = match how {
            Advice::Secret { project } => write!(
                text,
                "\n  = `roost secrets set {} --project {project}` sets one, `roost secrets import .env \
                 --project {project}` all of a file",
                first.name
            ),
            Advice::File { project } => write!(
                text,
                "\n  = write it into the bot's .env, as in `{}=…`, or set it as a secret: \
                 `roost secrets set {} --project {project}`",
                first.name, first.name
            ),
            Advice::Flag => write!(
                text,
                "\n  = give what the top level needs with `--env {}=…` or `--env-file .env`; a host \
                 gives the project's secrets",
                first.name
            ),
        };
        Some(text)
    }
}

/// Whether it says where a Postgres is: bots have one without.
fn is_of_database(name: &str) -> bool {
    ["DATABASE_URL", "POSTGRES_URL", "PG_URL"].contains(&name)
        || [
            "PGHOST",
            "PGPORT",
            "PGUSER",
            "PGPASSWORD",
            "PGDATABASE",
            "PGSSLMODE",
        ]
        .contains(&name)
}

/// How a variable is set where the code is to run.
pub enum Advice<'a> {
    /// On a host.
    Secret { project: &'a str },
    /// On the author's machine.
    File { project: &'a str },
    /// In `roost build`.
    Flag,
}

/// Which of the host's values a variable is, by its use, else by its name.
pub fn meaning(variable: &Variable) -> Option<HostValue> {
    let used = variable.used_as.map(|used| match used {
        UsedAs::VerifyToken => HostValue::VerifyToken,
        UsedAs::AppSecret => HostValue::AppSecret,
        UsedAs::PhoneNumberId => HostValue::PhoneNumberId,
        UsedAs::AccountId => HostValue::AccountId,
        UsedAs::GraphVersion => HostValue::GraphVersion,
    });
    used.or_else(|| recognize(&variable.name))
}

/// The value that a bot has of something, by the first variable that its code reads it from.
pub(super) fn value_read(
    variables: &[Variable],
    environment: &BTreeMap<String, String>,
    value: HostValue,
) -> Option<Secret> {
    variables
        .iter()
        .filter(|variable| meaning(variable) == Some(value))
        .find_map(|variable| environment.get(&variable.name))
        .filter(|text| !text.is_empty())
        .map(Secret::new)
}

impl Variables {
    /// Whether a variable is there, or is linked to what will be. An id of a number or an account that
    /// a `.env` holds is not: it is of another place.
    pub fn has(&self, variable: &Variable) -> bool {
        let name = variable.name.as_str();
        let is_elsewhere = self.source(name) == Some(Source::File)
            && meaning(variable).is_some_and(HostValue::is_of_number);
        if is_elsewhere {
            return false;
        }
        SET_BY_HOST.contains(&name)
            || self.all.contains_key(name)
            || self.empty_links.iter().any(|(linked, _)| linked == name)
    }

    /// Where a variable comes from.
    pub fn source(&self, name: &str) -> Option<Source> {
        self.all.get(name).map(|(_, source)| *source)
    }
}

/// `A`, `A and B`, `A, B and C`.
fn list(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    if names.len() > SHOWN {
        let more = names.len() - SHOWN;
        names.truncate(SHOWN);
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, needed: bool, used_as: Option<UsedAs>) -> Variable {
        Variable {
            name: name.to_owned(),
            file: "app.js".to_owned(),
            line: 3,
            needed,
            used_as,
        }
    }

    #[test]
    fn what_is_unset_is_told_from_what_the_host_knows() {
        let variables = [
            variable("STRIPE_KEY", true, None),
            variable("MOTTO", false, None),
            variable("META_APP_SECRET", true, None),
            variable("WA_PHONE_NUMBER_ID", false, None),
            variable("GRAPH_VERSION", false, None),
            variable("ODD", true, Some(UsedAs::VerifyToken)),
            variable("PORT", true, None),
            variable("DATABASE_URL", true, None),
        ];
        let needs = Needs::of(&variables, |variable| variable.name == "PORT");
        assert_eq!(
            needs.links(),
            [
                "META_APP_SECRET=app-secret",
                "WA_PHONE_NUMBER_ID=phone-number-id",
                "ODD=verify-token"
            ]
        );
        let offer = needs.offer("pizza").unwrap();
        assert!(
            offer.contains("META_APP_SECRET (app.js:3), WA_PHONE_NUMBER_ID (app.js:3) and ODD")
                && offer.contains("roost secrets link META_APP_SECRET=app-secret")
                && offer.contains("--project pizza"),
            "{offer}"
        );
        let complaint = needs
            .complaint(&Advice::Secret { project: "pizza" }, false)
            .unwrap();
        assert!(
            complaint.starts_with("the code reads STRIPE_KEY (app.js:3), and nobody set it")
                && complaint.contains("`roost secrets set STRIPE_KEY --project pizza`"),
            "{complaint}"
        );
        let failing = needs.complaint(&Advice::Flag, true).unwrap();
        assert!(
            failing.contains("STRIPE_KEY (app.js:3) and DATABASE_URL"),
            "{failing}"
        );
        let none = Needs::of(&variables, |_| true);
        assert_eq!(
            (none.offer("p"), none.complaint(&Advice::Flag, true)),
            (None, None)
        );
    }

    #[test]
    fn what_signs_webhooks_is_what_the_code_reads_first() {
        let reads = [
            variable("FB_APP_SECRET", true, None),
            variable("META_APP_SECRET", true, None),
            variable("APP_SECRET", true, None),
        ];
        let environment = [("APP_SECRET", "host's"), ("META_APP_SECRET", "owner's")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let read = |reads: &[Variable]| {
            value_read(reads, &environment, HostValue::AppSecret)
                .map(|secret| secret.expose().to_owned())
        };
        assert_eq!(read(&reads).as_deref(), Some("owner's"));
        assert_eq!(read(&reads[2..]).as_deref(), Some("host's"));
        assert_eq!(read(&[]), None);
    }
}
