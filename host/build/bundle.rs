//! The steps from a folder to a bundle, in order.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::diagnose::{self, Verdict};
use super::entry::{Entry, find_entry};
use super::error::{BuildError, Report};
use super::esbuild::{self, Job, Output};
use super::inspect::{inspect, is_outside, outside, package_in};
use super::messages::Message;
use super::package_json::PackageJson;
use super::{Bundle, Format, Instance, ROOT, Tools, assets, install, module_state, native, place};

/// Tries with more left out each time; a bot that needs more has other problems.
const MAX_TRIES: usize = 8;

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
    let package = PackageJson::read(dir)?;
    let entry = find_entry(dir, &package)?;
    install::ensure_installed(dir, &package, tools)?;

    let started = Instant::now();
    let Compiled {
        output,
        format,
        mut warnings,
    } = compile(dir, &package, &entry, tools)?;
    if started.elapsed() > WORTH_SAYING {
        (tools.progress)(&format!(
            "bundled in {:.1} s",
            started.elapsed().as_secs_f32()
        ));
    }

    let placed = place::answer_markers(&output.code, &output.map, &entry.path, format)?;
    let own: BTreeSet<&str> = {
        let paths = output.meta.inputs.keys().map(String::as_str);
        paths.filter(|path| package_in(path).is_none()).collect()
    };
    let assets = assets::collect(dir, &placed.asked)?;
    warnings.extend(preload_warnings(&entry));
    warnings.extend(
        output
            .warnings
            .iter()
            .filter_map(|warning| reported(dir, warning)),
    );
    warnings.extend(own.iter().filter_map(|path| key_warning(dir, path)));
    warnings.extend(assets.warnings);
    if package.settings.instance != Some(Instance::Resident) {
        warnings.extend(module_state::warnings(dir, own.iter().copied()));
    }

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
        inputs,
        warnings,
    })
}

struct Compiled {
    output: Output,
    format: Format,
    warnings: Vec<Report>,
}

/// Runs esbuild until it has no error that another run could avoid.
fn compile(
    dir: &Path,
    package: &PackageJson,
    entry: &Entry,
    tools: &Tools<'_>,
) -> Result<Compiled, BuildError> {
    let mut format = Format::CommonJs;
    let mut native: BTreeSet<String> = native::known().map(str::to_owned).collect();
    let mut absent: BTreeSet<String> = native::OPTIONAL.map(str::to_owned).into();
    for _ in 0..MAX_TRIES {
        let externals: Vec<_> = native.union(&absent).map(String::as_str).collect();
        let job = Job {
            esbuild: tools.esbuild,
            dir,
            entry: &entry.path,
            format,
            externals: &externals,
            confined: tools.confined,
        };
        let errors = match esbuild::run(&job)? {
            Ok(output) => {
                let found = inspect(dir, &output.meta, &entry.path, &native, tools);
                if !found.problems.is_empty() {
                    return Err(BuildError::Code(found.problems));
                }
                if found.left_out.is_empty() {
                    let warnings = found.warnings;
                    return Ok(Compiled {
                        output,
                        format,
                        warnings,
                    });
                }
                native.extend(found.left_out);
                continue;
            }
            Err(errors) => errors,
        };
        if tools.confined.is_some() {
            // Before anything else is said: an error shows the line that it is about.
            let files = errors
                .iter()
                .filter_map(|error| Some(error.place.as_ref()?.file.as_str()));
            let problems: Vec<_> = files.filter(|file| is_outside(file)).map(outside).collect();
            if !problems.is_empty() {
                return Err(BuildError::Code(problems));
            }
        }
        match diagnose::judge(dir, package, &errors) {
            Verdict::UseModules => format = Format::Module,
            Verdict::LeaveOut(names) => absent.extend(names),
            Verdict::Native(names) => native.extend(names),
            Verdict::Refuse(problems) => return Err(BuildError::Code(problems)),
        }
    }
    let problem = format!("it could not be settled after {MAX_TRIES} runs what to leave out");
    Err(BuildError::BundlerOutput(problem))
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
    let is_dynamic = warning
        .text
        .starts_with("This call to \"require\" will not be bundled");
    Some(match is_dynamic {
        true => Report::new(
            "what this `require` loads is known only when it runs, so it is not in the bundle",
        )
        .with_place(place)
        .with_advice(
            "write the path in quotes, or begin it with its folder: require('./commands/' + name)",
        ),
        false => Report::new(&*warning.text).with_place(place),
    })
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
