//! Lays a graph of packages out in folders, each package as high as it can be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::{Graph, Need};
use crate::build::install::members::Members;

/// What is in one `node_modules`, and what was looked for there and found higher.
#[derive(Default)]
struct Folder {
    has: BTreeMap<String, String>,
    passed: BTreeSet<String>,
}

/// The `packages` of npm's lock file.
pub(super) fn layout(graph: &Graph, members: &Members) -> Map<String, Value> {
    let mut packages = Map::new();
    for (folder, manifest) in members.manifests() {
        packages.insert(folder.to_owned(), manifest.clone().into());
    }
    let mut layout = Layout {
        graph,
        folders: BTreeMap::new(),
        open: VecDeque::new(),
    };
    // What the packages of the folder name comes first, the bot's own before all.
    for (folder, needs) in &graph.members {
        for (name, need) in needs {
            match need {
                Need::Package(id) => layout.place(folder, name, id),
                Need::Member(target) => {
                    let at = at(folder, name);
                    packages.insert(at, json!({ "resolved": target, "link": true }));
                }
            }
        }
    }
    let mut placed = BTreeMap::new();
    while let Some((at, id)) = layout.open.pop_front() {
        if placed.insert(at.clone(), id.clone()).is_some() {
            continue;
        }
        if let Some(package) = graph.packages.get(&id) {
            for (name, needed) in package.needs.iter().chain(&package.may_need) {
                layout.place(&at, name, needed);
            }
        }
    }
    for (at, id) in placed {
        if let Some(entry) = entry(graph, &at, &id) {
            packages.insert(at, entry);
        }
    }
    packages
}

fn entry(graph: &Graph, at: &str, id: &str) -> Option<Value> {
    let package = graph.packages.get(id)?;
    let mut entry = Map::new();
    if !at.ends_with(&format!("node_modules/{}", package.name)) {
        entry.insert("name".to_owned(), package.name.clone().into());
    }
    entry.insert("version".to_owned(), package.version.clone().into());
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(key.to_owned(), value);
        }
    };
    set("resolved", package.resolved.clone().map(Value::from));
    set("integrity", package.integrity.clone().map(Value::from));
    set("os", package.os.clone());
    set("cpu", package.cpu.clone());
    set("libc", package.libc.clone());
    let versions = |needs: &BTreeMap<String, String>| -> Option<Value> {
        let needs = needs.iter().filter_map(|(name, id)| {
            let needed = graph.packages.get(id)?;
            Some((
                name.clone(),
                Value::from(spec(name, &needed.name, &needed.version)),
            ))
        });
        let needs: Map<String, Value> = needs.collect();
        (!needs.is_empty()).then(|| needs.into())
    };
    set("dependencies", versions(&package.needs));
    set("optionalDependencies", versions(&package.may_need));
    // Nothing is lost where one that is for another machine cannot be installed.
    let is_for_others = package.os.is_some() || package.cpu.is_some();
    set("optional", is_for_others.then_some(Value::Bool(true)));
    Some(entry.into())
}

/// A version as package.json asks for it.
pub(super) fn spec(asked: &str, name: &str, version: &str) -> String {
    match asked == name {
        true => version.to_owned(),
        false => format!("npm:{name}@{version}"),
    }
}

fn at(folder: &str, name: &str) -> String {
    match folder {
        "" => format!("node_modules/{name}"),
        folder => format!("{folder}/node_modules/{name}"),
    }
}

struct Layout<'a> {
    graph: &'a Graph,
    /// By what has the `node_modules`: a member's folder, or an installed package's.
    folders: BTreeMap<String, Folder>,
    open: VecDeque<(String, String)>,
}

impl Layout<'_> {
    /// Makes `name` in `from` lead to a package.
    fn place(&mut self, from: &str, name: &str, id: &str) {
        if !self.graph.packages.contains_key(id) {
            return;
        }
        let above = folders_above(from);
        // Nearest first: what is found there already, or how high it may go.
        let mut target = None;
        for (index, folder) in above.iter().enumerate() {
            let folder = self.folders.entry(folder.clone()).or_default();
            match folder.has.get(name) {
                Some(other) if other == id => {
                    self.pass(&above[..index], name);
                    return;
                }
                // Another version is in the way.
                Some(_) => break,
                // Somebody below found another version higher up, and must go on finding it.
                None if folder.passed.contains(name) => {}
                None => target = Some(index),
            }
        }
        let target = target.unwrap_or(0);
        let folder = above[target].clone();
        self.pass(&above[..target], name);
        self.folders
            .entry(folder.clone())
            .or_default()
            .has
            .insert(name.to_owned(), id.to_owned());
        self.open.push_back((at(&folder, name), id.to_owned()));
    }

    fn pass(&mut self, folders: &[String], name: &str) {
        for folder in folders {
            self.folders
                .entry(folder.clone())
                .or_default()
                .passed
                .insert(name.to_owned());
        }
    }
}

/// Where Node looks from a folder, nearest first: `a/node_modules/b` looks there, in `a` and at the root.
fn folders_above(from: &str) -> Vec<String> {
    let mut above = vec![from.to_owned()];
    let mut rest = from;
    while let Some(end) = rest.rfind("node_modules/") {
        rest = rest[..end].trim_end_matches('/');
        above.push(rest.to_owned());
    }
    if !rest.is_empty() {
        above.push(String::new());
    }
    above.dedup();
    above
}

#[cfg(test)]
mod tests {
    use super::super::Locked;
    use super::*;

    fn graph(packages: &[(&str, &[&str])], roots: &[&str]) -> Graph {
        let name = |id: &str| id.split('@').next().unwrap_or_default().to_owned();
        let packages = packages.iter().map(|(id, needs)| {
            let needs = needs
                .iter()
                .map(|need| (name(need), (*need).to_owned()))
                .collect();
            let version = id.split('@').nth(1).unwrap_or_default().to_owned();
            (
                (*id).to_owned(),
                Locked {
                    name: name(id),
                    version,
                    needs,
                    ..Locked::default()
                },
            )
        });
        let roots = roots
            .iter()
            .map(|id| (name(id), Need::Package((*id).to_owned())))
            .collect();
        Graph {
            members: BTreeMap::from([(String::new(), roots)]),
            packages: packages.collect(),
        }
    }

    /// What Node finds from a folder.
    fn looked_up<'a>(packages: &'a Map<String, Value>, from: &str, name: &str) -> Option<&'a str> {
        let mut found = folders_above(from)
            .into_iter()
            .filter_map(|folder| packages.get(&at(&folder, name)));
        found.next()?.get("version")?.as_str()
    }

    #[test]
    fn each_package_finds_the_version_that_is_locked_for_it() {
        let graph = graph(
            &[
                ("a@1", &["c@1", "d@1"]),
                ("b@1", &["c@2", "d@2"]),
                ("c@1", &["d@2"]),
                ("c@2", &["d@1", "a@1"]),
                ("d@1", &["b@1"]),
                ("d@2", &[]),
            ],
            &["a@1", "b@1", "d@2"],
        );
        let packages = layout(&graph, &Members::default());
        for (path, package) in &packages {
            let name = path.rsplit("node_modules/").next().unwrap();
            let id = format!("{name}@{}", package["version"].as_str().unwrap());
            for (needed, need) in &graph.packages[&id].needs {
                let version = need.split('@').nth(1);
                assert_eq!(
                    looked_up(&packages, path, needed),
                    version,
                    "{needed} of {path}: {packages:#?}"
                );
            }
        }
        assert_eq!(looked_up(&packages, "", "d"), Some("2"));
    }
}
