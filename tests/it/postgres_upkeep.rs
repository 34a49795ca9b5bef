//! What the server does for a project's tables by itself: nothing of the project's is calculated there, and what takes long
//! is left out.

use std::sync::Arc;
use std::time::Duration;

use roost::postgres::{Cell, DbError, Guard, Quotas, TenantDatabase, TenantName};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::postgres_support::{CELL, TestTenant, pool, server};

async fn admin(cell: &str) -> PgConnection {
    let options = server().await.control_options().database(cell);
    let mut admin = options.connect().await.unwrap();
    let unlimited = "set statement_timeout = 0; set lock_timeout = 0; \
        set idle_in_transaction_session_timeout = 0";
    sqlx::raw_sql(unlimited).execute(&mut admin).await.unwrap();
    admin
}

async fn run(admin: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    let ran = sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await;
    ran.map(drop)
}

#[tokio::test]
async fn what_would_keep_the_workers_busy_is_refused() {
    let tenant = TestTenant::new().await;
    for sql in [
        "create table t (a int, b int, c int, d int, e int, v text, at date)",
        "create index i on t (a)",
        "create index brin on t using brin (at)",
        "create statistics plain on a, b from t",
    ] {
        tenant.query(sql).await.unwrap();
    }
    for (sql, said) in [
        (
            "create statistics s on (a + b), c from t",
            "no expressions in extended statistics",
        ),
        (
            "create statistics s on (v ~ '^(a|a)*b$') from t",
            "no expressions in extended statistics",
        ),
        (
            "create statistics s (mcv) on a, lower(v) from t",
            "no expressions in extended statistics",
        ),
        (
            "create statistics s on a, b, c, d, e from t",
            "4 columns in extended statistics",
        ),
        (
            "alter statistics plain set statistics 10000",
            "100 values in the statistics of a column",
        ),
        (
            "alter table t alter column a set statistics 10000",
            "100 values in the statistics of a column",
        ),
        (
            "alter table t set (autovacuum_vacuum_cost_delay = 100)",
            "no settings of autovacuum",
        ),
        (
            "alter table t set (autovacuum_analyze_threshold = 0)",
            "no settings of autovacuum",
        ),
        (
            "alter table t set (toast.autovacuum_vacuum_threshold = 0)",
            "no settings of autovacuum",
        ),
        (
            "alter table t set (log_autovacuum_min_duration = 0)",
            "no settings of autovacuum",
        ),
        (
            "create table u (v text) with (autovacuum_enabled = off)",
            "no settings of autovacuum",
        ),
        (
            "create materialized view m with (autovacuum_freeze_max_age = 100000) as select 1 as a",
            "no settings of autovacuum",
        ),
        (
            "alter index brin set (autosummarize = on)",
            "no settings of autovacuum",
        ),
        (
            "create index on t using brin ((v || v)) with (autosummarize = on)",
            "no settings of autovacuum",
        ),
    ] {
        let Err(DbError::Sql(error)) = tenant.query(sql).await else {
            panic!("{sql} was taken")
        };
        let message = format!("a project may have {said}, and this would be more");
        assert_eq!(
            (error.code.as_str(), error.message),
            ("53400", message),
            "{sql}"
        );
        assert!(error.hint.is_some());
    }
    for n in 0..19 {
        let sql = format!("create statistics s{n} on a, b from t");
        tenant.query(&sql).await.unwrap();
    }
    let one_more = tenant.query("create statistics s on a, b from t").await;
    assert!(
        one_more
            .unwrap_err()
            .to_string()
            .contains("20 extended statistics")
    );
    // What takes back a setting, and what has nothing to do with it.
    for sql in [
        "alter table t reset (autovacuum_enabled)",
        "alter table t set (fillfactor = 70)",
        "alter table t alter column a set statistics 50",
        "alter table t alter column a set statistics -1",
    ] {
        tenant.query(sql).await.unwrap();
    }
}

/// Each way to come by an index of an expression, and to ask for its statistics.
#[tokio::test]
async fn expressions_of_indexes_are_not_calculated_for_statistics() {
    let tenant = TestTenant::new().await;
    for sql in [
        "create table t (id int, v text, at tsrange default '[2026-01-01, 2026-01-02)', w varchar(9) default 'x')",
        "create index i on t (id, lower(v), (v ~ '^(a|a)*b$'))",
        "create unique index concurrently u on t ((id + 1))",
        "alter table t add constraint none exclude using gist ((at * at) with &&) where (id < 0)",
        "create index on t (upper(w))",
        "create table copied (like t including all)",
        "create table parts (id int, v text) partition by list (id)",
        "create index on parts (lower(v))",
        "create table part partition of parts for values in (1)",
        "create table other (id int, v text)",
        "alter table parts attach partition other for values in (2)",
        "create materialized view seen as select id, v from t",
        "create index on seen (lower(v))",
        "insert into t (id, v) select n, 'v' || n from generate_series(1, 2000) n",
        "insert into copied (id, v) select n, 'v' || n from generate_series(1, 50) n",
        "insert into parts select n % 2 + 1, 'v' || n from generate_series(1, 50) n",
        "refresh materialized view seen",
        "alter index i alter column 2 set statistics 90",
        "alter table t alter column w type text",
    ] {
        let made = tenant.query(sql).await;
        made.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let mut admin = admin(CELL).await;
    let schema = tenant.tenant.schema();
    for table in ["t", "copied", "parts", "part", "other", "seen"] {
        run(&mut admin, format!("analyze {schema}.{table}"))
            .await
            .unwrap();
    }
    let known = |kind: &str| {
        let sql = format!(
            "select count(*) from pg_statistic s join pg_class c on c.oid = s.starelid
             where c.relnamespace = '{schema}'::regnamespace and c.relkind in ({kind})"
        );
        sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql))
    };
    assert_eq!(known("'i', 'I'").fetch_one(&mut admin).await.unwrap(), 0);
    assert!(known("'r', 'm'").fetch_one(&mut admin).await.unwrap() > 10);
    // They are used all the same.
    let plan = tenant
        .query("explain select 1 from t where id + 1 = 7")
        .await
        .unwrap();
    let plan = format!("{plan:?}");
    assert!(plan.contains("Index"), "{plan}");
}

/// An ANALYZE of a table that waits for another's lock stands for one that goes on.
#[tokio::test]
async fn a_table_that_takes_long_has_no_statistics_from_then_on() {
    // What the other tests analyze is not to be ended.
    let database = "cell_upkeep";
    let cell = Cell::ensure(&server().await, database).await.unwrap();
    let tenant = TestTenant {
        tenant: cell.provision_tenant(TenantName::random()).await.unwrap(),
        database: Arc::new(TenantDatabase::new(pool())),
    };
    let schema = tenant.tenant.schema().to_owned();
    for sql in ["create table t (v text)", "create table c () inherits (t)"] {
        tenant.query(sql).await.unwrap();
    }
    // One that has seen no statement: it measures nothing, which would wait for the lock.
    let served = TenantDatabase::new(pool());
    let guard = Guard::new(cell, &served, &Quotas::default());
    let guard = guard.with_patience(Duration::ZERO);
    let (mut holder, mut other) = (admin(database).await, admin(database).await);
    let mut worker = admin(database).await;
    run(
        &mut holder,
        format!("begin; lock table {schema}.c in access exclusive mode"),
    )
    .await
    .unwrap();
    let analyze = format!("analyze {schema}.t");
    let analyzed = tokio::spawn(async move { run(&mut worker, analyze).await });
    while !analyzed.is_finished() {
        guard.look().await.unwrap();
    }
    let Err(sqlx::Error::Database(error)) = analyzed.await.unwrap() else {
        panic!("it was not ended")
    };
    assert_eq!(error.code().as_deref(), Some("57014"), "{error}");
    run(&mut holder, "rollback".to_owned()).await.unwrap();
    let settings = format!("select reloptions from pg_class where oid = '{schema}.t'::regclass");
    let settings = async |admin: &mut PgConnection| {
        let found = sqlx::query_scalar::<_, Option<Vec<String>>>(AssertSqlSafe(settings.clone()));
        found.fetch_one(admin).await.unwrap().unwrap_or_default()
    };
    let never = "autovacuum_analyze_threshold=2147483647";
    assert_eq!(settings(&mut other).await, [never]);
    for sql in [
        "alter table t reset (autovacuum_analyze_threshold)",
        "alter table t set (fillfactor = 70)",
    ] {
        tenant.query(sql).await.unwrap();
    }
    assert_eq!(settings(&mut other).await, [never, "fillfactor=70"]);
}
