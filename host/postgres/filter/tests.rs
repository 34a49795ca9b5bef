//! What passes, what does not, and what is said about it.

use super::*;
use crate::postgres::values::{Access, Isolation};

fn is_allowed(sql: &str) -> bool {
    classify(sql) == Statement::Allowed
}

#[test]
fn ordinary_statements_pass() {
    for sql in [
        "select 1",
        "  \t\r\n(( select 1 ) union select 2)",
        "-- note\nselect 1",
        "/* a /* nested */ b */ select 1;",
        "/**/insert into t values ($1)",
        "WITH x AS (select 1) SELECT * FROM x",
        "values (1), (2)",
        "table t",
        "truncate t restart identity",
        "merge into t using s on true when matched then delete",
        "create table if not exists t (id bigint primary key)",
        "create unlogged table t ()",
        "create unique index on t (a)",
        "create or replace view v as select 1",
        "create recursive view v (n) as select 1",
        "create materialized view m as select 1",
        "refresh materialized view concurrently m",
        "create sequence s",
        "create type mood as enum ('a')",
        "create domain d as text",
        "create statistics s on a, b from t",
        "alter table t add column c int",
        "drop materialized view m",
        "comment on column t.a is 'x'",
        "explain select 1",
        "explain (analyze, format json, timing off) select 1",
        "explain analyze verbose with x as (select 1) select * from x",
    ] {
        assert!(is_allowed(sql), "{sql}: {:?}", classify(sql));
    }
}

#[test]
fn everything_else_is_denied_by_name() {
    for (sql, named) in [
        ("set role x", "SET"),
        ("RESET ALL", "RESET"),
        ("/* */ discard all", "DISCARD"),
        ("do $$ begin end $$", "DO"),
        ("create function f() returns int", "CREATE FUNCTION"),
        ("create or replace function f()", "CREATE FUNCTION"),
        ("create constraint trigger t", "CREATE CONSTRAINT"),
        (
            "create rule r as on insert to t do also notify c",
            "CREATE RULE",
        ),
        ("create temp table t ()", "CREATE TEMP"),
        ("create extension hstore", "CREATE EXTENSION"),
        ("create schema s", "CREATE SCHEMA"),
        ("alter role x", "ALTER ROLE"),
        ("alter default privileges", "ALTER DEFAULT"),
        ("drop owned by x", "DROP OWNED"),
        ("copy t from stdin", "COPY"),
        ("listen c", "LISTEN"),
        ("prepare s as select 1", "PREPARE"),
        ("explain declare c cursor for select 1", "EXPLAIN DECLARE"),
        ("explain (analyze) execute s", "EXPLAIN EXECUTE"),
        ("explain ('x') select 1", "EXPLAIN ("),
        ("explain create table t as select 1", "EXPLAIN CREATE"),
        ("comment on role x is 'y'", "COMMENT ON ROLE"),
        ("grant all on t to public", "GRANT"),
        ("vacuum", "VACUUM"),
        ("call p()", "CALL"),
    ] {
        match classify(sql) {
            Statement::Denied(sentence) => {
                assert!(sentence.starts_with(named), "{sql}: {sentence}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn what_does_not_begin_with_a_keyword_is_denied() {
    for sql in [
        "",
        "  ",
        "-- select 1",
        "/* select 1",
        ";select 1",
        "( ; select 1",
        "\"select\" 1",
        "'x'",
        "1",
        "$$x$$",
        "\\connect x",
        "\u{a0}select 1",
        "\u{feff}select 1",
        "selectx",
        "se/**/lect",
        "((((",
        "@select 1",
    ] {
        assert!(
            matches!(classify(sql), Statement::Denied(_)),
            "{sql:?}: {:?}",
            classify(sql)
        );
    }
}

#[test]
fn transactions_are_told_apart() {
    let begin = |isolation, access, is_deferrable| {
        Statement::Begin(TransactionOptions {
            isolation,
            access,
            is_deferrable,
        })
    };
    for (sql, expected) in [
        ("BEGIN", begin(None, None, false)),
        ("begin transaction;", begin(None, None, false)),
        (
            "start transaction read only",
            begin(None, Some(Access::ReadOnly), false),
        ),
        (
            "begin work isolation level repeatable read, read write deferrable",
            begin(
                Some(Isolation::RepeatableRead),
                Some(Access::ReadWrite),
                true,
            ),
        ),
        (
            "START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            begin(Some(Isolation::Serializable), None, false),
        ),
        ("commit", Statement::Commit),
        ("END TRANSACTION /* x */ ;", Statement::Commit),
        ("commit and no chain", Statement::Commit),
        ("rollback", Statement::Rollback),
        ("abort work", Statement::Rollback),
        ("savepoint A1", Statement::Savepoint("a1".to_owned())),
        (
            "savepoint \"A \"\"b\"",
            Statement::Savepoint("A \"b".to_owned()),
        ),
        ("release savepoint a;", Statement::Release("a".to_owned())),
        ("release a", Statement::Release("a".to_owned())),
        (
            "rollback to savepoint a",
            Statement::RollbackTo("a".to_owned()),
        ),
        (
            "rollback transaction to a",
            Statement::RollbackTo("a".to_owned()),
        ),
    ] {
        assert_eq!(classify(sql), expected, "{sql}");
    }
}

#[test]
fn other_forms_of_transactions_are_denied() {
    for sql in [
        "commit prepared 'x'",
        "rollback prepared 'x'",
        "commit and chain",
        "begin; select 1",
        "start",
        "start replication",
        "savepoint",
        "savepoint a b",
        "release",
        "begin immediate",
        "abort to a",
        "commit; drop table t",
    ] {
        assert!(
            matches!(classify(sql), Statement::Denied(_)),
            "{sql}: {:?}",
            classify(sql)
        );
    }
}

/// Puts noise that Postgres skips around and between the words of statements. It must never change
/// the verdict.
#[test]
fn comments_and_blanks_never_change_the_verdict() {
    let noise = [
        " ",
        "\n",
        "\t",
        "\r",
        "\x0c",
        "/**/",
        "/* /* */ */",
        "-- x\n",
        "/* -- */",
        "--/*\n",
    ];
    let statements = [
        "select 1",
        "set role x",
        "create function f",
        "create unique index i",
        "drop table t",
        "explain analyze select 1",
        "explain analyze execute x",
        "begin read only",
        "alter role x",
        "comment on role x",
        "comment on table t",
        "reset all",
        "copy t to stdout",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below).unwrap()).unwrap()
    };
    for round in 0..20_000 {
        let statement = statements[round % statements.len()];
        let mut sql = String::new();
        for word in statement.split(' ') {
            // At least one, so that words stay apart.
            for _ in 0..=random(3) {
                sql.push_str(noise[random(noise.len())]);
            }
            let is_upper = random(2) == 0;
            sql.push_str(&if is_upper {
                word.to_uppercase()
            } else {
                word.to_owned()
            });
        }
        assert_eq!(classify(&sql), classify(statement), "{sql:?}");
    }
}

/// Whatever is thrown at it, it neither panics nor allows what does not start with an allowed word.
#[test]
fn random_text_is_denied_or_starts_with_an_allowed_word() {
    let parts = [
        "select",
        "SET",
        "create",
        "table",
        "\"",
        "'",
        "(",
        ")",
        ";",
        "/*",
        "*/",
        "--",
        "\n",
        " ",
        "é",
        "\u{0}",
        "$1",
        "explain",
        "analyze",
        "execute",
        "or",
        "replace",
        "function",
        "begin",
        "to",
        "rollback",
        ",",
        "1",
        "comment",
        "on",
        "role",
        "drop",
        "materialized",
        "view",
    ];
    let allowed = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE", "TRUNCATE",
        "REFRESH", "CREATE", "ALTER", "DROP", "COMMENT", "EXPLAIN",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below).unwrap()).unwrap()
    };
    for _ in 0..100_000 {
        let sql: String = (0..random(12))
            .map(|_| parts[random(parts.len())])
            .collect();
        if is_allowed(&sql) {
            let mut words = Words::new(&sql);
            while words.take_char('(') {}
            let first = words.keyword();
            assert!(allowed.contains(&first.as_str()), "{sql:?}");
        }
    }
}

#[test]
fn what_a_statement_does_is_told_by_its_words() {
    for (sql, expected) in [
        ("select 1", Effect::Reads),
        ("(values (1))", Effect::Reads),
        ("select * into t from u", Effect::Writes),
        ("with x as (select 1) select * from x", Effect::Writes),
        ("insert into t values (1)", Effect::Writes),
        ("refresh materialized view v", Effect::Writes),
        ("explain analyze delete from t", Effect::Writes),
        ("delete from t", Effect::Deletes),
        ("truncate t", Effect::Truncates),
        ("drop table t", Effect::Drops),
        ("create table t ()", Effect::Defines),
        ("comment on table t is 'if not exists'", Effect::Defines),
        ("alter table t add column c int", Effect::Defines),
        ("create table if not exists t ()", Effect::DefinesOnce),
        (
            "create unique index concurrently if not exists i on t (c)",
            Effect::DefinesOnce,
        ),
        (
            "alter table if exists only s.t add column if not exists c int",
            Effect::DefinesOnce,
        ),
    ] {
        assert_eq!(effect(sql), expected, "{sql}");
    }
}

#[test]
fn the_table_of_a_delete_is_found() {
    for (sql, table) in [
        ("delete from T where a", Some("t")),
        ("DELETE FROM ONLY \"T\"\"x\" AS u", Some("T\"x")),
        ("delete from only (s.t)", Some("t")),
        ("delete/**/from a . \"b\" . C", Some("c")),
        ("delete from u", Some("u")),
        ("delete from u&\"t\"", None),
        ("(delete from t)", None),
        ("delete t", None),
    ] {
        assert_eq!(deletes_from(sql).as_deref(), table, "{sql}");
    }
}
