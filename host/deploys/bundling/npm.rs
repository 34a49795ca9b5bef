//! Finds npm, the Node that it runs on, and what both read.

use std::path::{Path, PathBuf};

use super::wire::Npm;

/// npm, where the PATH has it.
pub(super) fn find() -> Option<Npm> {
    on_path("npm").map(of)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.find(|file| file.is_file())?.canonicalize().ok()
}

/// An npm that is a script runs on Node. One that is a program runs by itself, and finds what it needs where
/// the system's programs do.
pub(super) fn of(program: PathBuf) -> Npm {
    let is_script = program
        .extension()
        .is_some_and(|end| end == "js" || end == "cjs" || end == "mjs");
    let node = on_path("node").filter(|_| is_script);
    let mut reads = vec![package(&program)];
    reads.extend(node.as_deref().and_then(libraries));
    Npm {
        program,
        node,
        reads,
    }
}

/// The folder of npm's package; of a distribution's, the one that has the packages it is made of.
fn package(program: &Path) -> PathBuf {
    let has_package = |folder: &&Path| folder.join("package.json").is_file();
    let package = program
        .ancestors()
        .skip(1)
        .find(has_package)
        .unwrap_or(program);
    let around = package.parent();
    let is_shared = around.is_some_and(|around| around.ends_with("share/nodejs"));
    around.filter(|_| is_shared).unwrap_or(package).to_owned()
}

/// Where a Node that is not the system's has its libraries.
fn libraries(node: &Path) -> Option<PathBuf> {
    let store = Path::new("/nix/store");
    match node.starts_with(store) {
        true => Some(store.to_owned()),
        false => Some(node.parent()?.parent()?.join("lib")),
    }
}
