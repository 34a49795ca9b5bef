//! Why a folder did not become a bundle, in words for the bot's author.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::mem::{Discriminant, discriminant};
use std::path::{Path, PathBuf};

/// What stopped a build. `Display` has several lines: what happened, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("`{}` is not a folder\n  = give the folder that holds the bot's package.json", .0.display())]
    NotAFolder(PathBuf),
    #[error("`{}` is not valid: {problem}\n  = correct it and build again", path.display())]
    PackageJson { path: PathBuf, problem: String },
    #[error(
        "package.json: `roost` has no setting named {}\n  = what it may hold: {}",
        quoted(unknown),
        quoted(known)
    )]
    UnknownSetting {
        unknown: Vec<String>,
        known: Vec<String>,
    },
    #[error("package.json: `{}` is `{value}`: {problem}", setting(key))]
    BadSetting {
        key: &'static str,
        value: String,
        problem: String,
    },
    #[error(
        "no file to start the bot with was found\n{}  = {ENTRY_ADVICE}",
        listed(tried)
    )]
    NoEntry { tried: Vec<String> },
    #[error(
        "the packages of this bot are not installed: {}\n  = run this in its folder: {command}",
        quoted(missing)
    )]
    NotInstalled {
        missing: Vec<String>,
        command: String,
    },
    #[error(
        "this host has no npm to install the packages of this bot with: {}\n  = build it where npm \
         is, and deploy that: roost build DIR -o bot.wasm && roost deploy bot.wasm",
        quoted(missing)
    )]
    NoNpm { missing: Vec<String> },
    #[error(
        "`{command}` failed\n{output}\n  = run it in the bot's folder, correct what it says, build again"
    )]
    Install { command: String, output: String },
    /// What is wrong in the bot's code: all of it, in the order of the files.
    #[error("{}", joined(.0))]
    Code(Vec<Problem>),
    #[error("the bundler at `{}` did not run", path.display())]
    Bundler {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the bundler stopped without saying why\n{0}")]
    BundlerOutput(String),
    #[error("`{}` could not be {action}", path.display())]
    Io {
        path: PathBuf,
        action: &'static str,
        #[source]
        source: io::Error,
    },
}

const ENTRY_ADVICE: &str = r#"name it in package.json: "scripts": { "start": "node app.js" }, or "roost": { "entry": "app.js" }"#;

impl BuildError {
    /// The same with files named from this folder on: where it lies is of no use to its author.
    pub fn below(mut self, folder: &Path) -> Self {
        // Builds work with the canonical path.
        let folders = [Some(folder.to_path_buf()), folder.canonicalize().ok()];
        for folder in folders.iter().flatten() {
            match &mut self {
                Self::PackageJson { path, .. } | Self::Io { path, .. } | Self::NotAFolder(path) => {
                    if let Ok(below) = path.strip_prefix(folder) {
                        *path = below.to_path_buf();
                    }
                }
                Self::Install { output, .. } | Self::BundlerOutput(output) => {
                    *output = output.replace(&format!("{}/", folder.display()), "");
                }
                _ => {}
            }
        }
        self
    }

    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }
}

/// One thing that is wrong in a bot's code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    pub kind: ProblemKind,
    pub report: Report,
}

/// What is wrong, for callers that do more than show it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProblemKind {
    /// The file does not parse, or the bundler refuses it for a reason of its own.
    Syntax,
    MissingPackage(String),
    MissingFile(String),
    /// The package needs machine code, which a sandbox cannot load.
    NativeModule(String),
    /// The runtime does not have this module of Node's.
    UnknownBuiltin(String),
    /// An environment file would have become part of the bot.
    EnvFile(String),
    /// A file outside of an uploaded folder.
    Outside(String),
    /// A dependency of an uploaded folder that is neither of a registry nor in the folder.
    Dependency(String),
    /// A file of a kind that cannot be imported.
    NotImportable(String),
}

/// A message with the place it is about and what to do, printed the way compilers do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    pub message: String,
    pub place: Option<Place>,
    pub advice: Option<String>,
}

impl Report {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            advice: None,
        }
    }

    pub(super) fn with_place(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    pub(super) fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// A place in the bot's own source. Lines and columns count from 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// Relative to the bot's folder.
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// How many characters are meant.
    pub length: usize,
    /// The line's text, without its end.
    pub text: String,
}

impl Place {
    /// Reads the line that it points at; an unreadable file gives an empty one.
    pub(super) fn in_file(dir: &Path, file: &str, line: usize, column: usize) -> Self {
        let source = std::fs::read_to_string(dir.join(file)).unwrap_or_default();
        let text = source.lines().nth(line.saturating_sub(1)).unwrap_or("");
        Self {
            file: file.to_owned(),
            line,
            column,
            length: 1,
            text: text.to_owned(),
        }
    }

    /// Finds where `file` names `specifier` between quotes.
    pub(super) fn of_import(dir: &Path, file: &str, specifier: &str) -> Option<Self> {
        let source = std::fs::read_to_string(dir.join(file)).ok()?;
        let quoted = ['\'', '"', '`'].map(|quote| format!("{quote}{specifier}{quote}"));
        source.lines().enumerate().find_map(|(number, text)| {
            let found = quoted
                .iter()
                .find_map(|quoted| text.find(quoted.as_str()))?;
            Some(Self {
                file: file.to_owned(),
                line: number + 1,
                column: text[..found].chars().count() + 1,
                length: specifier.chars().count() + 2,
                text: text.to_owned(),
            })
        })
    }
}

/// Longer lines, as in minified code, are shown in part.
const MAX_SHOWN_CHARS: usize = 120;

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.message)?;
        if let Some(place) = &self.place {
            write!(out, "\n{place}")?;
        }
        for line in self.advice.iter().flat_map(|advice| advice.lines()) {
            write!(out, "\n  = {line}")?;
        }
        Ok(())
    }
}

impl Display for Place {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            file, line, column, ..
        } = self;
        write!(out, " --> {file}:{line}:{column}")?;
        if self.text.trim().is_empty() {
            return Ok(());
        }
        let before = column.saturating_sub(1);
        let skipped = before.saturating_sub(MAX_SHOWN_CHARS / 2);
        let text: String = self
            .text
            .chars()
            .skip(skipped)
            .take(MAX_SHOWN_CHARS)
            .collect();
        let text = text.replace('\t', " ");
        let margin = " ".repeat(line.to_string().len());
        let indent = " ".repeat(before - skipped);
        let shown = text.chars().count().saturating_sub(before - skipped);
        let carets = "^".repeat(self.length.clamp(1, shown.max(1)));
        write!(
            out,
            "\n{margin} |\n{line} | {text}\n{margin} | {indent}{carets}"
        )
    }
}

/// Problems of one kind that are shown; of more there is a count.
const SHOWN_OF_A_KIND: usize = 10;

fn joined(problems: &[Problem]) -> String {
    let mut counts: HashMap<Discriminant<ProblemKind>, usize> = HashMap::new();
    let mut reports = Vec::new();
    for problem in problems {
        let count = counts.entry(discriminant(&problem.kind)).or_default();
        *count += 1;
        if *count <= SHOWN_OF_A_KIND {
            reports.push(problem.report.to_string());
        }
    }
    let more = problems.len() - reports.len();
    if more > 0 {
        reports.push(format!("and {more} more of the same kind"));
    }
    reports.join("\n\n")
}

/// `a`, `b`, `c`
pub(super) fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// `entry` is at `roost.entry`; the empty name is the key itself.
fn setting(key: &str) -> String {
    match key {
        "" => "roost".to_owned(),
        key => format!("roost.{key}"),
    }
}

fn listed(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}\n")).collect()
}
