//! Cells and tenants: made once, closed to each other, gone when dropped.

use roost::postgres::{
    Cell, CellAddress, CellError, Client, DbError, Login, MasterKey, Server, Tenant, TenantAuth,
    TenantName,
};
use sqlx::ConnectOptions as _;

use crate::postgres_support::{CELL, TestTenant, cell, server};

async fn admin_of(database: &str) -> sqlx::PgConnection {
    server()
        .await
        .control_options()
        .database(database)
        .connect()
        .await
        .unwrap()
}

#[test]
fn names_and_keys_are_checked() {
    let random = TenantName::random();
    assert_eq!(TenantName::parse(random.as_str()).unwrap(), random);
    assert_ne!(TenantName::random(), random);
    for bad in [
        "",
        "t_",
        "t_short",
        "T_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "t_aaaaaaaaaaaaaaaaaaaaaaaaa1",
        "t_aaaaaaaaaaaaaaaaaaaaaaaaa\"",
    ] {
        assert!(
            matches!(TenantName::parse(bad), Err(CellError::BadTenantName(_))),
            "{bad}"
        );
    }
    assert!(matches!(
        MasterKey::new(&[0; 31]),
        Err(CellError::ShortMasterKey(31))
    ));
    assert_eq!(
        format!("{:?}", MasterKey::new(&[7; 32]).unwrap()),
        "MasterKey(***)"
    );
}

#[tokio::test]
async fn a_cell_must_have_a_plain_name() {
    let server = server().await;
    for bad in [
        "",
        "postgres",
        "roost",
        "template1",
        "Cell",
        "a b",
        "x\"y",
        "1cell",
    ] {
        let result = Cell::ensure(&server, bad).await;
        assert!(
            matches!(result, Err(CellError::BadDatabaseName(_))),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn preparing_again_or_at_once_changes_nothing() {
    let server = server().await;
    let database = "cell_again";
    let all = futures::future::join_all((0..6).map(|_| Cell::ensure(&server, database))).await;
    for result in all {
        result.unwrap();
    }
    let mut admin = admin_of(database).await;
    let mark: String = sqlx::query_scalar(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = $1",
    )
    .bind(database)
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert!(mark.starts_with("roost cell "), "{mark}");
    let locale: String = sqlx::query_scalar("select datlocale from pg_database where datname = $1")
        .bind(database)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(locale, "C.UTF-8");
}

#[tokio::test]
async fn a_database_of_somebody_else_is_left_alone() {
    let server = server().await;
    server.ensure().await.unwrap();
    let mut admin = admin_of("postgres").await;
    let _ = sqlx::raw_sql("create database somebodys")
        .execute(&mut admin)
        .await;
    let mut somebody = admin_of("somebodys").await;
    let table = "create table if not exists public.precious (n int)";
    sqlx::raw_sql(table).execute(&mut somebody).await.unwrap();
    let err = Cell::ensure(&server, "somebodys").await.unwrap_err();
    assert!(matches!(err, CellError::NotEmpty(_)), "{err:?}");
    sqlx::raw_sql("select * from public.precious")
        .execute(&mut somebody)
        .await
        .unwrap();
}

#[test]
fn secrets_are_not_shown() {
    let master_key = MasterKey::new(&[7; 32]).unwrap();
    let auth = TenantAuth::Scram {
        master_key,
        epoch: 1,
    };
    let server = Server::from_url("postgres://boss:hunter2@localhost/plane", auth).unwrap();
    let tenant = Cell::at(&server, "cell_1").tenant(TenantName::random());
    let login = Login::for_tenant(&tenant);
    let password = login.password.clone().unwrap();
    let shown = format!("{server:?} {tenant:?} {login:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(&password),
        "{shown}"
    );
}

#[tokio::test]
async fn tenants_are_provisioned_once_even_by_several_hosts() {
    let cell = cell().await;
    let name = TenantName::random();
    let all = (0..5).map(|_| cell.provision_tenant(name.clone()));
    for result in futures::future::join_all(all).await {
        assert_eq!(result.unwrap().name, name);
    }
    let tenant = TestTenant::new().await;
    tenant.query("create table kept (n int)").await.unwrap();
    cell.provision_tenant(tenant.tenant.name.clone())
        .await
        .unwrap();
    assert_eq!(tenant.value("select count(*) from kept").await, "0");
    assert_eq!(
        tenant.value("select current_schema()").await,
        tenant.tenant.schema()
    );
}

#[tokio::test]
async fn a_dropped_tenant_is_gone_with_all_it_had() {
    let cell = cell().await;
    let tenant = TestTenant::new().await;
    tenant
        .query("create table t (id serial primary key)")
        .await
        .unwrap();
    tenant
        .query("create view v as select * from t")
        .await
        .unwrap();
    // Holds a session, and a lock.
    let mut held = tenant
        .database
        .pool()
        .acquire(&tenant.tenant)
        .await
        .unwrap();
    held.begin(Default::default(), std::time::Duration::from_secs(1))
        .await
        .unwrap();
    held.query("select * from t", &[], &Default::default())
        .await
        .unwrap();
    let name = &tenant.tenant.name;
    cell.drop_tenant(name).await.unwrap();
    cell.drop_tenant(name).await.unwrap();
    let mut admin = admin_of(CELL).await;
    let is_gone: bool =
        sqlx::query_scalar("select to_regrole($1) is null and to_regnamespace($1) is null")
            .bind(name.as_str())
            .fetch_one(&mut admin)
            .await
            .unwrap();
    assert!(is_gone);
    assert!(
        held.query("select 1", &[], &Default::default())
            .await
            .is_err()
    );
    assert!(matches!(
        tenant.query("select 1").await,
        Err(DbError::Unavailable(_))
    ));
}

/// A process that heeds no signal stands for a statement that looks at no interrupts.
#[tokio::test]
async fn a_tenant_is_kept_while_a_statement_of_it_goes_on() {
    let cell = cell().await;
    let tenant = TestTenant::new().await;
    tenant.query("create table t ()").await.unwrap();
    let held = Client::connect(&Login::for_tenant(&tenant.tenant))
        .await
        .unwrap();
    let process = held.process_id().unwrap().to_string();
    let signal = |signal: &str| {
        let mut command = std::process::Command::new("kill");
        let status = command.args([signal, &process]).status().unwrap();
        assert!(status.success(), "{signal}");
    };
    signal("-STOP");
    let dropped = cell.drop_tenant(&tenant.tenant.name).await;
    signal("-CONT");
    assert!(matches!(dropped, Err(CellError::GoesOn)), "{dropped:?}");
    cell.drop_tenant(&tenant.tenant.name).await.unwrap();
    let is_gone: bool = sqlx::query_scalar("select to_regrole($1) is null")
        .bind(tenant.tenant.name.as_str())
        .fetch_one(&mut admin_of(CELL).await)
        .await
        .unwrap();
    assert!(is_gone);
}

#[tokio::test]
async fn usage_is_measured() {
    let tenant = TestTenant::new().await;
    let cell = cell().await;
    let before = cell.usage(&tenant.tenant.name).await.unwrap();
    assert_eq!((before.relations, before.bytes), (0, 0));
    tenant
        .query("create table t (id serial primary key, v text)")
        .await
        .unwrap();
    tenant
        .query("insert into t (v) select repeat('x', 1000) from generate_series(1, 1000)")
        .await
        .unwrap();
    let after = cell.usage(&tenant.tenant.name).await.unwrap();
    // The table, its sequence and its index.
    assert_eq!(after.relations, 3);
    assert!(after.bytes > 1_000_000, "{after:?}");
}

#[tokio::test]
async fn tenants_reach_no_database_but_their_cell() {
    let tenant = TestTenant::new().await;
    let cell = cell().await;
    for database in ["roost", "postgres", "template1", "cell_elsewhere"] {
        if database == "cell_elsewhere" {
            // Other cells are open to all tenants, and empty for them.
            Cell::ensure(&server().await, database).await.unwrap();
            continue;
        }
        let address = CellAddress {
            database: database.to_owned(),
            ..(**cell.address()).clone()
        };
        let elsewhere = Tenant {
            name: tenant.tenant.name.clone(),
            cell: address.into(),
        };
        let Err(DbError::Unavailable(reason)) = Client::connect(&Login::for_tenant(&elsewhere))
            .await
            .map(drop)
        else {
            panic!("a tenant got into `{database}`")
        };
        assert!(reason.contains("permission denied"), "{reason}");
    }
}

#[tokio::test]
async fn the_provisioner_cannot_read_what_tenants_store() {
    let tenant = TestTenant::new().await;
    tenant.query("create table secret (v text)").await.unwrap();
    let mut provisioner = server()
        .await
        .control_options()
        .database(CELL)
        .username("provisioner")
        .connect()
        .await
        .unwrap();
    let role = tenant.tenant.role();
    for sql in [
        format!("select * from {role}.secret"),
        format!("set role {role}"),
        format!("set session authorization {role}"),
        "create role other superuser".to_owned(),
        "alter role roost_admin nologin".to_owned(),
        "select rolpassword from pg_authid".to_owned(),
    ] {
        let result = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()))
            .execute(&mut provisioner)
            .await;
        let Err(sqlx::Error::Database(err)) = result else {
            panic!("{sql}: {result:?}")
        };
        assert_eq!(err.code().as_deref(), Some("42501"), "{sql}: {err}");
    }
}
