//! Types that parameters name: Postgres' plain ones and a tenant's own, and nobody else's.

use std::time::Duration;

use roost::postgres::{DbError, Limits, Param};
use sqlx::ConnectOptions as _;

use crate::postgres_support::{CELL, TestTenant, server, text};

fn typed(oid: i64, text: &str) -> [Param; 1] {
    [Param::Typed {
        oid: u32::try_from(oid).unwrap(),
        text: text.to_owned(),
    }]
}

/// Types with their numbers, as the administrator sees them.
async fn types_where(condition: &str) -> Vec<(i64, String)> {
    let options = server().await.control_options().database(CELL);
    let mut admin = options.connect().await.unwrap();
    let sql =
        format!("select oid::int8, typname::text from pg_type where {condition} order by oid");
    let types = sqlx::query_as(sqlx::AssertSqlSafe(sql));
    types.fetch_all(&mut admin).await.unwrap()
}

async fn of_schema(schema: &str) -> Vec<(i64, String)> {
    types_where(&format!("typnamespace = '{schema}'::regnamespace")).await
}

const OWN: [&str; 5] = [
    "create type mood as enum ('ok', 'B-SECRET')",
    "create domain card as text check (value <> 'B-SECRET')",
    "create type pair as (a int, b_secret text)",
    "create type span as range (subtype = int4)",
    "create table kept (id int, m mood, c card, p pair)",
];

#[tokio::test]
async fn types_of_others_tell_nothing() {
    let (victim, attacker) = (TestTenant::new().await, TestTenant::new().await);
    for sql in OWN {
        victim.query(sql).await.unwrap();
    }
    let mut types = of_schema(victim.tenant.schema()).await;
    assert!(types.len() >= 10, "{types:?}");
    // The catalogs' own, what names objects, what has no values.
    types.extend(of_schema("catalog").await);
    types.extend(of_schema("information_schema").await);
    types.extend(
        types_where(
            "typname in ('pg_authid', '_pg_authid', 'pg_statistic', 'regclass', 'regrole', '_regtype', 'record', 'cstring', \
             'anyelement', 'anyarray', 'trigger', 'internal', 'pg_node_tree', 'aclitem', 'xml', 'refcursor')",
        )
        .await,
    );
    types.push((4_000_000_000, "nothing".to_owned()));
    for (oid, name) in types {
        for value in ["B-SECRET", "(,,)", "{}", "1", ""] {
            let sql = "select row_to_json(row($1))::text";
            let params = typed(oid, value);
            let Err(DbError::Denied(said)) = attacker.query_with(sql, &params).await else {
                panic!("{name} was taken")
            };
            assert!(
                said.contains(&format!("the type {oid}, which is no plain type")),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn plain_types_and_a_tenants_own_can_be_named() {
    let tenant = TestTenant::new().await;
    for sql in OWN {
        tenant.query(sql).await.unwrap();
    }
    let (limits, deadline) = (Limits::default(), Duration::from_secs(5));
    let begun = tenant
        .database
        .begin(&tenant.tenant, Default::default(), deadline)
        .await;
    let mut transaction = begun.unwrap();
    for (name, value) in [
        ("mood", "ok"),
        ("_mood", "{ok}"),
        ("card", "x"),
        ("pair", "(1,x)"),
        ("span", "[1,2)"),
        ("kept", "(1,ok,x,\"(1,x)\")"),
    ] {
        let condition = format!(
            "typnamespace = '{}'::regnamespace and typname = '{name}'",
            tenant.tenant.schema()
        );
        let params = typed(types_where(&condition).await[0].0, value);
        let rows = tenant.query_with("select $1::text", &params).await.unwrap();
        assert_eq!(text(&rows, 0, 0), value);
        let rows = transaction.query("select $1::text", &params, &limits);
        assert_eq!(text(&rows.await.unwrap(), 0, 0), value);
    }
    // A refusal leaves the transaction as it was.
    let params = typed(2205, "x");
    let refused = transaction.query("select $1", &params, &limits).await;
    assert!(matches!(refused, Err(DbError::Denied(_))));
    let rows = transaction.query("select 1", &[], &limits).await;
    assert_eq!(text(&rows.unwrap(), 0, 0), "1");

    let (mut taken, mut odd) = (0, Vec::new());
    for (oid, name) in
        types_where("typnamespace = 'pg_catalog'::regnamespace and oid < 16384").await
    {
        match tenant.query_with("select $1", &typed(oid, "")).await {
            Err(DbError::Denied(_)) => {}
            _ => {
                taken += 1;
                if name.starts_with("pg_") || name.starts_with("reg") || name.starts_with("any") {
                    odd.push(name);
                }
            }
        }
    }
    assert_eq!((taken, odd), (84 + 24, Vec::<String>::new()));
    let rows = tenant.query_with("select $1 || '!'", &typed(0, "a")).await;
    assert_eq!(text(&rows.unwrap(), 0, 0), "a!");
}
