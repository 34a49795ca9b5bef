//! From a bot's folder to one bundle of JavaScript, and into a component's sections.
//!
//! ```text
//!  folder ─▶ package_json ─▶ entry ─▶ install ─▶ compile ────▶ place ─▶ Bundle ─▶ artifact
//!            what it says    where    npm ci,    │ esbuild    whose    code, map,
//!            of itself       it       if need    │ modules    folder   files
//!                            starts   be         ▼ inspect
//! ```
//!
//! `bundle` starts other programs and waits for them: call it where blocking is allowed.
//!
//! Not here: running the bundle. It has seen no secret and no sandbox when it leaves this module.

pub mod artifact;
mod assets;
mod bundle;
mod compile;
mod diagnose;
mod early;
mod entry;
mod error;
mod esbuild;
mod few;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod inspect;
mod install;
mod messages;
mod module_state;
mod modules;
mod native;
pub(crate) mod npmrc;
mod package_json;
mod parsed;
mod place;
mod process;
mod scripts;
mod slow;
pub mod sourcemap;
pub mod texts;
mod timers;
mod variables;
pub mod workspace;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::words::Lifetime;

pub use bundle::bundle;
pub use entry::Entry;
pub use error::{BuildError, Place, Problem, ProblemKind, Report};
pub use variables::{UsedAs, Variable};

/// Where a bot's folder is, as the bot sees it.
pub const ROOT: &str = "/app";

/// Packages that the runtime provides: never bundled, never missing.
pub const PROVIDED: [&str; 11] = [
    "@roost-host/roost",
    "argon2",
    "bcrypt",
    "bcryptjs",
    "pg",
    "pg-native",
    "pg-pool",
    "real-require",
    "roost",
    "thread-stream",
    "undici",
];

/// What building needs from outside, and what the runtime can do.
pub struct Tools<'a> {
    /// esbuild's native binary.
    pub esbuild: &'a Path,
    /// npm, where it is installed.
    pub npm: Option<&'a Path>,
    /// Node's modules that the runtime has: `fs`, `fs/promises`, `test` and so on.
    pub builtins: &'a [&'a str],
    /// Told of each step that may take longer than a second.
    pub progress: &'a (dyn Fn(&str) + Sync),
    /// For a folder that somebody uploaded; `None` for one of whoever runs this.
    pub confined: Option<&'a Confined>,
}

/// What a build of somebody else's folder is held to: nothing outside of the folder becomes part of
/// the bundle, npm sees nothing of the environment, and both end in time.
#[derive(Clone, Debug)]
pub struct Confined {
    /// How long one program may run.
    pub patience: Duration,
    /// Set to end a build that nobody waits for any more.
    pub stop: Arc<AtomicBool>,
    /// Registries that it may name in its `.npmrc`; `None` allows all.
    pub registries: Option<Arc<[String]>>,
    /// How npm reaches them where this process has no network itself; `None` where it has.
    pub way: Option<Arc<dyn Way>>,
}

/// The way to the registries out of a process that is confined for good, and can end nothing but itself.
pub trait Way: fmt::Debug + Send + Sync {
    /// npm as a program that has this way, and no other.
    fn npm(&self, npm: &Path) -> Command;
    /// Packages are fetched from here on: others may use the processor.
    fn begins(&self);
    /// They are there. Waits for the processor.
    fn ends(&self);
}

/// How the bundle's code is evaluated.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Format {
    /// The body of a CommonJS module: `require`, `module` and `exports` are around it.
    #[serde(rename = "cjs")]
    CommonJs,
    /// An ES module: what bots that wait at the top level become.
    #[serde(rename = "esm")]
    Module,
}

/// A file that the bot may read with `fs`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BundledFile {
    /// Where the bot finds it, such as `/app/views/index.html`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// One bot, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub code: String,
    pub format: Format,
    /// The name under which `code` is evaluated, such as `/app/app.js`; stack traces carry it.
    pub file: String,
    /// A version 3 source map in JSON, without the sources' text; read it with `sourcemap`.
    pub source_map: Vec<u8>,
    pub files: Vec<BundledFile>,
    pub entry: Entry,
    pub webhook_path: Option<String>,
    pub instance: Option<Lifetime>,
    /// What its code reads of the environment, in the order of the files.
    pub variables: Vec<Variable>,
    /// The project's own files that went in, absolute: a change of one asks for a new build.
    pub inputs: Vec<PathBuf>,
    pub warnings: Vec<Report>,
}

#[cfg(test)]
mod tests;
