//! Looks at what went into a bundle for what cannot run: addons, unknown builtins, secrets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::Tools;
use super::diagnose::{env_file, is_env_file, native_module, package_name};
use super::error::{Place, Problem, ProblemKind, Report};
use super::esbuild::{Import, Metafile};
use super::install::find_package;
use super::native;

/// What was found in a bundle.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Report>,
    /// Packages that turned out to be machine code: another run has to do without them.
    pub(super) left_out: Vec<String>,
}

impl Findings {
    fn warn(&mut self, warning: Report) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// `native` are packages left out of the bundle because they are machine code.
pub(super) fn inspect(
    dir: &Path,
    meta: &Metafile,
    entry: &str,
    native: &BTreeSet<String>,
    tools: &Tools<'_>,
) -> Findings {
    let mut findings = Findings::default();
    let bundle = Inspected {
        dir,
        meta,
        importers: importers(meta, entry),
    };
    if tools.confined.is_some() {
        bundle.outside(&mut findings);
    }
    bundle.env_files(&mut findings);
    bundle.left_out(native, &mut findings);
    bundle.addons(&mut findings);
    bundle.builtins(tools.builtins, &mut findings);
    findings
}

struct Inspected<'a> {
    dir: &'a Path,
    meta: &'a Metafile,
    /// For each file, the first that imports it on the way from the entry, and what it wrote.
    importers: BTreeMap<&'a str, (&'a str, &'a str)>,
}

/// Whether a file, by its name from the bot's folder, is not below that folder.
pub(super) fn is_outside(path: &str) -> bool {
    path.starts_with('/') || path.split('/').next() == Some("..")
}

/// The problem with such a file. Nothing of what is in it is shown.
pub(super) fn outside(path: &str) -> Problem {
    let name = path.trim_start_matches("../");
    Problem {
        kind: ProblemKind::Outside(name.to_owned()),
        report: Report::new(format!("`{name}` is outside of the bot's folder"))
            .with_advice("copy it into the folder, or depend on it as a package of a registry"),
    }
}

impl Inspected<'_> {
    /// Uploaded code must not take files of the host with it.
    fn outside(&self, findings: &mut Findings) {
        for path in self.meta.inputs.keys().filter(|path| is_outside(path)) {
            let mut problem = outside(path);
            problem.report.place = self
                .imported_at(path)
                .0
                .filter(|place| !is_outside(&place.file));
            findings.problems.push(problem);
        }
    }

    fn env_files(&self, findings: &mut Findings) {
        for path in self.meta.inputs.keys().filter(|path| is_env_file(path)) {
            let (place, _) = self.imported_at(path);
            findings.problems.push(env_file(path, place));
        }
    }

    /// Native packages that are in no bundle: refused where the bot itself names one.
    ///
    /// Where a package names one it may be for a case that never comes, so it is only said, and
    /// only if somebody installed it.
    fn left_out(&self, native: &BTreeSet<String>, findings: &mut Findings) {
        for (path, input) in &self.meta.inputs {
            for import in input.imports.iter().filter(|import| import.external) {
                let package = package_name(&import.path);
                if !native.contains(package) {
                    continue;
                }
                if package_in(path).is_none() {
                    let place = Place::of_import(self.dir, path, import.written());
                    findings.problems.push(native_module(package, place, &[]));
                } else if find_package(self.dir, package).is_some() {
                    let (place, mut chain) = self.imported_at(path);
                    chain.extend(package_in(path).map(str::to_owned));
                    findings.warn(native_module(package, place, &chain).report);
                }
            }
        }
    }

    /// Packages nobody knew to be native: they hold an addon, or ask for one to be loaded.
    fn addons(&self, findings: &mut Findings) {
        for (path, input) in &self.meta.inputs {
            let asks =
                |import: &Import| package_in(&import.path).is_some_and(native::is_addon_loader);
            if !path.ends_with(".node") && !input.imports.iter().any(asks) {
                continue;
            }
            match package_in(path) {
                Some(package) if native::is_addon_loader(package) => {}
                Some(package) => findings.left_out.push(package.to_owned()),
                None => {
                    let (place, _) = self.imported_at(path);
                    findings.problems.push(native_module(path, place, &[]));
                }
            }
        }
    }

    fn builtins(&self, supported: &[&str], findings: &mut Findings) {
        let mut seen = BTreeSet::new();
        for (path, input) in &self.meta.inputs {
            let externals = input.imports.iter().filter(|import| import.external);
            for import in externals {
                let name = import.path.strip_prefix("node:");
                let is_builtin = name.is_some() || NODE_ONLY.contains(&import.path.as_str());
                let name = name.unwrap_or(&import.path);
                if !is_builtin || supported.contains(&name) || !seen.insert((path, name)) {
                    continue;
                }
                let place = Place::of_import(self.dir, path, import.written());
                let problem = unknown_builtin(&import.path, place, supported);
                match package_in(path) {
                    None => findings.problems.push(problem),
                    Some(package) => {
                        let message = format!(
                            "`{package}` names `{}`, which Roost does not have: it fails if it gets there",
                            import.path
                        );
                        findings.warn(Report::new(message));
                    }
                }
            }
        }
    }

    /// Where the bot's own code leads to a file, and the packages between.
    fn imported_at(&self, path: &str) -> (Option<Place>, Vec<String>) {
        let mut chain: Vec<String> = Vec::new();
        let mut path = path;
        while let Some((by, written)) = self.importers.get(path) {
            let Some(package) = package_in(by) else {
                chain.reverse();
                return (Place::of_import(self.dir, by, written), chain);
            };
            let is_new = package_in(path) != Some(package);
            if is_new && chain.last().is_none_or(|last| last != package) {
                chain.push(package.to_owned());
            }
            path = by;
        }
        (None, chain)
    }
}

/// Walks from the entry, nearest files first.
fn importers<'a>(meta: &'a Metafile, entry: &'a str) -> BTreeMap<&'a str, (&'a str, &'a str)> {
    let mut importers = BTreeMap::new();
    let mut queue = VecDeque::from([entry]);
    while let Some(path) = queue.pop_front() {
        let Some(input) = meta.inputs.get(path) else {
            continue;
        };
        for import in input.imports.iter().filter(|import| !import.external) {
            let imported = import.path.as_str();
            if imported != entry && !importers.contains_key(imported) {
                importers.insert(imported, (path, import.written()));
                queue.push_back(imported);
            }
        }
    }
    importers
}

fn unknown_builtin(module: &str, place: Option<Place>, supported: &[&str]) -> Problem {
    let mut names: Vec<_> = supported.to_vec();
    names.sort_unstable();
    let advice = format!("do without it; these are there: {}", names.join(", "));
    Problem {
        kind: ProblemKind::UnknownBuiltin(module.to_owned()),
        report: Report::new(format!("Roost does not have Node's module `{module}`"))
            .with_place(place)
            .with_advice(advice),
    }
}

/// The package that a path is in: what follows the last `node_modules`.
pub(super) fn package_in(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once("node_modules/")?;
    Some(package_name(rest))
}

/// Node's modules that may be named without `node:` and that a runtime may lack.
const NODE_ONLY: [&str; 22] = [
    "_http_agent",
    "_http_client",
    "_http_common",
    "_http_incoming",
    "_http_outgoing",
    "_http_server",
    "_tls_common",
    "_tls_wrap",
    "child_process",
    "cluster",
    "dgram",
    "domain",
    "http2",
    "inspector",
    "inspector/promises",
    "readline/promises",
    "repl",
    "trace_events",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
];
