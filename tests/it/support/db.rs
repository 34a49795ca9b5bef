//! Control databases for tests: each test has one of its own, empty and migrated.
//!
//! They are on the server that all tests of a run share. A database outlives its test, so that it
//! can be looked at; the server is thrown away.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

/// What the host needs of its database.
pub use roost::app::MIGRATIONS;

/// An empty, migrated database.
pub async fn fresh() -> PgPool {
    let pool = empty().await;
    MIGRATIONS.run(&pool).await.unwrap();
    pool
}

/// A database without any table.
pub async fn empty() -> PgPool {
    let server = crate::postgres_support::server().await;
    server.ensure().await.unwrap();
    let admin = server.control_options();
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
