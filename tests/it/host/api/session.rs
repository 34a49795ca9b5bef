//! The session in the README, as a new user would have it: every command is run, and must print
//! what the page says.
//!
//! In what a command prints, `…` stands for anything in a line, and a line with nothing else for
//! any lines. `export` is what the reader's own host says: the test has another one.

use std::path::Path;

use tokio::process::Command;

use crate::host::support::{Operator, TestHost};

const HEADING: &str = "## Run a host";

/// A command, and what the page says that it prints.
struct Step {
    command: String,
    printed: Vec<String>,
}

/// The first console block below a heading.
fn steps(page: &str, heading: &str) -> Vec<Step> {
    let section = page.split(heading).nth(1).expect("the heading is there");
    let block = section
        .split("```console\n")
        .nth(1)
        .expect("a console block");
    let block = block.split("```").next().unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                printed: Vec::new(),
            }),
            // A long command goes on in the next line.
            (None, Some(step)) if step.command.ends_with('\\') => {
                step.command.pop();
                step.command.push_str(line.trim_start());
            }
            (None, Some(step)) => step.printed.push(line.to_owned()),
            (None, None) => panic!("`{line}` is before the first command"),
        }
    }
    steps
}

/// Whether lines are as the page says.
fn is_as_said(said: &[String], printed: &[&str]) -> bool {
    match (said.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((any, rest)), _) if any.trim() == "…" => {
            (0..=printed.len()).any(|skipped| is_as_said(rest, &printed[skipped..]))
        }
        (Some((line, rest)), Some((first, others))) => {
            is_line_as_said(line.trim_end(), first.trim_end()) && is_as_said(rest, others)
        }
        _ => false,
    }
}

fn is_line_as_said(said: &str, printed: &str) -> bool {
    let mut parts = said.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else {
        return false;
    };
    let mut ends_open = false;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        ends_open = part.is_empty();
    }
    rest.is_empty() || ends_open
}

async fn run(command: &str, operator: &Operator, programs: &Path) -> (bool, String) {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("ROOST_URL", &operator.base)
        .env("ROOST_TOKEN", &operator.token)
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), printed)
}

#[tokio::test]
async fn the_session_in_the_readme_goes_as_it_says() {
    let host = TestHost::start().await;
    let operator = host.operator();
    let programs = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_roost"), programs.path().join("roost")).unwrap();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let steps = steps(&readme, HEADING);
    assert!(steps.len() > 3);
    for step in steps {
        if step.command.starts_with("export ") {
            continue;
        }
        let (done, printed) = run(&step.command, &operator, programs.path()).await;
        let lines: Vec<&str> = printed.lines().collect();
        let is_error = step.printed.iter().any(|line| line.starts_with("error: "));
        assert!(
            is_as_said(&step.printed, &lines) && done != is_error,
            "`{}` printed\n{printed}\nand the page says\n{}",
            step.command,
            step.printed.join("\n")
        );
    }
}

#[test]
fn what_is_printed_is_compared_with_what_is_said() {
    let said = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| (*line).to_owned())
            .collect::<Vec<_>>()
    };
    assert!(is_as_said(&said(&["a … b …"]), &["a 1 b 2"]));
    assert!(is_as_said(&said(&["a", "…", "z"]), &["a", "b", "c", "z"]));
    assert!(is_as_said(&said(&["…"]), &[]));
    assert!(!is_as_said(&said(&["a … b"]), &["a 1 b 2"]));
    assert!(!is_as_said(&said(&["a"]), &["a", "b"]));
    assert!(!is_as_said(&said(&["a", "b"]), &["a"]));
}
