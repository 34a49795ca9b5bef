//! What a machine without Python is told, by the built `xtask`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests may fail loudly"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// `cargo xtask setup` where the PATH has nothing but what is in `folder`.
fn setup_with(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("setup")
        .env("PATH", folder)
        .output()
        .expect("xtask starts")
}

#[track_caller]
fn is_refused_for_python(output: &Output) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it went on: {error}");
    for part in ["Python 3 with pip is needed", "apt-get install python3"] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    assert!(
        !error.contains("os error"),
        "it does not speak plainly: {error}"
    );
}

#[test]
fn a_machine_without_python_is_told_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    is_refused_for_python(&setup_with(empty.path()));
}

#[test]
fn a_python_without_pip_is_not_enough() {
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python3");
    // What Debian's python3 without python3-pip does.
    let script = "#!/bin/sh\necho \"No module named pip\" >&2\nexit 1\n";
    std::fs::write(&python, script).unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    is_refused_for_python(&setup_with(folder.path()));
}
