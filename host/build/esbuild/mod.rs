//! Runs esbuild's native binary once, which asks back for what modules hold.

mod above;
mod protocol;

use std::collections::BTreeMap;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::diagnose::package_name;
use super::error::BuildError;
use super::install::find_package;
use super::messages::Message;
use super::{Confined, Format, PROVIDED, place, process};
use protocol::{Packet, read_bytes};

pub(super) use protocol::Value;

/// What one run is asked to do.
pub(super) struct Job<'a> {
    pub(super) esbuild: &'a Path,
    /// What [`version`] gave.
    pub(super) version: &'a str,
    /// Canonical: places and sources are made relative to it.
    pub(super) dir: &'a Path,
    pub(super) entry: &'a str,
    pub(super) format: Format,
    /// Left as they are, beside what the runtime provides.
    pub(super) externals: &'a [&'a str],
    /// Packages in whose place modules of ours stand.
    pub(super) replaced: &'a [&'a str],
    /// Code that runs before the bot's.
    pub(super) first: Option<&'a str>,
    /// Node's modules that the runtime has.
    pub(super) builtins: &'a [&'a str],
    /// The folder that was uploaded: nothing is looked for above it.
    pub(super) boundary: Option<&'a Path>,
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
    "--sources-content=true",
    "--log-level=silent",
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

/// What esbuild asks while it bundles.
pub(super) trait Modules {
    /// A file's content, where it is not what is on disk.
    fn load(&mut self, file: &str) -> Option<String>;
    /// A module of ours, by its name after [`OURS`], and the folder that it looks from.
    fn ours(&mut self, name: &str) -> (String, PathBuf);
    /// Whether what `importer` names so is left as it is.
    fn is_left(&self, name: &str, importer: &str) -> bool;
}

/// How the names of modules begin that are no files.
pub(super) const OURS: &str = "roost-module:";
const NAMESPACE: &str = "roost";

/// Which callback a question is for.
const RESOLVE_OURS: u32 = 0;
const RESOLVE_PATH: u32 = 1;
const RESOLVE_REPLACED: u32 = 2;
const LOAD_FILE: u32 = 3;
const LOAD_OURS: u32 = 4;
const RESOLVE_PROVIDED: u32 = 5;
const RESOLVE_PACKAGE: u32 = 6;

/// Files of code, and those without an extension.
const CODE: &str = r"\.[cm]?[jt]sx?$|[/\\][^./\\]*$";

/// What esbuild says that its version is.
pub(super) fn version(esbuild: &Path, confined: Option<&Confined>) -> Result<String, BuildError> {
    let mut program = Command::new(esbuild);
    program.arg("--version").env_clear();
    let output = process::output(&mut program, confined).map_err(failed(esbuild))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Gives the bundle, or the errors that esbuild found.
pub(super) fn run(
    job: &Job<'_>,
    modules: &mut dyn Modules,
) -> Result<Result<Output, Vec<Message>>, BuildError> {
    let folder = tempfile::tempdir().map_err(BuildError::io(
        &std::env::temp_dir(),
        "used for temporary files",
    ))?;
    let folder_path = folder.path();
    let folder_path = folder_path
        .canonicalize()
        .map_err(BuildError::io(folder_path, "read"))?;
    let code = folder_path.join("bundle.js");
    let mut flags = arguments(job);
    flags.push(format!("--outfile={}", code.display()));
    flags.push("--metafile".to_owned());
    if let Some(first) = job.first {
        let file = folder_path.join(FIRST);
        std::fs::write(&file, first).map_err(BuildError::io(&file, "written"))?;
        flags.push(format!("--inject:{}", file.display()));
    }
    let mut program = Command::new(job.esbuild);
    program
        .arg(format!("--service={}", job.version))
        .current_dir(job.dir)
        // Nothing of this environment, such as NODE_PATH, decides what is in a bundle.
        .env_clear()
        .env("PWD", job.dir);
    let talk = |to: &mut dyn Write, from: &mut dyn Read| {
        talk(
            job,
            &request(job, flags),
            modules,
            BufWriter::new(to),
            BufReader::new(from),
        )
    };
    let answer = process::talk(&mut program, job.confined, talk).map_err(failed(job.esbuild))?;
    if !answer.text("error").is_empty() {
        return Err(BuildError::BundlerOutput(answer.text("error").to_owned()));
    }
    let messages = |key| {
        answer
            .list(key)
            .iter()
            .map(Message::read)
            .collect::<Vec<_>>()
    };
    let errors = messages("errors");
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    let read = |path: &Path| std::fs::read_to_string(path).map_err(BuildError::io(path, "read"));
    let mut meta: Metafile = match answer.get("metafile") {
        Some(Value::Text(text)) => serde_json::from_str(text),
        Some(Value::Bytes(bytes)) => serde_json::from_slice(bytes),
        _ => serde_json::from_str(""),
    }
    .map_err(|error| BuildError::BundlerOutput(error.to_string()))?;
    let is_first = |path: &str| path.ends_with(FIRST) && path.starts_with("../");
    meta.inputs
        .retain(|path, _| !is_first(path) || job.first.is_none());
    let map = read(&folder_path.join("bundle.js.map"))?;
    Ok(Ok(Output {
        code: read(&code)?,
        map: place::relative_sources(&map, &folder_path, job.dir, job.boundary)?,
        meta,
        warnings: messages("warnings"),
    }))
}

/// The name of the file that runs before the bot.
const FIRST: &str = "roost-first-5f0c.js";

fn failed(esbuild: &Path) -> impl FnOnce(io::Error) -> BuildError {
    let path = esbuild.to_path_buf();
    move |source| BuildError::Bundler { path, source }
}

fn request(job: &Job<'_>, flags: Vec<String>) -> Value {
    let callback = |id, filter: &str, namespace: &str| {
        Value::map([
            ("id", Value::Number(id)),
            ("filter", filter.into()),
            ("namespace", namespace.into()),
        ])
    };
    let mut resolve = vec![
        callback(RESOLVE_OURS, &format!("^{OURS}"), ""),
        callback(RESOLVE_PATH, r"^\.", ""),
        callback(RESOLVE_REPLACED, &packages(job.replaced), ""),
        callback(RESOLVE_PROVIDED, &packages(&PROVIDED), ""),
    ];
    if job.boundary.is_some() {
        resolve.push(callback(RESOLVE_PACKAGE, "^[^./]", ""));
    }
    let plugin = Value::map([
        ("name", "roost".into()),
        ("onStart", Value::Bool(false)),
        ("onEnd", Value::Bool(false)),
        ("onResolve", Value::List(resolve)),
        (
            "onLoad",
            Value::List(vec![
                callback(LOAD_FILE, CODE, "file"),
                callback(LOAD_OURS, ".*", NAMESPACE),
            ]),
        ),
    ]);
    let dir = job.dir.to_string_lossy().into_owned();
    Value::map([
        ("command", "build".into()),
        ("key", Value::Number(0)),
        (
            "entries",
            Value::List(vec![Value::List(vec![
                "".into(),
                format!("./{}", job.entry).into(),
            ])]),
        ),
        (
            "flags",
            Value::List(flags.into_iter().map(Value::from).collect()),
        ),
        ("write", Value::Bool(true)),
        ("stdinContents", Value::Null),
        ("stdinResolveDir", Value::Null),
        ("absWorkingDir", dir.into()),
        ("nodePaths", Value::List(Vec::new())),
        ("context", Value::Bool(false)),
        ("plugins", Value::List(vec![plugin])),
    ])
}

/// A pattern for these packages and what is in them.
fn packages(names: &[&str]) -> String {
    let escaped = names.iter().map(|name| name.replace('.', r"\."));
    format!("^(?:{})(?:/|$)", escaped.collect::<Vec<_>>().join("|"))
}

/// Sends the request, and answers what is asked until it is answered.
fn talk(
    job: &Job<'_>,
    request: &Value,
    modules: &mut dyn Modules,
    mut to: impl Write,
    mut from: impl Read,
) -> io::Result<Value> {
    let broken = || io::Error::new(io::ErrorKind::UnexpectedEof, "it stopped in the middle");
    let _version = read_bytes(&mut from)?.ok_or_else(broken)?;
    let packet = Packet {
        id: 0,
        is_request: true,
        value: request.clone(),
    };
    packet.write(&mut to)?;
    loop {
        let packet = Packet::read(&mut from)?.ok_or_else(broken)?;
        if !packet.is_request {
            return Ok(packet.value);
        }
        let answer = Packet {
            id: packet.id,
            is_request: false,
            value: answered(&packet.value, job, modules),
        };
        answer.write(&mut to)?;
    }
}

/// The answer to one question; an empty one leaves it to esbuild.
fn answered(question: &Value, job: &Job<'_>, modules: &mut dyn Modules) -> Value {
    let nothing = || Value::map([]);
    let is_for = |id| question.list("ids").contains(&Value::Number(id));
    let path = question.text("path");
    match question.text("command") {
        // It is told of whether or not anybody asked to be.
        "on-start" => Value::map([
            ("errors", Value::List(Vec::new())),
            ("warnings", Value::List(Vec::new())),
        ]),
        "on-resolve" if is_for(RESOLVE_OURS) => {
            let name = path.strip_prefix(OURS).unwrap_or(path);
            Value::map([
                ("id", Value::Number(RESOLVE_OURS)),
                ("path", name.into()),
                ("namespace", NAMESPACE.into()),
            ])
        }
        "on-resolve" if is_for(RESOLVE_REPLACED) => Value::map([
            ("id", Value::Number(RESOLVE_REPLACED)),
            ("path", format!("native:{path}").into()),
            ("namespace", NAMESPACE.into()),
        ]),
        // The runtime has the package; a file inside of it, which some reach for, is the package's own.
        "on-resolve" if is_for(RESOLVE_PROVIDED) => {
            let is_whole = PROVIDED.contains(&path);
            let folder = Path::new(question.text("resolveDir"));
            let has_files = || find_package(folder, package_name(path), job.boundary).is_some();
            match is_whole || !has_files() {
                true => Value::map([
                    ("id", Value::Number(RESOLVE_PROVIDED)),
                    ("path", path.into()),
                    ("external", Value::Bool(true)),
                ]),
                false => nothing(),
            }
        }
        "on-resolve" if is_for(RESOLVE_PACKAGE) => above::answer(question, job),
        "on-resolve" if modules.is_left(path, question.text("importer")) => Value::map([
            ("id", Value::Number(RESOLVE_PATH)),
            ("path", path.into()),
            ("external", Value::Bool(true)),
        ]),
        "on-load" if is_for(LOAD_OURS) => {
            let (contents, folder) = modules.ours(path);
            Value::map([
                ("id", Value::Number(LOAD_OURS)),
                ("contents", Value::Bytes(contents.into_bytes())),
                ("resolveDir", folder.to_string_lossy().into_owned().into()),
                ("loader", "js".into()),
            ])
        }
        "on-load" => match modules.load(path) {
            Some(contents) => Value::map([
                ("id", Value::Number(LOAD_FILE)),
                ("contents", Value::Bytes(contents.into_bytes())),
                ("loader", "default".into()),
            ]),
            None => nothing(),
        },
        _ => nothing(),
    }
}

fn arguments(job: &Job<'_>) -> Vec<String> {
    let format = match job.format {
        Format::CommonJs => "--format=cjs",
        Format::Module => "--format=esm",
    };
    let mut arguments = vec![format.to_owned()];
    arguments.extend(OPTIONS.map(str::to_owned));
    arguments.extend(
        job.externals
            .iter()
            .map(|name| format!("--external:{name}")),
    );
    if let Some(root) = job.boundary
        && !above::has_tsconfig(job, root)
    {
        arguments.push("--tsconfig-raw={}".to_owned());
    }
    for (loader, extensions) in LOADERS {
        arguments.extend(
            extensions
                .iter()
                .map(|extension| format!("--loader:{extension}={loader}")),
        );
    }
    arguments
}
