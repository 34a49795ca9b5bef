//! The end of a tenant: it succeeds however much the tenant has, once none of its statements runs any more.

use super::address::TenantName;
use super::cell::{Cell, control, exists, lock, query};
use super::client::Client;
use super::error::{CellError, DbError};

const DOING: &str = "dropping a tenant";
const HAS_SESSIONS: &str =
    "select exists (select from pg_stat_activity where usename = $1::text::name)";

impl Cell {
    /// Ends the tenant's sessions and drops its role and its schema with all that is in it. Succeeds
    /// when there is nothing to drop. While a statement of the tenant goes on all the same, nothing is
    /// dropped: by the role's name such a statement is found and slowed down.
    ///
    /// Piece by piece, because one transaction would lock all of it, and a server has only so many
    /// locks. What is left when this fails is what the next call finds.
    pub async fn drop_tenant(&self, name: &TenantName) -> Result<(), CellError> {
        // Committed on its own, so that no new session can start while the old ones end.
        let role_exists = self
            .as_provisioner(DOING, async |client| {
                let role_exists = exists(client, "select to_regrole($1) is not null", name).await?;
                if role_exists {
                    control(client, &format!("alter role {name} nologin")).await?;
                }
                Ok(role_exists)
            })
            .await?;
        let goes_on = self
            .as_provisioner_alone(DOING, async |client| {
                end_sessions(client, name).await?;
                exists(client, HAS_SESSIONS, name).await
            })
            .await?;
        if goes_on {
            return Err(CellError::GoesOn);
        }
        while self.drop_pieces(name).await? {}
        self.as_provisioner(DOING, async |client| {
            lock(client, name).await?;
            end_sessions(client, name).await?;
            control(client, &format!("drop schema if exists {name} cascade")).await?;
            query(client, "select quota.close($1::text::name)", name).await?;
            if role_exists {
                control(client, &format!("drop role if exists {name}")).await?;
            }
            Ok(())
        })
        .await
    }

    /// Drops what the schema has, each piece in a transaction of its own, for as long as a session may
    /// be held. Says whether another round has something to do.
    async fn drop_pieces(&self, name: &TenantName) -> Result<bool, CellError> {
        self.as_provisioner_alone(DOING, async |client| {
            end_sessions(client, name).await?;
            let sql = "select * from quota.pieces($1::text::name) limit 500";
            let rows = query(client, sql, name).await?;
            let mut dropped = 0;
            for piece in rows.rows.iter().filter_map(|row| row.first()?.as_ref()) {
                match control(client, &String::from_utf8_lossy(piece)).await {
                    Ok(()) => dropped += 1,
                    // It goes with something else, which comes later or with the schema.
                    Err(DbError::Sql(error)) if error.code == "2BP01" => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(dropped > 0)
        })
        .await
    }
}

async fn end_sessions(client: &mut Client, name: &TenantName) -> Result<(), DbError> {
    let sql = "select count(pg_terminate_backend(pid, 2000)) from pg_stat_activity \
        where usename = $1::text::name";
    query(client, sql, name).await.map(drop)
}
