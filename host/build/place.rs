//! Gives each module of a bundle its own `__dirname`.
//!
//! In one file there would be one folder for all, and `path.join(__dirname, '../views')` in
//! `routes/x.js` would miss. So the bundler writes a marker wherever a module asks where it is,
//! the source map tells which module that was, and the marker is given a number: no column moves.
//! A first line, which the source map skips, says what the numbered markers are. In the same way
//! modules get a `module.parent`, by which older bots tell whether they are the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::BuildError;
use super::sourcemap::SourceMap;
use super::{Format, ROOT};

/// What modules ask, and the marker for it. All markers are of one length.
const QUESTIONS: [(&str, &str); 6] = [
    ("__dirname", "__roost_dir_0000__"),
    ("__filename", "__roost_fil_0000__"),
    ("import.meta.dirname", "__roost_dir_0000__"),
    ("import.meta.filename", "__roost_fil_0000__"),
    ("import.meta.url", "__roost_url_0000__"),
    ("require.main", "__roost_mod_0000__"),
];

const MARKER_START: &str = "__roost_";
const MARKER_LENGTH: usize = 18;

pub(super) fn definitions() -> impl Iterator<Item = String> {
    QUESTIONS
        .iter()
        .map(|(name, marker)| format!("--define:{name}={marker}"))
}

/// A bundle whose modules know where they are.
pub(super) struct Placed {
    pub(super) code: String,
    pub(super) map: String,
    /// The modules that asked, as the source map names them.
    pub(super) asked: BTreeSet<String>,
}

/// Answers every marker in `code`.
pub(super) fn answer_markers(
    code: &str,
    map: &str,
    entry: &str,
    format: Format,
) -> Result<Placed, BuildError> {
    let parsed = SourceMap::parse(map.as_bytes())
        .map_err(|error| BuildError::BundlerOutput(error.to_string()))?;
    let mut answers = Answers::default();
    let mut placed = String::with_capacity(code.len() + 256);
    // A program's first line, `#!/usr/bin/env node`, is no longer the first.
    let code = match code.strip_prefix("#!") {
        Some(rest) => format!("//{rest}"),
        None => code.to_owned(),
    };
    for (number, line) in code.split_inclusive('\n').enumerate() {
        let mut rest = 0;
        while let Some(found) = line[rest..].find(MARKER_START) {
            let start = rest + found;
            let end = (start + MARKER_LENGTH).min(line.len());
            placed.push_str(&line[rest..start]);
            let source = parsed.source_at(number + 1, start + 1).unwrap_or(entry);
            match &line[start..end] {
                "__roost_mod_0000__" => placed.push_str(&main_module(line, start, source == entry)),
                marker => placed.push_str(&answers.number(marker, source)),
            }
            rest = end;
        }
        placed.push_str(&line[rest..]);
    }
    let has_modules = give_parents(&mut placed);
    let mut prelude = answers.prelude(entry, format);
    if has_modules {
        let file = quote(&virtual_path(entry));
        prelude.push_str(&format!(
            "function {NEW_MODULE}{{return{{exports:{{}},parent:{{filename:{file}}},children:[]}}}}"
        ));
    }
    Ok(Placed {
        code: format!("{prelude}\n{placed}"),
        map: shifted(map)?,
        asked: answers.asked,
    })
}

/// What the bundler makes for `module`, and what stands in its place: as long, so no column moves.
const PLAIN_MODULE: &str = "{exports:{}}";
const NEW_MODULE: &str = "__roost_md()";

/// Replaces the one place where the bundler's own code makes modules; tells whether it is there.
fn give_parents(code: &mut String) -> bool {
    let helper = "(0,cb[__getOwnPropNames(cb)[0]])((";
    let Some(helper) = code.find(helper) else {
        return false;
    };
    let Some(found) = code[helper..].find(PLAIN_MODULE) else {
        return false;
    };
    let start = helper + found;
    code.replace_range(start..start + PLAIN_MODULE.len(), NEW_MODULE);
    true
}

/// Answers `require.main` so that `require.main === module` is true in the entry only.
///
/// There it becomes the name that it is compared with: the bundler may have renamed `module`.
fn main_module(line: &str, start: usize, is_entry: bool) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let after = line[start + MARKER_LENGTH..]
        .trim_start()
        .trim_start_matches('=')
        .trim_start();
    let after = &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())];
    let before = line[..start].trim_end().trim_end_matches('=').trim_end();
    let before = &before[before.rfind(|c| !is_name(c)).map_or(0, |at| at + 1)..];
    let name = match is_entry {
        false => "undefined",
        true if after.starts_with("module") => after,
        true if before.starts_with("module") => before,
        true => "module",
    };
    format!("{name:MARKER_LENGTH$}")
}

#[derive(Default)]
struct Answers {
    /// Marker's kind and source, and the number given.
    numbers: BTreeMap<(String, String), usize>,
    asked: BTreeSet<String>,
}

impl Answers {
    fn number(&mut self, marker: &str, source: &str) -> String {
        let Some(kind) = marker.strip_suffix("0000__") else {
            return marker.to_owned();
        };
        let next = self.numbers.len() + 1;
        let key = (kind.to_owned(), source.to_owned());
        let number = *self.numbers.entry(key).or_insert(next);
        self.asked.insert(source.to_owned());
        format!("{kind}{number:04}__")
    }

    /// One line: what the markers are, and `require` for the packages in an ES module.
    fn prelude(&self, entry: &str, format: Format) -> String {
        let mut line = String::new();
        if format == Format::Module {
            let file = quote(&format!("file://{}", virtual_path(entry)));
            line.push_str(r#"import{createRequire as __roost_require}from"node:module";"#);
            line.push_str(&format!("var require=__roost_require({file});"));
        }
        for ((kind, source), number) in &self.numbers {
            let file = virtual_path(source);
            let value = match kind.as_str() {
                "__roost_dir_" => file
                    .rsplit_once('/')
                    .map_or("/", |(folder, _)| folder)
                    .to_owned(),
                "__roost_url_" => format!("file://{file}"),
                _ => file,
            };
            line.push_str(&format!("var {kind}{number:04}__={};", quote(&value)));
        }
        line
    }
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where the bot sees a source: below `/app`, packages always in `/app/node_modules`.
pub(super) fn virtual_path(source: &str) -> String {
    if let Some(at) = source.find("node_modules/") {
        return format!("{ROOT}/{}", &source[at..]);
    }
    let path = normal(&Path::new(ROOT).join(source));
    path.to_string_lossy().into_owned()
}

#[derive(Deserialize, Serialize)]
struct RawMap<'a> {
    version: u32,
    sources: Vec<String>,
    #[serde(borrow)]
    names: &'a RawValue,
    #[serde(borrow)]
    mappings: &'a RawValue,
}

/// Renames a map's sources, which are relative to where esbuild wrote, to be relative to `dir`.
///
/// Packages lose what is before their `node_modules`: of a workspace's they may lie above.
pub(super) fn relative_sources(map: &str, from: &Path, dir: &Path) -> Result<String, BuildError> {
    let mut map: RawMap<'_> = parsed(map)?;
    for source in &mut map.sources {
        let path = relative(&normal(&from.join(&source)), dir);
        *source = match path.find("node_modules/") {
            Some(at) if path.starts_with("../") => path[at..].to_owned(),
            _ => path,
        };
    }
    Ok(serde_json::json!(map).to_string())
}

/// Moves everything one line down.
fn shifted(map: &str) -> Result<String, BuildError> {
    let map: RawMap<'_> = parsed(map)?;
    let mappings = format!("\";{}", &map.mappings.get()[1..]);
    let mappings = RawValue::from_string(mappings)
        .map_err(|error| BuildError::BundlerOutput(error.to_string()))?;
    let map = RawMap {
        mappings: &mappings,
        ..map
    };
    Ok(serde_json::json!(map).to_string())
}

fn parsed(map: &str) -> Result<RawMap<'_>, BuildError> {
    serde_json::from_str(map)
        .map_err(|error| BuildError::BundlerOutput(format!("its source map is not one: {error}")))
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// `path` as seen from `dir`, with `..` where it is not inside.
fn relative(path: &Path, dir: &Path) -> String {
    let shared = path
        .components()
        .zip(dir.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = dir.components().skip(shared).map(|_| "..".to_owned());
    let down = path
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}
