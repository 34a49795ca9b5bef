//! Finds the file that starts a bot, in a repository as it is.

use std::path::{Component, Path, PathBuf};

use super::error::BuildError;
use super::package_json::PackageJson;
use super::scripts;

/// The file that starts a bot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Relative to the bot's folder, with `/` between its parts.
    pub path: String,
    /// Why this one, as words that follow "because".
    pub chosen_because: String,
    /// What the start script loads before it, which the host does not.
    pub preloads: Vec<String>,
    /// Whether nothing but its name speaks for it.
    pub is_guessed: bool,
}

const EXTENSIONS: [&str; 7] = ["js", "mjs", "cjs", "ts", "mts", "cts", "json"];
const USUAL_NAMES: [&str; 3] = ["app", "index", "server"];
const USUAL_EXTENSIONS: [&str; 4] = ["js", "mjs", "cjs", "ts"];

/// Where compilers write, and where what they read usually is.
const COMPILED: [&str; 4] = ["dist/", "build/", "lib/", "out/"];

/// Looks at `roost.entry`, the start script, `main` and the usual names, in this order.
///
/// Fails with `BuildError::BadSetting` when `roost.entry` names nothing, and with
/// `BuildError::NoEntry` when no candidate is on disk.
pub(super) fn find_entry(dir: &Path, package: &PackageJson) -> Result<Entry, BuildError> {
    if let Some(entry) = &package.settings.entry {
        return configured(dir, entry);
    }
    let mut tried = Vec::new();
    started(dir, package, &mut tried)
        .or_else(|| main(dir, package, &mut tried))
        .or_else(|| usual(dir, package, &mut tried))
        .ok_or(BuildError::NoEntry { tried })
}

fn configured(dir: &Path, entry: &str) -> Result<Entry, BuildError> {
    let path = resolve(dir, entry).ok_or_else(|| BuildError::BadSetting {
        key: "entry",
        value: entry.to_owned(),
        problem: "there is no such file in the bot's folder".to_owned(),
    })?;
    Ok(Entry {
        path,
        chosen_because: "package.json names it in `roost.entry`".to_owned(),
        preloads: Vec::new(),
        is_guessed: false,
    })
}

fn started(dir: &Path, package: &PackageJson, tried: &mut Vec<String>) -> Option<Entry> {
    let Some(script) = package.scripts.get("start") else {
        tried.push("`scripts.start` of package.json: there is none".to_owned());
        return None;
    };
    let Some(started) = scripts::started_by("start", &package.scripts) else {
        tried.push(format!(
            "`scripts.start` of package.json: `{script}` runs no file that could be told"
        ));
        return None;
    };
    let file = match (started.file.as_str(), &package.main) {
        ("." | "./", Some(main)) => main,
        (file, _) => file,
    };
    let command = &started.command;
    let (path, chosen_because) = match resolve(dir, file) {
        Some(path) => (path, format!("`npm start` runs `{command}`")),
        None => match source_of(dir, file) {
            Some(path) => {
                let why = format!("`npm start` runs `{command}`, which is compiled from it");
                (path, why)
            }
            None => {
                tried.push(format!(
                    "`scripts.start` of package.json: `{file}` is not there"
                ));
                return None;
            }
        },
    };
    Some(Entry {
        path,
        chosen_because,
        preloads: started.preloads,
        is_guessed: false,
    })
}

fn main(dir: &Path, package: &PackageJson, tried: &mut Vec<String>) -> Option<Entry> {
    let Some(main) = &package.main else {
        tried.push("`main` of package.json: there is none".to_owned());
        return None;
    };
    let Some(path) = resolve(dir, main).or_else(|| source_of(dir, main)) else {
        tried.push(format!("`main` of package.json: `{main}` is not there"));
        return None;
    };
    Some(Entry {
        path,
        chosen_because: "package.json names it in `main`".to_owned(),
        preloads: Vec::new(),
        is_guessed: false,
    })
}

fn usual(dir: &Path, package: &PackageJson, tried: &mut Vec<String>) -> Option<Entry> {
    for folder in ["", "src/"] {
        for name in USUAL_NAMES {
            for extension in USUAL_EXTENSIONS {
                let path = format!("{folder}{name}.{extension}");
                if dir.join(&path).is_file() {
                    let chosen_because = match &package.main {
                        None => "its name is a usual one, and package.json names none".to_owned(),
                        Some(main) => format!(
                            "its name is a usual one; `main` of package.json names `{main}`, which is not there"
                        ),
                    };
                    return Some(Entry {
                        path,
                        chosen_because,
                        preloads: Vec::new(),
                        is_guessed: true,
                    });
                }
            }
        }
        let names = USUAL_NAMES.join(", ");
        tried.push(format!(
            "{folder}{{{names}}}.{{{}}}",
            USUAL_EXTENSIONS.join(", ")
        ));
    }
    None
}

/// Node's way from a name to a file: itself, with an extension, as a folder.
fn resolve(dir: &Path, name: &str) -> Option<String> {
    let path = inside(name)?;
    let with_extension = |path: &Path| {
        let full = dir.join(path);
        if full.is_file() {
            return Some(path.to_path_buf());
        }
        EXTENSIONS.iter().find_map(|extension| {
            let mut name = path.file_name()?.to_os_string();
            name.push(format!(".{extension}"));
            let path = path.with_file_name(name);
            dir.join(&path).is_file().then_some(path)
        })
    };
    let found = with_extension(&path).or_else(|| with_extension(&path.join("index")))?;
    found.to_str().map(|path| path.replace('\\', "/"))
}

/// The path without `./`, or nothing when it leaves the folder.
fn inside(name: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// `dist/index.js`, which nobody has compiled yet, comes from `src/index.ts` or `index.ts`.
fn source_of(dir: &Path, name: &str) -> Option<String> {
    let name = name.trim_start_matches("./");
    let rest = COMPILED
        .iter()
        .find_map(|folder| name.strip_prefix(folder))?;
    let stem = Path::new(rest).with_extension("");
    let stem = stem.to_str()?;
    let stem = stem.strip_prefix("src/").unwrap_or(stem);
    ["src/", ""]
        .iter()
        .find_map(|folder| resolve(dir, &format!("{folder}{stem}")))
}
