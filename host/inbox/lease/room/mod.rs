//! How many more runs a project may begin: its cap on runs at once, and its rate.
//!
//! The rate is a bucket of tokens in the database, so that it holds for all hosts together. It is
//! filled evenly and holds ten seconds' worth: a conversation that comes in a burst is answered in a
//! burst, and a minute has at most a sixth more runs than the project's `events_per_minute`.

mod store;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use super::{Claiming, Lease};
use crate::projects::ProjectId;

/// The part of a minute's tokens that a bucket holds.
const BURST: f64 = 1.0 / 6.0;

/// The projects of a claim that may begin runs, in the order of its visits.
pub(super) struct Rooms(Vec<Room>);

/// What one project may begin.
pub(super) struct Room {
    pub(super) project_id: ProjectId,
    /// Counts as the project's turns: who runs less is served first.
    pub(super) running: i64,
    pub(super) free: i64,
    pace: Option<Pace>,
}

/// The bucket of a project with a rate, as it is now.
struct Pace {
    tokens: f64,
    spent: u32,
    now: DateTime<Utc>,
}

/// A project as the database has it.
#[derive(sqlx::FromRow)]
struct Share {
    project_id: ProjectId,
    running: i64,
    cap: i64,
    events_per_minute: Option<i32>,
    tokens: Option<f64>,
    /// Since the bucket was filled.
    seconds: Option<f64>,
    now: DateTime<Utc>,
}

impl Rooms {
    /// Locks the visited projects that serve, until the claim is committed, and counts their rooms.
    pub(super) async fn of(
        tx: &mut PgConnection,
        claiming: &Claiming<'_, '_>,
        visited: &[ProjectId],
    ) -> Result<Self, sqlx::Error> {
        let serving = store::lock_serving(tx, claiming.limits.owner, visited).await?;
        let mut rooms: Vec<Room> = store::shares(tx, claiming, &serving)
            .await?
            .into_iter()
            .map(Room::from)
            .filter(|room| room.free > 0)
            .collect();
        rooms.sort_by_key(|room| visited.iter().position(|id| *id == room.project_id));
        Ok(Self(rooms))
    }

    pub(super) fn open(&self) -> impl Iterator<Item = &Room> {
        self.0.iter().filter(|room| room.free > 0)
    }

    /// Counts what was taken.
    pub(super) fn take(&mut self, leases: &[Lease]) {
        for lease in leases {
            let room = self.0.iter_mut().find(|r| r.project_id == lease.project_id);
            if let Some(room) = room {
                room.running += 1;
                room.free -= 1;
                if let Some(pace) = &mut room.pace {
                    pace.spent += 1;
                }
            }
        }
    }

    /// Writes down what was spent.
    pub(super) async fn pay(&self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        let spenders = self.0.iter().filter_map(|room| {
            let pace = room.pace.as_ref().filter(|pace| pace.spent > 0)?;
            Some((
                room.project_id,
                pace.tokens - f64::from(pace.spent),
                pace.now,
            ))
        });
        let spenders: Vec<_> = spenders.collect();
        match spenders.is_empty() {
            true => Ok(()),
            false => store::keep_tokens(tx, &spenders).await,
        }
    }
}

impl From<Share> for Room {
    fn from(share: Share) -> Self {
        let pace = share.events_per_minute.map(|rate| Pace {
            tokens: tokens(f64::from(rate), share.tokens, share.seconds.unwrap_or(0.0)),
            spent: 0,
            now: share.now,
        });
        let free = (share.cap - share.running).max(0);
        #[expect(clippy::cast_possible_truncation, reason = "a bucket is small")]
        let affordable = pace.as_ref().map(|pace| pace.tokens.floor() as i64);
        Self {
            project_id: share.project_id,
            running: share.running,
            free: affordable.map_or(free, |affordable| affordable.min(free)),
            pace,
        }
    }
}

/// What a bucket holds `seconds` after it held `tokens`. A new one is full; time that runs backwards
/// adds nothing.
fn tokens(events_per_minute: f64, tokens: Option<f64>, seconds: f64) -> f64 {
    let most = (events_per_minute * BURST).max(1.0);
    let filled = tokens.unwrap_or(most) + seconds.max(0.0) * events_per_minute / 60.0;
    filled.min(most)
}
