//! The SQL of telling other hosts.

use sqlx::PgPool;

pub(super) const CHANNEL: &str = "roost_news";

pub(super) async fn notify(pool: &PgPool, calls: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_notify($1, told) from unnest($2::text[]) as told")
        .bind(CHANNEL)
        .bind(calls)
        .execute(pool)
        .await?;
    Ok(())
}
