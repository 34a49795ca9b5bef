//! Has esbuild make one file of a bot, as often as it takes to settle what goes in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::diagnose::{self, Verdict};
use super::entry::Entry;
use super::error::{BuildError, Report};
use super::esbuild::{self, Job, Modules, OURS, Output};
use super::inspect::{Boundary, inspect, outside};
use super::messages::Message;
use super::modules::{self, Module, Scan, Table};
use super::package_json::PackageJson;
use super::place::{LOADER, quote, relative, virtual_path};
use super::{Format, Tools, native};

/// Tries with more left out each time; a bot that needs more has other problems.
const MAX_TRIES: usize = 12;

/// A bundle as esbuild made it.
pub(super) struct Compiled {
    pub(super) output: Output,
    pub(super) format: Format,
    /// The modules that markers count.
    pub(super) modules: Vec<String>,
    /// Whether something in it is loaded by name.
    pub(super) has_table: bool,
    /// Whether something in it looks at `require.cache`.
    pub(super) has_cache: bool,
    /// What `require.resolve` is asked for, and by which file.
    pub(super) resolved: modules::Resolved,
    pub(super) warnings: Vec<Report>,
}

/// Runs esbuild until it has no error that another run could avoid, and until what may be loaded by
/// name is in the bundle.
pub(super) fn compile(
    root: &Path,
    dir: &Path,
    package: &PackageJson,
    entry: &Entry,
    tools: &Tools<'_>,
) -> Result<Compiled, BuildError> {
    let version = esbuild::version(tools.esbuild, tools.confined)?;
    let boundary = tools.confined.map(|_| Boundary { dir, root });
    let code = diagnose::Code {
        dir,
        entry: &entry.path,
        package,
        boundary: boundary.map(|_| root),
    };
    let mut format = Format::CommonJs;
    let mut native: BTreeSet<String> = native::known().map(str::to_owned).collect();
    let mut absent: BTreeSet<String> = native::OPTIONAL.map(str::to_owned).into();
    let mut reading = Reading::new(dir, entry);
    let mut warnings = Vec::new();
    let mut last: Vec<Message> = Vec::new();
    for _ in 0..MAX_TRIES {
        let externals: Vec<_> = absent.iter().map(String::as_str).collect();
        let replaced: Vec<_> = native.iter().map(String::as_str).collect();
        let first = reading.first();
        let job = Job {
            esbuild: tools.esbuild,
            version: &version,
            dir,
            entry: &entry.path,
            format,
            externals: &externals,
            replaced: &replaced,
            first: first.as_deref(),
            builtins: tools.builtins,
            boundary: boundary.map(|_| root),
            confined: tools.confined,
        };
        let errors = match esbuild::run(&job, &mut reading)? {
            Ok(output) => {
                let found = inspect(dir, boundary.as_ref(), &output.meta, &entry.path, tools);
                if !found.problems.is_empty() {
                    return Err(BuildError::Code(found.problems));
                }
                if !found.left_out.is_empty() {
                    native.extend(found.left_out);
                    continue;
                }
                last.clear();
                reading.settled.extend(output.meta.inputs.keys().cloned());
                let scans = reading.bundled(&output);
                let table =
                    modules::table(dir, boundary.map(|_| root), package, &scans, tools.builtins);
                let resolved = table.resolved.clone();
                if table != reading.table && !(table.is_empty() && reading.table.is_empty()) {
                    reading.table = table;
                    continue;
                }
                warnings.extend(found.warnings);
                return Ok(Compiled {
                    output,
                    format,
                    modules: reading.names,
                    has_table: first.is_some(),
                    has_cache: scans.values().any(|scan| scan.has_cache),
                    resolved,
                    warnings,
                });
            }
            Err(errors) => errors,
        };
        // Another run with the same errors avoids none of them.
        let goes_round = errors == last;
        last.clone_from(&errors);
        if let Some(boundary) = &boundary {
            // Before anything else is said: an error shows the line that it is about.
            let files = errors
                .iter()
                .filter_map(|error| Some(error.place.as_ref()?.file.as_str()));
            let problems: Vec<_> = files
                .filter(|file| boundary.is_outside(file))
                .map(outside)
                .collect();
            if !problems.is_empty() {
                return Err(BuildError::Code(problems));
            }
        }
        if goes_round {
            break;
        }
        // What is only loaded by name fails where it is loaded, if it ever is.
        let is_by_name =
            |file: &str| !reading.settled.is_empty() && !reading.settled.contains(file);
        let (by_name, errors): (Vec<_>, Vec<_>) = errors
            .into_iter()
            .partition(|error| error.place.as_ref().is_some_and(|at| is_by_name(&at.file)));
        if errors.is_empty() {
            for error in by_name {
                let Some(place) = &error.place else {
                    continue;
                };
                match diagnose::unresolved(&error) {
                    Some(name) if name.starts_with(['.', '/']) => {
                        reading.left.insert((place.file.clone(), name.to_owned()));
                    }
                    Some(name) => {
                        absent.insert(name.to_owned());
                    }
                    None => {
                        reading
                            .broken
                            .insert(place.file.clone(), error.text.clone());
                    }
                }
            }
            continue;
        }
        match diagnose::judge(&code, &errors) {
            Verdict::UseModules => format = Format::Module,
            Verdict::LeaveOut(left) => {
                absent.extend(left.packages);
                reading.left.extend(left.paths);
                reading.assigning.extend(left.assigning);
                reading.broken.extend(left.broken);
                warnings.extend(left.told);
            }
            Verdict::Native(names) => native.extend(names),
            Verdict::Refuse(problems) => return Err(BuildError::Code(problems)),
        }
    }
    if !last.is_empty() {
        return Err(diagnose::refused(&code, &last));
    }
    let problem = format!("it could not be settled after {MAX_TRIES} runs what to leave out");
    Err(BuildError::BundlerOutput(problem))
}

/// What was read of a bot's modules, and what they are given in place of what is on disk.
struct Reading<'a> {
    dir: &'a Path,
    root: String,
    /// Where the entry is on disk.
    entry: String,
    /// By where they are on disk.
    scans: BTreeMap<String, Scan>,
    /// Whether tsconfig.json asks that types are told to decorators.
    tells_types: bool,
    numbers: BTreeMap<String, usize>,
    /// The modules by their numbers, as paths from the bot's folder.
    names: Vec<String>,
    table: Table,
    /// Files that a run had no error with, from the bot's folder.
    settled: BTreeSet<String>,
    /// Files that are loaded by name only, or where a `catch` is, and cannot be bundled, with the reason.
    broken: BTreeMap<String, String>,
    /// Files that assign to constants, from the bot's folder.
    assigning: BTreeSet<String>,
    /// Paths that lead nowhere: in which file, and what it says.
    left: BTreeSet<(String, String)>,
}

impl<'a> Reading<'a> {
    fn new(dir: &'a Path, entry: &Entry) -> Self {
        Self {
            dir,
            root: dir.to_string_lossy().into_owned(),
            entry: dir.join(&entry.path).to_string_lossy().into_owned(),
            scans: BTreeMap::new(),
            tells_types: tells_types(dir),
            numbers: BTreeMap::new(),
            names: Vec::new(),
            table: Table::default(),
            settled: BTreeSet::new(),
            broken: BTreeMap::new(),
            assigning: BTreeSet::new(),
            left: BTreeSet::new(),
        }
    }

    fn seen_from_dir(&self, file: &str) -> String {
        relative(Path::new(file), self.dir)
    }

    /// The scans of the modules that are in a bundle.
    fn bundled(&self, output: &Output) -> BTreeMap<String, Scan> {
        let scans = self.scans.iter();
        scans
            .filter(|(file, _)| output.meta.inputs.contains_key(&self.seen_from_dir(file)))
            .map(|(file, scan)| (file.clone(), scan.clone()))
            .collect()
    }

    /// The code that says what can be loaded by name, before the bot's own runs.
    fn first(&self) -> Option<String> {
        if self.table.is_empty() {
            return None;
        }
        let askers = self.table.askers.keys().enumerate().map(|(index, asker)| {
            let path = quote(&virtual_path(&self.seen_from_dir(asker)));
            format!("{path}:()=>require(\"{OURS}{index}\")")
        });
        let askers: Vec<_> = askers.collect();
        Some(format!(
            "{LOADER}.add(require(\"{OURS}files\"),{{{}}});",
            askers.join(",")
        ))
    }
}

impl Modules for Reading<'_> {
    fn load(&mut self, file: &str) -> Option<String> {
        let path = self.seen_from_dir(file);
        if let Some(reason) = self.broken.get(&path) {
            let message = quote(&format!("`{path}` could not be bundled: {reason}"));
            return Some(format!("throw new SyntaxError({message})"));
        }
        let source = std::fs::read_to_string(file).ok()?;
        let scan = modules::scan(&Module {
            file,
            root: &self.root,
            source: &source,
            is_entry: file == self.entry,
            is_own: super::inspect::package_in(file).is_none(),
            assigns_constants: self.assigning.contains(&path),
            tells_types: self.tells_types && is_typescript(file),
        });
        let marked = match self.numbers.get(file) {
            Some(number) => scan.marked(&source, *number),
            None if self.names.len() >= modules::MAX_MODULES => None,
            None => {
                let marked = scan.marked(&source, self.names.len());
                if marked.is_some() {
                    self.numbers.insert(file.to_owned(), self.names.len());
                    self.names.push(path);
                }
                marked
            }
        };
        self.scans.insert(file.to_owned(), scan);
        marked
    }

    fn ours(&mut self, name: &str) -> (String, PathBuf) {
        if let Some(package) = name.strip_prefix("native:") {
            let package = diagnose::package_name(package);
            let message = format!(
                "`{package}` {}: {}",
                native::reason(package),
                native::advice(package)
            );
            let code = format!(
                "throw Object.assign(new Error({}),{{code:\"MODULE_NOT_FOUND\"}})",
                quote(&message)
            );
            return (code, self.dir.to_path_buf());
        }
        let list = |entries: Vec<String>| format!("{{{}}}", entries.join(","));
        let Some((asker, names)) = name
            .parse()
            .ok()
            .and_then(|index| self.table.askers.iter().nth(index))
        else {
            let thunk = |word: &str, file: &String| {
                let path = quote(&virtual_path(&self.seen_from_dir(file)));
                format!("{path}:()=>{word}({})", quote(file))
            };
            let required = self
                .table
                .required
                .iter()
                .map(|file| thunk("require", file));
            let imported = self.table.imported.iter().map(|file| thunk("import", file));
            let code = format!(
                "exports.required={};exports.imported={}",
                list(required.collect()),
                list(imported.collect())
            );
            return (code, self.dir.to_path_buf());
        };
        // What is not there is no error before it is asked for.
        let required = names.required.iter().map(|name| {
            let name = quote(name);
            format!("{name}:()=>{{try{{return require({name})}}catch(e){{throw e}}}}")
        });
        let imported = names.imported.iter().map(|name| {
            let name = quote(name);
            format!("{name}:()=>import({name}).catch(e=>{{throw e}})")
        });
        let code = format!(
            "exports.required={};exports.imported={}",
            list(required.collect()),
            list(imported.collect())
        );
        let folder = Path::new(asker).parent().unwrap_or(self.dir);
        (code, folder.to_path_buf())
    }

    fn is_left(&self, name: &str, importer: &str) -> bool {
        self.left
            .contains(&(self.seen_from_dir(importer), name.to_owned()))
    }
}

fn is_typescript(file: &str) -> bool {
    [".ts", ".mts", ".cts", ".tsx"]
        .iter()
        .any(|end| file.ends_with(end))
}

/// Whether tsconfig.json, or one that it extends, has `emitDecoratorMetadata`.
fn tells_types(dir: &Path) -> bool {
    let mut file = dir.join("tsconfig.json");
    for _ in 0..MAX_TRIES {
        let Ok(text) = std::fs::read_to_string(&file) else {
            return false;
        };
        let value = |key: &str| {
            let (_, rest) = text.split_once(&format!("\"{key}\""))?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start().to_owned())
        };
        if let Some(value) = value("emitDecoratorMetadata") {
            return value.starts_with("true");
        }
        let base = value("extends")
            .and_then(|text| text.strip_prefix('"')?.split('"').next().map(str::to_owned));
        let Some(base) = base.filter(|base| base.starts_with('.')) else {
            return false;
        };
        let Some(folder) = file.parent() else {
            return false;
        };
        // Of an upload, nothing above its folder is there.
        file = folder.join(base);
        if file.extension().is_none() {
            file.set_extension("json");
        }
    }
    false
}
