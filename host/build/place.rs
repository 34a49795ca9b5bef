//! Answers what the modules of a bundle ask: where they are, and by what they load others.
//!
//! The markers that stand in the code are given their final numbers, so that the same files make the
//! same bytes, and a first line, which the source map skips, says what they are. Modules also get a
//! `module` like Node's: older bots tell by `module.parent` whether they are the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::BuildError;
use super::modules::{CONSTANT, Question, marker, markers};
use super::{Format, ROOT};

/// A bundle whose modules know where they are.
pub(super) struct Placed {
    pub(super) code: String,
    pub(super) map: String,
    /// The modules that ask where they are, by their paths from the bot's folder.
    pub(super) asked: BTreeSet<String>,
}

/// What is needed to answer.
pub(super) struct Questions<'a> {
    pub(super) entry: &'a str,
    pub(super) format: Format,
    /// The modules that markers count, by their paths from the bot's folder.
    pub(super) modules: &'a [String],
    /// Whether code of the bundle's begins with a list of what can be loaded by name.
    pub(super) has_table: bool,
    /// Whether code of the bundle's takes modules out of `require.cache`.
    pub(super) has_cache: bool,
}

/// Answers every marker in `code`.
pub(super) fn answer_markers(
    code: &str,
    map: &str,
    questions: &Questions<'_>,
) -> Result<Placed, BuildError> {
    let mut used = BTreeSet::new();
    let mut asked = BTreeSet::new();
    for found in markers(code) {
        let Some(module) = questions.modules.get(found.module) else {
            continue;
        };
        used.insert((module.as_str(), found.question, found.length));
        if matches!(
            found.question,
            Question::Folder | Question::File | Question::Url
        ) {
            asked.insert(module.clone());
        }
    }
    let order: BTreeSet<&str> = used.iter().map(|(module, ..)| *module).collect();
    let numbers: BTreeMap<&str, usize> = order.into_iter().zip(0..).collect();

    let mut placed = String::with_capacity(code.len() + 256);
    let mut rest = 0;
    for found in markers(code) {
        let number = questions
            .modules
            .get(found.module)
            .and_then(|module| numbers.get(module.as_str()));
        if let Some(number) = number {
            placed.push_str(&code[rest..found.start]);
            placed.push_str(&marker(found.question, *number, found.length));
            rest = found.start + found.length;
        }
    }
    placed.push_str(&code[rest..]);
    // A program's first line, `#!/usr/bin/env node`, is no longer the first.
    if placed.starts_with("#!") {
        placed.replace_range(..2, "//");
    }

    let mut prelude = String::new();
    if questions.format == Format::Module {
        let file = quote(&format!("file://{}", virtual_path(questions.entry)));
        prelude.push_str(r#"import{createRequire as __roost_require}from"node:module";"#);
        prelude.push_str(&format!("var require=__roost_require({file});"));
    }
    let loads = |question| {
        matches!(
            question,
            Question::Require | Question::Import | Question::Main | Question::Resolver
        )
    };
    if questions.has_table
        || questions.has_cache
        || used.iter().any(|(_, question, _)| loads(*question))
    {
        prelude.push_str(&format!("var {LOADER}=require(\"roost/modules\");"));
    }
    for (module, question, length) in &used {
        let Some(number) = numbers.get(module) else {
            continue;
        };
        let file = virtual_path(module);
        let value = match question {
            Question::Folder => quote(file.rsplit_once('/').map_or("/", |(folder, _)| folder)),
            Question::File => quote(&file),
            Question::Url => quote(&format!("file://{file}")),
            Question::Require => format!("{LOADER}.requireOf({})", quote(&file)),
            Question::Import => format!("{LOADER}.importOf({})", quote(&file)),
            Question::Main => format!("{LOADER}.main"),
            Question::Resolver => format!("{LOADER}.resolverOf({})", quote(&file)),
        };
        prelude.push_str(&format!(
            "var {}={value};",
            marker(*question, *number, *length)
        ));
    }
    if placed.contains(CONSTANT) {
        prelude.push_str(
            "var $_k={set x(_){throw new TypeError(\"Assignment to constant variable.\")}};",
        );
    }
    if make_modules(&mut placed) {
        let file = quote(&virtual_path(questions.entry));
        let root = quote(&format!("{ROOT}/"));
        prelude.push_str(&format!(
            "function {NEW_MODULE}(cb){{for(var f in cb)break;f={root}+f;var i=f.indexOf(\"node_modules/\");\
             if(i>0)f={root}+f.slice(i);return{{exports:{{}},id:f,filename:f,path:f.slice(0,f.lastIndexOf(\"/\")),\
             loaded:!1,paths:[],parent:f=={file}?null:{{filename:{file},id:\".\",children:[],paths:[],exports:{{}}}},children:[]}}}}"
        ));
        if questions.has_cache && evaluate_anew(&mut placed) {
            prelude.push_str(&format!(
                "function {CACHED}(cb){{return {LOADER}.evaluated(cb,{NEW_MODULE})}}"
            ));
        }
    }
    Ok(Placed {
        code: format!("{prelude}\n{placed}"),
        map: shifted(map)?,
        asked,
    })
}

/// What loads modules by name, in the bundle.
pub(super) const LOADER: &str = "$_x";

/// What the bundler makes for `module`, and what stands in its place: as long, so no column moves.
const PLAIN_MODULE: &str = "{exports:{}}";
const NEW_MODULE: &str = "__roostm";

/// Replaces the one place where the bundler's own code makes modules; tells whether it is there.
fn make_modules(code: &mut String) -> bool {
    let helper = "(0,cb[__getOwnPropNames(cb)[0]])((";
    let Some(helper) = code.find(helper) else {
        return false;
    };
    let Some(found) = code[helper..].find(PLAIN_MODULE) else {
        return false;
    };
    let start = helper + found;
    code.replace_range(
        start..start + PLAIN_MODULE.len(),
        &format!("{NEW_MODULE}(cb)"),
    );
    true
}

/// How the bundler's own code gives a module that is evaluated once, and what stands in its place, padded.
const ONCE: (&str, &str) = ("mod||(0,cb[", "mod),mod.exports");
const CACHED: &str = "__roostc";

/// Has modules kept in `require.cache`, and evaluated again when they are no longer there.
fn evaluate_anew(code: &mut String) -> bool {
    let Some(start) = code.find(ONCE.0) else {
        return false;
    };
    let Some(found) = code[start..].find(ONCE.1) else {
        return false;
    };
    let length = found + ONCE.1.len();
    // Where a line ends in it, one would be missing.
    if code[start..start + length].contains('\n') {
        return false;
    }
    let call = format!("{:length$}", format!("{CACHED}(cb)"));
    code.replace_range(start..start + length, &call);
    true
}

pub(super) fn quote(text: &str) -> String {
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
    /// The files themselves, for the text of their functions.
    #[serde(
        borrow,
        rename = "sourcesContent",
        skip_serializing_if = "Option::is_none"
    )]
    contents: Option<Vec<Option<&'a RawValue>>>,
}

/// Renames a map's sources, which are relative to where esbuild wrote, to be relative to `dir`.
///
/// Packages lose what is before their `node_modules`: of a workspace's they may lie above.
///
/// The files are those that were bundled, and those that their own maps name: which esbuild reads, wherever
/// they are. So where there is a boundary, what is in those outside of it is left out.
pub(super) fn relative_sources(
    map: &str,
    from: &Path,
    dir: &Path,
    boundary: Option<&Path>,
) -> Result<String, BuildError> {
    let mut map: RawMap<'_> = parsed(map)?;
    if let (Some(root), Some(contents)) = (boundary, &mut map.contents) {
        for (at, content) in contents.iter_mut().enumerate() {
            let source = map.sources.get(at);
            let is_inside = |source: &String| normal(&from.join(source)).starts_with(root);
            if !source.is_some_and(is_inside) {
                *content = None;
            }
        }
    }
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

pub(super) fn normal(path: &Path) -> PathBuf {
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
pub(super) fn relative(path: &Path, dir: &Path) -> String {
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
