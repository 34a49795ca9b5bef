//! Cells: hardened databases, and the tenants in them.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::{sleep, timeout};

use super::address::{CellAddress, Tenant, TenantName};
use super::client::Client;
use super::error::{CellError, DbError};
use super::login::Login;
use super::server::{self, PROVISIONER, Server, admin_error, create_database, quoted, run};
use super::values::{Limits, Param, Rows};

const HARDENING: &str = concat!(
    include_str!("../../migrations/cell/harden.sql"),
    include_str!("../../migrations/cell/bounds.sql"),
    include_str!("../../migrations/cell/functions.sql"),
    include_str!("../../migrations/cell/catalog.sql"),
    include_str!("../../migrations/cell/quotas.sql"),
    include_str!("../../migrations/cell/upkeep.sql"),
    include_str!("../../migrations/cell/account.sql"),
    include_str!("../../migrations/cell/renew.sql")
);

/// A hardened database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cell {
    address: Arc<CellAddress>,
}

/// What a tenant stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tables, indexes, sequences, views and types.
    pub relations: u64,
    /// On disk: rows, what is too long for them, indexes, statistics, definitions and comments.
    pub bytes: u64,
}

impl Cell {
    /// A back-stop; the pool holds fewer.
    const CONNECTIONS_PER_TENANT: u32 = 4;
    pub(super) const DEADLINE: Duration = Duration::from_secs(60);
    const PAUSE: Duration = Duration::from_millis(100);
    /// How long one tenant may be measured.
    const MEASURING: Duration = Duration::from_secs(5);
    /// How many tenants are measured by one connection: fewer than it has time for at their longest.
    pub(super) const MEASURED_AT_ONCE: usize = 16;
    /// How long the tables of one tenant may be written anew.
    const COMPACTING: Duration = Duration::from_secs(120);

    /// Makes the cell `database` on `server` and hardens it, or takes it as it is when that was done
    /// before. Prepares the server first.
    pub async fn ensure(server: &Server, database: &str) -> Result<Self, CellError> {
        check_name(database)?;
        let mut maintenance = server.connect_for_maintenance().await?;
        server.ensure_with(&mut maintenance).await?;
        create_database(&mut maintenance, database).await?;
        let mut admin = server.connect_to(database).await?;
        harden(&mut admin, database).await?;
        server::close(admin).await;
        server::close(maintenance).await;
        Ok(Self::at(server, database))
    }

    /// The cell without asking the server: for one that `ensure` has prepared.
    pub fn at(server: &Server, database: &str) -> Self {
        Self {
            address: Arc::new(CellAddress {
                endpoint: server.endpoint.clone(),
                database: database.to_owned(),
                auth: server.auth.clone(),
            }),
        }
    }

    pub fn address(&self) -> &Arc<CellAddress> {
        &self.address
    }

    /// A tenant that was provisioned before. Asks no server.
    pub fn tenant(&self, name: TenantName) -> Tenant {
        Tenant {
            name,
            cell: Arc::clone(&self.address),
        }
    }

    /// Makes the tenant's role and schema in one transaction. What exists is kept; the password is
    /// renewed, so this also moves a tenant to a new epoch.
    pub async fn provision_tenant(&self, name: TenantName) -> Result<Tenant, CellError> {
        let doing = "provisioning a tenant";
        self.as_provisioner(doing, async |client| {
            lock(client, &name).await?;
            let role_exists = exists(client, "select to_regrole($1) is not null", &name).await?;
            if !role_exists {
                control(client, &format!("create role {name}")).await?;
            }
            let password = match self.address.auth.verifier(name.as_str()) {
                Some(verifier) => format!("'{verifier}'"),
                None => "null".to_owned(),
            };
            for sql in [
                format!(
                    "alter role {name} login connection limit {} password {password}",
                    Self::CONNECTIONS_PER_TENANT
                ),
                // `set false`: nobody becomes `tenants`. `inherit`: its right to connect is theirs.
                format!("grant tenants to {name} with inherit true, set false"),
                // Owned by the provisioner: the tenant can neither drop, rename nor share it.
                format!("create schema if not exists {name}"),
                format!("grant usage, create on schema {name} to {name}"),
            ] {
                control(client, &sql).await?;
            }
            query(client, "select quota.open($1::text::name)", &name)
                .await
                .map(drop)
        })
        .await?;
        Ok(self.tenant(name))
    }

    /// What the tenant stores now. Runs none of its code: sizes are taken by OID.
    pub async fn usage(&self, name: &TenantName) -> Result<Usage, CellError> {
        let doing = "measuring a tenant";
        let all = self.usages(std::slice::from_ref(name)).await?;
        let usage = all.into_iter().next();
        usage
            .map_or(Ok(Usage::default()), |(_, usage)| usage)
            .map_err(|source| CellError::Provisioner { doing, source })
    }

    /// What each of these tenants stores now, or why it could not be measured. They need not be there
    /// any more. Those that are left out were not looked at: the server went away before.
    pub(super) async fn usages(
        &self,
        names: &[TenantName],
    ) -> Result<Vec<(TenantName, Result<Usage, DbError>)>, CellError> {
        let sql = "select relations, bytes from quota.measure($1::text::name)";
        self.as_provisioner_alone("measuring tenants", async |client| {
            let patience = format!("set statement_timeout = {}", Self::MEASURING.as_millis());
            control(client, &patience).await?;
            let mut usages = Vec::new();
            for name in names {
                let usage = query(client, sql, name).await.map(|rows| usage_in(&rows));
                // One that the server could not measure in time has an answer: its connection goes on.
                let is_over = !client.is_reusable();
                usages.push((name.clone(), usage));
                if is_over {
                    break;
                }
            }
            Ok(usages)
        })
        .await
    }

    /// Tenants with a statement that has run for longer than `time`.
    pub(super) async fn running_longer_than(
        &self,
        time: Duration,
    ) -> Result<Vec<TenantName>, CellError> {
        let sql = format!("select quota.running({}) limit 100", time.as_millis());
        self.names("looking for statements that do not end", &sql)
            .await
    }

    /// Gives their processes the lowest priority, where Postgres runs on a system that lets it.
    pub(super) async fn slow_down(&self, time: Duration) -> Result<(), CellError> {
        let sql = format!("select quota.slow_down({})", time.as_millis());
        self.as_provisioner("slowing down statements that do not end", async |client| {
            control(client, &sql).await
        })
        .await
    }

    /// Ends what the server does for a tenant's table by itself when it takes longer than `time`, for good.
    pub(super) async fn calm(&self, time: Duration) -> Result<Vec<TenantName>, CellError> {
        let sql = format!("select quota.calm({}) limit 100", time.as_millis());
        self.names("looking for tables that take long", &sql).await
    }

    async fn names(&self, doing: &'static str, sql: &str) -> Result<Vec<TenantName>, CellError> {
        let rows = self.as_provisioner(doing, async |client| {
            client.control(sql, Self::DEADLINE).await
        });
        let rows = rows.await?.rows;
        let names = rows.iter().filter_map(|row| row.first()?.as_ref());
        Ok(names
            .filter_map(|name| TenantName::parse(&String::from_utf8_lossy(name)).ok())
            .collect())
    }

    /// Writes the tenant's tables anew, without what was deleted. As the tenant itself, whose indexes
    /// may have code. A table that fails is left out; its error is told when all others are done.
    pub(super) async fn compact(&self, name: &TenantName) -> Result<(), DbError> {
        let work = async {
            let login = Login::for_tenant(&self.tenant(name.clone()));
            let mut client = Client::connect(&login).await?;
            let done = write_anew(&mut client).await;
            client.close().await;
            done
        };
        timeout(Self::COMPACTING, work)
            .await
            .unwrap_or(Err(DbError::Timeout))
    }

    /// Runs `work` in one transaction as the provisioner.
    pub(super) async fn as_provisioner<T>(
        &self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, DbError>,
    ) -> Result<T, CellError> {
        self.as_provisioner_alone(doing, async |client| {
            client.begin(Default::default(), Self::DEADLINE).await?;
            let result = work(client).await;
            let end = match result {
                Ok(_) => client.commit(Self::DEADLINE).await.map(drop),
                Err(_) => client.rollback(Self::DEADLINE).await,
            };
            // The first error is the one that tells what went wrong.
            let value = result?;
            end.map(|()| value)
        })
        .await
    }

    /// Runs `work` as the provisioner, each statement in a transaction of its own.
    pub(super) async fn as_provisioner_alone<T>(
        &self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, DbError>,
    ) -> Result<T, CellError> {
        let login = Login {
            endpoint: self.address.endpoint.clone(),
            database: self.address.database.clone(),
            role: PROVISIONER.to_owned(),
            password: self.address.auth.password(PROVISIONER),
        };
        let whole = async {
            let mut client = loop {
                match Client::connect(&login).await {
                    // All connections are taken: one comes free.
                    Err(DbError::Unavailable(reason)) if reason.contains("53300") => {
                        sleep(Self::PAUSE).await;
                    }
                    connected => break connected?,
                }
            };
            let result = work(&mut client).await;
            client.close().await;
            result
        };
        timeout(2 * Self::DEADLINE, whole)
            .await
            .unwrap_or(Err(DbError::Timeout))
            .map_err(|source| CellError::Provisioner { doing, source })
    }
}

fn usage_in(rows: &Rows) -> Usage {
    let number = |column: usize| {
        let text = rows.rows.first()?.get(column)?.as_ref()?;
        std::str::from_utf8(text).ok()?.parse().ok()
    };
    Usage {
        relations: number(0).unwrap_or(0),
        bytes: number(1).unwrap_or(0),
    }
}

/// Writes all tables of a tenant's session anew, the largest first.
async fn write_anew(client: &mut Client) -> Result<(), DbError> {
    // The cell's deadlines are meant for what bots send. PostgreSQL 16 has none of transactions. Both
    // are shorter than what is waited here, so that the session goes on to the next table.
    control(client, "set statement_timeout = '50s'").await?;
    match control(client, "set transaction_timeout = '55s'").await {
        Ok(()) | Err(DbError::Sql(_)) => {}
        Err(error) => return Err(error),
    }
    let sql = "select format('vacuum (full) %I.%I', n.nspname, c.relname)
        from catalog.pg_class c join catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm') and n.nspname = session_user
        order by c.relpages desc";
    let limits = Limits {
        max_rows: 10_000,
        deadline: Cell::DEADLINE,
        ..Limits::default()
    };
    let tables = client.query(sql, &[], &limits).await?;
    let mut first = Ok(());
    for table in tables.rows.iter().filter_map(|row| row.first()?.as_ref()) {
        let done = control(client, &String::from_utf8_lossy(table)).await;
        let is_over = done.is_err() && !client.is_reusable();
        first = first.and(done);
        if is_over {
            break;
        }
    }
    first
}

/// Two hosts that make or drop the same tenant take turns.
pub(super) async fn lock(client: &mut Client, name: &TenantName) -> Result<(), DbError> {
    let sql = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
    query(client, sql, name).await.map(drop)
}

pub(super) async fn exists(
    client: &mut Client,
    sql: &str,
    name: &TenantName,
) -> Result<bool, DbError> {
    let rows = query(client, sql, name).await?;
    let value = rows
        .rows
        .first()
        .and_then(|row| row.first())
        .and_then(Option::as_ref);
    Ok(value.is_some_and(|value| value.as_ref() == b"t"))
}

pub(super) async fn query(
    client: &mut Client,
    sql: &str,
    name: &TenantName,
) -> Result<Rows, DbError> {
    let params = [Param::Text(name.as_str().to_owned())];
    let limits = Limits {
        deadline: Cell::DEADLINE,
        ..Limits::default()
    };
    client.query(sql, &params, &limits).await
}

pub(super) async fn control(client: &mut Client, sql: &str) -> Result<(), DbError> {
    client.control(sql, Cell::DEADLINE).await.map(drop)
}

/// Hardens the database unless its mark says that this very text was run on this very server version.
async fn harden(admin: &mut PgConnection, database: &str) -> Result<(), CellError> {
    let doing = "hardening a cell";
    let failed = |source| admin_error(doing, source);
    // The cell's own limits are meant for tenants.
    let unlimited = "set statement_timeout = 0; set lock_timeout = 0; \
        set idle_in_transaction_session_timeout = 0; set search_path = pg_catalog; \
        select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'";
    run(admin, unlimited, doing).await?;
    let mut transaction = admin.begin().await.map_err(failed)?;
    let (version, mark): (String, Option<String>) = sqlx::query_as(
        "select current_setting('server_version_num'), shobj_description(oid, 'pg_database')
         from pg_database where datname = current_database()",
    )
    .fetch_one(&mut *transaction)
    .await
    .map_err(failed)?;
    let wanted = format!(
        "roost cell {} {version}",
        hex::encode(Sha256::digest(HARDENING))
    );
    if mark.as_deref() == Some(&wanted) {
        return transaction.rollback().await.map_err(failed);
    }
    if mark.is_none() && has_public_tables(&mut transaction).await.map_err(failed)? {
        return Err(CellError::NotEmpty(database.to_owned()));
    }
    run(&mut transaction, HARDENING, doing).await?;
    let sql = format!("comment on database {} is '{wanted}'", quoted(database));
    run(&mut transaction, &sql, doing).await?;
    transaction.commit().await.map_err(failed)?;
    tracing::info!(db.cell = database, "hardened cell `{database}`");
    Ok(())
}

/// A database of somebody else's, which happens to have a cell's name.
async fn has_public_tables(admin: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from pg_class where relnamespace = to_regnamespace('public'))",
    )
    .fetch_one(admin)
    .await
}

fn check_name(database: &str) -> Result<(), CellError> {
    let is_valid = database.starts_with(|c: char| c.is_ascii_lowercase())
        && database.len() <= 63
        && database
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        && ![
            "postgres",
            "template0",
            "template1",
            super::server::CONTROL_DATABASE,
        ]
        .contains(&database);
    if is_valid {
        Ok(())
    } else {
        Err(CellError::BadDatabaseName(database.to_owned()))
    }
}
