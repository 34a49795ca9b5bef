//! Business accounts at Meta, which projects may share: whose is what an account has.
//!
//! Templates, Flows and the account's webhooks belong to an account, not to a number. In an account with numbers of
//! several projects each of them has one owner. A project owns what it made, and what the operator gave it
//! ([`Accounts::give`]). A project that is alone in its account owns what nobody else does. What nobody
//! owns in an account of several is the operator's, and so is what a project had that was removed.
//!
//! A thing is named by its [`Kind`] and an id: a template by its name, for all languages together, a Flow by
//! Meta's id, the webhooks by [`WEBHOOKS`].

mod store;

use crate::projects::{ProjectId, ProjectName};
use crate::words::words;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

/// The id of an account's webhooks: those that are about nothing else that has an owner.
pub const WEBHOOKS: &str = "account";

words! {
    /// What an account has that is a project's.
    pub enum Kind: "kind of what an account has" {
        /// A template, in all its languages.
        Template = "template",
        /// A Flow.
        Flow = "flow",
        /// What Meta tells of the account itself.
        Webhooks = "webhooks",
    }
}

/// Whose something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A project's.
    Project(ProjectId),
    /// The operator's.
    Operator,
}

/// An account of which projects have numbers.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Account {
    pub waba_id: String,
    /// The projects with numbers in it, in the order of their names.
    pub projects: Vec<String>,
    /// How many things of it have an owner.
    pub owned: i64,
}

/// A thing of an account, as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Owned {
    pub kind: Kind,
    pub object_id: String,
    /// Absent: the operator's.
    pub project: Option<ProjectName>,
    /// Absent where nobody said so.
    pub since: Option<DateTime<Utc>>,
}

/// Why something was not given.
#[derive(Debug, thiserror::Error)]
pub enum GiveError {
    /// Nobody would hear of it.
    #[error(
        "project `{project}` has no number in the account {account}: connect one, or give it to a project that has"
    )]
    NotThere {
        /// The project.
        project: String,
        /// The account.
        account: String,
    },
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Whose things of accounts are. Clones share the pool.
#[derive(Clone)]
pub struct Accounts {
    pool: PgPool,
}

impl Owner {
    /// Whether it is this project.
    pub fn is(self, project: ProjectId) -> bool {
        self == Self::Project(project)
    }
}

impl Accounts {
    /// Over the control database (tables of migration 0030).
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Whose something of an account is.
    pub async fn owner_of(
        &self,
        account: &str,
        kind: Kind,
        id: &str,
    ) -> Result<Owner, sqlx::Error> {
        let owners = self.owners_of(account, kind, &[id.to_owned()]).await?;
        Ok(owners.get(id).copied().unwrap_or(Owner::Operator))
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::words::tests::assert_allowed;

    #[test]
    fn the_database_takes_all_kinds() {
        assert_allowed::<Kind>("account_object_kind_known", &[]);
    }
}
