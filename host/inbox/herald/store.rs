//! The SQL of calling other hosts.

use super::Herald;

pub(super) const CHANNEL: &str = "roost_inbox";

impl Herald {
    pub(super) async fn call(&self, owner: &str) -> Result<(), sqlx::Error> {
        sqlx::query("select pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(owner)
            .execute(&self.inbox.pool)
            .await?;
        Ok(())
    }
}
