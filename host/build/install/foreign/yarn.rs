//! `yarn.lock`: of Yarn 1, in a language of its own, and of those after it, in YAML.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Graph, Locked, Need};
use crate::build::install::members::Members;
use crate::build::install::spec::{Spec, is_package_name};

/// Reads it; also gives what package.json asks for otherwise.
pub(super) fn read(text: &str, members: &Members) -> Result<(Graph, Vec<String>), String> {
    let is_old = text.contains("# yarn lockfile v1");
    let entries = match is_old {
        true => old(text)?,
        false => new(text)?,
    };
    // Each entry has all the ranges that lead to it.
    let mut ids = BTreeMap::new();
    for entry in &entries {
        for key in &entry.keys {
            ids.insert(key.clone(), entry.id.clone());
        }
    }
    let find = |name: &str, range: &str| -> Option<String> {
        let found = [format!("{name}@{range}"), format!("{name}@npm:{range}")];
        found.iter().find_map(|key| ids.get(key).cloned())
    };
    let mut graph = Graph::default();
    for entry in &entries {
        let mut locked = entry.locked.clone();
        let resolve = |ranges: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            let found = ranges
                .iter()
                .filter_map(|(name, range)| Some((name.clone(), find(name, range)?)));
            found.collect()
        };
        locked.needs = resolve(&entry.locked.needs);
        locked.may_need = resolve(&entry.locked.may_need);
        graph.packages.insert(entry.id.clone(), locked);
    }
    let mut stale = Vec::new();
    for (folder, manifest) in members.manifests() {
        let mut needs = BTreeMap::new();
        for kind in ["dependencies", "optionalDependencies"] {
            let asked = manifest
                .get(kind)
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            for (name, spec) in asked {
                let spec = spec.as_str().unwrap_or_default();
                if let Some(path) = spec.strip_prefix("file:") {
                    let target = crate::build::install::members::below(folder, path);
                    if let Some(target) = target.filter(|target| members.has(target)) {
                        needs.insert(name.clone(), Need::Member(target));
                    }
                    continue;
                }
                match find(name, spec) {
                    Some(id) => {
                        needs.insert(name.clone(), Need::Package(id));
                    }
                    None => stale.push(name.clone()),
                }
            }
        }
        graph.members.insert(folder.to_owned(), needs);
    }
    Ok((graph, stale))
}

struct Entry {
    /// `name@range`
    keys: Vec<String>,
    id: String,
    locked: Locked,
}

impl Entry {
    /// None for what is not of a registry.
    fn new(keys: Vec<String>, name: &str, mut locked: Locked) -> Option<Self> {
        let is_version = locked.version.starts_with(|c: char| c.is_ascii_digit())
            && Spec::of(&locked.version) == Spec::Registry;
        if !is_version || !is_package_name(name) {
            return None;
        }
        locked.name = name.to_owned();
        let id = format!("{name}@{}", locked.version);
        Some(Self { keys, id, locked })
    }
}

/// `name@range`, also of names with a scope.
fn split(key: &str) -> Option<(&str, &str)> {
    let at = key
        .char_indices()
        .skip(1)
        .find(|(_, c)| *c == '@')
        .map(|(at, _)| at)?;
    Some((&key[..at], &key[at + 1..]))
}

fn new(text: &str) -> Result<Vec<Entry>, String> {
    let lock: Map<String, Value> =
        serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let entries = lock.iter().filter_map(|(key, entry)| {
        // `ms@npm:2.1.3`; of a workspace, a patch or a repository it is otherwise.
        let (name, reference) = split(entry.get("resolution")?.as_str()?)?;
        let version = reference.strip_prefix("npm:")?;
        let version = version.split("::").next()?.to_owned();
        let map = |key: &str| -> BTreeMap<String, String> {
            let map = entry
                .get(key)
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            map.map(|(name, range)| {
                let range = range
                    .as_str()
                    .map_or_else(|| range.to_string(), str::to_owned);
                (name.clone(), range)
            })
            .collect()
        };
        let optional: Vec<String> = {
            let meta = entry
                .get("dependenciesMeta")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            meta.filter(|(_, meta)| meta.get("optional") == Some(&Value::Bool(true)))
                .map(|(name, _)| name.clone())
                .collect()
        };
        let (may_need, needs) = map("dependencies")
            .into_iter()
            .partition(|(name, _)| optional.contains(name));
        let keys = key.split(", ").map(str::to_owned).collect();
        Entry::new(
            keys,
            name,
            Locked {
                version,
                needs,
                may_need,
                ..Locked::default()
            },
        )
    });
    Ok(entries.collect())
}

/// ```text
/// "@a/b@^1.0.0", "@a/b@^1.1.0":
///   version "1.1.0"
///   resolved "https://…#hash"
///   integrity sha512-…
///   dependencies:
///     c "^2.0.0"
/// ```
fn old(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let mut current: Option<(Vec<String>, Locked)> = None;
    let mut block = String::new();
    let finish = |current: &mut Option<(Vec<String>, Locked)>, entries: &mut Vec<Entry>| {
        let Some((keys, locked)) = current.take() else {
            return;
        };
        let name = keys
            .first()
            .and_then(|key| split(key))
            .map(|(name, range)| {
                // One under another name: `a-cjs@npm:a@^4`.
                let alias = range.strip_prefix("npm:").and_then(split);
                alias.map_or(name, |(name, _)| name).to_owned()
            });
        entries.extend(name.and_then(|name| Entry::new(keys, &name, locked)));
    };
    for (number, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let broken = || format!("line {} cannot be read", number + 1);
        match indent {
            0 => {
                finish(&mut current, &mut entries);
                let keys = content.strip_suffix(':').ok_or_else(broken)?;
                let keys = keys.split(", ").map(|key| key.trim_matches('"').to_owned());
                current = Some((keys.collect(), Locked::default()));
                block.clear();
            }
            2 if content.ends_with(':') => block = content.trim_end_matches(':').to_owned(),
            _ => {
                let (key, value) = content.split_once(' ').ok_or_else(broken)?;
                let (key, value) = (
                    key.trim_matches('"').to_owned(),
                    value.trim().trim_matches('"').to_owned(),
                );
                let (_, locked) = current.as_mut().ok_or_else(broken)?;
                match (indent, block.as_str(), key.as_str()) {
                    (2, _, "version") => locked.version = value,
                    (2, _, "integrity") => locked.integrity = Some(value),
                    (2, _, "resolved") => {
                        let address = value.split('#').next().unwrap_or_default();
                        // Yarn's own name for npm's registry.
                        let is_default = address.starts_with("https://registry.yarnpkg.com/");
                        locked.resolved = (address.starts_with("https://")
                            && !is_default
                            && address.ends_with(".tgz"))
                        .then(|| address.to_owned());
                    }
                    (4, "dependencies", _) => {
                        locked.needs.insert(key, value);
                    }
                    (4, "optionalDependencies", _) => {
                        locked.may_need.insert(key, value);
                    }
                    _ => {}
                }
            }
        }
    }
    finish(&mut current, &mut entries);
    Ok(entries)
}
