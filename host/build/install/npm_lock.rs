//! A lock file of npm's, with nothing in it but packages of registries and of the bot's folder.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::members::{Members, below, refused};
use super::spec::{Spec, is_package_name};
use crate::build::error::{BuildError, Place, Problem};
use crate::build::package_json::read_object;

/// What npm writes; the newer ones last.
pub(super) const NAMES: [&str; 2] = ["package-lock.json", "npm-shrinkwrap.json"];

/// What is kept of a locked package.
const KEPT: [&str; 15] = [
    "name",
    "version",
    "integrity",
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "bundleDependencies",
    "inBundle",
    "optional",
    "peer",
    "os",
    "cpu",
    "libc",
    "engines",
];
const OF_OTHERS: [&str; 3] = ["dependencies", "optionalDependencies", "peerDependencies"];

/// Reads the lock file of `root`; none when it has none.
///
/// Fails with every package in it that comes from elsewhere.
pub(super) fn read(root: &Path, members: &Members) -> Result<Option<Value>, BuildError> {
    // npm goes by the shrinkwrap where both are.
    let Some(file) = NAMES.iter().rev().find(|name| root.join(name).is_file()) else {
        return Ok(None);
    };
    let lock = read_object(&root.join(file))?.unwrap_or_default();
    let mut reading = Reading {
        root,
        file,
        members,
        packages: Map::new(),
        problems: Vec::new(),
    };
    reading.own_packages();
    match lock.get("packages") {
        Some(Value::Object(packages)) => {
            for (path, package) in packages {
                if let Value::Object(package) = package {
                    reading.package(path, package);
                }
            }
        }
        _ => reading.old_tree("", lock.get("dependencies")),
    }
    if !reading.problems.is_empty() {
        return Err(BuildError::Code(reading.problems));
    }
    let packages = reading.packages;
    Ok(Some(
        json!({ "lockfileVersion": 3, "requires": true, "packages": packages }),
    ))
}

struct Reading<'a> {
    root: &'a Path,
    file: &'a str,
    members: &'a Members,
    packages: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    /// The packages of the folder are as their package.json say.
    fn own_packages(&mut self) {
        for (folder, manifest) in self.members.manifests() {
            self.packages
                .insert(folder.to_owned(), manifest.clone().into());
        }
    }

    fn package(&mut self, path: &str, package: &Map<String, Value>) {
        let is_set = |key: &str| package.get(key) == Some(&Value::Bool(true));
        if is_set("dev") || path.is_empty() || self.members.has(path) {
            return;
        }
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let resolved = text("resolved");
        let Some(name) = installed_name(path) else {
            // Of folders only those count that a package.json leads to.
            if is_set("extraneous") || below("", path).is_some() {
                return;
            }
            return self.refuse(path, format!("`{path}` is not in the bot's folder"));
        };
        if is_set("link") {
            match below("", resolved) {
                Some(target) if self.members.has(&target) => {
                    let link = json!({ "resolved": target, "link": true });
                    self.packages.insert(path.to_owned(), link);
                }
                // A package of the workspace that this bot does not need.
                Some(_) => {}
                None => self.refuse(
                    name,
                    format!("`{name}` is a link to `{resolved}`, which is not in the bot's folder"),
                ),
            }
            return;
        }
        let is_inner_archive = resolved
            .strip_prefix("file:")
            .and_then(|path| below("", path));
        let is_inner_archive =
            is_inner_archive.is_some_and(|path| self.members.archives.contains(&path));
        let is_remote = resolved.starts_with("https://") || resolved.starts_with("http://");
        if !(resolved.is_empty() || is_remote || is_inner_archive) || is_repository(resolved) {
            return self.refuse(
                name,
                format!("`{name}` is `{resolved}`: a host installs packages of a registry only"),
            );
        }
        if Spec::of(text("version")) != Spec::Registry {
            let version = text("version").to_owned();
            return self.refuse(
                name,
                format!("`{name}` is `{version}`: a host installs packages of a registry only"),
            );
        }
        // npm asks the registry for `name@version`, whatever that comes to.
        if package.contains_key("name") && !is_package_name(text("name")) {
            let other = text("name").to_owned();
            return self.refuse(
                name,
                format!("`{name}` is called `{other}`, which no package of a registry is"),
            );
        }
        let mut kept = Map::new();
        for key in KEPT {
            if let Some(value) = package.get(key) {
                kept.insert(key.to_owned(), value.clone());
            }
        }
        if !resolved.is_empty() {
            kept.insert("resolved".to_owned(), Value::from(resolved));
        }
        for kind in OF_OTHERS {
            let Some(Value::Object(dependencies)) = package.get(kind) else {
                kept.remove(kind);
                continue;
            };
            for (other, spec) in dependencies {
                let spec = spec.as_str().unwrap_or_default();
                if !is_package_name(other) || Spec::of(spec) != Spec::Registry {
                    let problem = format!(
                        "`{name}` depends on `{other}` as `{spec}`: a host installs packages of a registry only"
                    );
                    self.refuse(name, problem);
                }
            }
        }
        self.packages.insert(path.to_owned(), kept.into());
    }

    /// What npm wrote until its version 6: a tree of names.
    fn old_tree(&mut self, above: &str, dependencies: Option<&Value>) {
        let Some(Value::Object(dependencies)) = dependencies else {
            return;
        };
        for (name, old) in dependencies {
            let Value::Object(old) = old else {
                continue;
            };
            let path = match above {
                "" => format!("node_modules/{name}"),
                above => format!("{above}/node_modules/{name}"),
            };
            let mut package = old.clone();
            let version = old
                .get("version")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let folder = version
                .strip_prefix("file:")
                .and_then(|path| below("", path));
            match folder {
                Some(folder) if self.members.has(&folder) => {
                    package.insert("link".to_owned(), true.into());
                    package.insert("resolved".to_owned(), folder.into());
                }
                _ => {
                    let alias = version
                        .strip_prefix("npm:")
                        .and_then(|alias| alias.rsplit_once('@'));
                    if let Some((name, version)) = alias {
                        package.insert("name".to_owned(), name.into());
                        package.insert("version".to_owned(), version.into());
                    }
                }
            }
            match old.get("requires") {
                Some(requires @ Value::Object(_)) => {
                    package.insert("dependencies".to_owned(), requires.clone())
                }
                _ => package.remove("dependencies"),
            };
            if old.get("bundled") == Some(&Value::Bool(true)) {
                package.insert("inBundle".to_owned(), true.into());
            }
            self.package(&path, &package);
            self.old_tree(&path, old.get("dependencies"));
        }
    }

    fn refuse(&mut self, name: &str, message: String) {
        let place = Place::of_import(self.root, self.file, name)
            .or_else(|| Place::of_import(self.root, self.file, &format!("node_modules/{name}")));
        self.problems.push(refused(name, message, place));
    }
}

/// The package that a path ends with, when it is one of names between `node_modules` and of nothing else.
fn installed_name(path: &str) -> Option<&str> {
    let (folder, rest) = path.split_once("node_modules/")?;
    if !folder.is_empty() && below("", folder.strip_suffix('/')?).is_none() {
        return None;
    }
    let names: Vec<_> = rest.split("/node_modules/").collect();
    let last = names.last().copied();
    names
        .into_iter()
        .all(is_package_name)
        .then_some(last)
        .flatten()
}

/// An address that npm gives to git.
fn is_repository(resolved: &str) -> bool {
    let path = resolved.split(['#', '?']).next().unwrap_or_default();
    path.ends_with(".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_installed_packages_lead_nowhere_else() {
        for (path, name) in [
            ("node_modules/ms", "ms"),
            ("node_modules/@a/b/node_modules/ms", "ms"),
            ("packages/x/node_modules/@a/b", "@a/b"),
        ] {
            assert_eq!(installed_name(path), Some(name), "{path}");
        }
        for path in [
            "../node_modules/ms",
            "/etc/node_modules/ms",
            "node_modules/../x",
            "node_modules/ms/../../../x",
            "node_modules/.bin",
            "node_modules/a/b",
            "packages/x",
            "x/../../node_modules/ms",
        ] {
            assert_eq!(installed_name(path), None, "{path}");
        }
    }
}
