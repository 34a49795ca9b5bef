//! A tenant's database, as the `database` capability uses it.

use std::time::Duration;

use super::address::Tenant;
use super::client::TransactionStatus;
use super::error::DbError;
use super::filter::{self, Statement, classify};
use super::holds::{Admission, Held, Hold, Holds};
use super::pool::{Lease, Pool};
use super::server::quoted;
use super::types;
use super::values::{Access, Limits, Param, Rows, TransactionOptions};

/// Runs tenants' statements. Cheap to clone.
#[derive(Clone)]
pub struct TenantDatabase {
    pool: Pool,
    holds: Holds,
}

/// An open transaction: one connection until it ends. Dropping it rolls back.
pub struct TenantTransaction {
    lease: Lease,
    /// Set when a statement's outcome was withheld from the caller: then nothing may be committed.
    is_failed: bool,
    savepoints: u32,
    holds: Holds,
    tenant: Tenant,
    /// Why it cannot write.
    hold: Option<Hold>,
}

/// How a transaction really ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    Committed,
    /// A statement had failed before, so that nothing was kept.
    RolledBack,
}

impl TenantDatabase {
    pub fn new(pool: Pool) -> Self {
        Self {
            pool,
            holds: Holds::default(),
        }
    }

    /// How many projects are held back.
    pub fn held(&self) -> Held {
        self.holds.count()
    }

    /// Who is held back, which a `Guard` decides.
    pub(super) fn holds(&self) -> Holds {
        self.holds.clone()
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Runs one statement in a transaction of its own.
    ///
    /// Fails with `Denied` for statements about transactions: those go through `begin`.
    ///
    /// Cancel safety: dropping the future stops the statement on the server soon after.
    pub async fn query(
        &self,
        tenant: &Tenant,
        sql: &str,
        params: &[Param],
        limits: &Limits,
    ) -> Result<Rows, DbError> {
        match classify(sql) {
            Statement::Allowed => {}
            Statement::Denied(sentence) => return Err(DbError::Denied(sentence)),
            Statement::Begin(_)
            | Statement::Commit
            | Statement::Rollback
            | Statement::Savepoint(_)
            | Statement::Release(_)
            | Statement::RollbackTo(_) => return Err(transaction_statement()),
        }
        let admission = self.holds.admit(tenant, sql, false)?;
        let mut lease = self.pool.acquire(tenant).await?;
        types::check(&mut lease, params, limits.deadline).await?;
        if let Admission::IfOnlyDeletes(hold) = admission {
            check_delete(&mut lease, sql, hold, limits.deadline).await?;
        }
        let Admission::ReadOnly(hold) = admission else {
            let result = lease.query(sql, params, limits).await;
            if result.is_err() {
                self.holds.failed(tenant, sql);
            }
            return shown(sql, result);
        };
        let options = TransactionOptions {
            access: Some(Access::ReadOnly),
            ..TransactionOptions::default()
        };
        lease.begin(options, limits.deadline).await?;
        let rows = lease.query(sql, params, limits).await;
        // At once, so that it holds no locks; where that fails, dropping the connection does it.
        if lease.is_reusable() {
            let _ = lease.rollback(limits.deadline).await;
        }
        shown(sql, rows).map_err(|error| hold.explain(error))
    }

    /// Begins a transaction. The server ends it when it lasts longer than 10 seconds, or waits 5
    /// seconds for its next statement.
    pub async fn begin(
        &self,
        tenant: &Tenant,
        mut options: TransactionOptions,
        deadline: Duration,
    ) -> Result<TenantTransaction, DbError> {
        let hold = match self.holds.admit_transaction(tenant)? {
            Admission::AsItIs => None,
            Admission::IfOnlyDeletes(hold) | Admission::ReadOnly(hold) => {
                options.access = Some(Access::ReadOnly);
                Some(hold)
            }
        };
        let mut lease = self.pool.acquire(tenant).await?;
        lease.begin(options, deadline).await?;
        Ok(TenantTransaction {
            lease,
            is_failed: false,
            savepoints: 0,
            holds: self.holds.clone(),
            tenant: tenant.clone(),
            hold,
        })
    }
}

impl TenantTransaction {
    /// Each costs the server memory until the transaction ends.
    const MAX_SAVEPOINTS: u32 = 100;

    /// Runs one statement; savepoints are statements too.
    ///
    /// After `Timeout`, `TooManyRows`, `TooManyBytes` and `Unavailable` the transaction takes no more
    /// statements and cannot be committed.
    pub async fn query(
        &mut self,
        sql: &str,
        params: &[Param],
        limits: &Limits,
    ) -> Result<Rows, DbError> {
        let own;
        let sql = match classify(sql) {
            Statement::Allowed => {
                self.holds.admit(&self.tenant, sql, true)?;
                sql
            }
            Statement::Denied(sentence) => return Err(DbError::Denied(sentence)),
            Statement::Begin(_) | Statement::Commit | Statement::Rollback => {
                return Err(transaction_statement());
            }
            Statement::Savepoint(name) => {
                self.count_savepoint()?;
                own = format!("savepoint {}", quoted(&name));
                &own
            }
            Statement::Release(name) => {
                own = format!("release savepoint {}", quoted(&name));
                &own
            }
            Statement::RollbackTo(name) => {
                own = format!("rollback to savepoint {}", quoted(&name));
                &own
            }
        };
        if self.is_failed {
            return Err(DbError::Denied(
                "the transaction failed before: roll it back, and begin again".to_owned(),
            ));
        }
        // Also when this future is dropped half-way.
        self.is_failed = true;
        let result = match types::check(&mut self.lease, params, limits.deadline).await {
            Ok(()) => self.lease.query(sql, params, limits).await,
            Err(error) => Err(error),
        };
        self.is_failed = !matches!(result, Ok(_) | Err(DbError::Sql(_) | DbError::Denied(_)));
        let result = shown(sql, result);
        match self.hold {
            Some(hold) => result.map_err(|error| hold.explain(error)),
            None => result,
        }
    }

    /// Fails with `Sql` when a deferred constraint does not hold; nothing was kept then.
    pub async fn commit(mut self, deadline: Duration) -> Result<CommitOutcome, DbError> {
        if self.is_failed {
            // Dropping the connection rolls back.
            return Ok(CommitOutcome::RolledBack);
        }
        let answer = self.lease.commit(deadline).await?;
        Ok(if answer.command == "COMMIT" {
            CommitOutcome::Committed
        } else {
            CommitOutcome::RolledBack
        })
    }

    pub async fn rollback(mut self, deadline: Duration) -> Result<(), DbError> {
        if self.lease.is_reusable() {
            self.lease.rollback(deadline).await
        } else {
            // Closing the connection rolls back.
            Ok(())
        }
    }

    /// As the server sees it. `Failed` until a rollback, to a savepoint or altogether.
    pub fn status(&self) -> TransactionStatus {
        if self.is_failed {
            TransactionStatus::Failed
        } else {
            self.lease.status()
        }
    }

    fn count_savepoint(&mut self) -> Result<(), DbError> {
        if self.savepoints >= Self::MAX_SAVEPOINTS {
            return Err(DbError::Denied(format!(
                "a transaction may set {} savepoints: commit, and begin another",
                Self::MAX_SAVEPOINTS
            )));
        }
        self.savepoints += 1;
        Ok(())
    }
}

/// An answer that the tenant may see.
fn shown(sql: &str, result: Result<Rows, DbError>) -> Result<Rows, DbError> {
    let rows = result?;
    filter::check_plan(sql, &rows)?;
    Ok(rows)
}

/// Fails where a DELETE writes rows as well: a full project would go on growing by it.
async fn check_delete(
    lease: &mut Lease,
    sql: &str,
    hold: Hold,
    deadline: Duration,
) -> Result<(), DbError> {
    let Some(table) = filter::deletes_from(sql) else {
        return Err(hold.deletes_write());
    };
    let limits = Limits {
        deadline,
        ..Limits::default()
    };
    let ask = "select catalog.only_deletes($1)";
    let rows = lease.query(ask, &[Param::Text(table)], &limits).await?;
    let answer = rows.rows.first().and_then(|row| row.first()?.as_ref());
    match answer {
        Some(text) if text.as_ref() == b"t" => Ok(()),
        _ => Err(hold.deletes_write()),
    }
}

fn transaction_statement() -> DbError {
    DbError::Denied(
        "a transaction is begun and ended by its own calls, so that its statements share a \
         connection: BEGIN, COMMIT, ROLLBACK and SAVEPOINT are not statements of their own"
            .to_owned(),
    )
}
