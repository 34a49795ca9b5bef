//! Processes whose wall clock is wrong, and jumps when a test says so.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres_support::Folder;

/// A library that stands between a process and its wall clock.
pub(in crate::host) struct Skew {
    folder: Folder,
}

impl Skew {
    /// Compiles the library with the compiler of the tests.
    pub(in crate::host) fn new() -> Self {
        let folder = Folder::new("skew");
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/host/support/skewed_clock.rs");
        let compiler = Path::new(env!("CARGO")).with_file_name("rustc");
        let compiled = Command::new(compiler)
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "-C",
                "panic=abort",
                "-O",
                "-o",
            ])
            .arg(folder.0.join("skew.so"))
            .arg(source)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{said}");
        Self { folder }
    }

    /// The clock called `name` is so many seconds off from now on.
    pub(in crate::host) fn sets(&self, name: &str, seconds: i64) {
        let file = self.folder.0.join(name);
        let partial = file.with_extension("partial");
        fs::write(&partial, seconds.to_le_bytes()).unwrap();
        fs::rename(partial, file).unwrap();
    }

    /// What a process is started with to live by the clock called `name`.
    pub(in crate::host) fn environment(&self, name: &str) -> [(&'static str, String); 2] {
        let path = |name: &str| self.folder.0.join(name).display().to_string();
        [("LD_PRELOAD", path("skew.so")), ("SKEW_FILE", path(name))]
    }

    /// PostgreSQL's programs in `bin`, of which the server lives by the clock called `name`.
    pub(in crate::host) fn programs(&self, bin: &Path, name: &str) -> PathBuf {
        let folder = self.folder.0.join("programs");
        fs::create_dir(&folder).unwrap();
        let lives = self
            .environment(name)
            .map(|(name, value)| format!("export {name}='{value}'\n"));
        for (program, lives) in [("initdb", String::new()), ("postgres", lives.concat())] {
            let (script, runs) = (folder.join(program), bin.join(program));
            let lines = format!("#!/bin/sh\n{lives}exec '{}' \"$@\"\n", runs.display());
            fs::write(&script, lines).unwrap();
            fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }
}
