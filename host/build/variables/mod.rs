//! Finds the environment's variables that a bot's code reads, and where.
//!
//! The author's own files are parsed as they are (`reads`): `process.env.NAME` in all its spellings,
//! destructuring, helpers such as `requireEnv('NAME')`, and schemas that `process.env` is given to.
//! It is read from the text and no promise: what a program makes up at run time is not seen. Of
//! packages only those are read that speak for WhatsApp, because they read its variables themselves.
//!
//! How a value is used (`uses`) tells more of it than its name does.
//!
//! Not here: what the host knows, and what somebody set.

mod reads;
#[cfg(test)]
mod tests;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::inspect::package_in;
use crate::build::parsed;
use reads::{Found, Read};

/// A variable that a bot's code reads.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Variable {
    pub name: String,
    /// Where it is read first.
    pub file: String,
    pub line: usize,
    /// Whether the code has nothing to put in its place.
    pub needed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_as: Option<UsedAs>,
}

/// What the code does with a value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsedAs {
    /// Compares it with `hub.verify_token`.
    VerifyToken,
    /// Checks `X-Hub-Signature` with it.
    AppSecret,
    /// Puts it before `/messages` in an address.
    PhoneNumberId,
    /// Puts it before `/message_templates` in an address.
    AccountId,
    /// Puts it behind `graph.facebook.com/`.
    GraphVersion,
}

impl Variable {
    /// As messages show it: `STRIPE_KEY (app.js:3)`.
    pub fn shown(&self) -> String {
        format!("{} ({}:{})", self.name, self.file, self.line)
    }
}

/// What systems and hosting services set by themselves: code asks for it in passing.
const OF_SYSTEMS: [&str; 14] = [
    "CI",
    "DEBUG",
    "DYNO",
    "HOME",
    "HOSTNAME",
    "K_SERVICE",
    "LANG",
    "NODE_OPTIONS",
    "NO_COLOR",
    "PATH",
    "PWD",
    "TEMP",
    "TMPDIR",
    "USER",
];
const OF_SERVICES: [&str; 10] = [
    "AWS_LAMBDA_",
    "FLY_",
    "FUNCTIONS_",
    "GITHUB_",
    "HEROKU_",
    "NETLIFY",
    "RAILWAY_",
    "RENDER_",
    "VERCEL",
    "npm_",
];

/// The variables that these files read, in their order; the files are relative to `dir`.
pub(super) fn variables<'a>(dir: &Path, files: impl Iterator<Item = &'a str>) -> Vec<Variable> {
    let sources = files.filter(|file| match package_in(file) {
        None => true,
        Some(package) => package.contains("whatsapp") || package.contains("meta-cloud-api"),
    });
    let found: Vec<(&str, Found)> = sources
        .filter_map(|file| {
            let source = std::fs::read_to_string(dir.join(file)).ok()?;
            Some((file, found_in(file, &source)))
        })
        .collect();
    merged(&found)
}

/// What one file reads; nothing when it is of another kind or does not parse.
fn found_in(file: &str, source: &str) -> Found {
    parsed::look_at(file, source, reads::found).unwrap_or_default()
}

/// One entry for each name. What one place can do without is needed nowhere.
fn merged(found: &[(&str, Found)]) -> Vec<Variable> {
    let helpers: BTreeMap<&str, usize> = found
        .iter()
        .flat_map(|(_, found)| &found.helpers)
        .map(|(name, argument)| (name.as_str(), *argument))
        .collect();
    let mut variables: Vec<Variable> = Vec::new();
    let mut optional: BTreeSet<String> = BTreeSet::new();
    for (file, found) in found {
        optional.extend(found.set.iter().cloned());
        let by_helper = found.calls.iter().filter_map(|call| {
            let argument = helpers.get(call.callee.as_str())?;
            let name = call.texts.get(*argument)?.clone()?;
            Some(Read {
                name,
                line: call.line,
                needed: call.texts.len() == argument + 1,
                used_as: call.used_as,
            })
        });
        let mut reads: Vec<Read> = found.reads.iter().cloned().chain(by_helper).collect();
        reads.sort_by_key(|read| read.line);
        for read in reads {
            let is_own = package_in(file).is_none();
            if !(read.needed && is_own) {
                optional.insert(read.name.clone());
            }
            match variables.iter_mut().find(|known| known.name == read.name) {
                Some(known) => known.used_as = known.used_as.or(read.used_as),
                None => variables.push(Variable {
                    name: read.name,
                    file: (*file).to_owned(),
                    line: read.line,
                    needed: true,
                    used_as: read.used_as,
                }),
            }
        }
    }
    for variable in &mut variables {
        variable.needed = !optional.contains(&variable.name) && !is_of_systems(&variable.name);
    }
    variables
}

fn is_of_systems(name: &str) -> bool {
    OF_SYSTEMS.contains(&name) || OF_SERVICES.iter().any(|service| name.starts_with(service))
}
