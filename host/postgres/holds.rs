//! Which projects are held back in their database, and how often each changes its schema.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::address::{Tenant, TenantName};
use super::error::{DbError, SqlError};
use super::filter::{self, Effect};

/// Why a project is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It stores more bytes than it may: what it sends can only read, and delete.
    Full { bytes: u64, most: u64 },
    /// How much it stores could not be measured: what it sends can only read.
    Unmeasured,
    /// A statement of it goes on though it was told to end: nothing is sent.
    Endless,
}

/// How many projects are held back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// They store more than they may, or could not be measured.
    pub full: usize,
    /// A statement of theirs does not end.
    pub endless: usize,
}

/// How a statement may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    AsItIs,
    /// Where it does nothing but delete: the project is full.
    IfOnlyDeletes(Hold),
    /// In a transaction that cannot write: the project is full.
    ReadOnly(Hold),
}

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Holds {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    holds: HashMap<TenantName, Hold>,
    /// Who wrote since the last measurement.
    written: HashSet<TenantName>,
    /// Who wrote before the last measurement: the transaction that did may not have ended by then.
    written_before: HashSet<TenantName>,
    /// Whose last measurement failed.
    failed: HashSet<TenantName>,
    /// Who is full and deleted rows, of which the space has to be given back, and how often that failed.
    deleted: HashMap<TenantName, u32>,
    changes: HashMap<TenantName, Changes>,
}

/// Statements that change a schema: each writes rows of the catalogs, also one that is rolled back.
#[derive(Debug, Clone, Copy)]
struct Changes {
    left: f64,
    since: Instant,
}

impl Changes {
    /// A large migration at once, and one each second after that.
    const MOST: f64 = 1000.0;
    const EACH_SECOND: f64 = 1.0;

    /// Whether there is one more, which is taken if it counts.
    fn take(&mut self, now: Instant, is_counted: bool) -> bool {
        let grown = now.duration_since(self.since).as_secs_f64() * Self::EACH_SECOND;
        self.left = (self.left + grown).min(Self::MOST);
        self.since = now;
        let is_left = self.left >= 1.0;
        if is_left && is_counted {
            self.left -= 1.0;
        }
        is_left
    }
}

impl Holds {
    /// How often more it is tried to give back the space of what was deleted.
    const TRIES: u32 = 4;

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How `sql`, which passed the filter, may be sent for `tenant`.
    pub(super) fn admit(
        &self,
        tenant: &Tenant,
        sql: &str,
        is_in_transaction: bool,
    ) -> Result<Admission, DbError> {
        let effect = filter::effect(sql);
        let mut known = self.known();
        let is_change = match effect {
            Effect::Defines | Effect::Drops | Effect::Truncates => Some(true),
            // What is there already costs nothing, and what was made has to be dropped before it can
            // be made again. In a transaction it may be undone.
            Effect::DefinesOnce => Some(is_in_transaction),
            Effect::Reads | Effect::Writes | Effect::Deletes => None,
        };
        if let Some(is_counted) = is_change
            && !known
                .changes_of(&tenant.name)
                .take(Instant::now(), is_counted)
        {
            return Err(DbError::Denied(
                "the schema was changed a thousand times in a short while: wait a second for each change more"
                    .to_owned(),
            ));
        }
        if effect != Effect::Reads {
            known.written.insert(tenant.name.clone());
        }
        match known.holds.get(&tenant.name).copied() {
            None => Ok(Admission::AsItIs),
            Some(Hold::Endless) => Err(endless()),
            Some(hold) if effect == Effect::Deletes => {
                known.deleted.insert(tenant.name.clone(), 0);
                Ok(Admission::IfOnlyDeletes(hold))
            }
            Some(_) if matches!(effect, Effect::Truncates | Effect::Drops) => {
                known.deleted.insert(tenant.name.clone(), 0);
                Ok(Admission::AsItIs)
            }
            Some(hold) => Ok(Admission::ReadOnly(hold)),
        }
    }

    /// A statement failed. One that changes a schema has left rows in the catalogs then.
    pub(super) fn failed(&self, tenant: &Tenant, sql: &str) {
        if filter::effect(sql) == Effect::DefinesOnce {
            self.known()
                .changes_of(&tenant.name)
                .take(Instant::now(), true);
        }
    }

    /// Whether a transaction of the tenant may begin, and whether it may write.
    pub(super) fn admit_transaction(&self, tenant: &Tenant) -> Result<Admission, DbError> {
        match self.known().holds.get(&tenant.name).copied() {
            None => Ok(Admission::AsItIs),
            Some(Hold::Endless) => Err(endless()),
            Some(hold) => Ok(Admission::ReadOnly(hold)),
        }
    }

    pub(super) fn hold(&self, tenant: &TenantName, hold: Hold) -> Option<Hold> {
        self.known().holds.insert(tenant.clone(), hold)
    }

    /// Says whether it was held.
    pub(super) fn release(&self, tenant: &TenantName) -> bool {
        let mut known = self.known();
        known.deleted.remove(tenant);
        known.holds.remove(tenant).is_some()
    }

    pub(super) fn all(&self) -> Vec<(TenantName, Hold)> {
        let known = self.known();
        known
            .holds
            .iter()
            .map(|(name, hold)| (name.clone(), *hold))
            .collect()
    }

    pub(super) fn count(&self) -> Held {
        let known = self.known();
        let endless = known.holds.values().filter(|hold| **hold == Hold::Endless);
        let endless = endless.count();
        Held {
            full: known.holds.len() - endless,
            endless,
        }
    }

    /// Those that wrote since this was asked, and those of the time before: their transactions have
    /// ended now.
    pub(super) fn take_written(&self) -> HashSet<TenantName> {
        let mut known = self.known();
        let is_new = |changes: &Changes| changes.since.elapsed() < Duration::from_secs(2000);
        known.changes.retain(|_, changes| is_new(changes));
        let written = std::mem::take(&mut known.written);
        let mut all = std::mem::replace(&mut known.written_before, written.clone());
        all.extend(written);
        all
    }

    /// It is to be measured the next time.
    pub(super) fn look_again(&self, tenant: &TenantName) {
        self.known().written.insert(tenant.clone());
    }

    pub(super) fn measured(&self, tenant: &TenantName) {
        self.known().failed.remove(tenant);
    }

    /// It could not be measured. Says whether it is held back for that from now on: the second time,
    /// unless something else holds it back.
    pub(super) fn hold_unmeasured(&self, tenant: &TenantName) -> bool {
        let mut known = self.known();
        if known.failed.insert(tenant.clone()) || known.holds.contains_key(tenant) {
            return false;
        }
        known.holds.insert(tenant.clone(), Hold::Unmeasured);
        true
    }

    /// The space of what it deleted was not given back, after so many tries: it is tried again, and a
    /// few times more. After that it has to delete something.
    pub(super) fn try_again(&self, tenant: &TenantName, tries: u32) {
        if tries < Self::TRIES {
            let mut known = self.known();
            known.deleted.entry(tenant.clone()).or_insert(tries + 1);
        }
    }

    /// Those that are full and deleted since this was asked.
    pub(super) fn take_deleted(&self) -> HashMap<TenantName, u32> {
        std::mem::take(&mut self.known().deleted)
    }
}

impl Known {
    fn changes_of(&mut self, tenant: &TenantName) -> &mut Changes {
        self.changes.entry(tenant.clone()).or_insert(Changes {
            left: Changes::MOST,
            since: Instant::now(),
        })
    }
}

fn endless() -> DbError {
    DbError::Unavailable(
        "a statement of this project does not end though it was told to: nothing is sent until it does".to_owned(),
    )
}

impl Hold {
    /// What the tenant is told in the place of `cannot execute … in a read-only transaction`.
    pub(super) fn explain(self, error: DbError) -> DbError {
        match &error {
            DbError::Sql(sql) if sql.code == "25006" => self.refusal(
                "Free some of it with DELETE, TRUNCATE or DROP, each a statement of its own and not in a \
                 transaction, and wait a minute.",
            ),
            _ => error,
        }
    }

    /// What the tenant is told of a DELETE that writes, too.
    pub(super) fn deletes_write(self) -> DbError {
        self.refusal(
            "This DELETE may write as well: a foreign key with ON DELETE SET NULL or SET DEFAULT, or a trigger, \
             changes other rows, or it names no table of the project's. Use TRUNCATE or DROP, or drop that foreign \
             key first, and wait a minute.",
        )
    }

    fn refusal(self, hint: &str) -> DbError {
        let message = match self {
            Self::Full { bytes, most } => format!(
                "the project's database is full: it stores {} MiB, and may store {}",
                bytes >> 20,
                most >> 20
            ),
            Self::Unmeasured => "how much the project's database stores could not be measured: \
                it counts as full until it is"
                .to_owned(),
            Self::Endless => return endless(),
        };
        DbError::Sql(Box::new(SqlError {
            severity: "ERROR".to_owned(),
            code: "53100".to_owned(),
            message,
            hint: Some(hint.to_owned()),
            ..SqlError::default()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_a_schema_are_as_many_as_a_migration_has() {
        let now = Instant::now();
        let mut changes = Changes {
            left: Changes::MOST,
            since: now,
        };
        assert!((0..5000).all(|_| changes.take(now, false)));
        assert!((0..1000).all(|_| changes.take(now, true)));
        assert!(!changes.take(now, true) && !changes.take(now, false));
        let later = now + Duration::from_secs(2);
        assert!(changes.take(later, true) && changes.take(later, true));
        assert!(!changes.take(later, true));
    }
}
