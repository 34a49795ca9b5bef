//! Turns esbuild's errors into what the author should do, or into another try.

use std::path::Path;

use super::error::{Place, Problem, ProblemKind, Report};
use super::inspect::package_in;
use super::install::find_package;
use super::messages::{Location, Message};
use super::native;
use super::package_json::PackageJson;

/// What follows from a run with errors.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The bot waits at the top level, which CommonJS cannot: bundle it as an ES module.
    UseModules,
    /// Packages name others that are not installed, as they may if they never load them.
    LeaveOut(Vec<String>),
    /// Packages look for an addon beside their code.
    Native(Vec<String>),
    Refuse(Vec<Problem>),
}

const TOP_LEVEL_AWAIT: &str = "Top-level await is currently not supported with the \"cjs\"";

pub(super) fn judge(dir: &Path, package: &PackageJson, errors: &[Message]) -> Verdict {
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
    let (missing_in_packages, own): (Vec<_>, Vec<_>) = errors.iter().partition(|error| {
        let in_package = error
            .place
            .as_ref()
            .is_some_and(|at| package_in(&at.file).is_some());
        in_package && unresolved(error).is_some()
    });
    if own.is_empty() {
        let names = missing_in_packages.into_iter().filter_map(external);
        return Verdict::LeaveOut(names.collect());
    }
    let problems = own.into_iter().map(|error| problem(dir, package, error));
    Verdict::Refuse(problems.collect())
}

/// The package whose code says `require("../build/Release/x-*.node")`.
fn addon_seeker(error: &Message) -> Option<String> {
    let seeks = error.text.starts_with("Could not resolve") && error.text.contains(".node\"");
    let package = package_in(&error.place.as_ref()?.file)?;
    seeks.then(|| package.to_owned())
}

/// The name that a run without this import needs: relative ones from where they are written.
fn external(error: &Message) -> Option<String> {
    let name = unresolved(error)?;
    if !name.starts_with('.') {
        return Some(name.to_owned());
    }
    let importer = Path::new(&error.place.as_ref()?.file).parent()?;
    Some(format!("./{}", importer.join(name).to_string_lossy()))
}

fn problem(dir: &Path, package: &PackageJson, error: &Message) -> Problem {
    let place = error.place.as_ref().map(|at| place(dir, at));
    if let Some(name) = unresolved(error) {
        return match name.starts_with('.') || name.starts_with('/') {
            true => {
                let importer = place.as_ref().map_or("", |place| place.file.as_str());
                let target = dir.join(importer).parent().unwrap_or(dir).join(name);
                missing_file(name, &target, place)
            }
            false => missing_package(dir, package, name, place),
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
fn unresolved(error: &Message) -> Option<&str> {
    error
        .text
        .strip_prefix("Could not resolve \"")?
        .strip_suffix('"')
}

fn missing_package(dir: &Path, package: &PackageJson, name: &str, place: Option<Place>) -> Problem {
    let owner = package_name(name);
    let is_installed = find_package(dir, owner).is_some();
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

/// `chain` is the packages through which the bot comes to `package`.
pub(super) fn native_module(package: &str, place: Option<Place>, chain: &[String]) -> Problem {
    let through = match chain.is_empty() {
        true => String::new(),
        false => format!(" (through `{}`)", chain.join("`, `")),
    };
    let message = format!("`{package}`{through} is machine code, which a sandbox cannot load");
    Problem {
        kind: ProblemKind::NativeModule(package.to_owned()),
        report: Report::new(message)
            .with_place(place)
            .with_advice(native::advice(package)),
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
