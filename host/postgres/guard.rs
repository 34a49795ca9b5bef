//! Looks after what projects do in their database: how much they store, and whether their statements end.
//!
//! Only those that this host served are measured. Measuring goes by what the tenant has, and runs none of
//! its code.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::address::TenantName;
use super::cell::Cell;
use super::database::TenantDatabase;
use super::error::CellError;
use super::holds::{Hold, Holds};
use super::quotas::Quotas;

pub struct Guard {
    cell: Cell,
    holds: Holds,
    most: u64,
    endless: Duration,
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

    /// Looks once.
    pub async fn look(&self) -> Result<(), CellError> {
        self.find_endless().await?;
        self.find_slow().await?;
        self.measure().await
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
        for name in self.holds.take_deleted() {
            self.give_back(&name).await;
        }
        let mut names = self.holds.take_written();
        let held = self.holds.all();
        names.extend(
            held.into_iter()
                .filter(|(_, hold)| matches!(hold, Hold::Full { .. }))
                .map(|(name, _)| name),
        );
        if names.is_empty() {
            return Ok(());
        }
        let names: Vec<TenantName> = names.into_iter().collect();
        for (name, usage) in self.cell.usages(&names).await? {
            let bytes = usage.bytes;
            let full = Hold::Full {
                bytes,
                most: self.most,
            };
            if bytes <= self.most {
                if self.holds.release(&name) {
                    tracing::info!(db.role = %name, db.bytes = bytes, "a project's database is not full any more");
                }
            } else if !matches!(self.holds.hold(&name, full), Some(Hold::Full { .. })) {
                tracing::warn!(
                    db.role = %name,
                    db.bytes = bytes,
                    db.most = self.most,
                    alert = "database_full",
                    "a project's database is full: it can only read and delete"
                );
            }
        }
        Ok(())
    }

    /// Deleted rows keep their place in a table until it is written anew.
    async fn give_back(&self, name: &TenantName) {
        if let Err(error) = self.cell.compact(name).await {
            tracing::warn!(db.role = %name, %error, "the space of rows that a project deleted was not given back");
            self.holds.try_again(name);
        }
    }
}
