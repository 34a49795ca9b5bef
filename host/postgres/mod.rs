//! Everything between the host and Postgres, except the control tables' own SQL.
//!
//! A project's tables live in a *cell*: a hardened database that holds tenants' schemas and nothing
//! else. Each project logs in as its own role; no shared session ever changes roles, because every
//! variant of that can be undone by one statement of the project.
//!
//! How the parts meet: [`Embedded`] or a URL gives a [`Server`]; [`Cell::ensure`] hardens a database on
//! it and makes [`Tenant`]s; [`TenantDatabase`] runs a tenant's statements. Each statement passes
//! [`filter`], takes a connection of its tenant from the [`Pool`], and goes through [`Client`], which
//! bounds rows, bytes and time before anything is buffered.
//!
//! What a project may have is in [`Quotas`]: the server looks at what can be counted when something is
//! made, and the [`Guard`] measures what is stored.
//!
//! Not here: tables of the control plane (their features own their SQL).

mod address;
mod answer;
mod capacity;
mod cell;
mod client;
mod database;
mod dump;
mod embedded;
mod error;
pub mod filter;
mod guard;
mod holds;
mod login;
mod pool;
mod quotas;
mod removal;
mod scram;
mod script;
mod server;
mod types;
mod values;
mod wire;

pub use address::{CellAddress, Endpoint, MasterKey, Tenant, TenantAuth, TenantName};
pub use capacity::{Capacity, Share};
pub use cell::{Cell, Usage};
pub use client::{Client, TransactionStatus};
pub use database::{CommitOutcome, TenantDatabase, TenantTransaction};
pub use dump::{Definitions, DumpedTable, LEFT_OUT, SchemaDump};
pub use embedded::{Embedded, EmbeddedConfig, EmbeddedError};
pub use error::{CellError, DbError, SqlError};
pub use guard::Guard;
pub use holds::Held;
pub use login::Login;
pub use pool::{Lease, Pool, PoolConfig, PoolMetrics};
pub use quotas::{QuotaArgs, Quotas};
pub use server::{CONTROL_DATABASE, Server};
pub use values::{Access, Column, Isolation, Limits, Param, Rows, TransactionOptions};
