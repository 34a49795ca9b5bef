//! What modules may load by name while the bot runs, so that it is in the bundle.
//!
//! A name that is known is looked for as it is. One with holes leads to the files that it fits. One
//! of which nothing is known leads, in the bot's own code, to all of the bot's own files, and
//! otherwise to the packages of package.json that the bot's code names somewhere in quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Kind, Name, Scan};
use crate::build::diagnose::package_name;
use crate::build::inspect::package_in;
use crate::build::install::find_package;
use crate::build::package_json::PackageJson;
use crate::build::{native, place};

/// Extensions that the bundler takes for code.
const CODE: [&str; 8] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];
/// In the order in which Node and the loaders for TypeScript try them.
const TRIED: [&str; 9] = [
    "js", "json", "node", "mjs", "cjs", "ts", "tsx", "mts", "cts",
];
/// Folders whose code nobody loads while the bot runs.
const NO_CODE: [&str; 11] = [
    "node_modules",
    "coverage",
    "test",
    "tests",
    "__tests__",
    "public",
    "static",
    "www",
    "client",
    "frontend",
    "docs",
];
/// Where compilers write.
const COMPILED: [&str; 4] = ["dist", "build", "out", "lib"];

/// Files of a package that a name with holes may bring along; of more only those that the bot names.
const MAX_OF_PACKAGE: usize = 40;
/// Own files that a name of which nothing is known may bring along.
const MAX_OWN: usize = 1000;

/// What is in the bundle to be loaded by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::build) struct Table {
    /// Files, on disk.
    pub(in crate::build) required: BTreeSet<String>,
    pub(in crate::build) imported: BTreeSet<String>,
    /// For each module that asks, the names of packages.
    pub(in crate::build) askers: BTreeMap<String, Names>,
    pub(in crate::build) resolved: Resolved,
}

/// What `require.resolve` is asked for, so that it can be read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::build) struct Resolved {
    /// Packages: who asks, and for what.
    pub(in crate::build) packages: BTreeSet<(String, String)>,
    /// Files of packages that these ask for themselves, on disk.
    pub(in crate::build) files: BTreeSet<String>,
}

/// Names that one module asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::build) struct Names {
    pub(in crate::build) required: BTreeSet<String>,
    pub(in crate::build) imported: BTreeSet<String>,
}

impl Table {
    pub(in crate::build) fn is_empty(&self) -> bool {
        self.required.is_empty() && self.imported.is_empty() && self.askers.is_empty()
    }
}

/// `scans` are the bundle's modules by where they are on disk; `dir` is the bot's folder. Nothing
/// outside of `boundary` is looked at.
pub(in crate::build) fn table(
    dir: &Path,
    boundary: Option<&Path>,
    package: &PackageJson,
    scans: &BTreeMap<String, Scan>,
    builtins: &[&str],
) -> Table {
    let mut making = Making {
        dir,
        boundary,
        builtins,
        texts: BTreeSet::new(),
        suggested: BTreeSet::new(),
        own: None,
        table: Table::default(),
    };
    let asks = |scan: &Scan| !scan.calls.is_empty();
    if !scans.values().any(asks) {
        return making.table;
    }
    for (_, scan) in scans.iter().filter(|(file, _)| is_own(file)) {
        making.texts.extend(scan.texts.iter().cloned());
    }
    making.suggest(package);
    for (file, scan) in scans {
        for call in &scan.calls {
            making.call(file, call.kind, &call.name, scan.has_cache);
        }
    }
    making.table
}

fn is_own(file: &str) -> bool {
    package_in(file).is_none()
}

struct Making<'a> {
    dir: &'a Path,
    boundary: Option<&'a Path>,
    builtins: &'a [&'a str],
    /// What the bot's own code has in quotes.
    texts: BTreeSet<String>,
    /// Packages that it names there.
    suggested: BTreeSet<String>,
    /// All of its code files, once they were asked for.
    own: Option<Vec<String>>,
    table: Table,
}

impl Making<'_> {
    fn suggest(&mut self, package: &PackageJson) {
        let listed = self.listed(package);
        let is_direct = |name: &str| listed.contains(name);
        let named = self.texts.iter().filter(|text| {
            let is_bare = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@');
            is_bare && is_direct(package_name(text)) && !text.contains([' ', ':', '\\'])
        });
        let mut suggested: BTreeSet<String> = named.cloned().collect();
        // A view engine is loaded by the extension of its views.
        let extensions = self
            .texts
            .iter()
            .filter_map(|text| text.rsplit_once('.'))
            .map(|(_, end)| end.to_owned());
        suggested.extend(extensions.filter(|end| is_direct(end)));
        let of_files = listed.iter().filter(|name| {
            !name.contains(['@', '/', '-'])
                && !CODE.contains(&name.as_str())
                && has_file(self.dir, name, 0)
        });
        suggested.extend(of_files.cloned());
        suggested.retain(|name| !self.is_given(name) && !native::is_known(package_name(name)));
        self.suggested = suggested;
    }

    /// The packages that the bot asks for in its own package.json, or in that of a folder above whose packages it
    /// uses, as the folders of a workspace do.
    fn listed(&self, package: &PackageJson) -> BTreeSet<String> {
        let names = |package: &PackageJson| {
            let optional = package.optional_dependencies.keys();
            let all = package.dependencies.keys().chain(optional);
            all.cloned().collect::<Vec<_>>()
        };
        let mut listed: BTreeSet<String> = names(package).into_iter().collect();
        for folder in self.dir.ancestors().skip(1) {
            if !self.may_look(&folder.to_string_lossy()) {
                break;
            }
            let has_packages = folder.join("node_modules").is_dir();
            if let Some(above) = PackageJson::read(folder).ok().filter(|_| has_packages) {
                listed.extend(names(&above));
            }
        }
        listed
    }

    /// Whether the runtime has it.
    fn is_given(&self, name: &str) -> bool {
        name.starts_with("node:")
            || self.builtins.contains(&name)
            || crate::build::PROVIDED.contains(&name)
    }

    /// `reloads`: whether the module looks at `require.cache`, so that what it finds is what it loads.
    fn call(&mut self, file: &str, kind: Kind, name: &Name, reloads: bool) {
        match name {
            Name::Exact(name) if is_path(name) => {
                let target = normal(&from(file, name));
                if kind == Kind::Resolve && !is_own(file) && self.may_look(&target) {
                    self.table.resolved.files.extend(found_at(&target));
                }
                let is_code = (kind != Kind::Resolve || reloads) && self.may_look(&target);
                if let Some(found) = self.code_file(&target, is_own(file)).filter(|_| is_code) {
                    self.add_file(kind, found);
                }
            }
            Name::Exact(name) => {
                if self.is_given(name) || name.is_empty() || name.starts_with("data:") {
                    return;
                }
                match kind {
                    Kind::Resolve => {
                        let asked = (file.to_owned(), name.clone());
                        self.table.resolved.packages.insert(asked);
                    }
                    _ => self.add_name(file, kind, name.clone()),
                }
            }
            Name::Between(before, after) if is_path(before) => {
                let is_open = before.ends_with('/');
                let mut before = normal(&from(file, before));
                if is_open {
                    before.push('/');
                }
                for found in self.fitting(file, &before, after) {
                    self.add_file(kind, found);
                }
            }
            Name::Between(before, after) => self.between_packages(file, kind, before, after),
            Name::Unknown => {
                if is_own(file) && kind != Kind::Resolve {
                    for found in self.own_files(file) {
                        self.add_file(kind, found);
                    }
                }
                for name in self.suggested.clone() {
                    self.add_name(file, kind, name);
                }
            }
        }
    }

    fn may_look(&self, path: &str) -> bool {
        self.boundary
            .is_none_or(|boundary| Path::new(path).starts_with(boundary))
    }

    fn add_file(&mut self, kind: Kind, file: String) {
        match kind {
            Kind::Import => self.table.imported.insert(file),
            _ => self.table.required.insert(file),
        };
    }

    fn add_name(&mut self, asker: &str, kind: Kind, name: String) {
        let names = self.table.askers.entry(asker.to_owned()).or_default();
        match kind {
            Kind::Import => names.imported.insert(name),
            _ => names.required.insert(name),
        };
    }

    /// `'@adapters/' + name`, `'lodash/' + name`
    fn between_packages(&mut self, file: &str, kind: Kind, before: &str, after: &str) {
        let package = package_name(before);
        let is_inside =
            before.len() > package.len() && (!package.starts_with('@') || package.contains('/'));
        if is_inside {
            let Some(folder) = find_package(Path::new(file), package, self.boundary) else {
                return;
            };
            let start = format!("{}{}", folder.display(), &before[package.len()..]);
            for found in self.fitting(&folder.join("x.js").to_string_lossy(), &start, after) {
                let rest = found
                    .strip_prefix(&*folder.to_string_lossy())
                    .unwrap_or_default();
                let name = format!("{package}{rest}");
                let bare = name
                    .rsplit_once('.')
                    .map_or(name.clone(), |(stem, _)| stem.to_owned());
                self.add_name(file, kind, bare);
            }
            return;
        }
        let fits = |name: &&String| name.starts_with(before) && name.ends_with(after);
        for name in self
            .suggested
            .iter()
            .filter(fits)
            .cloned()
            .collect::<Vec<_>>()
        {
            self.add_name(file, kind, name);
        }
    }

    /// The code files that a name with a hole fits.
    fn fitting(&self, asker: &str, before: &str, after: &str) -> Vec<String> {
        let Some((folder, _)) = before.rsplit_once('/') else {
            return Vec::new();
        };
        if !self.may_look(folder) {
            return Vec::new();
        }
        let mut found = Vec::new();
        code_files(Path::new(folder), &mut found);
        found.retain(|file| {
            let Some(rest) = file.strip_prefix(before) else {
                return false;
            };
            let (stem, _) = rest.rsplit_once('.').unwrap_or((rest, ""));
            after.is_empty()
                || rest.ends_with(after)
                || stem.ends_with(after)
                // What is compiled from it has the other name.
                || after.strip_suffix(".js").is_some_and(|after| stem.ends_with(after))
        });
        if !is_own(asker) && found.len() > MAX_OF_PACKAGE {
            found.retain(|file| {
                let rest = &file[before.len()..];
                let stem = rest.rsplit_once('.').map_or(rest, |(stem, _)| stem);
                self.texts.contains(stem) || self.texts.contains(rest)
            });
        }
        found
    }

    /// The code that the bot itself has, as far as this module would load it.
    fn own_files(&mut self, asker: &str) -> Vec<String> {
        let dir = self.dir;
        let own = self.own.get_or_insert_with(|| {
            let mut found = Vec::new();
            code_files(dir, &mut found);
            found
        });
        let root = format!("{}/", dir.display());
        let top = |file: &str| {
            let folder = file
                .strip_prefix(&root)
                .and_then(|file| file.split_once('/'));
            folder
                .map(|(top, _)| top.to_owned())
                .filter(|top| COMPILED.contains(&top.as_str()))
        };
        let wanted = top(asker);
        let files = own.iter().filter(|file| top(file) == wanted);
        files.take(MAX_OWN).cloned().collect()
    }

    /// Node's way from a path to a file of code; data in JSON is code of a package, whose files do not come along.
    fn code_file(&self, path: &str, is_own: bool) -> Option<String> {
        let is_code = |path: &str| {
            let end = path.rsplit_once('.').map_or("", |(_, end)| end);
            (CODE.contains(&end) || (end == "json" && !is_own)) && Path::new(path).is_file()
        };
        tried(path).into_iter().find(|path| is_code(path))
    }
}

/// The file that a path leads to, whatever is in it.
fn found_at(path: &str) -> Option<String> {
    tried(path)
        .into_iter()
        .find(|path| Path::new(path).is_file())
}

/// Where Node looks for what a path names, in its order.
fn tried(path: &str) -> Vec<String> {
    let mut tried = vec![path.to_owned()];
    tried.extend(TRIED.iter().map(|end| format!("{path}.{end}")));
    tried.extend(TRIED.iter().map(|end| format!("{path}/index.{end}")));
    if let Some(stem) = path.strip_suffix(".js") {
        tried.push(format!("{stem}.ts"));
    }
    tried
}

/// All code files below a folder, in order, without tests, declarations and what is for browsers.
fn code_files(folder: &Path, found: &mut Vec<String>) {
    let mut open = vec![PathBuf::from(folder)];
    let first = found.len();
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else {
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() && !NO_CODE.contains(&name.as_str()) {
                open.push(entry.path());
            } else if kind.is_file() && is_loadable(&name) {
                found.push(entry.path().to_string_lossy().into_owned());
            }
        }
        if found.len() - first > MAX_OWN {
            break;
        }
    }
    found[first..].sort();
}

fn is_loadable(name: &str) -> bool {
    let Some((stem, end)) = name.rsplit_once('.') else {
        return false;
    };
    let is_other = [".d", ".test", ".spec", ".config", ".min", ".stories"]
        .iter()
        .any(|end| stem.ends_with(end));
    CODE.contains(&end) && !is_other
}

/// Whether the bot has a file with this extension.
fn has_file(folder: &Path, extension: &str, depth: usize) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                depth < 6
                    && name != "node_modules"
                    && !name.starts_with('.')
                    && has_file(&path, extension, depth + 1)
            }
            Ok(kind) if kind.is_file() => path.extension().is_some_and(|end| end == extension),
            _ => false,
        }
    })
}

/// Whether a name is a path and no package's.
fn is_path(name: &str) -> bool {
    name.starts_with('/')
        || name == "."
        || name == ".."
        || name.starts_with("./")
        || name.starts_with("../")
}

/// A path as written in a file.
fn from(file: &str, name: &str) -> String {
    match name.starts_with('/') {
        true => name.to_owned(),
        false => {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{name}")
        }
    }
}

/// A path without `.` and `..`.
pub(super) fn normal(path: &str) -> String {
    place::normal(Path::new(path))
        .to_string_lossy()
        .into_owned()
}
