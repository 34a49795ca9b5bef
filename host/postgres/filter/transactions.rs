//! Statements about transactions: parsed whole, because the host carries them out itself.

use super::Statement;
use super::words::{Token, Words};
use crate::postgres::values::{Access, Isolation, TransactionOptions};

/// `None` when `first` has nothing to do with transactions.
pub(super) fn parse(first: &str, words: &mut Words<'_>) -> Option<Statement> {
    let statement = match first {
        "BEGIN" => {
            skip_work(words);
            begin(words)
        }
        "START" => words.take("TRANSACTION").then(|| begin(words)).flatten(),
        "COMMIT" | "END" => {
            skip_work(words);
            ends_without_chain(words).then_some(Statement::Commit)
        }
        "ROLLBACK" | "ABORT" => rollback(first, words),
        "SAVEPOINT" => name(words).map(Statement::Savepoint),
        "RELEASE" => {
            words.take("SAVEPOINT");
            name(words).map(Statement::Release)
        }
        _ => return None,
    };
    Some(statement.unwrap_or_else(|| {
        Statement::Denied(format!(
            "this form of {first} is not available: use BEGIN with an isolation level and READ ONLY \
             or READ WRITE, COMMIT, ROLLBACK, SAVEPOINT name, RELEASE name, ROLLBACK TO name"
        ))
    }))
}

fn rollback(first: &str, words: &mut Words<'_>) -> Option<Statement> {
    skip_work(words);
    if first == "ROLLBACK" && words.take("TO") {
        words.take("SAVEPOINT");
        return name(words).map(Statement::RollbackTo);
    }
    ends_without_chain(words).then_some(Statement::Rollback)
}

fn begin(words: &mut Words<'_>) -> Option<Statement> {
    let mut options = TransactionOptions::default();
    while !ends(words) {
        mode(words, &mut options)?;
        words.take_char(',');
    }
    Some(Statement::Begin(options))
}

fn mode(words: &mut Words<'_>, options: &mut TransactionOptions) -> Option<()> {
    match words.keyword().as_str() {
        "ISOLATION" => {
            if !words.take("LEVEL") {
                return None;
            }
            options.isolation = Some(isolation(words)?);
        }
        "READ" => {
            options.access = Some(match words.keyword().as_str() {
                "ONLY" => Access::ReadOnly,
                "WRITE" => Access::ReadWrite,
                _ => return None,
            });
        }
        "DEFERRABLE" => options.is_deferrable = true,
        "NOT" if words.take("DEFERRABLE") => options.is_deferrable = false,
        _ => return None,
    }
    Some(())
}

fn isolation(words: &mut Words<'_>) -> Option<Isolation> {
    Some(match words.keyword().as_str() {
        "SERIALIZABLE" => Isolation::Serializable,
        "REPEATABLE" if words.take("READ") => Isolation::RepeatableRead,
        "READ" if words.take("COMMITTED") => Isolation::ReadCommitted,
        "READ" if words.take("UNCOMMITTED") => Isolation::ReadUncommitted,
        _ => return None,
    })
}

fn skip_work(words: &mut Words<'_>) {
    let _ = words.take("WORK") || words.take("TRANSACTION");
}

fn ends_without_chain(words: &mut Words<'_>) -> bool {
    if words.take("AND") && !(words.take("NO") && words.take("CHAIN")) {
        return false;
    }
    ends(words)
}

/// The name of a savepoint as Postgres would store it, if nothing follows.
fn name(words: &mut Words<'_>) -> Option<String> {
    let name = match words.next() {
        Token::Word(word) => word.to_ascii_lowercase(),
        Token::Quoted(name) if !name.is_empty() => name,
        Token::Quoted(_) | Token::Other(_) | Token::End => return None,
    };
    ends(words).then_some(name)
}

/// Whether nothing is left but a final `;`.
fn ends(words: &mut Words<'_>) -> bool {
    while words.peek() == Token::Other(';') {
        words.next();
    }
    words.peek() == Token::End
}
