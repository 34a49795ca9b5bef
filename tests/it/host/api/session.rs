//! The session in the README, as a new user would have it: every command is run, and must print
//! what the page says.
//!
//! In what a command prints, `…` stands for anything in a line, and a line with nothing else for
//! any lines; a time stands for any time. `export` is what the reader's own host says: the test has
//! another one. Comments say what happens elsewhere: `# Ana writes: …` is a customer's message,
//! `# … answers: …` what must come back, and be read.

use std::path::Path;

use roost_emulator::control::wire::{NewNumber, NewToken, NewWaba};
use tokio::process::Command;

use crate::host::support::{APP_ID, Contact, Operator, TestHost, TestProject, sdk};

const HEADING: &str = "## Run a host";

/// The number of the page, and what its owner has at Meta.
const NUMBER: &str = "106540352242922";
const ACCOUNT: &str = "102290129340398";
const META_TOKEN: &str = "EAAJB-a-token-for-tests";
const PROJECT: &str = "pizza";

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
        let begins = line.strip_prefix("$ ");
        let begins = begins.or_else(|| line.starts_with("# ").then_some(line));
        match (begins, steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                printed: Vec::new(),
            }),
            // A long command goes on in the next line.
            (None, Some(step)) if step.command.ends_with('\\') => {
                step.command.pop();
                step.command.push_str(line.trim_start());
            }
            (None, Some(step)) => step.printed.push(at_any_time(line)),
            (None, None) => panic!("`{line}` is before the first command"),
        }
    }
    steps
}

/// A line with `…` in the place of each time.
fn at_any_time(line: &str) -> String {
    const TIME: &str = "2026-01-31 09:30:00Z";
    let is_time = |text: &str| {
        let mut pairs = text.chars().zip(TIME.chars());
        pairs.all(|(c, like)| c == like || (c.is_ascii_digit() && like.is_ascii_digit()))
    };
    let mut rest = line;
    let mut said = String::new();
    while let Some(c) = rest.chars().next() {
        match rest.get(..TIME.len()).is_some_and(is_time) {
            true => {
                said.push('…');
                rest = &rest[TIME.len()..];
            }
            false => {
                said.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    said
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

/// Runs a command where the reader would be: in a folder with `guests`, and with `roost` at hand.
async fn run(command: &str, host: &TestHost, folder: &Path) -> (bool, String) {
    let Operator { base, token, .. } = host.operator();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("ROOST_URL", base)
        .env("ROOST_TOKEN", token)
        .env("ROOST_META_TOKEN", META_TOKEN)
        .env("ROOST_PROJECT", PROJECT)
        .env("ROOST_SDK", sdk())
        .env("ROOST_DATA", host.data())
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), printed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_in_the_readme_goes_as_it_says() {
    let host = TestHost::start().await;
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let link = |from: &Path, name: &str| {
        std::os::unix::fs::symlink(from, folder.path().join(name)).unwrap();
    };
    link(Path::new(env!("CARGO_BIN_EXE_roost")), "roost");
    link(&checkout.join("guests"), "guests");
    let readme = std::fs::read_to_string(checkout.join("README.md")).unwrap();
    let steps = steps(&readme, HEADING);
    let has = |word: &str| steps.iter().any(|step| step.command.starts_with(word));
    assert!(has("roost deploy") && has("# Ana writes") && has("roost events"));
    let mut ana = ana(&host).await;
    for step in steps {
        if step.command.starts_with("export ") {
            continue;
        }
        if let Some(comment) = step.command.strip_prefix("# ") {
            happens(comment, &host, &mut ana).await;
            continue;
        }
        let (done, printed) = run(&step.command, &host, folder.path()).await;
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

/// The number that the page connects, at Meta, and a customer who may write to it.
async fn ana(host: &TestHost) -> Contact {
    let meta = host.emulator();
    let account = NewWaba {
        id: Some(ACCOUNT.to_owned()),
        ..NewWaba::default()
    };
    meta.create_waba(&account).await.unwrap();
    let mut number = NewNumber::new(ACCOUNT, "+1 555 078 3881");
    number.id = Some(NUMBER.to_owned());
    meta.create_number(&number).await.unwrap();
    let token = NewToken {
        app_id: APP_ID.to_owned(),
        token: Some(META_TOKEN.to_owned()),
        ..NewToken::default()
    };
    meta.create_token(&token).await.unwrap();
    host.customer_of(NUMBER, "+15550001111").await
}

/// What a comment says.
async fn happens(comment: &str, host: &TestHost, ana: &mut Contact) {
    if let Some(text) = comment.strip_prefix("Ana writes: ") {
        ana.says(text).await;
    } else if let Some((_, text)) = comment.split_once(" answers: ") {
        assert_eq!(ana.hears().await, text);
        let projects = host.app().projects();
        let project = projects.by_name(&PROJECT.parse().unwrap()).await.unwrap();
        let project_id = project.unwrap().project_id;
        host.settles(&TestProject::of(host, project_id, NUMBER, META_TOKEN))
            .await;
    } else {
        panic!("nobody knows how `{comment}` happens");
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
    assert_eq!(at_any_time("é 2031-12-01 23:59:59Z 2"), "é … 2");
    assert_eq!(at_any_time("2031-12-01 23:59"), "2031-12-01 23:59");
}
