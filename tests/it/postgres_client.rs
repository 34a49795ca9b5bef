//! What comes back for statements, and what bounds them.

use std::time::{Duration, Instant};

use roost::postgres::{Column, DbError, Limits, Param};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::postgres_support::{CELL, TestTenant, server, text};

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits::default()
}

#[tokio::test]
async fn rows_come_as_text_with_the_oids_of_their_types() {
    let tenant = TestTenant::new().await;
    let rows = tenant
        .query("select 1 as a, 'x'::text as b, null::bool as c, '{\"k\":[1]}'::jsonb as d, '\\x00ff'::bytea")
        .await
        .unwrap();
    let oids: Vec<u32> = rows.columns.iter().map(|column| column.oid).collect();
    assert_eq!(oids, [23, 25, 16, 3802, 17]);
    assert_eq!(
        rows.columns[0],
        Column {
            name: "a".to_owned(),
            oid: 23
        }
    );
    let values: Vec<String> = (0..5).map(|column| text(&rows, 0, column)).collect();
    assert_eq!(values, ["1", "x", "null", "{\"k\": [1]}", "\\x00ff"]);
    assert_eq!((rows.command.as_str(), rows.affected), ("SELECT", 1));
}

#[tokio::test]
async fn commands_tell_how_many_rows_they_changed() {
    let tenant = TestTenant::new().await;
    for (sql, command, affected) in [
        (
            "create table t (id serial primary key, v text)",
            "CREATE TABLE",
            0,
        ),
        ("insert into t (v) values ('a'), ('b'), ('c')", "INSERT", 3),
        ("update t set v = 'd' where id > 1", "UPDATE", 2),
        ("delete from t where id = 1 returning v", "DELETE", 1),
        ("create table if not exists t ()", "CREATE TABLE", 0),
        ("-- nothing\nselect * from t where false", "SELECT", 0),
    ] {
        let rows = tenant.query(sql).await.unwrap();
        assert_eq!(
            (rows.command.as_str(), rows.affected),
            (command, affected),
            "{sql}"
        );
    }
    let rows = tenant
        .query("create table if not exists t ()")
        .await
        .unwrap();
    assert_eq!(rows.notices, ["relation \"t\" already exists, skipping"]);
}

#[tokio::test]
async fn every_kind_of_parameter_arrives() {
    let tenant = TestTenant::new().await;
    tenant
        .query("create table p (b bool, i bigint, n int, f float8, t text, y bytea, j jsonb, js json, d date)")
        .await
        .unwrap();
    let params = [
        Param::Bool(true),
        Param::Int(i64::MIN),
        Param::Float(5.0),
        Param::Float(-0.1),
        Param::Text("it's \\ \u{1f600}".to_owned()),
        Param::Bytes(vec![0, 1, 255].into()),
        Param::Json("{\"a\":1}".to_owned()),
        Param::Typed {
            oid: 1082,
            text: "2026-02-03".to_owned(),
        },
    ];
    let sql = "insert into p values ($1, $2, $3, $4, $5, $6, $7, $7, $8) returning *";
    // One parameter has one type, so `$7` fits one of the two columns only.
    assert!(matches!(
        tenant.query_with(sql, &params).await,
        Err(DbError::Sql(_))
    ));
    let sql = "insert into p values ($1, $2, $3, $4, $5, $6, $7, null, $8) returning *";
    let rows = tenant.query_with(sql, &params).await.unwrap();
    let values: Vec<String> = (0..9).map(|column| text(&rows, 0, column)).collect();
    assert_eq!(
        values,
        [
            "t",
            "-9223372036854775808",
            "5",
            "-0.1",
            "it's \\ \u{1f600}",
            "\\x0001ff",
            "{\"a\": 1}",
            "null",
            "2026-02-03"
        ]
    );
    let rows = tenant
        .query_with(
            "select $1::text, $2::float8, $3::float8",
            &[
                Param::Null,
                Param::Float(f64::NAN),
                Param::Float(f64::NEG_INFINITY),
            ],
        )
        .await
        .unwrap();
    let values: Vec<String> = (0..3).map(|column| text(&rows, 0, column)).collect();
    assert_eq!(values, ["null", "NaN", "-Infinity"]);
}

#[tokio::test]
async fn errors_carry_every_field() {
    let tenant = TestTenant::new().await;
    tenant
        .query("create table u (id int primary key, n int not null check (n > 0))")
        .await
        .unwrap();
    tenant.query("insert into u values (1, 1)").await.unwrap();
    let Err(DbError::Sql(error)) = tenant.query("insert into u values (1, 1)").await else {
        panic!("no error")
    };
    assert_eq!(error.code, "23505");
    assert_eq!(error.severity, "ERROR");
    assert_eq!(error.table.as_deref(), Some("u"));
    assert_eq!(error.schema.as_deref(), Some(tenant.tenant.schema()));
    assert_eq!(error.constraint.as_deref(), Some("u_pkey"));
    assert_eq!(
        error.detail.as_deref(),
        Some("Key (id)=(1) already exists.")
    );
    let Err(DbError::Sql(error)) = tenant.query("insert into u values (2, null)").await else {
        panic!("no error")
    };
    assert_eq!(
        (error.code.as_str(), error.column.as_deref()),
        ("23502", Some("n"))
    );
    let Err(DbError::Sql(error)) = tenant.query("select nope from u").await else {
        panic!("no error")
    };
    assert_eq!((error.code.as_str(), error.position), ("42703", Some(8)));
    assert!(tenant.query("select 1").await.is_ok());
}

#[tokio::test]
async fn values_that_do_not_match_the_parameters_are_the_statements_fault() {
    let tenant = TestTenant::new().await;
    let values = [Param::Text("1".to_owned())];
    let Err(DbError::Sql(error)) = tenant.query_with("select $1::int, $2::int", &values).await
    else {
        panic!("no error, or one of the database")
    };
    assert_eq!(error.code, "08P01");
    assert_eq!(tenant.value("select 1").await, "1");
}

#[tokio::test]
async fn one_statement_at_a_time() {
    let tenant = TestTenant::new().await;
    let Err(DbError::Sql(error)) = tenant.query("select 1; select 2").await else {
        panic!("two statements were taken")
    };
    assert_eq!(error.code, "42601");
    assert_eq!(tenant.value("select 1;").await, "1");
}

#[tokio::test]
async fn too_many_rows_are_refused_at_the_edge() {
    let tenant = TestTenant::new().await;
    let sql = "select * from generate_series(1, 10)";
    for (max_rows, is_ok) in [(10, true), (9, false), (0, false), (usize::MAX, true)] {
        let limits = Limits {
            max_rows,
            ..limits()
        };
        let result = tenant
            .database
            .query(&tenant.tenant, sql, &[], &limits)
            .await;
        match result {
            Ok(rows) => assert!(is_ok && rows.rows.len() == 10, "{max_rows}"),
            Err(DbError::TooManyRows { limit }) => assert!(!is_ok && limit == max_rows),
            Err(err) => panic!("{max_rows}: {err}"),
        }
    }
    // The refusal costs no connection.
    assert_eq!(tenant.database.pool().metrics().connects_total, 1);
}

#[tokio::test]
async fn a_refused_answer_means_that_nothing_was_written() {
    let tenant = TestTenant::new().await;
    tenant
        .query("create table w (n int, v text)")
        .await
        .unwrap();
    let few_rows = Limits {
        max_rows: 5,
        ..limits()
    };
    let insert =
        "insert into w select g, repeat('x', 1000) from generate_series(1, 10) g returning *";
    let result = tenant
        .database
        .query(&tenant.tenant, insert, &[], &few_rows)
        .await;
    assert!(
        matches!(result, Err(DbError::TooManyRows { limit: 5 })),
        "{result:?}"
    );
    assert_eq!(tenant.value("select count(*) from w").await, "0");
    // Small enough for the server to have said all of it, and to wait, when it is refused.
    let few_bytes = Limits {
        max_bytes: 3_000,
        ..limits()
    };
    for _ in 0..20 {
        let result = tenant
            .database
            .query(&tenant.tenant, insert, &[], &few_bytes)
            .await;
        assert!(
            matches!(result, Err(DbError::TooManyBytes { limit: 3_000 })),
            "{result:?}"
        );
    }
    no_backend_is_busy(&tenant).await;
    assert_eq!(tenant.value("select count(*) from w").await, "0");
}

#[tokio::test]
async fn a_huge_row_is_refused_before_it_is_held() {
    let tenant = TestTenant::new().await;
    let result = tenant.query("select repeat('x', 200000000)").await;
    assert!(
        matches!(result, Err(DbError::TooManyBytes { .. })),
        "{result:?}"
    );
    let result = tenant.query("select repeat('x', 100000000)::int").await;
    assert!(
        matches!(result, Err(DbError::TooManyBytes { .. } | DbError::Sql(_))),
        "{result:?}"
    );
    // Many small values cost more here than on the wire.
    let nulls = vec!["null"; 1_000].join(", ");
    let result = tenant
        .query(&format!("select {nulls} from generate_series(1, 2000)"))
        .await;
    assert!(
        matches!(result, Err(DbError::TooManyBytes { .. })),
        "{result:?}"
    );
    assert_eq!(tenant.value("select 1").await, "1");
}

#[tokio::test]
async fn a_deadline_stops_the_statement_on_the_server() {
    let tenant = without_timers().await;
    let limits = Limits {
        deadline: Duration::from_millis(200),
        ..limits()
    };
    // The statement itself takes longer than any test may.
    let result = tenant
        .database
        .query(&tenant.tenant, "select pg_sleep(3600)", &[], &limits)
        .await;
    assert!(matches!(result, Err(DbError::Timeout)), "{result:?}");
    no_backend_is_busy(&tenant).await;
    assert_eq!(tenant.value("select 1").await, "1");
}

#[tokio::test]
async fn a_dropped_future_stops_the_statement_and_its_connection() {
    let tenant = without_timers().await;
    let first = tenant.value("select pg_backend_pid()").await;
    let limits = Limits {
        deadline: 3600 * SECOND,
        ..limits()
    };
    let (sql, database) = ("select pg_sleep(3600)", &tenant.database);
    let query = database.query(&tenant.tenant, sql, &[], &limits);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), query)
            .await
            .is_err()
    );
    no_backend_is_busy(&tenant).await;
    assert_ne!(tenant.value("select pg_backend_pid()").await, first);
}

/// A tenant whose statements the server ends by no timer of its own, but for what the client says.
async fn without_timers() -> TestTenant {
    let tenant = TestTenant::new().await;
    let options = server().await.control_options().database(CELL);
    let mut admin = options.connect().await.unwrap();
    for setting in ["statement_timeout", "transaction_timeout"] {
        let role = tenant.tenant.role();
        let sql = format!("alter role {role} in database {CELL} set {setting} = 0");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut admin)
            .await
            .unwrap();
    }
    tenant
}

async fn no_backend_is_busy(tenant: &TestTenant) {
    let deadline = Instant::now() + 60 * SECOND;
    let admin = server().await.control_options();
    let mut admin = sqlx::ConnectOptions::connect(&admin).await.unwrap();
    loop {
        let active: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where usename = $1 and state <> 'idle'",
        )
        .bind(tenant.tenant.role())
        .fetch_one(&mut admin)
        .await
        .unwrap();
        if active == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "the statement still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_servers_own_timer_is_a_timeout_too() {
    let tenant = TestTenant::new().await;
    let limits = Limits {
        deadline: Duration::from_secs(20),
        ..limits()
    };
    let result = tenant
        .database
        .query(&tenant.tenant, "select pg_sleep(60)", &[], &limits)
        .await;
    assert!(matches!(result, Err(DbError::Timeout)), "{result:?}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_denied() {
    let tenant = TestTenant::new().await;
    let result = tenant.query("select 'a\0b'").await;
    assert!(matches!(result, Err(DbError::Denied(_))), "{result:?}");
    let big = Param::Text("x".repeat(20 << 20));
    let result = tenant.query_with("select length($1)", &[big]).await;
    assert!(matches!(result, Err(DbError::Denied(_))), "{result:?}");
    assert_eq!(tenant.value("select 1").await, "1");
    assert_eq!(tenant.database.pool().metrics().given_up_total, 0);
}
