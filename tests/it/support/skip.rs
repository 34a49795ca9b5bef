//! Tests that need a tool which is not everywhere.

use std::io::Write as _;

/// Says that a test does not run, and why. `cargo xtask test --all` repeats it at its end.
///
/// Where the tools were promised (`ROOST_TEST_TOOLS=required`) that is a failure.
pub fn skip(test: &str, why: &str) {
    assert!(
        std::env::var("ROOST_TEST_TOOLS").as_deref() != Ok("required"),
        "{test} must run here, and cannot: {why}"
    );
    eprintln!("skipped: {test}: {why}");
    if let Some(file) = std::env::var_os("ROOST_TEST_SKIPPED") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file);
        writeln!(file.unwrap(), "{test}: {why}").unwrap();
    }
}
