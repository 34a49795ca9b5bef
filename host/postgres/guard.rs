//! Looks after what projects do in their database: how much they store, and whether their statements end.
//!
//! Only those that this host served are measured. Measuring goes by what the tenant has, and runs none of
//! its code.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::address::TenantName;
use super::cell::{Cell, Usage};
use super::database::TenantDatabase;
use super::error::{CellError, DbError};
use super::holds::{Hold, Holds};
use super::quotas::Quotas;

pub struct Guard {
    cell: Cell,
    holds: Holds,
    most: u64,
    endless: Duration,
    /// Writes tables anew, beside the looking: one task at a time, which ends with the guard.
    giving_back: Mutex<JoinSet<()>>,
}

impl Guard {
    /// How often it looks.
    const PAUSE: Duration = Duration::from_secs(15);
    /// Any statement has ended by then: the server's own deadlines are half of it.
    const ENDLESS: Duration = Duration::from_secs(20);

    pub fn new(cell: Cell, database: &TenantDatabase, quotas: &Quotas) -> Self {
        Self {
            cell,
            holds: database.holds(),
            most: quotas.bytes,
            endless: Self::ENDLESS,
            giving_back: Mutex::default(),
        }
    }

    /// For tests, which do not wait so long.
    #[must_use]
    pub fn with_patience(self, endless: Duration) -> Self {
        Self { endless, ..self }
    }

    /// Looks again and again until `stop`.
    pub fn start(self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(Self::PAUSE) => {}
                }
                if let Err(error) = self.look().await {
                    tracing::warn!(%error, "what projects do in their database could not be looked at");
                }
            }
        })
    }

    /// Looks once. What cannot be looked at does not keep the rest from being so.
    pub async fn look(&self) -> Result<(), CellError> {
        let endless = self.find_endless().await;
        let slow = self.find_slow().await;
        let measured = self.measure().await;
        self.give_back();
        endless.and(slow).and(measured)
    }

    /// A statement that goes on past every deadline looks at no interrupts: ending its process would start
    /// the server anew for all. Its project gets no more of them, and it gets what processor others leave.
    async fn find_endless(&self) -> Result<(), CellError> {
        let endless = self.cell.running_longer_than(self.endless).await?;
        for name in &endless {
            if self.holds.hold(name, Hold::Endless) != Some(Hold::Endless) {
                tracing::error!(
                    db.role = %name,
                    alert = "endless_statement",
                    "a statement of a project does not end though it was told to: the project's database is closed \
                     until it does"
                );
            }
        }
        for (name, hold) in self.holds.all() {
            if hold == Hold::Endless && !endless.contains(&name) && self.holds.release(&name) {
                // It may have been full before.
                self.holds.look_again(&name);
                tracing::info!(db.role = %name, "the statement of a project that did not end has ended");
            }
        }
        if endless.is_empty() {
            return Ok(());
        }
        self.cell.slow_down(self.endless).await
    }

    /// What autovacuum learns of a table must not hold up those of others.
    async fn find_slow(&self) -> Result<(), CellError> {
        for name in self.cell.calm(self.endless).await? {
            tracing::warn!(
                db.role = %name,
                "ANALYZE of a project's table took too long: it has no statistics from now on"
            );
        }
        Ok(())
    }

    async fn measure(&self) -> Result<(), CellError> {
        let mut names = self.holds.take_written();
        for (name, hold) in self.holds.all() {
            match hold {
                Hold::Full { .. } | Hold::Unmeasured => names.insert(name),
                // Nothing is sent for it: it is measured when its statement has ended.
                Hold::Endless => names.remove(&name),
            };
        }
        let names: Vec<TenantName> = names.into_iter().collect();
        let mut result = Ok(());
        for names in names.chunks(Cell::MEASURED_AT_ONCE) {
            let usages = match self.cell.usages(names).await {
                Ok(usages) => usages,
                Err(error) => {
                    result = result.and(Err(error));
                    Vec::new()
                }
            };
            for name in names.iter().skip(usages.len()) {
                self.holds.look_again(name);
            }
            for (name, usage) in usages {
                self.judge(&name, usage);
            }
        }
        result
    }

    fn judge(&self, name: &TenantName, usage: Result<Usage, DbError>) {
        let bytes = match usage {
            Ok(usage) => usage.bytes,
            Err(error) => return self.not_measured(name, &error),
        };
        self.holds.measured(name);
        let full = Hold::Full {
            bytes,
            most: self.most,
        };
        if bytes <= self.most {
            if self.holds.release(name) {
                tracing::info!(db.role = %name, db.bytes = bytes, "a project's database is not full any more");
            }
        } else if !matches!(self.holds.hold(name, full), Some(Hold::Full { .. })) {
            tracing::warn!(
                db.role = %name,
                db.bytes = bytes,
                db.most = self.most,
                alert = "database_full",
                "a project's database is full: it can only read and delete"
            );
        }
    }

    /// A project that cannot be measured could store what it likes. Once may be chance, and so is what
    /// befalls the server.
    fn not_measured(&self, name: &TenantName, error: &DbError) {
        self.holds.look_again(name);
        tracing::warn!(db.role = %name, %error, "what a project stores could not be measured");
        let is_the_servers = matches!(error, DbError::Unavailable(_) | DbError::PoolExhausted);
        if !is_the_servers && self.holds.hold_unmeasured(name) {
            tracing::warn!(
                db.role = %name,
                alert = "database_not_measured",
                "what a project stores could not be measured twice: it can only read until it is"
            );
        }
    }

    /// Deleted rows keep their place in a table until it is written anew. That takes long, and nobody
    /// else's measurement waits for it.
    fn give_back(&self) {
        let mut running = self
            .giving_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        if !running.is_empty() {
            return;
        }
        let deleted = self.holds.take_deleted();
        if deleted.is_empty() {
            return;
        }
        let (cell, holds) = (self.cell.clone(), self.holds.clone());
        running.spawn(async move {
            for (name, tries) in deleted {
                if let Err(error) = cell.compact(&name).await {
                    tracing::warn!(
                        db.role = %name,
                        %error,
                        "the space of rows that a project deleted was not given back"
                    );
                    holds.try_again(&name, tries);
                }
            }
        });
    }
}
