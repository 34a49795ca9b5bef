//! Refuses what cannot run before anything is installed: what such a package needs in turn may not
//! even install, and then the complaint would be about something that the author never named.

use std::collections::BTreeSet;
use std::path::Path;

use super::diagnose::{native_module, package_name};
use super::entry::Entry;
use super::error::{BuildError, Place, Problem};
use super::modules::{Load, loads};
use super::native;

const TRIED: [&str; 9] = [
    "",
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".tsx",
    "/index.js",
    "/index.ts",
    "/index.mjs",
];

/// The bot's own files that are loaded from the entry on, and where no `catch` is around that.
pub(super) struct Reached {
    all: BTreeSet<String>,
    bare: BTreeSet<String>,
}

impl Reached {
    pub(super) fn from(dir: &Path, entry: &str) -> Self {
        Self {
            all: reached(dir, entry, |_| true),
            bare: reached(dir, entry, |load| !load.is_tried),
        }
    }

    /// Whether each way to a file leads through a `try`.
    pub(super) fn is_tried(&self, file: &str) -> bool {
        self.all.contains(file) && !self.bare.contains(file)
    }
}

fn reached(dir: &Path, entry: &str, follows: impl Fn(&Load) -> bool) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![entry.to_owned()];
    while let Some(file) = open.pop() {
        let source = std::fs::read_to_string(dir.join(&file)).unwrap_or_default();
        let loads = loads(&file, &source);
        let paths = loads
            .iter()
            .filter(|load| load.name.starts_with('.') && follows(load));
        open.extend(
            paths
                .filter_map(|load| own_file(dir, &file, &load.name))
                .filter(|file| !seen.contains(file)),
        );
        seen.insert(file);
    }
    seen
}

/// Follows the bot's own files from the entry, as far as they load each other at once.
pub(super) fn refuse_what_cannot_run(dir: &Path, entry: &Entry) -> Result<(), BuildError> {
    let mut seen = BTreeSet::new();
    let mut open = vec![entry.path.clone()];
    let mut problems: Vec<Problem> = Vec::new();
    let mut refused = BTreeSet::new();
    while let Some(file) = open.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let Ok(source) = std::fs::read_to_string(dir.join(&file)) else {
            continue;
        };
        for load in loads(&file, &source)
            .into_iter()
            .filter(|load| !load.is_lazy)
        {
            if load.name.starts_with("./") || load.name.starts_with("../") {
                open.extend(own_file(dir, &file, &load.name));
            } else if native::is_known(package_name(&load.name)) {
                let package = package_name(&load.name).to_owned();
                let place = Place::of_import(dir, &file, &load.name);
                if refused.insert(package.clone()) {
                    problems.push(native_module(&package, place));
                }
            }
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(BuildError::Code(problems)),
    }
}

/// The file of the bot that a path leads to; none outside of its folder.
fn own_file(dir: &Path, from: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let compiled = path.strip_suffix(".js").map(|stem| format!("{stem}.ts"));
    let tried = TRIED
        .iter()
        .map(|end| format!("{path}{end}"))
        .chain(compiled);
    tried.into_iter().find(|path| dir.join(path).is_file())
}
