//! Looks at what went into a bundle for what cannot run: addons, unknown builtins, secrets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::Tools;
use super::diagnose::{env_file, is_env_file, native_module, needs_native, package_name};
use super::error::{Place, Problem, ProblemKind, Report};
use super::esbuild::{Import, Input, Metafile};
use super::install::find_package;
use super::modules::loads;
use super::{native, slow};

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

pub(super) fn inspect(
    dir: &Path,
    boundary: Option<&Boundary<'_>>,
    meta: &Metafile,
    entry: &str,
    tools: &Tools<'_>,
) -> Findings {
    let mut findings = Findings::default();
    let bundle = Inspected {
        dir,
        boundary,
        meta,
        entry,
        importers: importers(meta, entry),
    };
    if let Some(boundary) = boundary {
        bundle.outside(boundary, &mut findings);
    }
    bundle.env_files(&mut findings);
    bundle.left_out(&mut findings);
    bundle.addons(&mut findings);
    bundle.builtins(tools.builtins, &mut findings);
    bundle.slow(&mut findings);
    findings
}

/// How the modules are named that stand in the place of packages which cannot run.
pub(super) const NATIVE: &str = "roost:native:";

/// What is said of one of the bot's packages.
#[derive(Default)]
struct Told<'a> {
    /// Packages that cannot run.
    needed: BTreeSet<&'a str>,
    /// Whether the bot's own code loads it.
    is_own: bool,
    /// Whether the bot cannot start without it.
    is_needed: bool,
    place: Option<Place>,
}

struct Inspected<'a> {
    dir: &'a Path,
    boundary: Option<&'a Boundary<'a>>,
    meta: &'a Metafile,
    entry: &'a str,
    /// For each file, the first that imports it on the way from the entry, and what it wrote.
    importers: BTreeMap<&'a str, (&'a str, &'a str)>,
}

/// Whether it is no file but a module of ours.
pub(super) fn is_ours(path: &str) -> bool {
    path.starts_with("roost:")
}

/// What an upload's bundle may be made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boundary<'a> {
    /// The bot's folder, from where paths are.
    pub(super) dir: &'a Path,
    /// The folder that was uploaded.
    pub(super) root: &'a Path,
}

impl Boundary<'_> {
    /// Whether a file, by its path from the bot's folder, is not below what was uploaded.
    pub(super) fn is_outside(&self, path: &str) -> bool {
        !is_ours(path) && !super::place::normal(&self.dir.join(path)).starts_with(self.root)
    }
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
    fn outside(&self, boundary: &Boundary<'_>, findings: &mut Findings) {
        for path in self
            .meta
            .inputs
            .keys()
            .filter(|path| boundary.is_outside(path))
        {
            let mut problem = outside(path);
            problem.report.place = self
                .imported_at(path)
                .0
                .filter(|place| !boundary.is_outside(&place.file));
            findings.problems.push(problem);
        }
    }

    fn env_files(&self, findings: &mut Findings) {
        for path in self.meta.inputs.keys().filter(|path| is_env_file(path)) {
            let (place, _) = self.imported_at(path);
            findings.problems.push(env_file(path, place));
        }
    }

    /// Packages that cannot run here: refused where the bot needs one to start, by the name of its own
    /// package. Where it may never come to that it is only said, and only if somebody installed it.
    fn left_out(&self, findings: &mut Findings) {
        let mut told: BTreeMap<String, Told<'_>> = BTreeMap::new();
        for (path, input) in self.files() {
            for import in &input.imports {
                let Some(needed) = import.path.strip_prefix(NATIVE) else {
                    continue;
                };
                let needed = package_name(needed);
                let (place, direct) = match package_in(path) {
                    None => (Place::of_import(self.dir, path, import.written()), None),
                    Some(package) => {
                        let (place, chain) = self.imported_at(path);
                        let first = chain.into_iter().next();
                        (place, Some(first.unwrap_or_else(|| package.to_owned())))
                    }
                };
                let is_own = direct.is_none();
                let told = told
                    .entry(direct.unwrap_or_else(|| needed.to_owned()))
                    .or_default();
                told.needed.insert(needed);
                told.is_own |= is_own;
                let is_needed = self.is_needed(path, import.written());
                if told.place.is_none() || (is_needed && !told.is_needed) {
                    told.place = place;
                }
                told.is_needed |= is_needed;
            }
        }
        for (package, told) in told {
            let Told {
                needed,
                is_own,
                is_needed,
                place,
            } = told;
            let names: Vec<String> = needed.iter().map(|name| format!("`{name}`")).collect();
            let first = needed.first().copied().unwrap_or(&package);
            match (is_needed, is_own) {
                (true, true) => findings.problems.push(native_module(&package, place)),
                (true, false) => findings.problems.push(needs_native(&package, first, place)),
                (false, true) => {
                    let Report {
                        message,
                        place,
                        advice,
                    } = native_module(&package, place).report;
                    let report = Report::new(format!("{message}: it fails if it gets there"));
                    findings.warn(
                        report
                            .with_place(place)
                            .with_advice(advice.unwrap_or_default()),
                    );
                }
                (false, false)
                    if needed.iter().any(|name| {
                        let root = self.boundary.map(|boundary| boundary.root);
                        find_package(self.dir, name, root).is_some()
                    }) =>
                {
                    let message = format!(
                        "`{package}` has parts that need {}, which cannot run here: they fail if it gets there",
                        names.join(", ")
                    );
                    findings.warn(Report::new(message).with_place(place));
                }
                (false, false) => {}
            }
        }
    }

    /// Whether the bot cannot start without what `path` names so: each step to it is taken as soon as
    /// a file is evaluated.
    fn is_needed(&self, path: &str, written: &str) -> bool {
        let (mut file, mut written) = (path, written);
        loop {
            let source = std::fs::read_to_string(self.dir.join(file)).unwrap_or_default();
            let loads = loads(file, &source);
            if !loads
                .iter()
                .any(|load| load.name == written && !load.is_lazy)
            {
                return false;
            }
            match self.importers.get(file) {
                Some((by, as_written)) => (file, written) = (by, as_written),
                None => return file == self.entry,
            }
        }
    }

    /// What went in, without modules of ours.
    fn files(&self) -> impl Iterator<Item = (&'_ str, &'_ Input)> {
        let inputs = self.meta.inputs.iter();
        inputs
            .filter(|(path, _)| !is_ours(path))
            .map(|(path, input)| (path.as_str(), input))
    }

    /// Packages nobody knew to be native: they hold an addon, or ask for one to be loaded.
    fn addons(&self, findings: &mut Findings) {
        for (path, input) in self.files() {
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
                    findings.problems.push(native_module(path, place));
                }
            }
        }
    }

    /// Packages of the bot's own choice whose work takes long in JavaScript, each once.
    fn slow(&self, findings: &mut Findings) {
        let mut told = BTreeSet::new();
        for (path, input) in self.files() {
            if package_in(path).is_some() {
                continue;
            }
            for import in &input.imports {
                let Some(package) = package_in(&import.path) else {
                    continue;
                };
                let source = std::fs::read_to_string(self.dir.join(path)).unwrap_or_default();
                if let Some(report) = slow::told(package, &source)
                    && told.insert(package)
                {
                    let place = Place::of_import(self.dir, path, import.written());
                    findings.warn(report.with_place(place));
                }
            }
        }
    }

    fn builtins(&self, supported: &[&str], findings: &mut Findings) {
        let mut seen = BTreeSet::new();
        for (path, input) in self.files() {
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
pub(super) const NODE_ONLY: [&str; 22] = [
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
