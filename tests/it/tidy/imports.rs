//! Which folder of the host knows which, and of the emulator: imports go one way, downwards.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenTree};

use super::none;
use crate::support::source::{
    inside, is_group, is_name, is_path, is_sign, line, name, rust_files, tokens,
};

/// What each folder of `host/`, and each file beside them, imports of the others. Nothing else may be, and what is no
/// longer imported is taken out. A new folder needs a line.
const IMPORTS: [(&str, &[&str]); 52] = [
    ("access", &["plans", "projects", "words"]),
    ("accounts", &["projects", "words"]),
    (
        "api",
        &[
            "access",
            "accounts",
            "conversations",
            "deploys",
            "events",
            "flows",
            "http",
            "inbox",
            "leases",
            "lifecycle",
            "logs",
            "media",
            "news",
            "operator",
            "people",
            "projects",
            "telemetry",
            "templates",
            "views",
            "whatsapp",
            "words",
        ],
    ),
    (
        "app",
        &[
            "access",
            "api",
            "changes",
            "conversations",
            "deploys",
            "egress",
            "events",
            "flows",
            "http",
            "inbox",
            "lifecycle",
            "logs",
            "media",
            "memory",
            "news",
            "observing",
            "operator",
            "people",
            "postgres",
            "projects",
            "retention",
            "rooms",
            "runs",
            "sandbox",
            "sdk",
            "telemetry",
            "templates",
            "web",
            "whatsapp",
            "workshop",
        ],
    ),
    ("build", &["confinement", "words"]),
    (
        "capabilities",
        &[
            "intl",
            "keys",
            "postgres",
            "sandbox",
            "telemetry",
            "whatsapp",
            "words",
        ],
    ),
    ("causes", &[]),
    (
        "changes",
        &["deploys", "inbox", "news", "projects", "runs", "whatsapp"],
    ),
    (
        "cli",
        &[
            "access",
            "api",
            "build",
            "capabilities",
            "conversations",
            "deploys",
            "events",
            "flows",
            "http",
            "inbox",
            "lifecycle",
            "media",
            "near",
            "postgres",
            "projects",
            "runs",
            "sandbox",
            "sdk",
            "telemetry",
            "templates",
            "views",
            "whatsapp",
            "words",
            "workshop",
        ],
    ),
    (
        "config",
        &[
            "app",
            "deploys",
            "egress",
            "inbox",
            "near",
            "observing",
            "postgres",
            "projects",
            "runs",
            "sandbox",
            "telemetry",
            "web",
            "whatsapp",
        ],
    ),
    ("confinement", &[]),
    ("conversations", &["news", "portions", "projects", "words"]),
    (
        "deploys",
        &[
            "build",
            "capabilities",
            "causes",
            "confinement",
            "egress",
            "grants",
            "kept",
            "leases",
            "logs",
            "memory",
            "news",
            "postgres",
            "projects",
            "sandbox",
            "sdk",
            "telemetry",
            "whatsapp",
            "words",
            "workshop",
        ],
    ),
    (
        "dev",
        &[
            "app",
            "build",
            "cli",
            "deploys",
            "egress",
            "events",
            "inbox",
            "kept",
            "lifecycle",
            "news",
            "postgres",
            "projects",
            "runs",
            "sandbox",
            "sdk",
            "shutdown",
            "telemetry",
            "web",
            "whatsapp",
            "words",
            "workshop",
        ],
    ),
    ("egress", &["rooms"]),
    (
        "events",
        &["inbox", "logs", "plans", "projects", "whatsapp", "words"],
    ),
    (
        "flows",
        &["accounts", "inbox", "keys", "projects", "whatsapp", "words"],
    ),
    (
        "fuzzing",
        &[
            "api", "build", "deploys", "egress", "inbox", "intl", "keys", "postgres", "whatsapp",
            "workshop",
        ],
    ),
    (
        "grants",
        &[
            "capabilities",
            "conversations",
            "egress",
            "flows",
            "inbox",
            "logs",
            "media",
            "people",
            "projects",
            "telemetry",
            "templates",
            "whatsapp",
            "words",
            "workshop",
        ],
    ),
    (
        "http",
        &["causes", "inbox", "projects", "rooms", "telemetry"],
    ),
    (
        "inbox",
        &[
            "accounts",
            "conversations",
            "leases",
            "media",
            "news",
            "plans",
            "portions",
            "projects",
            "telemetry",
            "words",
        ],
    ),
    ("intl", &[]),
    ("kept", &[]),
    ("keys", &[]),
    ("leases", &[]),
    (
        "lifecycle",
        &[
            "causes",
            "changes",
            "conversations",
            "deploys",
            "inbox",
            "kept",
            "leases",
            "media",
            "news",
            "postgres",
            "projects",
            "whatsapp",
            "words",
        ],
    ),
    (
        "logs",
        &["inbox", "plans", "projects", "telemetry", "words"],
    ),
    (
        "media",
        &[
            "conversations",
            "egress",
            "plans",
            "projects",
            "rooms",
            "telemetry",
            "whatsapp",
            "words",
        ],
    ),
    ("memory", &[]),
    ("near", &[]),
    ("news", &["projects", "words"]),
    (
        "observing",
        &[
            "inbox",
            "logs",
            "media",
            "postgres",
            "projects",
            "retention",
            "sandbox",
            "telemetry",
        ],
    ),
    (
        "operator",
        &[
            "access",
            "changes",
            "deploys",
            "egress",
            "events",
            "flows",
            "inbox",
            "lifecycle",
            "logs",
            "media",
            "news",
            "observing",
            "people",
            "projects",
            "templates",
            "workshop",
        ],
    ),
    (
        "people",
        &[
            "conversations",
            "inbox",
            "logs",
            "media",
            "projects",
            "templates",
            "whatsapp",
        ],
    ),
    ("plans", &[]),
    ("portions", &[]),
    ("postgres", &["plans"]),
    ("projects", &["plans", "words"]),
    (
        "retention",
        &[
            "flows", "inbox", "leases", "logs", "media", "plans", "portions", "projects",
        ],
    ),
    ("rooms", &[]),
    (
        "runs",
        &[
            "capabilities",
            "conversations",
            "deploys",
            "events",
            "flows",
            "grants",
            "http",
            "inbox",
            "logs",
            "media",
            "news",
            "people",
            "postgres",
            "projects",
            "sandbox",
            "telemetry",
            "templates",
            "whatsapp",
            "words",
        ],
    ),
    ("sandbox", &["capabilities", "confinement", "intl", "kept"]),
    ("sdk", &["intl"]),
    ("shutdown", &[]),
    ("starter", &[]),
    ("telemetry", &[]),
    (
        "templates",
        &[
            "accounts",
            "conversations",
            "inbox",
            "leases",
            "projects",
            "telemetry",
            "whatsapp",
            "words",
        ],
    ),
    (
        "views",
        &[
            "access",
            "accounts",
            "conversations",
            "events",
            "flows",
            "inbox",
            "lifecycle",
            "media",
            "projects",
            "templates",
            "whatsapp",
            "words",
        ],
    ),
    (
        "web",
        &[
            "capabilities",
            "deploys",
            "flows",
            "http",
            "projects",
            "runs",
            "sandbox",
        ],
    ),
    (
        "whatsapp",
        &[
            "accounts",
            "portions",
            "projects",
            "rooms",
            "telemetry",
            "words",
        ],
    ),
    ("words", &[]),
    (
        "workshop",
        &["build", "capabilities", "confinement", "sandbox", "sdk"],
    ),
];

/// Rooms of several folders, whose folders may know each other (ARCHITECTURE.md, "What always holds").
const ROOMS: [&[&str]; 1] = [
    // wasmtime's store holds what a bot may do, and what a bot may do is given to wasmtime's store.
    &["capabilities", "sandbox"],
];

#[test]
fn folders_import_what_the_table_lets_them() {
    let allowed = |folder: &str| {
        let row = IMPORTS.iter().find(|(name, _)| *name == folder);
        row.map(|(_, imports)| *imports)
    };
    let mut problems = Vec::new();
    let mut unused: BTreeSet<(String, String)> = BTreeSet::new();
    for (folder, imports) in IMPORTS {
        unused.extend(
            imports
                .iter()
                .map(|import| (folder.to_owned(), (*import).to_owned())),
        );
    }
    let mut seen = BTreeSet::new();
    for file in rust_files(&["host"]) {
        let Some(module) = module_of("host/", &file) else {
            continue;
        };
        let folder = module[0].clone();
        let Some(below) = allowed(&folder) else {
            problems.push(format!("{file}: `{folder}` is not in the table"));
            continue;
        };
        seen.insert(folder.clone());
        for (at, import) in imports(&tokens(&file), module.len()) {
            unused.remove(&(folder.clone(), import.clone()));
            if import != folder && !below.contains(&import.as_str()) {
                problems.push(format!("{file}:{at}: `{folder}` imports `{import}`"));
            }
        }
    }
    for (folder, import) in unused {
        problems.push(format!("`{folder}` imports `{import}` no longer"));
    }
    let gone = IMPORTS.iter().filter(|(folder, _)| !seen.contains(*folder));
    problems.extend(gone.map(|(folder, _)| format!("there is no `{folder}`")));
    none(&problems);
}

#[test]
fn no_folders_of_the_host_know_each_other_but_those_of_one_room() {
    let table = IMPORTS.into_iter().map(|(folder, imports)| {
        let imports = imports.iter().map(|import| (*import).to_owned());
        (folder.to_owned(), imports.collect())
    });
    none(&circles(&table.collect(), &ROOMS));
}

#[test]
fn no_folders_of_the_emulator_know_each_other() {
    let mut table = Table::new();
    for file in rust_files(&["emulator/src"]) {
        if let Some(module) = module_of("emulator/src/", &file) {
            let found = imports(&tokens(&file), module.len());
            let names = found.into_iter().map(|(_, import)| import);
            let folder = table.entry(module[0].clone()).or_default();
            folder.extend(names.filter(|import| *import != module[0]));
        }
    }
    assert!(table.len() > 10, "{table:?}");
    none(&circles(&table, &[]));
}

/// Folders, and what each of them imports of the others.
type Table = BTreeMap<String, BTreeSet<String>>;

/// The folders that know each other, but for those of one room.
fn circles(table: &Table, rooms: &[&[&str]]) -> Vec<String> {
    let mut problems = Vec::new();
    for folder in table.keys() {
        for other in reached(table, folder)
            .iter()
            .filter(|other| *other > folder)
        {
            let is_circle = reached(table, other).contains(folder);
            let is_room = rooms.iter().any(|room| {
                [folder, other]
                    .iter()
                    .all(|name| room.contains(&name.as_str()))
            });
            if is_circle && !is_room {
                problems.push(format!("`{folder}` and `{other}` know each other"));
            }
        }
    }
    problems
}

/// All that a folder knows, by way of others too.
fn reached(table: &Table, folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = vec![folder.to_owned()];
    while let Some(folder) = next.pop() {
        for import in table.get(&folder).into_iter().flatten() {
            if found.insert(import.clone()) {
                next.push(import.clone());
            }
        }
    }
    found
}

/// The module that a file of a library is. The library's root has no name, and a program is a crate of its own.
fn module_of(library: &str, file: &str) -> Option<Vec<String>> {
    let path = file.strip_prefix(library)?.strip_suffix(".rs")?;
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    module.pop_if(|last| last == "mod");
    let is_root = matches!(path, "lib" | "main");
    (!is_root).then_some(module)
}

/// The lines in which something of the crate's root is named, and what: behind `crate::`, or behind as many `super::`
/// as the module is deep.
fn imports(tokens: &[TokenTree], depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_module = is_name(Some(token), "mod")
            && name(tokens.get(at + 1)).is_some()
            && is_group(tokens.get(at + 2), Delimiter::Brace);
        if is_module {
            found.extend(imports(&inside(&tokens[at + 2]), depth + 1));
            at += 3;
            continue;
        }
        let supers = supers(tokens, at);
        let is_root = is_name(Some(token), "crate") || (supers > 0 && supers >= depth);
        let behind = at + 3 * supers.max(1);
        if is_root && is_path(tokens, behind - 2) {
            let names = names(&tokens[behind..]);
            found.extend(names.into_iter().map(|name| (line(token), name)));
        }
        found.extend(imports(&inside(token), depth));
        at += supers.saturating_mul(3).max(1);
    }
    found
}

/// How many `super::` follow each other there.
fn supers(tokens: &[TokenTree], at: usize) -> usize {
    let is_one = |nth: &usize| {
        is_name(tokens.get(at + 3 * nth), "super") && is_path(tokens, at + 3 * nth + 1)
    };
    (0..).take_while(is_one).count()
}

/// The names behind a `::`: one, or those of a list.
fn names(tokens: &[TokenTree]) -> Vec<String> {
    let Some(first) = tokens.first() else {
        return Vec::new();
    };
    if let Some(name) = name(Some(first)) {
        return vec![name];
    }
    if !is_group(Some(first), Delimiter::Brace) {
        return Vec::new();
    }
    let list = inside(first);
    let entries = list.split(|token| is_sign(Some(token), ','));
    entries.filter_map(|entry| name(entry.first())).collect()
}

#[test]
fn imports_are_found_however_they_are_written() {
    let code = "
        use crate::inbox::{Inbox, model::Event};
        use crate::{logs, projects::{self, ProjectId}};
        use super::near;
        use super::super::runs::Runner;
        // crate::comment
        fn f() -> crate::web::Places { \"crate::text\"; super::super::sdk::folder() }
        mod tests { use super::super::super::deploys; use super::super::within; }
    ";
    let tokens: proc_macro2::TokenStream = code.parse().unwrap();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let found = imports(&tokens, 2);
    let names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
    let all = ["inbox", "logs", "projects", "runs", "web", "sdk", "deploys"];
    assert_eq!(names, all);
    assert_eq!(found[0].0, 2);
}
