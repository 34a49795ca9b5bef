//! Looks after the seats: ends what is idle or old, and extends residencies.

use super::seat::{Live, Seat};
use super::{Inner, ResidentSettings};
use crate::projects::ProjectId;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two looks for an idle instance, while others wait for one.
const BREATH: Duration = Duration::from_millis(20);

impl Inner {
    /// Ends the instance that was idle longest, to make room for another.
    fn end_idlest(&self) {
        let seats: Vec<(ProjectId, Arc<Seat>)> = self.all();
        let mut idle: Vec<_> = seats
            .iter()
            .filter_map(|(project, seat)| {
                let room = seat.live.clone().try_lock_owned().ok()?;
                let left = room.as_ref()?.left;
                Some((left, *project, room))
            })
            .collect();
        idle.sort_by_key(|(left, ..)| *left);
        if let Some((_, project, mut room)) = idle.into_iter().next() {
            room.take();
            tracing::info!(project.id = %project, "a resident instance was ended: instances are scarce");
        }
    }

    /// Ends what is idle or old, and gives up the seats that nobody uses.
    pub(super) async fn sweep(&self) {
        let mut given_up = Vec::new();
        for (project, seat) in self.all() {
            // Whoever is at work looks at its age when it comes back.
            let Ok(mut room) = seat.live.clone().try_lock_owned() else {
                continue;
            };
            let is_over = |live: &Live| {
                live.left.elapsed() >= self.settings.idle
                    || live.born.elapsed() >= self.settings.age
            };
            if room.as_ref().is_some_and(is_over) {
                room.take();
            }
            // An empty seat is held a little longer: its next event may be on its way.
            let unused = seat
                .marks()
                .used
                .is_none_or(|used| used.elapsed() >= self.settings.lease);
            if room.is_none() && unused {
                let mut seats = self.seats();
                // Nobody waits for a seat that only the map and this loop know.
                if Arc::strong_count(&seat) == 2 {
                    seats.remove(&project);
                    given_up.push(project);
                }
            }
        }
        self.release(&given_up).await;
    }

    /// Extends the residencies of all seats. An instance whose residency went to another host ends.
    pub(super) async fn extend(&self) {
        let seats = self.all();
        if seats.is_empty() {
            return;
        }
        let projects: Vec<ProjectId> = seats.iter().map(|(project, _)| *project).collect();
        let asked = Instant::now();
        match self.store.extend(&projects).await {
            Ok(kept) => {
                for (project, seat) in &seats {
                    let is_kept = kept.contains(project);
                    seat.marks().held_until = is_kept.then(|| asked + self.settings.lease);
                    if !is_kept {
                        seat.end();
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "residencies could not be extended"),
        }
    }
}

/// Looks after the seats until the last clone of [`super::Residents`] is gone.
pub(super) async fn keep(
    inner: Weak<Inner>,
    settings: ResidentSettings,
    mut waiting: watch::Receiver<usize>,
    stop: CancellationToken,
) {
    let often = (settings.lease / 3).min(settings.idle / 2);
    let mut beat = tokio::time::interval(often.max(Duration::from_millis(10)));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let is_scarce = tokio::select! {
            () = stop.cancelled() => return,
            _ = beat.tick() => false,
            Ok(_) = waiting.wait_for(|waiting| *waiting > 0) => true,
        };
        let Some(inner) = inner.upgrade() else { return };
        if !is_scarce {
            inner.sweep().await;
            inner.extend().await;
        } else {
            inner.end_idlest();
            // Whoever waits takes the place meanwhile; when all are at work, one of them leaves.
            tokio::time::sleep(BREATH).await;
        }
    }
}
