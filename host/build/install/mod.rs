//! Installs a bot's packages where nobody has.

mod foreign;
mod members;
mod npm_lock;
mod registries;
mod spec;
mod stage;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{BuildError, Report};
use super::package_json::PackageJson;
use super::{PROVIDED, Tools, process};

pub(super) use members::{KINDS, workspace_folders};

/// How much of npm's complaint is shown.
const MAX_OUTPUT_LINES: usize = 12;

/// Runs npm in the folder when it declares packages and neither it nor its workspace has any.
///
/// `root` is the bot's folder, or the workspace around it where that is what is built.
///
/// Packages' own install scripts never run: they are other people's code, outside any sandbox.
/// A folder that has some of its packages is left alone: what it lacks is told by the bundler.
pub(super) fn ensure_installed(
    root: &Path,
    dir: &Path,
    package: &PackageJson,
    tools: &Tools<'_>,
) -> Result<Vec<Report>, BuildError> {
    // Of an upload, what lies above it is somebody else's.
    let boundary = tools.confined.map(|_| root);
    let missing = missing(dir, package, boundary);
    let around = match boundary {
        Some(root) => root,
        None => workspace_root(dir),
    };
    let has_some = [dir, around]
        .iter()
        .any(|folder| folder.join("node_modules").exists());
    if missing.is_empty() || has_some {
        return Ok(Vec::new());
    }
    if tools.confined.is_none()
        && let Some((program, file)) = foreign::found(workspace_root(dir))
    {
        // A folder that npm has worked in is in that program's way.
        return Err(BuildError::NotInstalled {
            missing,
            command: format!(
                "{program} install (the folder has a {file}; `roost deploy` needs no {program})"
            ),
        });
    }
    let Some(npm) = tools.npm else {
        if tools.confined.is_some() {
            return Err(BuildError::NoNpm { missing });
        }
        let command = "npm install --ignore-scripts --omit=dev".to_owned();
        return Err(BuildError::NotInstalled { missing, command });
    };
    let stale = match tools.confined {
        Some(confined) => {
            let way = confined.way.as_deref();
            way.inspect(|way| way.begins());
            let installed = stage::install(root, npm, tools);
            way.inspect(|way| way.ends());
            installed?
        }
        None => {
            install(dir, npm, tools)?;
            Vec::new()
        }
    };
    let missing = self::missing(dir, package, boundary);
    if missing.is_empty() {
        return Ok(stale);
    }
    let command = "npm install".to_owned();
    Err(BuildError::NotInstalled { missing, command })
}

/// What npm says of a lockfile that is not of this package.json.
const OUT_OF_STEP: &str = "EUSAGE";

/// How that is told.
const STALE: &str = "the lockfile is not of this package.json; npm ci refuses it";

/// Installs what the lockfile says. One that is out of step gives way, and is left as it was.
fn install(dir: &Path, npm: &Path, tools: &Tools<'_>) -> Result<(), BuildError> {
    let root = workspace_root(dir);
    let lockfile = npm_lock::NAMES
        .map(|name| root.join(name))
        .into_iter()
        .find(|path| path.is_file());
    let Some(lockfile) = lockfile else {
        return run(dir, npm, "install", &[], tools);
    };
    match run(dir, npm, "ci", &[], tools) {
        Err(BuildError::Install { output, .. }) if output.contains(OUT_OF_STEP) => {}
        other => return other,
    }
    (tools.progress)(STALE);
    let before = std::fs::read(&lockfile).map_err(BuildError::io(&lockfile, "read"))?;
    let result = run(dir, npm, "install", &[], tools);
    std::fs::write(&lockfile, before).map_err(BuildError::io(&lockfile, "written"))?;
    result
}

/// Where Node would look for a package of this folder, and not above `boundary`.
pub(super) fn find_package(dir: &Path, name: &str, boundary: Option<&Path>) -> Option<PathBuf> {
    // Another name could lead elsewhere.
    if !spec::is_package_name(name) {
        return None;
    }
    dir.ancestors()
        .take_while(|folder| boundary.is_none_or(|boundary| folder.starts_with(boundary)))
        .map(|folder| folder.join("node_modules").join(name))
        .find(|path| path.is_dir())
}

fn missing(dir: &Path, package: &PackageJson, boundary: Option<&Path>) -> Vec<String> {
    let names = package.dependencies.keys();
    names
        .filter(|name| !PROVIDED.contains(&name.as_str()) && !name.starts_with("@types/"))
        .filter(|name| find_package(dir, name, boundary).is_none())
        .cloned()
        .collect()
}

/// The nearest folder above whose package.json has workspaces; else the folder itself.
fn workspace_root(dir: &Path) -> &Path {
    let has_workspaces = |folder: &&Path| {
        let text = std::fs::read_to_string(folder.join("package.json")).unwrap_or_default();
        folder.join("pnpm-workspace.yaml").is_file()
            || serde_json::from_str::<serde_json::Value>(&text)
                .is_ok_and(|package| package.get("workspaces").is_some())
    };
    dir.ancestors().skip(1).find(has_workspaces).unwrap_or(dir)
}

fn run(
    dir: &Path,
    npm: &Path,
    action: &str,
    options: &[&str],
    tools: &Tools<'_>,
) -> Result<(), BuildError> {
    let command = format!("npm {action} --ignore-scripts --omit=dev");
    (tools.progress)(&format!("installing the bot's packages: {command}"));
    let way = tools.confined.and_then(|confined| confined.way.as_deref());
    let mut program = match way {
        Some(way) => way.npm(npm),
        None => Command::new(npm),
    };
    program
        .args(command.split(' ').skip(1))
        .args(["--no-audit", "--no-fund"])
        .args(options)
        .current_dir(dir);
    let output = match process::output(&mut program, tools.confined) {
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            let output = error.to_string();
            return Err(BuildError::Install { command, output });
        }
        output => output.map_err(BuildError::io(npm, "started"))?,
    };
    if output.status.success() {
        return Ok(());
    }
    // What is half there would look like packages that somebody installed.
    let _ = std::fs::remove_dir_all(dir.join("node_modules"));
    let output = complaint(&String::from_utf8_lossy(&output.stderr));
    Err(BuildError::Install { command, output })
}

/// The errors without the warnings around them.
fn complaint(text: &str) -> String {
    let is_error = |line: &&str| line.starts_with("npm error") || line.starts_with("npm ERR!");
    let mut lines: Vec<_> = text.lines().filter(is_error).collect();
    if lines.is_empty() {
        lines = text.lines().collect();
    }
    lines.truncate(MAX_OUTPUT_LINES);
    lines.join("\n")
}
