//! How many connections the server takes, and how a host shares them out.

use super::error::CellError;
use super::quotas::Quotas;
use super::server::{Server, admin_error, close};

/// What the server said when the host started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Connections in all.
    pub connections: u32,
    /// Of these, kept for administrators.
    pub reserved: u32,
    /// Of these, in use already, by whomever.
    pub taken: u32,
    /// Places in the table of locks, which all sessions share.
    pub locks: u32,
}

/// What a host takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// For its own tables.
    pub control: u32,
    /// For projects' statements.
    pub tenants: u32,
}

impl Capacity {
    /// For what comes and goes: projects that are made and removed, exports, an operator's psql.
    const SPARE: u32 = 4;
    const MOST: Share = Share {
        control: 20,
        tenants: 100,
    };
    /// Two of those for its own tables only listen to other hosts.
    const LEAST: Share = Share {
        control: 5,
        tenants: 4,
    };

    /// What a host takes of what is free, and no more than `most`. Never less than it needs to work:
    /// where that is not free it waits until it is.
    pub fn share(&self, most: Option<u32>) -> Share {
        let free = self
            .connections
            .saturating_sub(self.reserved + self.taken + Self::SPARE);
        let mine = most.map_or(free, |most| most.min(free));
        let control = (mine / 4).clamp(Self::LEAST.control, Self::MOST.control);
        let tenants = mine
            .saturating_sub(control)
            .clamp(Self::LEAST.tenants, Self::MOST.tenants);
        Share { control, tenants }
    }
}

impl Server {
    pub async fn capacity(&self) -> Result<Capacity, CellError> {
        let mut admin = self.connect_for_asking().await?;
        // The second setting came with 16.
        let asked: Result<(i32, i32, i32, i32), _> = sqlx::query_as(
            "select current_setting('max_connections')::int,
               current_setting('superuser_reserved_connections')::int
                 + coalesce(current_setting('reserved_connections', true)::int, 0),
               (select count(*) from pg_stat_activity
                where backend_type = 'client backend' and pid <> pg_backend_pid())::int,
               current_setting('max_locks_per_transaction')::int",
        )
        .fetch_one(&mut admin)
        .await;
        close(admin).await;
        let (connections, reserved, taken, locks) =
            asked.map_err(|source| admin_error("asking for the server's connections", source))?;
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        Ok(Capacity {
            connections: count(connections),
            reserved: count(reserved),
            taken: count(taken),
            locks: count(locks).saturating_mul(count(connections)),
        })
    }

    /// Asks how many connections there are, shares them out, and says so, with what cannot be promised.
    pub async fn share(&self, quotas: &Quotas) -> Result<Share, CellError> {
        let capacity = self.capacity().await?;
        let share = capacity.share(quotas.connections);
        let (control, tenants) = (share.control, share.tenants);
        let free = capacity
            .connections
            .saturating_sub(capacity.reserved + capacity.taken);
        tracing::info!(
            db.connections = capacity.connections,
            db.free = free,
            db.control = control,
            db.tenants = tenants,
            "Postgres takes {} connections, {free} of them are free: this host takes up to {control} for itself and \
             {tenants} for projects",
            capacity.connections,
        );
        if control + tenants > free {
            tracing::warn!(
                "that is more than are free, so statements will wait for each other: raise max_connections, or give \
                 each host its part with --database-connections"
            );
        }
        // Two sessions of a project, each with a statement that names all it has.
        let needed = quotas.relations.saturating_mul(2);
        if capacity.locks < needed.saturating_mul(4) {
            tracing::warn!(
                db.locks = capacity.locks,
                "the server has {} locks, and a project can hold {needed}: raise max_locks_per_transaction, or lower \
                 --project-relations",
                capacity.locks,
            );
        }
        if !self.is_own {
            tracing::warn!(
                "this host does not run its Postgres, so it cannot promise how much memory and processor a statement \
                 takes there: limit the server's processes (docs/database.md)"
            );
        }
        Ok(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_takes_what_is_free_and_no_more() {
        let server = |connections, taken| Capacity {
            connections,
            reserved: 3,
            taken,
            locks: 6400,
        };
        let share = |control, tenants| Share { control, tenants };
        for (capacity, most, expected) in [
            (server(130, 0), None, share(20, 100)),
            (server(1000, 0), None, share(20, 100)),
            (server(100, 0), None, share(20, 73)),
            (server(100, 0), Some(40), share(10, 30)),
            (server(40, 0), None, share(8, 25)),
            (server(100, 60), None, share(8, 25)),
            (server(20, 0), None, share(5, 8)),
            // Never nothing: it waits instead.
            (server(10, 10), None, share(5, 4)),
        ] {
            assert_eq!(capacity.share(most), expected, "{capacity:?} {most:?}");
        }
    }
}
