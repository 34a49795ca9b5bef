//! Runs esbuild's native binary once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::error::BuildError;
use super::messages::{self, Message};
use super::{Confined, Format, PROVIDED, place, process};

/// What one run is asked to do.
pub(super) struct Job<'a> {
    pub(super) esbuild: &'a Path,
    /// Canonical: places and sources are made relative to it.
    pub(super) dir: &'a Path,
    pub(super) entry: &'a str,
    pub(super) format: Format,
    /// Left as they are, beside what the runtime provides.
    pub(super) externals: &'a [&'a str],
    pub(super) confined: Option<&'a Confined>,
}

/// What a run wrote, where it had no error.
pub(super) struct Output {
    pub(super) code: String,
    pub(super) map: String,
    pub(super) meta: Metafile,
    pub(super) warnings: Vec<Message>,
}

/// What went into a bundle, file by file.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metafile {
    pub(super) inputs: BTreeMap<String, Input>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Input {
    #[serde(default)]
    pub(super) imports: Vec<Import>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Import {
    /// A file of `inputs`, or what was written where it is external.
    pub(super) path: String,
    #[serde(default)]
    pub(super) external: bool,
    /// What was written.
    #[serde(default)]
    pub(super) original: Option<String>,
}

impl Import {
    pub(super) fn written(&self) -> &str {
        self.original.as_deref().unwrap_or(&self.path)
    }
}

/// What the engine parses is ES2025 and more, but not decorators: any target before `esnext`
/// lowers them. Whitespace goes because a bot's source text lives in its image; names stay, so
/// that function names and stack traces need no `--keep-names`. Output stays ASCII, esbuild's
/// default, so that a column means the same in bytes and in characters.
const OPTIONS: [&str; 12] = [
    "--bundle",
    "--platform=node",
    "--target=es2025",
    "--minify-whitespace",
    "--line-limit=400",
    "--legal-comments=none",
    "--sourcemap=external",
    "--sources-content=false",
    "--log-level=warning",
    "--log-limit=0",
    "--color=false",
    "--log-override:unsupported-require-call=warning",
];

/// Entries such as `bin/www` have no extension. Addons load as nothing, and are refused later
/// with a message of ours.
const LOADERS: [(&str, &[&str]); 3] = [
    ("js", &[""]),
    ("empty", &[".node"]),
    (
        "text",
        &[
            ".html",
            ".htm",
            ".md",
            ".sql",
            ".csv",
            ".xml",
            ".svg",
            ".graphql",
            ".gql",
            ".yaml",
            ".yml",
            ".ejs",
            ".hbs",
            ".handlebars",
            ".mustache",
            ".pug",
            ".liquid",
        ],
    ),
];

/// Gives the bundle, or the errors that esbuild found.
pub(super) fn run(job: &Job<'_>) -> Result<Result<Output, Vec<Message>>, BuildError> {
    let folder = tempfile::tempdir().map_err(BuildError::io(
        &std::env::temp_dir(),
        "used for temporary files",
    ))?;
    let folder_path = folder.path();
    let folder_path = folder_path
        .canonicalize()
        .map_err(BuildError::io(folder_path, "read"))?;
    let code = folder_path.join("bundle.js");
    let meta = folder_path.join("meta.json");
    let mut program = Command::new(job.esbuild);
    program
        .args(arguments(job))
        .arg(format!("--outfile={}", code.display()))
        .arg(format!("--metafile={}", meta.display()))
        .current_dir(job.dir)
        // Nothing of this environment, such as NODE_PATH, decides what is in a bundle.
        .env_clear()
        .env("PWD", job.dir);
    let output =
        process::output(&mut program, job.confined).map_err(|source| BuildError::Bundler {
            path: job.esbuild.to_path_buf(),
            source,
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let (errors, warnings): (Vec<_>, Vec<_>) = messages::parse(&said)
        .into_iter()
        .partition(|message| message.is_error);
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    if !output.status.success() {
        return Err(BuildError::BundlerOutput(said.trim().to_owned()));
    }
    let read = |path: &Path| std::fs::read_to_string(path).map_err(BuildError::io(path, "read"));
    let meta = serde_json::from_str(&read(&meta)?)
        .map_err(|error| BuildError::BundlerOutput(error.to_string()))?;
    let map = read(&folder_path.join("bundle.js.map"))?;
    Ok(Ok(Output {
        code: read(&code)?,
        map: place::relative_sources(&map, &folder_path, job.dir)?,
        meta,
        warnings,
    }))
}

fn arguments(job: &Job<'_>) -> Vec<String> {
    let format = match job.format {
        Format::CommonJs => "--format=cjs",
        Format::Module => "--format=esm",
    };
    let mut arguments = vec![format!("./{}", job.entry), format.to_owned()];
    arguments.extend(OPTIONS.map(str::to_owned));
    arguments.extend(PROVIDED.iter().map(|name| format!("--external:{name}")));
    arguments.extend(
        job.externals
            .iter()
            .map(|name| format!("--external:{name}")),
    );
    arguments.extend(place::definitions());
    for (loader, extensions) in LOADERS {
        arguments.extend(
            extensions
                .iter()
                .map(|extension| format!("--loader:{extension}={loader}")),
        );
    }
    arguments
}
