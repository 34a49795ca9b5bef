//! What a project may write into the catalogs, which are everybody's.

use std::sync::Arc;

use futures::future::join_all;
use roost::postgres::{Cell, Client, DbError, Limits, Login, SqlError, TenantDatabase, TenantName};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::postgres_quotas::random_text;
use crate::postgres_support::{TestTenant, pool, server};

const MIB: i64 = 1 << 20;

/// A cell where a project may write 2 MiB at once and next to nothing after that.
async fn frugal(database: &str) -> (Cell, PgConnection) {
    let cell = Cell::ensure(&server().await, database).await.unwrap();
    let options = server().await.control_options().database(database);
    let mut admin = options.connect().await.unwrap();
    let sql = "update quota.most set value = case name when 'written' then 2097152 else 1024 end
        where name in ('written', 'written_a_second')";
    sqlx::query(sql).execute(&mut admin).await.unwrap();
    (cell, admin)
}

async fn tenant_of(cell: &Cell) -> TestTenant {
    TestTenant {
        tenant: cell.provision_tenant(TenantName::random()).await.unwrap(),
        database: Arc::new(TenantDatabase::new(pool())),
    }
}

async fn number(admin: &mut PgConnection, sql: String) -> i64 {
    let value = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(admin);
    value.await.unwrap()
}

/// All catalogs of the database, with their indexes and long values.
async fn size(admin: &mut PgConnection) -> i64 {
    let sql = "select sum(pg_total_relation_size(oid))::bigint from pg_class
        where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared";
    number(admin, sql.to_owned()).await
}

/// Sends all again and again, with no host before the server, until the account is empty. What else fails is meant to.
async fn until_empty(tenant: &TestTenant, statements: &[String]) -> SqlError {
    let login = Login::for_tenant(&tenant.tenant);
    let mut client = Client::connect(&login).await.unwrap();
    for _ in 0..300 {
        for sql in statements {
            match client.query(sql, &[], &Limits::default()).await {
                Err(DbError::Sql(error)) if error.message.starts_with("a project may write ") => {
                    client.close().await;
                    return *error;
                }
                Ok(_) | Err(DbError::Sql(_)) => {}
                Err(error) => panic!("{sql}: {error}"),
            }
        }
    }
    panic!("300 times: {}", statements[0])
}

fn texts(statements: &[&str]) -> Vec<String> {
    statements.iter().map(|sql| (*sql).to_owned()).collect()
}

/// 400 columns.
fn wide(column: impl Fn(usize) -> String) -> String {
    let columns: Vec<String> = (0..400).map(column).collect();
    columns.join(", ")
}

#[tokio::test]
async fn what_a_project_writes_into_the_catalogs_is_bounded() {
    let (cell, mut admin) = frugal("cell_account").await;
    let columns = wide(|n| format!("c{n} int"));
    let row = wide(|n| format!("{n} as c{n}"));
    let long = random_text(100_000);
    let create = format!("create table w ({columns})");
    for statements in [
        vec![create.clone(), "drop table w".to_owned()],
        vec!["begin".to_owned(), create.clone(), "rollback".to_owned()],
        vec![
            "begin".to_owned(),
            "savepoint s".to_owned(),
            create.clone(),
            "rollback to s".to_owned(),
            "rollback".to_owned(),
        ],
        vec![format!(
            "create table w as select {row}, 1 / (random() * 0)::int as z"
        )],
        vec![format!(
            "create table w ({columns}, constraint c check (true), constraint c check (true))"
        )],
        vec![
            format!("create type w as ({columns})"),
            "drop type w".to_owned(),
        ],
        vec![
            format!("create table if not exists t (a int default length('{long}'))"),
            format!("comment on table t is '{long}'"),
            "comment on table t is null".to_owned(),
        ],
        vec![
            format!("create or replace view v as select '{long}' as a"),
            "create or replace view v as select '' as a".to_owned(),
        ],
        texts(&[
            "create table if not exists p (id int) partition by list (id)",
            "create table if not exists p1 partition of p for values in (1)",
            "create table if not exists p2 partition of p for values in (2)",
            "alter table p add column a int, add column b int, add column c int, add column d int default 5",
            "alter table p drop column a, drop column b, drop column c, drop column d",
        ]),
        texts(&[
            "create sequence s",
            "create index on none (a)",
            "drop sequence if exists s",
        ]),
    ] {
        let tenant = tenant_of(&cell).await;
        let before = size(&mut admin).await;
        let error = until_empty(&tenant, &statements).await;
        let grown = size(&mut admin).await - before;
        assert!(
            grown < 4 * MIB,
            "{grown} bytes: {}",
            &statements[0][..statements[0].len().min(60)]
        );
        assert_eq!(error.code, "53400");
        assert_eq!(
            error.message,
            "a project may write 2048 kB of definitions at once, and 1024 bytes a second after that"
        );
        assert!(error.hint.unwrap().starts_with("Wait for "));
    }
}

#[tokio::test]
async fn an_account_is_one_projects_and_fills_up_again() {
    let (cell, mut admin) = frugal("cell_accounts").await;
    let (greedy, other) = (tenant_of(&cell).await, tenant_of(&cell).await);
    greedy.query("create table kept (a int)").await.unwrap();
    let create = format!("create table w ({})", wide(|n| format!("c{n} int")));
    let bomb = ["begin".to_owned(), create, "rollback".to_owned()];
    until_empty(&greedy, &bomb).await;
    assert!(greedy.query("create table t (a int)").await.is_err());
    // Rows are no definitions, and taking away is always allowed.
    greedy.query("insert into kept values (1)").await.unwrap();
    greedy.query("drop table kept").await.unwrap();
    other.query("create table t (a int)").await.unwrap();

    let account = format!("quota.{}", greedy.tenant.role());
    let hour = format!("select setval('{account}', last_value - 3600000000) from {account}");
    number(&mut admin, hour).await;
    greedy.query("create table t (a int)").await.unwrap();
    cell.drop_tenant(&greedy.tenant.name).await.unwrap();
    let is_gone = format!("select (to_regclass('{account}') is null)::int::bigint");
    assert_eq!(number(&mut admin, is_gone).await, 1);
}

/// A tenant's sessions, each of which pays again and again.
#[tokio::test]
async fn what_is_charged_at_the_same_time_is_charged_in_full() {
    let (cell, mut admin) = frugal("cell_charges").await;
    let role = tenant_of(&cell).await.tenant.role().to_owned();
    // In microseconds, and far ahead of the clock: charges alone move it.
    let begin = format!("select setval('quota.{role}', 4000000000000000)");
    let begin = number(&mut admin, begin).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let options = server().await.control_options().database("cell_charges");
        sessions.push(options.connect().await.unwrap());
    }
    let charges = format!(
        "do $$ begin for n in 1..1000 loop perform quota.charge('{role}', 1024); end loop; end $$"
    );
    let paid = sessions
        .iter_mut()
        .map(|session| sqlx::raw_sql(AssertSqlSafe(charges.clone())).execute(session));
    for paid in join_all(paid).await {
        paid.unwrap();
    }
    let end = number(&mut admin, format!("select last_value from quota.{role}")).await;
    // A kibibyte is a second.
    assert_eq!(end - begin, 4 * 1000 * 1_000_000);
}

/// As ORMs make it: it takes a small part of what a project may write at once.
#[tokio::test]
async fn a_large_migration_is_paid_for_by_few_bytes() {
    let database = "cell_migration";
    let cell = Cell::ensure(&server().await, database).await.unwrap();
    let options = server().await.control_options().database(database);
    let mut admin = options.connect().await.unwrap();
    let tenant = tenant_of(&cell).await;
    for n in 0..60 {
        for sql in [
            format!(
                "create table if not exists t{n} (id bigserial primary key, a text not null, b int default 5, c jsonb, d timestamptz)"
            ),
            format!("create table if not exists t{n} (id bigserial primary key)"),
            format!("create index i{n} on t{n} (a)"),
            format!("alter table t{n} add column e text, add column f text"),
            format!("comment on table t{n} is 'a table'"),
        ] {
            tenant.query(&sql).await.unwrap();
        }
    }
    let owed = format!(
        "select ((last_value / 1000000 - extract(epoch from clock_timestamp())) * 32768)::bigint from quota.{}",
        tenant.tenant.role()
    );
    let owed = number(&mut admin, owed).await;
    assert!(owed > 0 && owed < 8 * MIB, "{owed}");
}

/// What an account owes, in bytes.
async fn owed(admin: &mut PgConnection, tenant: &TestTenant) -> i64 {
    let sql = format!(
        "select greatest(0, (last_value / 1000000 - extract(epoch from clock_timestamp())) * m.value)::bigint
         from quota.{}, quota.most m where m.name = 'written_a_second'",
        tenant.tenant.role()
    );
    number(admin, sql).await
}

/// Nothing was charged for it, whatever its length.
#[tokio::test]
async fn a_drop_pays_no_debts() {
    let (cell, mut admin) = frugal("cell_debts").await;
    let tenant = tenant_of(&cell).await;
    let create = format!("create table w ({})", wide(|n| format!("c{n} int")));
    let bomb = ["begin".to_owned(), create, "rollback".to_owned()];
    until_empty(&tenant, &bomb).await;
    let before = owed(&mut admin, &tenant).await;
    assert!(before > MIB, "{before}");
    let nothing = format!("drop table if exists nothing /* {} */", "x".repeat(4 << 20));
    tenant.query(&nothing).await.unwrap();
    // A kibibyte a second is given back by time alone.
    let after = owed(&mut admin, &tenant).await;
    assert!(after > before - MIB / 4, "{before} and then {after}");
}

/// Each column is written for each child before the last check fails.
#[tokio::test]
async fn a_change_of_many_relations_that_fails_late_is_paid_for() {
    let (cell, mut admin) = frugal("cell_late").await;
    let most = "update quota.most set value = 67108864 where name = 'written'";
    sqlx::query(most).execute(&mut admin).await.unwrap();
    let columns: Vec<String> = (0..20).map(|n| format!("add c{n} int")).collect();
    let alter = format!(
        "alter table par {}, add zz int check (zz > 5) default 0",
        columns.join(", ")
    );
    let tenant = tenant_of(&cell).await;
    tenant.query("create table par (id int)").await.unwrap();
    for n in 0..40 {
        let child = format!("create table ch{n} () inherits (par)");
        tenant.query(&child).await.unwrap();
    }
    tenant.query("insert into ch39 values (1)").await.unwrap();
    let (debt, bytes) = (owed(&mut admin, &tenant).await, size(&mut admin).await);
    for _ in 0..3 {
        let Err(DbError::Sql(error)) = tenant.query(&alter).await else {
            panic!("the check held")
        };
        assert_eq!(error.code, "23514", "{error:?}");
    }
    let paid = owed(&mut admin, &tenant).await - debt;
    let grown = size(&mut admin).await - bytes;
    assert!(paid >= grown, "{paid} for {grown}");
    // What works pays what it wrote.
    let debt = owed(&mut admin, &tenant).await;
    tenant.query("alter table par add d int").await.unwrap();
    let paid = owed(&mut admin, &tenant).await - debt;
    assert!(paid < MIB, "{paid}");
}
