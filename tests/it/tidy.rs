//! Rules of the code and its pages that a program can check.
//!
//! They read the checkout's files, tracked or not, and start nothing but `cargo metadata`.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args as _;
use roost::config::ServeArgs;
use roost::inbox::Outcome;

use crate::support::source::{files, root, rust_files, text};

/// Words of code, and the files or folders of `host/` that may have them.
const ONLY_IN: [(&[&str], &[&str]); 7] = [
    (
        &["wasmtime::", "wasmtime_"],
        &["host/sandbox/", "host/capabilities/", "host/workshop/"],
    ),
    (
        &["reqwest::"],
        &["host/cli/", "host/egress/", "host/whatsapp/"],
    ),
    (&["roost_emulator::"], &["host/dev/"]),
    (&["aws_lc_sys"], &["host/keys/lc/"]),
    // What follows a change of a project is one place.
    (
        &[
            ".environment_changed()",
            "inbox.wake(",
            "outbox.resume(",
            "residents.end(",
        ],
        &["host/changes/"],
    ),
    (&["sqlx::query"], &["/store.rs", "host/postgres/"]),
    (
        &["unsafe {", "unsafe fn"],
        &[
            "host/confinement/namespaces.rs",
            "host/confinement/programs.rs",
            "host/fuzzing/coverage.rs",
            "host/keys/lc/",
            "host/memory.rs",
            "host/sandbox/bot.rs",
            "host/postgres/embedded/process.rs",
        ],
    ),
];

/// The lines of a Rust file with their numbers, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines.map(|(n, line)| match line.find("//") {
        // An address in a string is no comment.
        Some(at) if !line[..at].ends_with(':') => (n + 1, &line[..at]),
        _ => (n + 1, line),
    })
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_rust_file_says_first_what_is_in_it() {
    let folders = ["host", "emulator", "xtask", "tests", "benches", "fuzz"];
    let silent = rust_files(&folders).into_iter().filter(|file| {
        let text = text(file);
        !text.is_empty() && !text.starts_with("//! ")
    });
    none(&silent.collect::<Vec<_>>());
}

#[test]
fn each_dependency_is_named_where_it_belongs() {
    let mut problems = Vec::new();
    for file in rust_files(&["host"]) {
        let text = text(&file);
        for (words, places) in ONLY_IN {
            if places.iter().any(|place| file.contains(place)) {
                continue;
            }
            for (n, line) in code(&text) {
                if words.iter().any(|word| line.contains(word)) {
                    let places = places.join(", ");
                    problems.push(format!("{file}:{n}: only in {places}: {}", line.trim()));
                }
            }
        }
    }
    none(&problems);
}

/// What a request waits for is told, by `news` or by what it waits for itself. It looks at the time only for its end.
#[test]
fn the_admin_api_waits_for_news_and_never_for_a_while() {
    let mut problems = Vec::new();
    for file in rust_files(&["host/api", "host/changes", "host/operator"]) {
        // How often keys are looked for that another host may have changed.
        if file == "host/operator/keys.rs" {
            continue;
        }
        for (n, line) in code(&text(&file)) {
            let waits = ["::sleep(", "::interval("].iter().any(|w| line.contains(w));
            if waits || line.contains(" sleep(") {
                problems.push(format!("{file}:{n}: {}", line.trim()));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_item_of_the_wit_is_documented() {
    let own = files("wit").into_iter().chain(files("sdk/engine/wit"));
    let own = own.filter(|file| file.ends_with(".wit") && !file.contains("/deps/"));
    let problems: Vec<String> = own.flat_map(|file| undocumented(&file)).collect();
    none(&problems);
}

/// Items without a `///` line before them.
fn undocumented(file: &str) -> Vec<String> {
    let (mut problems, mut is_documented, mut is_open) = (Vec::new(), false, false);
    let (mut parentheses, text) = (0_i32, text(file));
    for (n, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with("//") {
            is_documented = line.starts_with("///");
            continue;
        }
        // Since when there is an item stands between it and what is said of it.
        if line.starts_with('@') {
            continue;
        }
        let is_item = !line.is_empty()
            && !is_open
            && !["}", "use ", "include "]
                .iter()
                .any(|start| line.starts_with(start));
        if is_item && !is_documented {
            problems.push(format!("{file}:{}: {line}", n + 1));
        }
        for c in line.chars() {
            parentheses += i32::from(c == '(') - i32::from(c == ')');
        }
        if !line.is_empty() {
            // An item goes on until its end, or until what it encloses begins.
            is_open = parentheses > 0 || !line.ends_with([',', ';', '{', '}']);
            is_documented = is_open && is_documented;
        }
    }
    problems
}

#[test]
fn wasis_interfaces_are_those_of_the_pinned_wasmtime() {
    let manifest = manifest_of("wasmtime-wasi-http");
    let theirs = manifest.parent().unwrap().join("src/p3/wit/deps");
    let listed = |folder: &Path| -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
        let named = entries.map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        });
        named.collect()
    };
    let (theirs, ours) = (listed(&theirs), listed(&root().join("wit/deps")));
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| theirs.get(*name) != ours.get(*name));
    none(
        &differ
            .map(|name| format!("wit/deps/{name} differs"))
            .collect::<Vec<_>>(),
    );
}

/// Where a dependency's `Cargo.toml` is.
fn manifest_of(package: &str) -> PathBuf {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&metadata.stderr);
    assert!(metadata.status.success(), "{error}");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|found| found["name"] == package);
    found.unwrap()["manifest_path"].as_str().unwrap().into()
}

#[test]
fn nothing_is_left_to_do_and_nobodys_machine_is_named() {
    // In parts, so that this file passes.
    let to_do = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let homes = [
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/ro", "ot/"),
    ];
    // A short one, such as that of a container, may be a path that the code speaks of.
    let checkout = root().components().count() > 2;
    let checkout = checkout.then(|| format!("{}/", root().display()));
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut problems = Vec::new();
    let binary = [".lock", "package-lock.json", ".patch"];
    for file in files(".") {
        // What a fuzzer wrote names nobody.
        let is_foreign = file.contains("wit/deps/") || file.contains("fuzz/corpus/");
        if binary.iter().any(|end| file.ends_with(end)) || is_foreign {
            continue;
        }
        for (n, line) in text(&file).lines().enumerate() {
            let names_a_machine = homes.iter().any(|home| line.contains(home))
                || checkout
                    .as_ref()
                    .is_some_and(|checkout| line.contains(checkout));
            let mut words = line.split(|c| !is_part(c));
            if names_a_machine || words.any(|word| to_do.contains(&word)) {
                problems.push(format!("{file}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    none(&problems);
}

#[test]
fn every_fixture_is_named_by_a_test() {
    let tests: String = files("tests").iter().map(|file| text(file)).collect();
    let folders = std::fs::read_dir(root().join("guests/fixtures")).unwrap();
    let names = folders.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let idle = names.filter(|name| {
        let is_named = tests.contains(&format!("\"{name}\""));
        !is_named && !tests.contains(&format!("fixtures/{name}"))
    });
    none(
        &idle
            .map(|name| format!("no test names the fixture `{name}`"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_promise_of_security_names_tests_that_are_there() {
    let code: String = rust_files(&["host", "tests"])
        .iter()
        .map(|file| text(file))
        .collect();
    let page = text("SECURITY.md");
    let promises = page.split("## What is promised").nth(1).unwrap();
    let promises = promises.split("\n## ").next().unwrap();
    let mut problems = Vec::new();
    let rows = promises.lines().filter(|line| line.starts_with("| "));
    for row in rows.skip(1) {
        let (promise, tests) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            problems.push(format!("no test shows: {promise}"));
        }
        for name in names {
            let is_there = ["async fn", "fn"].iter().any(|kind| {
                let test = format!("]\n{kind} {name}()");
                code.contains(&test) || code.contains(&test.replace('\n', "\n    "))
            });
            if !is_there {
                problems.push(format!("there is no test `{name}`"));
            }
        }
    }
    none(&problems);
}

#[test]
fn the_page_of_settings_lists_those_of_the_host() {
    let page = text("docs/settings.md");
    let listed: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with("| `--"))
        .map(|line| {
            let columns: Vec<&str> = line.split('|').skip(1).take(3).map(str::trim).collect();
            columns.join(" ").replace('`', "")
        })
        .collect();
    let command = ServeArgs::augment_args(clap::Command::new("serve"));
    let settings: Vec<String> = command
        .get_arguments()
        .map(|setting| {
            let default = setting.get_default_values().first();
            let absent = if setting.is_required_set() {
                "required"
            } else {
                "none"
            };
            let default = default.map_or(absent.into(), |default| default.to_string_lossy());
            let variable = setting.get_env().unwrap().to_string_lossy();
            format!("--{} {variable} {default}", setting.get_long().unwrap())
        })
        .collect();
    assert_eq!(listed, settings);
}

#[test]
fn the_architecture_says_how_every_event_can_end() {
    let page = text("ARCHITECTURE.md");
    let mut problems: Vec<String> = Outcome::ALL
        .map(Outcome::word)
        .into_iter()
        .filter(|word| !page.contains(&format!("| `{word}` |")))
        .map(|word| format!("no row has the outcome `{word}`"))
        .collect();
    let outcome = text("host/sandbox/outcome.rs");
    let variants = outcome.split("pub enum RunError {").nth(1).unwrap();
    let variants = variants.split("\n}").next().unwrap().lines().map(str::trim);
    let names = variants
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(|line| line.split('(').next().unwrap());
    for name in names {
        if !page.contains(&format!("`RunError::{name}`")) {
            problems.push(format!("no row names `RunError::{name}`"));
        }
    }
    none(&problems);
}
