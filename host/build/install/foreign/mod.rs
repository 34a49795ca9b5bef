//! Lock files of pnpm and Yarn: read, and told to npm in its own words.
//!
//! Neither program runs, and nothing that an upload brings for them does. A lock file is a graph: who
//! needs which version of what. npm's is a tree of folders, so the graph is laid out as npm would,
//! each package as high as it can be, and npm then installs exactly that.

mod pnpm;
mod tree;
mod yarn;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::members::Members;
use crate::build::error::{BuildError, Report};

/// Their names, by the program that writes them.
pub(in crate::build) const NAMES: [(&str, &str); 2] =
    [("pnpm", "pnpm-lock.yaml"), ("yarn", "yarn.lock")];

/// What a lock file says.
#[derive(Debug, Default)]
struct Graph {
    /// What each package of the folder needs, by its folder.
    members: BTreeMap<String, BTreeMap<String, Need>>,
    packages: BTreeMap<String, Locked>,
}

/// What a name of package.json leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Need {
    /// A package of the graph.
    Package(String),
    /// A package of the folder.
    Member(String),
}

/// One version of a package.
#[derive(Clone, Debug, Default)]
struct Locked {
    name: String,
    version: String,
    integrity: Option<String>,
    resolved: Option<String>,
    /// By the name that it asks for.
    needs: BTreeMap<String, String>,
    may_need: BTreeMap<String, String>,
    os: Option<Value>,
    cpu: Option<Value>,
    libc: Option<Value>,
}

/// A lock file in npm's words.
pub(super) struct Converted {
    pub(super) lock: Value,
    /// What package.json asks for and the lock file does not have.
    pub(super) stale: Vec<Report>,
}

/// The lock file of another program in a folder: its name.
pub(in crate::build) fn found(root: &Path) -> Option<(&'static str, &'static str)> {
    NAMES
        .into_iter()
        .find(|(_, file)| root.join(file).is_file())
}

/// Reads the lock file of another program; none where there is none.
///
/// Changes what `members` ask for to the versions that are locked.
pub(super) fn read(root: &Path, members: &mut Members) -> Result<Option<Converted>, BuildError> {
    let Some((_, file)) = found(root) else {
        return Ok(None);
    };
    let path = root.join(file);
    let text = std::fs::read_to_string(&path).map_err(BuildError::io(&path, "read"))?;
    let broken = |problem: String| BuildError::PackageJson {
        path: path.clone(),
        problem,
    };
    let (graph, stale) = match file {
        "yarn.lock" => yarn::read(&text, members),
        _ => pnpm::read(&text, members),
    }
    .map_err(broken)?;
    for (folder, needs) in &graph.members {
        for (name, need) in needs {
            if let Need::Package(id) = need
                && let Some(package) = graph.packages.get(id)
            {
                members.pin(
                    folder,
                    name,
                    tree::spec(name, &package.name, &package.version),
                );
            }
        }
    }
    let packages = tree::layout(&graph, members);
    let stale = stale.into_iter().map(|name| {
        Report::new(format!("`{file}` does not have `{name}` as package.json asks for it: it is not what is locked that is installed"))
            .with_advice("bring the lock file up to date, and deploy again")
    });
    Ok(Some(Converted {
        stale: stale.collect(),
        lock: serde_json::json!({ "lockfileVersion": 3, "requires": true, "packages": packages }),
    }))
}
