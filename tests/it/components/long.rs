//! What other tools make, from source to answer. The tools are large: `cargo xtask test --all`
//! installs them into `.tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::check::{check, folder};
use crate::support::skip::skip;

/// The examples, which say how they are built.
fn example(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/components");
    folder.join(name)
}

/// A folder of `.tools` with a tool in it, if it could be had.
fn tool(test: &str, variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        skip(test, &format!("{variable} names no tool"));
    }
    folder
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{text}");
}

/// What every example does, by `roost check --run`.
async fn converses(folder: &Path, component: &Path, reply: &str) -> String {
    let (code, out, err) = check(folder, component, &["--run", "--text", "hello"]).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains(reply), "{out}");
    assert!(out.contains("it is a bot"), "{out}");
    out
}

/// The Python example's component, made with these words.
fn python(test: &str, folder: &Path, words: &[&str]) -> Option<PathBuf> {
    let packages = tool(test, "ROOST_TEST_COMPONENTIZE_PY")?;
    let component = folder.join("bot.wasm");
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
    run(Command::new(packages.join("bin/componentize-py"))
        .env("PYTHONPATH", &packages)
        .current_dir(example("python"))
        .args(["--quiet", "--world", "roost:bot/bot@0.1.2", "--wit-path"])
        .arg(wit)
        .arg("componentize")
        .args(words)
        .args(["app", "--output"])
        .arg(&component));
    Some(component)
}

#[tokio::test]
async fn python_answers() {
    let folder = folder();
    let Some(component) = python("python_answers", folder.path(), &[]) else {
        return;
    };

    let out = converses(folder.path(), &component, "Message 1 from you: hello").await;

    assert!(out.contains("its code is its own"), "{out}");
    assert!(out.contains("log info: replied with wamid.CHECK1"), "{out}");
}

#[tokio::test]
async fn python_without_wasi_is_told_that_it_hears_nothing() {
    let test = "python_without_wasi_is_told_that_it_hears_nothing";
    let folder = folder();
    let Some(component) = python(test, folder.path(), &["--stub-wasi"]) else {
        return;
    };

    let (code, out, err) = check(folder.path(), &component, &[]).await;

    assert_eq!(code, Some(1), "{out}");
    assert!(
        err.contains("it imports no function of `wasi:http/types`"),
        "{err}"
    );
    assert!(err.contains("build it without that"), "{err}");
}

#[tokio::test]
async fn javascript_by_jco_answers() {
    let Some(modules) = tool("javascript_by_jco_answers", "ROOST_TEST_JCO") else {
        return;
    };
    let folder = folder();
    let component = folder.path().join("bot.wasm");
    run(Command::new("node")
        .current_dir(modules)
        .arg("build.js")
        .arg(&component));

    let out = converses(folder.path(), &component, "You said: hello").await;

    assert!(out.contains("log info: replied with wamid.CHECK1"), "{out}");
}
