//! Which projects a claim looks at: a walk in a circle, from where the last one ended.

mod store;

use sqlx::PgConnection;

use super::Claiming;
use crate::projects::ProjectId;

/// A project that has something to do.
#[derive(sqlx::FromRow)]
pub(super) struct Visit {
    pub(super) project_id: ProjectId,
    /// As far as a look without a lock can tell.
    pub(super) serves: bool,
    /// Likewise: whether something live, or bulk, is ready.
    pub(super) has_live: bool,
    pub(super) has_bulk: bool,
}

/// The projects that have something to do, from the last claim's end on and round to it again.
pub(super) async fn round_trip(
    conn: &mut PgConnection,
    claiming: &Claiming<'_, '_>,
) -> Result<Vec<Visit>, sqlx::Error> {
    let (after, visits) = (claiming.limits.after, claiming.limits.visits as usize);
    store::next_projects(conn, after, visits, claiming.told).await
}

/// The project after which the next claim begins: who was served last when there was no more to
/// give, or seen last when there are more to see.
pub(super) fn next(
    claiming: &Claiming<'_, '_>,
    visited: &[ProjectId],
    is_served: impl Fn(ProjectId) -> bool,
    is_full: bool,
) -> Option<ProjectId> {
    if is_full {
        return visited.iter().copied().rfind(|id| is_served(*id));
    }
    let is_cut = visited.len() >= claiming.limits.visits as usize;
    visited.last().copied().filter(|_| is_cut)
}
