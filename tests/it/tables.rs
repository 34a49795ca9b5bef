//! Tables have owners: which folders write which tables of the control database.
//!
//! As `tidy`, this reads the checkout's files as text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each table of `migrations/`, and the folders of `host/` that write it. Whoever else has to change one calls the
/// owner, within a transaction where that matters. A second folder is an exception, with its reason.
const WRITERS: [(&str, &[&str]); 44] = [
    ("account_object", &["accounts"]),
    ("artifact", &["projects"]),
    ("audit", &["access"]),
    // Retention deletes by age, here and below.
    ("bot_log", &["logs", "retention"]),
    ("clock", &["inbox"]),
    ("contact", &["conversations"]),
    ("conversation", &["conversations"]),
    ("conversation_label", &["conversations"]),
    ("conversation_note", &["conversations"]),
    ("conversation_queue", &["inbox"]),
    ("environment", &["projects"]),
    ("event", &["inbox"]),
    ("flow", &["flows"]),
    ("flow_key", &["flows"]),
    ("flow_token", &["flows"]),
    ("graph_object", &["whatsapp"]),
    ("host_key", &["access"]),
    ("idempotency", &["access"]),
    ("master_key", &["projects"]),
    ("media", &["media"]),
    ("media_chunk", &["media"]),
    ("media_upload", &["media"]),
    ("message", &["conversations", "retention"]),
    ("message_status", &["conversations", "retention"]),
    ("number", &["projects"]),
    ("number_leaving", &["projects"]),
    ("number_wish", &["projects"]),
    // The last step of provisioning ends it, in one transaction.
    ("project", &["projects", "lifecycle"]),
    ("project_pace", &["inbox"]),
    // Leases run out soon after the clock was set back: here, and of steps and versions.
    ("residency", &["runs", "leases"]),
    ("run", &["inbox"]),
    ("secret", &["projects"]),
    // A replay has Meta asked again what it refused, in the statement that makes the event pending.
    ("send", &["whatsapp", "inbox", "retention"]),
    ("send_pause", &["whatsapp"]),
    ("step", &["lifecycle", "leases"]),
    ("step_change", &["lifecycle"]),
    ("template", &["templates"]),
    ("template_change", &["templates"]),
    ("template_sync", &["templates"]),
    ("token", &["access"]),
    ("unrouted", &["inbox"]),
    ("upload", &["projects"]),
    ("version", &["projects", "leases"]),
    ("version_log", &["projects"]),
];

/// Names its tables while it runs: those with sealed values, which are sealed anew when the master key changes.
const NAMES_TABLES: &str = "projects/master_key/reseal/store.rs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// The words of a file without comments.
fn words(text: &str, comment: &str) -> Vec<String> {
    let code = text.lines().map(|line| match line.find(comment) {
        Some(at) => &line[..at],
        None => line,
    });
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let words = code.flat_map(|line| line.split(move |c: char| !is_part(c)));
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The tables that the migrations make.
fn tables() -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("migrations")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "sql") {
            continue;
        }
        let words = words(&std::fs::read_to_string(path).unwrap(), "--");
        for three in words.windows(3) {
            match three {
                [create, table, name] if create == "create" && table == "table" => {
                    tables.insert(name.clone());
                }
                [drop, table, name] if drop == "drop" && table == "table" => {
                    tables.remove(name);
                }
                _ => {}
            }
        }
    }
    tables
}

/// The tables that a file's statements insert into, update or delete from.
fn written(text: &str, tables: &BTreeSet<String>) -> BTreeSet<String> {
    let words = words(text, "//");
    let mut written = BTreeSet::new();
    for (n, word) in words.iter().enumerate() {
        let next = |after: usize| words.get(n + after).map(String::as_str);
        let table = match (word.as_str(), next(1)) {
            ("insert", Some("into")) | ("delete", Some("from")) => next(2),
            ("update", table) => table,
            _ => None,
        };
        written.extend(table.and_then(|table| tables.get(table)).cloned());
    }
    written
}

#[test]
fn every_table_is_written_by_its_owner_alone() {
    let tables = tables();
    let allowed: BTreeMap<&str, &[&str]> = WRITERS.into_iter().collect();
    let listed: BTreeSet<String> = allowed.keys().map(|table| (*table).to_owned()).collect();
    assert_eq!(listed, tables, "each table has its line");

    let mut problems = Vec::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for file in rust_files(&root().join("host")) {
        let file = file.strip_prefix(root().join("host")).unwrap();
        let folder = file.components().next().unwrap().as_os_str();
        let folder = folder.to_string_lossy().into_owned();
        // SQL of the control database is in `store.rs` files; `postgres` speaks to cells.
        if folder == "postgres" || !file.ends_with("store.rs") {
            continue;
        }
        let text = std::fs::read_to_string(root().join("host").join(file)).unwrap();
        let names_tables = ["insert into {", "update {", "delete from {"];
        let names_tables = names_tables.iter().any(|start| text.contains(start));
        if names_tables && !file.ends_with(NAMES_TABLES) {
            let file = file.display();
            problems.push(format!(
                "host/{file}: write the table's name into the statement"
            ));
        }
        for table in written(&text, &tables) {
            if !allowed[table.as_str()].contains(&folder.as_str()) {
                problems.push(format!("host/{}: writes `{table}`", file.display()));
            }
            seen.insert((table, folder.clone()));
        }
    }
    for (table, folders) in WRITERS {
        for folder in folders {
            if !seen.contains(&(table.to_owned(), (*folder).to_owned())) {
                problems.push(format!("`{folder}` does not write `{table}`"));
            }
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn a_statement_is_seen_however_it_is_laid_out() {
    let tables = ["event", "run", "send"].map(str::to_owned).into();
    let written = written(
        "with x as (update\n  event e set state = 'done'), y as (insert  into run (a) select 1)
         delete\nfrom send -- for update of q, on conflict do update set // update project",
        &tables,
    );
    assert_eq!(written, tables);
}
