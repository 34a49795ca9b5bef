//! A bot that is one package of a workspace: which others it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::install::{KINDS, workspace_folders};
use super::package_json::read_object;
use super::place;

/// A bot's workspace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Workspace {
    pub root: PathBuf,
    /// The bot's folder, from the root, with `/` between its parts.
    pub folder: String,
    /// The folders of the packages that the bot needs, likewise.
    pub needed: BTreeSet<String>,
}

/// The workspace that a folder is a package of; none for any other folder.
pub fn around(folder: &Path) -> Option<Workspace> {
    let object = |folder: &Path| {
        read_object(&folder.join("package.json"))
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    for root in folder.ancestors().skip(1) {
        let folders = workspace_folders(root, &object(root));
        let below = place::relative(folder, root);
        if !folders.contains(&below) {
            continue;
        }
        let mut names = BTreeMap::new();
        for folder in folders {
            if let Some(Value::String(name)) = object(&root.join(&folder)).remove("name") {
                names.entry(name).or_insert(folder);
            }
        }
        let mut needed = BTreeSet::new();
        let mut open = vec![below.clone()];
        while let Some(at) = open.pop() {
            let package = object(&root.join(&at));
            let maps = KINDS
                .iter()
                .filter_map(|kind| package.get(*kind)?.as_object());
            for name in maps.flat_map(|map| map.keys()) {
                if let Some(other) = names.get(name)
                    && *other != below
                    && needed.insert(other.clone())
                {
                    open.push(other.clone());
                }
            }
        }
        return Some(Workspace {
            root: root.to_path_buf(),
            folder: below,
            needed,
        });
    }
    None
}
