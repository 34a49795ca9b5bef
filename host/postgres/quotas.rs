//! What a project may have of the database, and a host of its connections.

use clap::Args;

use super::cell::{Cell, control};
use super::error::CellError;

/// The settings.
#[derive(Args, Clone, Debug)]
pub struct QuotaArgs {
    /// How many connections to Postgres this host may take; 0: what the server has left at its start.
    #[arg(long, env = "ROOST_DATABASE_CONNECTIONS", default_value_t = 0)]
    pub database_connections: u32,
    /// What a project may store in its schema, indexes and all else included, in MiB.
    #[arg(long, env = "ROOST_PROJECT_DISK", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub project_disk: u64,
    /// How many tables, indexes, views, sequences and types a project may have.
    #[arg(long, env = "ROOST_PROJECT_RELATIONS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub project_relations: u32,
}

/// What a project may have, and a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Connections of this host; `None` for what the server has left.
    pub connections: Option<u32>,
    /// On disk, in bytes.
    pub bytes: u64,
    /// Tables, indexes, views, sequences and types.
    pub relations: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            connections: None,
            bytes: 1 << 30,
            relations: 500,
        }
    }
}

impl From<QuotaArgs> for Quotas {
    fn from(args: QuotaArgs) -> Self {
        Self {
            connections: (args.database_connections > 0).then_some(args.database_connections),
            bytes: args.project_disk << 20,
            relations: args.project_relations,
        }
    }
}

impl Quotas {
    /// A table has 1,600 columns at most, and most have few.
    const COLUMNS_PER_RELATION: u32 = 20;
}

impl Cell {
    /// Writes down what projects may have, for the server to look at. The last host that starts wins.
    pub async fn set_quotas(&self, quotas: &Quotas) -> Result<(), CellError> {
        let relations = quotas.relations;
        let columns = relations.saturating_mul(Quotas::COLUMNS_PER_RELATION);
        let sql = format!(
            "insert into quota.most (name, value) values ('relations', {relations}), ('columns', {columns})
             on conflict (name) do update set value = excluded.value
             where quota.most.value <> excluded.value"
        );
        self.as_provisioner("writing down the limits of projects", async |client| {
            control(client, &sql).await
        })
        .await
    }
}
