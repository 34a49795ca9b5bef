//! Every SQL statement of the host, prepared by Postgres over the tables that migrations make: a column that is not
//! there, a type that does not fit or a slip of the pen is found here, and not by the first event that needs it.
//!
//! The statements are those of the source, found as the compiler reads it: in `store.rs` files those of the control
//! database, in `host/postgres/` those of cells. What begins with one of [`VERBS`] is one, wherever it stands in such
//! a file, so a new statement is prepared without being named here. A call of sqlx whose statement cannot be found
//! so is a failure; what is put together of parts while the host runs is listed below.

mod plans;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenTree};
use roost::access::Scope;
use roost::accounts::Kind;
use roost::app::MIGRATIONS;
use roost::conversations::{
    Consent, ContactFilter, ConversationFilter, ConversationStore, Direction, ListPlace, Session,
};
use roost::events::{EventFilter, EventState, Events};
use roost::flows::{Endpoint, KeyState};
use roost::inbox::{EventId, EventKind, Lane, Outcome, RowState};
use roost::lifecycle::{StepName, StepState};
use roost::logs::{LogFilter, LogStore};
use roost::media::{Kind as MediaKind, State as MediaState};
use roost::projects::{ProjectStatus, VersionKind, VersionState};
use roost::templates::What;
use roost::whatsapp::SendState;
use roost::words::{LogLevel, Vocabulary};
use sqlx::types::chrono::Utc;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::postgres_support::{CELL, cell, server};
use crate::support::bench::Bench;
use crate::support::db;
use crate::support::source::{
    attribute, files, inside, is_group, is_name, is_path, is_sign, line, name, root, rust_files,
    string, text, tokens,
};

/// How a statement begins that names tables and columns, in the lower case in which the host writes its own.
const VERBS: [&str; 6] = ["delete", "insert", "merge", "select", "update", "with"];

/// How one begins that names none: no table makes it wrong.
const SETTINGS: [&str; 1] = ["set "];

/// sqlx's functions that take a statement.
const CALLS: [&str; 6] = [
    "query",
    "query_as",
    "query_as_with",
    "query_scalar",
    "query_with",
    "raw_sql",
];

/// What may stand for the names in a statement, one set after the other.
type Fillings = &'static [&'static [(&'static str, &'static str)]];

/// Files with statements whose names are filled in when the host runs.
const FILLED: [(&str, Fillings); 4] = [
    (
        // Each of its columns is sealed anew in `host::rotation`.
        "host/projects/master_key/reseal/store.rs",
        &[
            &[
                ("{table}", "secret"),
                ("{column}", "value_sealed"),
                ("{owner}", "project_id"),
                ("{row}", "name"),
            ],
            &[
                ("{table}", "number_leaving"),
                ("{column}", "token_sealed"),
                ("{owner}", "project_id"),
                ("{row}", "''"),
            ],
        ],
    ),
    ("host/postgres/cell.rs", &[&[("{}", "1000")]]),
    (
        "host/postgres/quotas.rs",
        &[&[("{relations}", "1"), ("{columns}", "1")]],
    ),
    ("host/postgres/types.rs", &[&[("{}", "16, 25")]]),
];

/// Files that hand on what others wrote: the folder's own statements, names of databases and roles, and the files of
/// `migrations/cell`, which every test with a cell runs.
const HANDED_ON: [&str; 1] = ["host/postgres/server.rs"];

/// Statements that are put together of parts, and how many in each file. All their parts are run by
/// `what_is_put_together_runs_with_every_filter`, but those of a followed log and of followed conversations, and that of
/// dead events after others: tests of `logs`, of `people` and of `events` have these.
const PUT_TOGETHER: [(&str, usize); 3] = [
    ("host/conversations/listing/store.rs", 5),
    ("host/events/store.rs", 3),
    ("host/logs/store.rs", 1),
];

/// Folders of `host/postgres/` with SQL in them that the host does not ask: it is what bots may send.
const NOT_ASKED: [&str; 1] = ["host/postgres/filter/"];

#[tokio::test]
async fn every_statement_of_the_control_database_fits_its_tables() {
    let found = of_control();
    // Fewer were never there: nothing is found when the reading is wrong.
    assert!(found.statements.len() > 200, "{}", found.statements.len());
    let pool = db::fresh().await;
    let mut connection = pool.acquire().await.unwrap();
    let mut problems = found.problems;
    problems.extend(prepare(&mut connection, &found.statements).await);
    none(&problems);
}

#[tokio::test]
async fn every_statement_of_cells_fits_what_is_in_one() {
    let all = rust_files(&["host/postgres"]);
    let found = read(all.iter().filter(|file| {
        let is_asked = !NOT_ASKED.iter().any(|folder| file.starts_with(folder));
        is_asked && !file.ends_with("tests.rs")
    }));
    assert!(found.statements.len() > 25, "{}", found.statements.len());
    cell().await;
    let options = server().await.control_options().database(CELL);
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let mut problems = found.problems;
    problems.extend(prepare(&mut connection, &found.statements).await);
    none(&problems);
}

/// Words in statements that are of no set: of chains of steps, whose set is `lifecycle`'s own, a sequence, and the name
/// of a column in JSON.
const OF_NO_SET: [&str; 5] = [
    "changed_at",
    "conversation_touch",
    "provision",
    "release",
    "removal",
];

/// What a statement compares a column of words with, or sets it to. Postgres prepares it, however it is misspelled.
#[test]
fn every_word_in_a_statement_is_one_of_a_set() {
    let found = of_control();
    let known = words_of_sets();
    let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
    for Statement { place, text } in &found.statements {
        // Every second piece is in quotes.
        for quoted in text.split('\'').skip(1).step_by(2) {
            let is_word = quoted.len() > 1
                && quoted.starts_with(|c: char| c.is_ascii_lowercase())
                && quoted
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || "-_".contains(c));
            if is_word {
                seen.insert(quoted);
            }
            if is_word && !known.contains(quoted) && !OF_NO_SET.contains(&quoted) {
                problems.push(format!("{place}: no set of words has '{quoted}'"));
            }
        }
    }
    let idle = OF_NO_SET.iter().filter(|word| !seen.contains(*word));
    problems.extend(idle.map(|word| format!("no statement has '{word}' any more")));
    none(&problems);
}

/// The words of all sets that have a column.
fn words_of_sets() -> BTreeSet<&'static str> {
    fn of<T: Vocabulary>() -> impl Iterator<Item = &'static str> {
        T::WORDS.iter().map(|word| word.spelled())
    }
    of::<EventKind>()
        .chain(of::<RowState>())
        .chain(of::<Outcome>())
        .chain(of::<Lane>())
        .chain(of::<Session>())
        .chain(of::<Direction>())
        .chain(of::<SendState>())
        .chain(of::<ProjectStatus>())
        .chain(of::<VersionState>())
        .chain(of::<VersionKind>())
        .chain(of::<StepName>())
        .chain(of::<StepState>())
        .chain(of::<Scope>())
        .chain(of::<Endpoint>())
        .chain(of::<KeyState>())
        .chain(of::<Kind>())
        .chain(of::<What>())
        .chain(of::<MediaKind>())
        .chain(of::<MediaState>())
        .collect()
}

#[tokio::test]
async fn what_is_put_together_runs_with_every_filter() {
    let bench = Bench::start().await;
    let logs = LogStore::new(bench.pool.clone());
    let events = Events::new(bench.pool.clone(), bench.inbox.clone(), logs.clone());
    let (project, now) = (bench.project, Utc::now());
    for state in EventState::ALL.map(Some).into_iter().chain([None]) {
        let filter = EventFilter {
            state,
            kind: Some(EventKind::Message),
            contact: Some("34600".to_owned()),
            outcome: Some(Outcome::Timeout),
            error: Some("no soup".to_owned()),
            since: Some(now),
            until: Some(now),
        };
        let listed = events.list(project, &filter, Some(EventId(1)), 10).await;
        assert!(listed.unwrap().is_empty());
        assert_eq!(events.replay_all(project, &filter).await.unwrap(), 0);
        assert_eq!(events.discard_all(project, &filter).await.unwrap(), 0);
    }
    events.find(project, EventId(1)).await.unwrap_err();
    let filter = LogFilter {
        level: Some(LogLevel::Warn),
        event_id: Some(EventId(1)),
        text: Some("soup".to_owned()),
        since: Some(now),
        until: Some(now),
    };
    let lines = logs.list(project, &filter, Some(1), 10).await;
    assert!(lines.unwrap().is_empty());
    let store = ConversationStore::new(bench.pool.clone());
    let place = Some(ListPlace(7, uuid::Uuid::from_u128(7)));
    for session in Session::ALL.map(Some).into_iter().chain([None]) {
        let filter = ConversationFilter {
            state: Some("asked".to_owned()),
            session,
            label: Some("vip".to_owned()),
            assignee: Some("ana".to_owned()),
            is_unread: session.map(|session| session == Session::Open),
            is_taken: session.map(|session| session == Session::Open),
            text: Some("An".to_owned()),
        };
        let listed = store.conversations(project, &filter, place, 10).await;
        assert!(listed.unwrap().is_empty());
    }
    let filter = ContactFilter {
        text: Some("An".to_owned()),
        consent: Some(Consent::OptedIn),
    };
    let before = Some(uuid::Uuid::from_u128(7));
    let contacts = store.contacts(project, &filter, before, 10).await;
    assert!(contacts.unwrap().is_empty());
    for named in ["34600", "00000000-0000-0000-0000-000000000007"] {
        assert_eq!(store.contact(project, named).await.unwrap(), None);
        assert_eq!(store.conversation(project, named).await.unwrap(), None);
    }
}

#[test]
fn every_file_of_sql_is_run_by_each_test_with_a_database() {
    let all = files("migrations");
    let sql: Vec<&String> = all.iter().filter(|file| file.ends_with(".sql")).collect();
    let (of_cells, of_control): (Vec<_>, Vec<_>) = sql
        .into_iter()
        .partition(|file| file.starts_with("migrations/cell/"));
    assert!(!of_control.is_empty() && !of_cells.is_empty());
    assert_eq!(MIGRATIONS.iter().count(), of_control.len());
    let code: String = rust_files(&["host/postgres"])
        .iter()
        .map(|file| text(file))
        .collect();
    let idle = of_cells
        .iter()
        .filter(|file| !code.contains(&format!("include_str!(\"../../{file}\")")));
    none(
        &idle
            .map(|file| format!("no cell is hardened with {file}"))
            .collect::<Vec<_>>(),
    );
    let elsewhere = files("host").into_iter().filter(|f| f.ends_with(".sql"));
    none(&elsewhere.collect::<Vec<_>>());
}

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// What Postgres says against statements. What a parameter is, a statement has to say by itself.
async fn prepare(connection: &mut PgConnection, statements: &[Statement]) -> Vec<String> {
    let mut problems = Vec::new();
    for Statement { place, text } in statements {
        let prepared = sqlx::raw_sql(AssertSqlSafe(format!("prepare asked as {text}")))
            .execute(&mut *connection)
            .await;
        match prepared {
            Ok(_) => {
                let ended = sqlx::raw_sql("deallocate asked").execute(&mut *connection);
                ended.await.unwrap();
            }
            Err(sqlx::Error::Database(error)) => {
                problems.push(format!("{place}: {}\n    {text}", error.message()));
            }
            Err(error) => panic!("{place}: {error}"),
        }
    }
    problems
}

struct Statement {
    /// File and line.
    place: String,
    text: String,
}

#[derive(Default)]
struct Found {
    statements: Vec<Statement>,
    problems: Vec<String>,
}

/// Those of the control database.
fn of_control() -> Found {
    let stores = rust_files(&["host"]);
    read(stores.iter().filter(|file| file.ends_with("/store.rs")))
}

/// The statements of files, each of which has some.
fn read<'a>(files: impl Iterator<Item = &'a String>) -> Found {
    let mut all = Found::default();
    let macros = texts_of_macros();
    let stale = |file: &str| !root().join(file).is_file();
    let listed = FILLED.iter().map(|(file, _)| *file);
    let listed = listed
        .chain(HANDED_ON)
        .chain(PUT_TOGETHER.map(|(file, _)| file));
    for file in listed.filter(|file| stale(file)) {
        all.problems
            .push(format!("{file} is listed, and is not there"));
    }
    for file in files {
        let tokens = tokens(file);
        let mut reader = Reader::new(file, &macros);
        reader.names_before(&tokens);
        reader.read(&tokens, false);
        reader.calls(&tokens);
        reader.is_counted();
        let has_some = !reader.found.statements.is_empty() || reader.put_together > 0;
        if !has_some && file.ends_with("/store.rs") {
            reader.problem(format!("{file} has no statement"));
        }
        all.statements.extend(reader.found.statements);
        all.problems.extend(reader.found.problems);
    }
    all
}

/// Texts that are a macro's, for `concat!`: `macro_rules! columns { () => { "…" }; }`.
fn texts_of_macros() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for file in rust_files(&["host"]) {
        if !file.ends_with("/store.rs") {
            continue;
        }
        let tokens = tokens(&file);
        for at in 0..tokens.len() {
            if !is_name(tokens.get(at), "macro_rules") || !is_sign(tokens.get(at + 1), '!') {
                continue;
            }
            let (Some(name), Some(body)) = (name(tokens.get(at + 2)), tokens.get(at + 3)) else {
                continue;
            };
            let made = inside(body).into_iter().rev().find(|token| {
                matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
            });
            if let Some(text) = made.and_then(|made| string(inside(&made).first())) {
                texts.insert(name, text);
            }
        }
    }
    texts
}

/// Reads one file.
struct Reader<'a> {
    file: &'a str,
    macros: &'a BTreeMap<String, String>,
    /// Constants that are the beginning of a statement.
    beginnings: BTreeSet<String>,
    /// What is declared in the file: constants, variables, parameters.
    declared: BTreeSet<String>,
    found: Found,
    put_together: usize,
    asserted: usize,
    filled: usize,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, macros: &'a BTreeMap<String, String>) -> Self {
        Self {
            file,
            macros,
            beginnings: BTreeSet::new(),
            declared: BTreeSet::new(),
            found: Found::default(),
            put_together: 0,
            asserted: 0,
            filled: 0,
        }
    }

    fn problem(&mut self, problem: String) {
        self.found.problems.push(problem);
    }

    /// What has to be known before statements are looked for.
    fn names_before(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            if let Some(arguments) = put_together(tokens, at)
                && let [TokenTree::Ident(beginning)] = &inside(arguments)[..]
            {
                self.beginnings.insert(beginning.to_string());
            }
            let is_one_of_many = is_name(Some(token), "for") && is_name(tokens.get(at + 2), "in");
            let declares =
                is_name(Some(token), "const") || is_name(Some(token), "let") || is_one_of_many;
            if let Some(name) = name(tokens.get(at + 1)).filter(|_| declares) {
                self.declared.insert(name);
            }
            let is_typed = is_sign(tokens.get(at + 1), ':') && !is_path(tokens, at + 1);
            if let Some(name) = name(Some(token)).filter(|_| is_typed) {
                self.declared.insert(name);
            }
            self.names_before(&inside(token));
        }
    }

    /// Finds the statements, and what is put together.
    fn read(&mut self, tokens: &[TokenTree], is_format: bool) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let called = called(tokens, at);
            if attribute(tokens, at) > 0 {
                at += attribute(tokens, at);
            } else if put_together(tokens, at).is_some() {
                self.put_together += 1;
                at += 5;
            } else if is_module_of_tests(tokens, at) {
                at += 3;
            } else if is_name(Some(token), "const") && self.is_beginning(tokens.get(at + 1)) {
                let end = tokens[at..].iter().position(|t| is_sign(Some(t), ';'));
                at += end.unwrap_or(1);
            } else if let Some(parts) = called.filter(|_| is_name(Some(token), "concat")) {
                self.join(parts);
                at += 3;
            } else if let Some(parts) = called.filter(|_| is_name(Some(token), "format")) {
                self.read(&inside(parts), true);
                at += 3;
            } else {
                let is_asserted = is_name(Some(token), "AssertSqlSafe")
                    && is_group(tokens.get(at + 1), Delimiter::Parenthesis);
                self.asserted += usize::from(is_asserted);
                self.note(token, is_format);
                self.read(&inside(token), false);
                at += 1;
            }
        }
    }

    fn is_beginning(&self, token: Option<&TokenTree>) -> bool {
        name(token).is_some_and(|name| self.beginnings.contains(&name))
    }

    /// Takes a literal for a statement when it begins as one.
    fn note(&mut self, token: &TokenTree, is_format: bool) {
        let Some(text) = string(Some(token)).filter(|text| is_statement(text)) else {
            return;
        };
        let place = format!("{}:{}", self.file, line(token));
        if !is_format || !text.contains('{') {
            return self.found.statements.push(Statement { place, text });
        }
        let Some((_, fillings)) = FILLED.iter().find(|(file, _)| *file == self.file) else {
            return self.problem(format!(
                "{place}: say in `FILLED` what may stand for the names in: {text}"
            ));
        };
        self.filled += 1;
        for filling in *fillings {
            let filled = filling.iter().fold(text.clone(), |text, (name, value)| {
                text.replace(name, value)
            });
            let (place, text) = (place.clone(), filled);
            self.found.statements.push(Statement { place, text });
        }
    }

    /// What `concat!` makes of literals and of macros that are one.
    fn join(&mut self, parts: &TokenTree) {
        let place = format!("{}:{}", self.file, line(parts));
        let (mut text, mut unknown) = (String::new(), Vec::new());
        for part in inside(parts) {
            let name = name(Some(&part));
            let of_macro = name
                .as_ref()
                .and_then(|name| self.macros.get(name).cloned());
            match string(Some(&part)).or(of_macro) {
                Some(part) => text += &part,
                None => unknown.extend(name),
            }
        }
        if !is_statement(&text) {
            return;
        }
        for name in unknown {
            self.problem(format!("{place}: no `store.rs` has a macro `{name}`"));
        }
        self.found.statements.push(Statement { place, text });
    }

    /// Holds each call of sqlx to having a statement that is found here.
    fn calls(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            let is_call = at >= 3 && is_name(tokens.get(at - 3), "sqlx") && is_path(tokens, at - 2);
            let is_call = is_call && CALLS.iter().any(|call| is_name(Some(token), call));
            if is_call && let Some(arguments) = arguments(tokens, at + 1) {
                let asked = inside(arguments);
                if let Err(what) = self.is_found(&asked) {
                    self.problem(format!("{}:{}: {what}", self.file, line(token)));
                }
            }
            self.calls(&inside(token));
        }
    }

    fn is_found(&self, asked: &[TokenTree]) -> Result<(), String> {
        let first = asked.first();
        if let Some(text) = string(first) {
            let is_known = is_statement(&text) || SETTINGS.iter().any(|s| text.starts_with(s));
            return match is_known {
                true => Ok(()),
                false => Err(format!("a statement of an unknown kind: {text}")),
            };
        }
        let Some(name) = name(first) else {
            return Err("a statement that is no literal".to_owned());
        };
        let is_asserted = asked.iter().any(|t| is_name(Some(t), "AssertSqlSafe"));
        match name == "concat" || is_asserted || self.declared.contains(&name) {
            true => Ok(()),
            false => Err(format!(
                "`{name}` is a statement of another file: write it in this one"
            )),
        }
    }

    /// What is not whole in the source is listed.
    fn is_counted(&mut self) {
        let listed = PUT_TOGETHER.iter().find(|(file, _)| *file == self.file);
        let listed = listed.map_or(0, |(_, count)| *count);
        if self.put_together != listed {
            self.problem(format!(
                "{}: {} statements are put together of parts, and {listed} are listed in `PUT_TOGETHER`: have a test \
                 run them, and list them",
                self.file, self.put_together
            ));
        }
        if self.asserted > 0 && self.filled == 0 && !HANDED_ON.contains(&self.file) {
            self.problem(format!(
                "{}: what `AssertSqlSafe` takes is found by nobody",
                self.file
            ));
        }
    }
}

fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let begins = words.next().is_some_and(|word| VERBS.contains(&word));
    begins && words.next().is_some()
}

/// The brackets of a macro's call that begins there.
fn called(tokens: &[TokenTree], at: usize) -> Option<&TokenTree> {
    let brackets = tokens.get(at + 2)?;
    let is_macro = name(tokens.get(at)).is_some() && is_sign(tokens.get(at + 1), '!');
    (is_macro && matches!(brackets, TokenTree::Group(_))).then_some(brackets)
}

/// What `QueryBuilder::new` is given there.
fn put_together(tokens: &[TokenTree], at: usize) -> Option<&TokenTree> {
    let is_one = is_name(tokens.get(at), "QueryBuilder")
        && is_path(tokens, at + 1)
        && is_name(tokens.get(at + 3), "new");
    tokens.get(at + 4).filter(|_| is_one)
}

fn is_module_of_tests(tokens: &[TokenTree], at: usize) -> bool {
    is_name(tokens.get(at), "mod")
        && is_name(tokens.get(at + 1), "tests")
        && is_group(tokens.get(at + 2), Delimiter::Brace)
}

/// What a function is given whose name ends there, behind what its types may be.
fn arguments(tokens: &[TokenTree], mut at: usize) -> Option<&TokenTree> {
    if is_path(tokens, at) {
        let mut open = 0_usize;
        at += 2;
        loop {
            let token = tokens.get(at)?;
            open += usize::from(is_sign(Some(token), '<'));
            open -= usize::from(is_sign(Some(token), '>'));
            at += 1;
            if open == 0 {
                break;
            }
        }
    }
    let arguments = tokens.get(at)?;
    is_group(Some(arguments), Delimiter::Parenthesis).then_some(arguments)
}
