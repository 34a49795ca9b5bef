//! The steps from a folder to a bundle, in order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::compile::{Compiled, compile};
use super::diagnose;
use super::entry::{Entry, find_entry};
use super::error::{BuildError, Report};
use super::esbuild::Output;
use super::inspect::{is_ours, package_in};
use super::messages::Message;
use super::package_json::PackageJson;
use super::variables::variables;
use super::{Bundle, ROOT, Tools, assets, early, install, module_state, place, timers};
use crate::words::Lifetime;

/// A step that took longer is worth a word.
const WORTH_SAYING: Duration = Duration::from_secs(1);

/// Makes one file of JavaScript of the bot in `dir`, with what it reads beside.
///
/// Blocks while npm and esbuild run. Reads no environment file and no secret.
///
/// Fails with `BuildError::Code` when the bot's code cannot run here, and with the other kinds
/// when it never came to reading it.
pub fn bundle(dir: &Path, tools: &Tools<'_>) -> Result<Bundle, BuildError> {
    let not_a_folder = |_| BuildError::NotAFolder(dir.to_path_buf());
    let dir = &dir.canonicalize().map_err(not_a_folder)?;
    if !dir.is_dir() {
        return Err(BuildError::NotAFolder(dir.clone()));
    }
    let root = dir;
    let dir = &bot_in(root)?;
    let package = PackageJson::read(dir)?;
    let entry = find_entry(dir, &package)?;
    early::refuse_what_cannot_run(dir, &entry)?;
    let stale = install::ensure_installed(root, dir, &package, tools)?;

    let started = Instant::now();
    let Compiled {
        output,
        format,
        modules,
        has_table,
        has_cache,
        resolved,
        mut warnings,
    } = compile(root, dir, &package, &entry, tools)?;
    if started.elapsed() > WORTH_SAYING {
        (tools.progress)(&format!(
            "bundled in {:.1} s",
            started.elapsed().as_secs_f32()
        ));
    }

    let questions = place::Questions {
        entry: &entry.path,
        format,
        modules: &modules,
        has_table,
        has_cache,
    };
    let placed = place::answer_markers(&output.code, &output.map, &questions)?;
    let own: BTreeSet<&str> = {
        let paths = output.meta.inputs.keys().map(String::as_str);
        paths
            .filter(|path| package_in(path).is_none() && !is_ours(path))
            .collect()
    };
    let assets = assets::collect(&assets::Search {
        dir,
        asked: &placed.asked,
        with_code: has_table || reads_files(&output, &own, &placed.asked),
        resolved: &resolved,
        boundary: tools.confined.map(|_| root.as_path()),
    })?;
    warnings.splice(0..0, stale);
    warnings.extend(main_warning(&package, &entry));
    warnings.extend(preload_warnings(&entry));
    warnings.extend(
        output
            .warnings
            .iter()
            .filter_map(|warning| reported(dir, warning)),
    );
    warnings.extend(own.iter().filter_map(|path| key_warning(dir, path)));
    warnings.extend(assets.warnings);
    if package.settings.instance != Some(Lifetime::Resident) {
        warnings.extend(module_state::warnings(dir, own.iter().copied()));
    }

    warnings.extend(timers::warning(dir, own.iter().copied()));

    let variables = variables(dir, output.meta.inputs.keys().map(String::as_str));

    let mut inputs: Vec<_> = own.iter().map(|path| dir.join(path)).collect();
    inputs.push(dir.join("package.json"));
    inputs.extend(assets.paths);
    inputs.retain(|path| path.exists());
    inputs.sort();
    inputs.dedup();
    Ok(Bundle {
        code: placed.code,
        format,
        file: format!("{ROOT}/{}", entry.path),
        source_map: placed.map.into_bytes(),
        files: assets.files,
        entry,
        webhook_path: package.settings.webhook_path,
        instance: package.settings.instance,
        variables,
        inputs,
        warnings,
    })
}

/// The bot's folder in what is built: of a workspace, the one that its package.json names.
fn bot_in(root: &Path) -> Result<PathBuf, BuildError> {
    let Some(folder) = PackageJson::read(root)?.settings.folder else {
        return Ok(root.to_path_buf());
    };
    let bot = root.join(&folder).canonicalize().ok();
    let bot = bot.filter(|bot| bot.starts_with(root) && bot.is_dir());
    bot.ok_or_else(|| BuildError::BadSetting {
        key: "folder",
        value: folder,
        problem: "there is no such folder below this one".to_owned(),
    })
}

/// Whether the bot's own code looks at files.
fn reads_files(output: &Output, own: &BTreeSet<&str>, asked: &BTreeSet<String>) -> bool {
    const MODULES: [&str; 2] = ["fs", "fs/promises"];
    let names_fs = |path: &&&str| {
        let imports = output.meta.inputs.get(**path).map(|input| &input.imports);
        let mut names = imports
            .into_iter()
            .flatten()
            .map(|import| import.path.as_str());
        names.any(|name| MODULES.contains(&name.strip_prefix("node:").unwrap_or(name)))
    };
    own.iter().any(|path| asked.contains(*path)) || own.iter().find(names_fs).is_some()
}

/// A `main` that leads nowhere, where a file of a usual name is started in its place.
fn main_warning(package: &PackageJson, entry: &Entry) -> Option<Report> {
    let main = package.main.as_ref()?;
    entry.is_guessed.then(|| {
        let message = format!(
            "`main` of package.json is `{main}`, which is not there: `{}` is started",
            entry.path
        );
        Report::new(message).with_advice("correct `main`")
    })
}

/// `dotenv/config` and its like load what a host sets by itself; other files are missed.
fn preload_warnings(entry: &Entry) -> impl Iterator<Item = Report> {
    let missed = entry
        .preloads
        .iter()
        .filter(|file| !file.contains("dotenv"));
    missed.map(|file| {
        Report::new(format!(
            "`{file}`, which the start script loads first, is not loaded"
        ))
        .with_advice("require it in the bot's first line")
    })
}

/// esbuild's warnings about the bot's own code.
fn reported(dir: &Path, warning: &Message) -> Option<Report> {
    let at = warning
        .place
        .as_ref()
        .filter(|at| package_in(&at.file).is_none())?;
    let place = Some(diagnose::place(dir, at));
    Some(Report::new(&*warning.text).with_place(place))
}

fn key_warning(dir: &Path, path: &str) -> Option<Report> {
    let content = std::fs::read(dir.join(path)).ok()?;
    assets::holds_private_key(&content).then(|| {
        Report::new(format!(
            "`{path}` holds a private key, and the bot imports it: the key is in the bundle"
        ))
        .with_advice("store the key as a secret of the project and read process.env.NAME")
    })
}
