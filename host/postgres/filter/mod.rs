//! Which statements a tenant may send: an allowlist over their first words.
//!
//! Postgres' grammar is led by keywords, and a cell has no dynamic SQL, so the first words tell what
//! a statement does. This bounds what a session can leave behind and what a tenant can use up. It is
//! not what keeps tenants apart: that is the login role and the rights in the cell.
//!
//! Past the head it looks for few forms only (`whole`): `a; b` passes here and is refused by the server,
//! which takes one statement per `Parse`.

mod conditions;
mod counts;
mod denial;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod paths;
mod transactions;
mod whole;
mod words;

use bytes::Bytes;

use super::error::DbError;
use super::values::{Rows, TransactionOptions};
use words::{Token, Words};

/// What the host does with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// May be sent as it is.
    Allowed,
    /// `BEGIN`, `START TRANSACTION`.
    Begin(TransactionOptions),
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`.
    Rollback,
    /// `SAVEPOINT`: the name, without quotes.
    Savepoint(String),
    /// `RELEASE`: the name of a savepoint.
    Release(String),
    /// `ROLLBACK TO`: the name of a savepoint.
    RollbackTo(String),
    /// Must not be sent; the sentence tells what to do instead.
    Denied(String),
}

const QUERIES: [&str; 9] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE", "TRUNCATE",
];
const EXPLAINED: [&str; 7] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES",
];
const OBJECTS: [&str; 7] = [
    "TABLE",
    "INDEX",
    "VIEW",
    "SEQUENCE",
    "TYPE",
    "DOMAIN",
    "STATISTICS",
];
const COMMENTED: [&str; 8] = [
    "TABLE",
    "COLUMN",
    "INDEX",
    "VIEW",
    "SEQUENCE",
    "TYPE",
    "DOMAIN",
    "CONSTRAINT",
];
const CREATE_MODIFIERS: [&str; 6] = [
    "OR",
    "REPLACE",
    "UNLOGGED",
    "UNIQUE",
    "RECURSIVE",
    "MATERIALIZED",
];

/// Classifies `sql` by its first words, and looks through the rest.
pub fn classify(sql: &str) -> Statement {
    match classify_head(sql) {
        Statement::Allowed => match whole::check(sql) {
            Ok(()) => Statement::Allowed,
            Err(sentence) => Statement::Denied(sentence.to_owned()),
        },
        other => other,
    }
}

/// Classifies `sql` by its first words.
pub(super) fn classify_head(sql: &str) -> Statement {
    let mut words = Words::new(sql);
    while words.take_char('(') {}
    let first = match words.next() {
        Token::Word(word) => word.to_ascii_uppercase(),
        Token::End => return Statement::Denied("the statement is empty".to_owned()),
        Token::Other(';') => {
            return Statement::Denied(
                "the statement begins with `;`: send one statement at a time".to_owned(),
            );
        }
        Token::Quoted(_) | Token::Other(_) => {
            return Statement::Denied(
                "the statement does not begin with a keyword such as SELECT".to_owned(),
            );
        }
    };
    if QUERIES.contains(&first.as_str()) {
        return Statement::Allowed;
    }
    let verdict = match first.as_str() {
        "CREATE" => object(&first, &mut words, &CREATE_MODIFIERS),
        "ALTER" | "DROP" => object(&first, &mut words, &["MATERIALIZED"]),
        "REFRESH" => Ok(()),
        "COMMENT" => comment(&mut words),
        "EXPLAIN" => explain(&mut words),
        _ => match transactions::parse(&first, &mut words) {
            Some(statement) => return statement,
            None => Err(first),
        },
    };
    match verdict {
        Ok(()) => Statement::Allowed,
        Err(keywords) => Statement::Denied(denial::sentence(&keywords)),
    }
}

/// Whether a statement that passed the filter changes nothing, so that a refused answer needs no
/// rollback.
pub(super) fn only_reads(sql: &str) -> bool {
    let mut words = Words::new(sql);
    while words.take_char('(') {}
    matches!(words.keyword().as_str(), "SELECT" | "VALUES" | "TABLE")
}

/// What a statement that passed the filter does, as its first word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    /// Or may: a query can write by `WITH`, and make a table by `INTO`.
    Writes,
    Deletes,
    /// Deletes all of a table, and gives it new files.
    Truncates,
    Drops,
    /// Makes or changes what the schema has.
    Defines,
    /// Makes it unless it is there, which bots may ask for again and again.
    DefinesOnce,
}

pub(super) fn effect(sql: &str) -> Effect {
    let mut words = Words::new(sql);
    while words.take_char('(') {}
    match words.keyword().as_str() {
        "VALUES" | "TABLE" => Effect::Reads,
        // Whatever `into` is there: it may be a word of a text.
        "SELECT" if !sql.to_ascii_lowercase().contains("into") => Effect::Reads,
        "DELETE" => Effect::Deletes,
        "TRUNCATE" => Effect::Truncates,
        "DROP" => Effect::Drops,
        "CREATE" | "ALTER" if says_unless_there(words.clone()) => Effect::DefinesOnce,
        "CREATE" | "ALTER" | "COMMENT" => Effect::Defines,
        _ => Effect::Writes,
    }
}

/// Fails where an answer is a plan that reads catalogs: what it counts and estimates there is of others'
/// rows, before any view hides them. A plan names each relation that it reads, also those inside of views.
pub(super) fn check_plan(sql: &str, rows: &Rows) -> Result<(), DbError> {
    if Words::new(sql).keyword() != "EXPLAIN" {
        return Ok(());
    }
    // As text, JSON, YAML and XML have it. The server's own relations begin so, and hardly a project's.
    let marks = [" on pg_", "Name\": \"pg_", "Name: \"pg_", "Name>pg_"];
    let mut values = rows.rows.iter().flatten().flatten();
    let names_catalogs = |value: &Bytes| {
        let text = String::from_utf8_lossy(value);
        marks.iter().any(|mark| text.contains(mark))
    };
    match values.any(names_catalogs) {
        true => Err(DbError::Denied(
            "EXPLAIN shows no plan that reads Postgres's catalogs, which hold what others have: leave them out of the statement"
                .to_owned(),
        )),
        false => Ok(()),
    }
}

/// The table that a DELETE names, as the catalogs have it. `None` where that is not clear.
pub(super) fn deletes_from(sql: &str) -> Option<String> {
    let mut words = Words::new(sql);
    if !words.take("DELETE") || !words.take("FROM") {
        return None;
    }
    words.take("ONLY");
    words.take_char('(');
    let mut name = name(&mut words)?;
    // The schema before it is the tenant's own: it has rights to no table of another.
    while words.take_char('.') {
        name = self::name(&mut words)?;
    }
    Some(name)
}

/// A name as Postgres reads it: in lower case unless it is quoted.
fn name(words: &mut Words<'_>) -> Option<String> {
    match words.next() {
        // `U&"…"` has escapes.
        Token::Word(word) if word.eq_ignore_ascii_case("u") && words.is_at('&') => None,
        Token::Word(word) => Some(word.to_ascii_lowercase()),
        Token::Quoted(name) => Some(name),
        Token::Other(_) | Token::End => None,
    }
}

/// Whether `IF NOT EXISTS` is among the first words.
fn says_unless_there(mut words: Words<'_>) -> bool {
    let first: Vec<String> = (0..12).map(|_| words.keyword()).collect();
    first
        .windows(3)
        .any(|three| three == ["IF", "NOT", "EXISTS"])
}

/// `CREATE`, `ALTER` or `DROP` and the kind of object. Fails with the words that are not allowed.
fn object(first: &str, words: &mut Words<'_>, modifiers: &[&str]) -> Result<(), String> {
    loop {
        let word = words.keyword();
        if OBJECTS.contains(&word.as_str()) {
            return Ok(());
        }
        if !modifiers.contains(&word.as_str()) {
            return Err(format!("{first} {word}").trim_end().to_owned());
        }
    }
}

fn comment(words: &mut Words<'_>) -> Result<(), String> {
    let is_on = words.take("ON");
    let kind = words.keyword();
    if is_on && COMMENTED.contains(&kind.as_str()) {
        return Ok(());
    }
    Err(format!("COMMENT ON {kind}").trim_end().to_owned())
}

/// `EXPLAIN [(options) | ANALYZE | VERBOSE]*` and one of the statements that it may explain.
fn explain(words: &mut Words<'_>) -> Result<(), String> {
    loop {
        if words.take_char('(') {
            if !skip_explain_options(words) {
                return Err("EXPLAIN (".to_owned());
            }
            continue;
        }
        let word = words.keyword();
        match word.as_str() {
            "ANALYZE" | "ANALYSE" | "VERBOSE" => {}
            statement if EXPLAINED.contains(&statement) => return Ok(()),
            _ => return Err(format!("EXPLAIN {word}").trim_end().to_owned()),
        }
    }
}

/// Options are names, words and numbers: nothing in which a parenthesis could hide.
fn skip_explain_options(words: &mut Words<'_>) -> bool {
    loop {
        match words.next() {
            Token::Other(')') => return true,
            Token::Word(_) | Token::Other(',' | '0'..='9') => {}
            Token::Quoted(_) | Token::Other(_) | Token::End => return false,
        }
    }
}

#[cfg(test)]
mod tests;
