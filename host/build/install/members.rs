//! The packages whose own files are in the bot's folder: the bot, and those that it leads to.
//!
//! What npm is given of an upload is written anew from these, so that nothing of an upload that npm
//! would take for a setting, and no dependency that leads out of the folder, ever reaches npm.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Map, Value};

use super::spec::{Spec, is_package_name};
use crate::build::error::{BuildError, Place, Problem, ProblemKind, Report};
use crate::build::package_json::read_object;

/// What a bot needs of a package.json's dependencies to run.
pub(in crate::build) const KINDS: [&str; 3] =
    ["dependencies", "optionalDependencies", "peerDependencies"];

/// Kept of a package.json as it is: nothing here names a program, a file or an address.
const KEPT: [&str; 4] = ["name", "version", "os", "peerDependenciesMeta"];

/// How deep folders are looked through for packages of a workspace.
const MAX_DEPTH: usize = 6;

/// A dependency between packages of the folder.
const LINK: &str = "file:";

/// The packages of a folder, each by its own folder: `` is the bot itself, or its workspace.
#[derive(Default)]
pub(super) struct Members {
    manifests: BTreeMap<String, Map<String, Value>>,
    /// What each package.json itself says, by folder and name.
    asked: BTreeMap<(String, String), String>,
    /// Archives of packages that lie in the folder.
    pub(super) archives: BTreeSet<String>,
}

impl Members {
    /// Reads the package.json of `root` and of each package that it leads to.
    ///
    /// Fails with every dependency that is neither of a registry nor in the folder.
    pub(super) fn read(root: &Path) -> Result<Self, BuildError> {
        let top = read_object(&root.join("package.json"))?.unwrap_or_default();
        let mut reading = Reading {
            root,
            owned: BTreeMap::new(),
            asked: BTreeMap::new(),
            archives: BTreeSet::new(),
            problems: Vec::new(),
        };
        let mut found = BTreeMap::from([(String::new(), top)]);
        for folder in workspace_folders(root, &found[""]) {
            let Some(manifest) = read_object(&root.join(&folder).join("package.json"))? else {
                continue;
            };
            if let Some(name) = manifest.get("name").and_then(Value::as_str) {
                reading
                    .owned
                    .entry(name.to_owned())
                    .or_insert_with(|| folder.clone());
            }
            found.insert(folder, manifest);
        }
        let mut manifests = BTreeMap::new();
        while let Some((folder, manifest)) = found.pop_first() {
            let manifest = reading.rewritten(&folder, &manifest);
            for target in targets(&folder, &manifest) {
                if manifests.contains_key(&target)
                    || found.contains_key(&target)
                    || target == folder
                {
                    continue;
                }
                if let Some(manifest) = read_object(&root.join(&target).join("package.json"))? {
                    found.insert(target, manifest);
                }
            }
            manifests.insert(folder, manifest);
        }
        match reading.problems.is_empty() {
            true => Ok(Self {
                manifests,
                asked: reading.asked,
                archives: reading.archives,
            }),
            false => Err(BuildError::Code(reading.problems)),
        }
    }

    /// Each package's folder and what npm is given as its package.json.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        self.manifests
            .iter()
            .map(|(folder, manifest)| (folder.as_str(), manifest))
    }

    pub(super) fn has(&self, folder: &str) -> bool {
        self.manifests.contains_key(folder)
    }

    /// Whether the package.json of a folder asks for `name` just so.
    pub(super) fn is_asked(&self, folder: &str, name: &str, spec: &str) -> bool {
        self.asked
            .get(&(folder.to_owned(), name.to_owned()))
            .is_some_and(|asked| asked == spec)
    }

    /// Has the package in a folder ask for exactly this.
    pub(super) fn pin(&mut self, folder: &str, name: &str, spec: String) {
        let Some(manifest) = self.manifests.get_mut(folder) else {
            return;
        };
        for kind in KINDS {
            if let Some(Value::Object(map)) = manifest.get_mut(kind)
                && let Some(asked) = map.get_mut(name)
            {
                *asked = Value::from(spec.clone());
            }
        }
    }
}

struct Reading<'a> {
    root: &'a Path,
    /// The workspace's packages by name.
    owned: BTreeMap<String, String>,
    asked: BTreeMap<(String, String), String>,
    archives: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    /// A package.json with nothing in it but what is installed for the bot to run.
    fn rewritten(&mut self, folder: &str, manifest: &Map<String, Value>) -> Map<String, Value> {
        let kept = KEPT
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), manifest.get(*key)?.clone())));
        let mut rewritten: Map<String, Value> = kept.collect();
        for kind in KINDS {
            let Some(Value::Object(dependencies)) = manifest.get(kind) else {
                continue;
            };
            let mut map = Map::new();
            for (name, spec) in dependencies {
                let spec = spec.as_str().unwrap_or_default();
                let asked = (folder.to_owned(), name.clone());
                self.asked.insert(asked, spec.to_owned());
                if let Some(spec) = self.dependency(folder, name, spec) {
                    map.insert(name.clone(), Value::from(spec));
                }
            }
            rewritten.insert(kind.to_owned(), map.into());
        }
        if folder.is_empty() {
            if let Some(overrides) = manifest.get("overrides") {
                self.overrides(overrides);
                rewritten.insert("overrides".to_owned(), overrides.clone());
            }
            let folders: Vec<_> = self.owned.values().cloned().map(Value::from).collect();
            if !folders.is_empty() {
                rewritten.insert("workspaces".to_owned(), folders.into());
            }
        }
        rewritten
    }

    /// A dependency as npm is given it; none when npm must not see it.
    fn dependency(&mut self, folder: &str, name: &str, spec: &str) -> Option<String> {
        if !is_package_name(name) {
            self.refuse(folder, name, format!("`{name}` is no name of a package"));
            return None;
        }
        match Spec::of(spec) {
            Spec::Registry => Some(match self.owned.get(name) {
                // Never a registry's package in the place of the workspace's own.
                Some(own) if own != folder => format!("{LINK}{}", relative(folder, own)),
                _ => spec.to_owned(),
            }),
            Spec::Workspace => {
                match self.owned.get(name) {
                    Some(own) => Some(format!("{LINK}{}", relative(folder, own))),
                    None => {
                        self.refuse(
                        folder,
                        name,
                        format!("`{name}` is `{spec}`, and no package of that name is in this workspace"),
                    );
                        None
                    }
                }
            }
            Spec::Path(path) => self.on_disk(folder, name, spec, path),
            Spec::Catalog(named) => match catalog(self.root, name, named) {
                Some(version) if Spec::of(&version) == Spec::Registry => Some(version),
                _ => {
                    self.refuse(
                        folder,
                        name,
                        format!("`{name}` is `{spec}`, which pnpm-workspace.yaml does not name"),
                    );
                    None
                }
            },
            Spec::Elsewhere => {
                self.refuse(
                    folder,
                    name,
                    format!("`{name}` is `{spec}`: a host installs packages of a registry only"),
                );
                None
            }
        }
    }

    fn on_disk(&mut self, folder: &str, name: &str, spec: &str, path: &str) -> Option<String> {
        let inside = below(folder, path).filter(|path| {
            let full = self.root.join(path);
            // Links of the folder may lead anywhere.
            full.canonicalize().is_ok_and(|real| {
                self.root
                    .canonicalize()
                    .is_ok_and(|root| real == root.join(path))
            })
        });
        let Some(inside) = inside else {
            let problem = format!("`{name}` is `{spec}`, which is not in the bot's folder");
            self.refuse(folder, name, problem);
            return None;
        };
        let full = self.root.join(&inside);
        if full.join("package.json").is_file() {
            return Some(format!("{LINK}{}", relative(folder, &inside)));
        }
        if is_archive(&full) {
            self.archives.insert(inside.clone());
            return Some(format!("{LINK}{}", relative(folder, &inside)));
        }
        self.refuse(
            folder,
            name,
            format!("`{name}` is `{spec}`, and there is no package: neither a folder with a package.json nor an archive (.tgz)"),
        );
        None
    }

    /// Overrides are versions, or maps of them.
    fn overrides(&mut self, overrides: &Value) {
        match overrides {
            Value::Object(map) => {
                for (name, value) in map {
                    match value {
                        Value::String(spec)
                            if !spec.starts_with('$') && Spec::of(spec) != Spec::Registry =>
                        {
                            let problem = format!(
                                "`overrides` has `{name}` as `{spec}`: a host installs packages of a registry only"
                            );
                            self.refuse("", name, problem);
                        }
                        _ => self.overrides(value),
                    }
                }
            }
            Value::String(_) | Value::Null => {}
            other => self.refuse(
                "",
                "overrides",
                format!("`overrides` holds `{other}`, which is no version"),
            ),
        }
    }

    fn refuse(&mut self, folder: &str, name: &str, message: String) {
        let file = match folder {
            "" => "package.json".to_owned(),
            folder => format!("{folder}/package.json"),
        };
        let place = Place::of_import(self.root, &file, name);
        self.problems.push(refused(name, message, place));
    }
}

/// Whether a file is a package as `npm pack` makes one. By its name and its first bytes: what npm takes for a setting or a
/// lock file is none.
fn is_archive(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_named = [".tgz", ".tar.gz", ".tar"]
        .iter()
        .any(|end| name.ends_with(end));
    let is_plain = std::fs::symlink_metadata(file).is_ok_and(|found| found.is_file());
    if !is_named || !is_plain {
        return false;
    }
    let mut begin = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(512).read_to_end(&mut begin));
    read.is_ok() && (begin.starts_with(&[0x1f, 0x8b]) || begin.get(257..262) == Some(b"ustar"))
}

/// The refusal of a dependency that a host does not install.
pub(super) fn refused(name: &str, message: String, place: Option<Place>) -> Problem {
    let advice = format!(
        "take a version of the registry, or put the package into the bot's folder and depend on it there: \
         \"{name}\": \"file:./packages/{name}\"; or build where it is installed, and deploy that: \
         roost build DIR -o bot.wasm && roost deploy bot.wasm"
    );
    Problem {
        kind: ProblemKind::Dependency(name.to_owned()),
        report: Report::new(message).with_place(place).with_advice(advice),
    }
}

/// The folders of the packages that one names by `file:`.
fn targets(folder: &str, manifest: &Map<String, Value>) -> Vec<String> {
    let maps = KINDS
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_object());
    let specs = maps.flat_map(|map| map.values()).filter_map(Value::as_str);
    specs
        .filter_map(|spec| below(folder, spec.strip_prefix(LINK)?))
        .collect()
}

/// The folders that a package.json's `workspaces`, or pnpm-workspace.yaml, names.
pub(in crate::build) fn workspace_folders(
    root: &Path,
    manifest: &Map<String, Value>,
) -> Vec<String> {
    let patterns = workspace_patterns(root, manifest);
    if patterns.is_empty() {
        return Vec::new();
    }
    let set = |wanted: bool| -> GlobSet {
        let mut set = GlobSetBuilder::new();
        for pattern in &patterns {
            let (is_wanted, pattern) = match pattern.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, pattern.as_str()),
            };
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            if is_wanted == wanted
                && let Ok(glob) = glob
            {
                set.add(glob);
            }
        }
        set.build().unwrap_or_default()
    };
    let (wanted, unwanted) = (set(true), set(false));
    let mut folders = Vec::new();
    let mut open = vec![(String::new(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !entry.file_type().is_ok_and(|kind| kind.is_dir())
                || name == "node_modules"
                || name.starts_with('.')
            {
                continue;
            }
            let path = join(&folder, &name);
            if wanted.is_match(&path)
                && !unwanted.is_match(&path)
                && root.join(&path).join("package.json").is_file()
            {
                folders.push(path.clone());
            }
            if depth < MAX_DEPTH {
                open.push((path, depth + 1));
            }
        }
    }
    folders.sort();
    folders
}

/// What names a workspace's packages; empty for a folder that is none.
pub(in crate::build) fn workspace_patterns(
    root: &Path,
    manifest: &Map<String, Value>,
) -> Vec<String> {
    let of_pnpm = pnpm_workspace(root);
    let listed = match manifest.get("workspaces") {
        Some(Value::Object(map)) => map.get("packages"),
        Some(list) => Some(list),
        None => of_pnpm.get("packages"),
    };
    let listed = listed.and_then(Value::as_array).into_iter().flatten();
    listed
        .filter_map(|pattern| pattern.as_str().map(str::to_owned))
        .collect()
}

/// What a catalog of pnpm-workspace.yaml says of a package.
fn catalog(root: &Path, name: &str, catalog: &str) -> Option<String> {
    let workspace = pnpm_workspace(root);
    let found = match catalog {
        "" | "default" => workspace
            .get("catalog")
            .or_else(|| workspace.get("catalogs")?.get("default")),
        named => workspace.get("catalogs")?.get(named),
    };
    found?.get(name)?.as_str().map(str::to_owned)
}

/// What pnpm-workspace.yaml holds; nothing where there is none, or where it cannot be read.
fn pnpm_workspace(root: &Path) -> Map<String, Value> {
    let text = std::fs::read_to_string(root.join("pnpm-workspace.yaml")).unwrap_or_default();
    serde_saphyr::from_str(&text).unwrap_or_default()
}

/// A path as written in the package.json of `folder`, from the root; none when it leads out.
pub(super) fn below(folder: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) || path.contains(['\\', ':', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            "node_modules" => return None,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The way from one folder to another, both from the root.
fn relative(from: &str, to: &str) -> String {
    let (from, to): (Vec<_>, Vec<_>) = {
        let parts = |path: &'_ str| {
            path.split('/')
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        (parts(from), parts(to))
    };
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let way: Vec<_> = up.chain(to[shared..].iter().cloned()).collect();
    match way.is_empty() {
        true => ".".to_owned(),
        false => way.join("/"),
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}
