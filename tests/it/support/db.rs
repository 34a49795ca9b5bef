//! Control databases for tests: each test has one of its own, empty and migrated.
//!
//! `ROOST_TEST_PG_ADMIN` is the URL of a role that may create databases on a running server. A
//! database outlives its test, so that it can be looked at; the server is thrown away.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};

/// What the host needs of its database.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// An empty, migrated database.
pub async fn fresh() -> PgPool {
    let pool = empty().await;
    MIGRATIONS.run(&pool).await.unwrap();
    pool
}

/// A database without any table.
pub async fn empty() -> PgPool {
    let url = std::env::var("ROOST_TEST_PG_ADMIN").expect(
        "ROOST_TEST_PG_ADMIN must be the URL of a PostgreSQL role that may create databases",
    );
    let admin: PgConnectOptions = url.parse().unwrap();
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let one = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(admin.clone())
        .await
        .unwrap();
    // `name` is hexadecimal.
    let create = AssertSqlSafe(format!("create database {name} strategy file_copy"));
    sqlx::query(create).execute(&one).await.unwrap();
    one.close().await;
    PgPoolOptions::new()
        .max_connections(8)
        .connect_with(admin.database(&name))
        .await
        .unwrap()
}
