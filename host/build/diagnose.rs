//! Turns esbuild's errors into what the author should do, or into another try.

use std::path::Path;

use super::early;
use super::error::{BuildError, Place, Problem, ProblemKind, Report};
use super::inspect::package_in;
use super::install::find_package;
use super::messages::{Location, Message};
use super::modules::loads;
use super::native;
use super::package_json::PackageJson;

/// What follows from a run with errors.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The bot waits at the top level, which CommonJS cannot: bundle it as an ES module.
    UseModules,
    /// Something is not there that may never be reached.
    LeaveOut(LeftOut),
    /// Packages look for an addon beside their code.
    Native(Vec<String>),
    Refuse(Vec<Problem>),
}

/// What the next run does without.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Packages.
    pub(super) packages: Vec<String>,
    /// Paths: in which file, and what it says.
    pub(super) paths: Vec<(String, String)>,
    /// Files that assign to constants.
    pub(super) assigning: Vec<String>,
    /// Files that do not parse, with the reason.
    pub(super) broken: Vec<(String, String)>,
    pub(super) told: Vec<Report>,
}

const TOP_LEVEL_AWAIT: &str = "Top-level await is currently not supported with the \"cjs\"";

/// The bot that errors are of.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub(super) dir: &'a Path,
    pub(super) entry: &'a str,
    pub(super) package: &'a PackageJson,
    /// The folder that was uploaded, if one was.
    pub(super) boundary: Option<&'a Path>,
}

/// The problems of a run that no other can avoid.
pub(super) fn refused(code: &Code<'_>, errors: &[Message]) -> BuildError {
    BuildError::Code(errors.iter().map(|error| problem(code, error)).collect())
}

pub(super) fn judge(code: &Code<'_>, errors: &[Message]) -> Verdict {
    let dir = code.dir;
    if errors
        .iter()
        .any(|error| error.text.starts_with(TOP_LEVEL_AWAIT))
    {
        return Verdict::UseModules;
    }
    let native: Vec<_> = errors.iter().filter_map(addon_seeker).collect();
    if !native.is_empty() {
        return Verdict::Native(native);
    }
    let mut left = LeftOut::default();
    let mut reached = None;
    let mut problems = Vec::new();
    for error in errors {
        let Some(at) = &error.place else {
            problems.push(problem(code, error));
            continue;
        };
        let is_own = package_in(&at.file).is_none();
        match unresolved(error) {
            // A package may name others that it never loads.
            Some(name) if !is_own || is_lazy(dir, at) => {
                match name.starts_with(['.', '/']) {
                    true => left.paths.push((at.file.clone(), name.to_owned())),
                    false => left.packages.push(name.to_owned()),
                }
                if is_own {
                    let Report {
                        message,
                        place,
                        advice,
                    } = problem(code, error).report;
                    let message = format!("{message}: it fails if it gets there");
                    let report = Report::new(message).with_place(place);
                    left.told.push(match advice {
                        Some(advice) => report.with_advice(advice),
                        None => report,
                    });
                }
            }
            None if error.text.starts_with(CONSTANT) => {
                left.assigning.push(at.file.clone());
                if is_own {
                    let name = error.text.split('"').nth(1).unwrap_or_default();
                    let message =
                        format!("`{name}` is a constant: assigning to it fails if it gets there");
                    left.told
                        .push(Report::new(message).with_place(Some(place(dir, at))));
                }
            }
            None if is_own
                && is_code(&at.file)
                && problem(code, error).kind == ProblemKind::Syntax =>
            {
                let reached = reached.get_or_insert_with(|| early::Reached::from(dir, code.entry));
                if !reached.is_tried(&at.file) {
                    problems.push(problem(code, error));
                    continue;
                }
                if left.broken.iter().all(|(file, _)| *file != at.file) {
                    left.broken.push((at.file.clone(), error.text.clone()));
                    let message = format!(
                        "`{}` does not parse: loading it fails, and a `catch` takes that: {}",
                        at.file, error.text
                    );
                    let report = Report::new(message).with_place(Some(place(dir, at)));
                    left.told.push(report);
                }
            }
            _ => problems.push(problem(code, error)),
        }
    }
    match problems.is_empty() {
        true => Verdict::LeaveOut(left),
        false => Verdict::Refuse(problems),
    }
}

/// Whether the bundler asks for what is in a file of this name.
fn is_code(file: &str) -> bool {
    let end = file
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'));
    end.is_none_or(|(_, end)| {
        let end = end.trim_start_matches(['c', 'm']).trim_end_matches('x');
        end == "js" || end == "ts"
    })
}

const CONSTANT: &str = "Cannot assign to ";

/// Whether what an error is about waits in a function or is caught.
fn is_lazy(dir: &Path, at: &Location) -> bool {
    let Ok(source) = std::fs::read_to_string(dir.join(&at.file)) else {
        return false;
    };
    let before: usize = source
        .split_inclusive('\n')
        .take(at.line.saturating_sub(1))
        .map(str::len)
        .sum();
    let offset = before + at.column;
    let found = loads(&at.file, &source)
        .into_iter()
        .find(|load| load.offset == offset);
    found.is_some_and(|load| load.is_lazy)
}

/// The package whose code says `require("../build/Release/x-*.node")`.
fn addon_seeker(error: &Message) -> Option<String> {
    let seeks = error.text.starts_with("Could not resolve") && error.text.contains(".node\"");
    let package = package_in(&error.place.as_ref()?.file)?;
    seeks.then(|| package.to_owned())
}

fn problem(code: &Code<'_>, error: &Message) -> Problem {
    let dir = code.dir;
    let place = error.place.as_ref().map(|at| place(dir, at));
    if let Some(name) = unresolved(error) {
        return match name.starts_with('.') || name.starts_with('/') {
            true => {
                let importer = place.as_ref().map_or("", |place| place.file.as_str());
                let target = dir.join(importer).parent().unwrap_or(dir).join(name);
                missing_file(name, &target, place)
            }
            false => missing_package(code, name, place),
        };
    }
    if let Some(path) = error.text.strip_prefix("Cannot read file: ") {
        let name = path.strip_prefix(&*dir.to_string_lossy()).unwrap_or(path);
        let name = name.trim_start_matches('/');
        return missing_file(name, &dir.join(name), place);
    }
    if let Some((_, path)) = error.text.split_once(" files: ")
        && error.text.starts_with("No loader is configured for ")
    {
        return not_importable(path, place);
    }
    let mut report = Report::new(format!("syntax error: {}", error.text)).with_place(place);
    if !error.notes.is_empty() {
        report = report.with_advice(error.notes.join("\n"));
    }
    let kind = ProblemKind::Syntax;
    Problem { kind, report }
}

/// What `Could not resolve "x"` names.
pub(super) fn unresolved(error: &Message) -> Option<&str> {
    error
        .text
        .strip_prefix("Could not resolve \"")?
        .strip_suffix('"')
}

fn missing_package(code: &Code<'_>, name: &str, place: Option<Place>) -> Problem {
    let package = code.package;
    let owner = package_name(name);
    let is_installed = find_package(code.dir, owner, code.boundary).is_some();
    let message = match is_installed {
        true => format!("the installed package `{owner}` has no `{name}`"),
        false => format!("`{owner}` is not installed"),
    };
    let advice = if is_installed {
        format!("see the `exports` of node_modules/{owner}/package.json for what it has")
    } else if package.dependencies.contains_key(owner) {
        "package.json names it; install what it names: npm install".to_owned()
    } else if package.dev_dependencies.contains_key(owner) {
        format!("a bot runs without devDependencies; move it: npm install --save-prod {owner}")
    } else {
        format!("install it: npm install {owner}")
    };
    Problem {
        kind: ProblemKind::MissingPackage(owner.to_owned()),
        report: Report::new(message).with_place(place).with_advice(advice),
    }
}

/// `target` is where `name` would be.
fn missing_file(name: &str, target: &Path, place: Option<Place>) -> Problem {
    if is_env_file(name) {
        return env_file(name, place);
    }
    let advice = match otherwise_written(target) {
        Some(other) => format!("there is `{other}`: capital letters matter on the server"),
        None => "correct the path, or add the file".to_owned(),
    };
    Problem {
        kind: ProblemKind::MissingFile(name.to_owned()),
        report: Report::new(format!("there is no file `{name}`"))
            .with_place(place)
            .with_advice(advice),
    }
}

/// A file beside the missing one whose name differs in capitals only.
fn otherwise_written(target: &Path) -> Option<String> {
    let wanted = target.file_name()?.to_str()?.to_lowercase();
    let entries = std::fs::read_dir(target.parent()?).ok()?;
    entries.flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let stem = Path::new(&name).file_stem()?.to_str()?.to_lowercase();
        (name.to_lowercase() == wanted || stem == wanted).then_some(name)
    })
}

fn not_importable(path: &str, place: Option<Place>) -> Problem {
    if is_env_file(path) {
        return env_file(path, place);
    }
    Problem {
        kind: ProblemKind::NotImportable(path.to_owned()),
        report: Report::new(format!("`{path}` cannot be imported"))
            .with_place(place)
            .with_advice("read it instead: fs.readFileSync(path.join(__dirname, …))"),
    }
}

/// `.env`, `.env.local`, `config/production.env`: files that hold secrets.
pub(super) fn is_env_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with(".env") || name.ends_with(".env")
}

pub(super) fn env_file(path: &str, place: Option<Place>) -> Problem {
    Problem {
        kind: ProblemKind::EnvFile(path.to_owned()),
        report: Report::new(format!(
            "`{path}` may hold secrets, which must not become part of a bot"
        ))
        .with_place(place)
        .with_advice(
            "store each of its values as a secret of the project and read process.env.NAME",
        ),
    }
}

/// A package that cannot run here, which the bot itself loads.
pub(super) fn native_module(package: &str, place: Option<Place>) -> Problem {
    let message = format!("`{package}` {}", native::reason(package));
    Problem {
        kind: ProblemKind::NativeModule(package.to_owned()),
        report: Report::new(message)
            .with_place(place)
            .with_advice(native::advice(package)),
    }
}

/// A package of the bot's that needs another one, which cannot run here, to start at all.
pub(super) fn needs_native(package: &str, needed: &str, place: Option<Place>) -> Problem {
    let message = format!(
        "`{package}` needs `{needed}`, which {}",
        native::reason(needed)
    );
    Problem {
        kind: ProblemKind::NativeModule(package.to_owned()),
        report: Report::new(message).with_place(place).with_advice(format!(
            "do without `{package}`; in the place of `{needed}` {}",
            native::advice(needed)
        )),
    }
}

/// `@scope/name/file` is of `@scope/name`.
pub(super) fn package_name(specifier: &str) -> &str {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    match specifier.match_indices('/').nth(parts - 1) {
        Some((end, _)) => &specifier[..end],
        None => specifier,
    }
}

/// Columns come in bytes and are shown in characters.
pub(super) fn place(dir: &Path, at: &Location) -> Place {
    let place = Place::in_file(dir, &at.file, at.line, 1);
    let before = place.text.get(..at.column).unwrap_or(&place.text);
    Place {
        column: before.chars().count() + 1,
        length: at.length,
        ..place
    }
}
