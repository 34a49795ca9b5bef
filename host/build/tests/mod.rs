//! What building decides without running any other program.

mod artifact;
mod entry;

mod reports;
mod sourcemap;

use std::path::Path;

/// A folder with these files; it is gone when it is dropped.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, content).unwrap();
    }
    dir
}
