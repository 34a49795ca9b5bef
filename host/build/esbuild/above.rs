//! Keeps a build to its folder: what lies above an upload's is of the host, and Node's way of looking
//! for packages leads there.

use std::path::Path;

use super::{Job, NAMESPACE, RESOLVE_PACKAGE, Value};
use crate::build::PROVIDED;
use crate::build::diagnose::package_name;
use crate::build::inspect::NODE_ONLY;
use crate::build::install::find_package;

/// The answer where a package is found above the folder only: it is not there. Empty for all others,
/// which the bundler may look for.
pub(super) fn answer(question: &Value, job: &Job<'_>) -> Value {
    let name = question.text("path");
    let folder = Path::new(question.text("resolveDir"));
    let package = package_name(name);
    let is_above = || {
        find_package(folder, package, job.boundary).is_none()
            && find_package(folder, package, None).is_some()
    };
    if is_left_to_others(name, job) || !is_above() {
        return Value::map([]);
    }
    let id = ("id", Value::Number(RESOLVE_PACKAGE));
    if question.text("namespace") == NAMESPACE {
        // Code of ours tries what may not be there.
        return Value::map([id, ("path", name.into()), ("external", Value::Bool(true))]);
    }
    let error = Value::map([
        ("id", "".into()),
        ("pluginName", "".into()),
        ("text", format!("Could not resolve \"{name}\"").into()),
        ("location", Value::Null),
        ("notes", Value::List(Vec::new())),
        ("detail", Value::Number(0)),
    ]);
    Value::map([id, ("errors", Value::List(vec![error]))])
}

/// Whether no package is looked for under this name.
fn is_left_to_others(name: &str, job: &Job<'_>) -> bool {
    let is_within = |of: &&str| {
        let rest = name.strip_prefix(*of);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    name.starts_with('#')
        || name.contains(':')
        || job.builtins.contains(&name)
        || NODE_ONLY.contains(&name)
        || PROVIDED.contains(&name)
        || job.externals.iter().any(is_within)
}

/// Whether a file of TypeScript's settings is on the way from the boundary to the entry. Where none is,
/// the bundler would go on above.
pub(super) fn has_tsconfig(job: &Job<'_>, root: &Path) -> bool {
    let entry = job.dir.join(job.entry);
    entry
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(root))
        .any(|folder| {
            ["tsconfig.json", "jsconfig.json"]
                .iter()
                .any(|name| folder.join(name).is_file())
        })
}
