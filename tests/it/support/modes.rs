//! What others on the machine could read.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

/// Files and folders below one, itself included, that others may do something with. They may go through
/// those of `passable`, and see nothing there. What a link leads to is not looked at.
pub fn open_to_others(folder: &Path, passable: &[&Path]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap();
        let below = entries.map(|entry| entry.unwrap().path());
        for path in below.chain([folder.clone()]) {
            // What was there may have gone.
            let Ok(what) = std::fs::symlink_metadata(&path) else {
                continue;
            };
            // A socket is as closed as its folder.
            if what.is_symlink() || what.file_type().is_socket() {
                continue;
            }
            if what.is_dir() && path != folder {
                folders.push(path);
                continue;
            }
            let allowed = if passable.contains(&path.as_path()) {
                0o011
            } else {
                0
            };
            let mode = what.permissions().mode() & 0o777;
            if mode & 0o077 & !allowed != 0 {
                found.push(format!("{} has mode {mode:o}", path.display()));
            }
        }
    }
    found
}
