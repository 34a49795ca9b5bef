//! Refuses what cannot run before anything is installed: what such a package needs in turn may not
//! even install, and then the complaint would be about something that the author never named.

use std::collections::BTreeSet;
use std::path::Path;

use super::diagnose::{native_module, package_name};
use super::entry::Entry;
use super::error::{BuildError, Place, Problem};
use super::modules::loads;
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
