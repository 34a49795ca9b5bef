//! What a project has of the processors, and what it may have before others go first.
//!
//! A share knows what its project's runs have used lately. While processors are wanted by many, a level
//! follows from all of them: who had less than that lately does not wait for those who had more, and
//! those who had more go by what they had, the least first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After so long, what was used counts half.
const HALF_LIFE: Duration = Duration::from_secs(2);

/// How much of the processors may be used before anybody has too much of them.
const CALM: f64 = 0.8;

/// How often the level is looked at anew.
const LOOK: Duration = Duration::from_millis(50);

/// Who has used less than so many seconds lately counts as one who has used nothing.
const NOTHING: f64 = 1e-4;

/// Calculations of a project that are under way at once.
const CALCULATIONS: usize = 2;

/// A project's part in the processors of this host. Clones share it.
#[derive(Clone)]
pub(crate) struct Share(Arc<Own>);

struct Own {
    used: Mutex<Used>,
    calculations: Arc<Semaphore>,
}

/// What was used lately, in seconds, each of which counts half as much after [`HALF_LIFE`].
struct Used {
    seconds: f64,
    at: Instant,
}

impl Used {
    fn at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.seconds * (-passed / HALF_LIFE.as_secs_f64()).exp2()
    }
}

impl Default for Share {
    fn default() -> Self {
        Self(Arc::new(Own {
            used: Mutex::new(Used {
                seconds: 0.0,
                at: Instant::now(),
            }),
            calculations: Arc::new(Semaphore::new(CALCULATIONS)),
        }))
    }
}

impl Share {
    /// Whether anybody else has it, or its project has used processors lately.
    pub(crate) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1 || self.used(Instant::now()) > NOTHING
    }

    /// Waits for the right to one of the project's long calculations.
    pub(crate) async fn calculation(self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it: there always is one.
        self.0.calculations.clone().acquire_owned().await.ok()
    }

    /// Counts time on a processor.
    pub(super) fn charge(&self, time: Duration, now: Instant) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = Used {
            seconds: used.at(now) + time.as_secs_f64(),
            at: now,
        };
    }

    /// What was used lately.
    pub(super) fn used(&self, now: Instant) -> f64 {
        let used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.at(now)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The shares of whoever ran lately, and the level.
pub(super) struct Level {
    /// By their addresses.
    known: HashMap<usize, Weak<Own>>,
    /// What all may have used lately, together, before anybody has too much.
    calm: f64,
    level: f64,
    looked: Instant,
}

impl Level {
    pub(super) fn of(processors: usize) -> Self {
        // Of one who never pauses as much has been used as there is of `HALF_LIFE / ln 2`.
        let full = HALF_LIFE.as_secs_f64() / std::f64::consts::LN_2;
        Self {
            known: HashMap::new(),
            calm: CALM * full * processors as f64,
            level: f64::INFINITY,
            looked: Instant::now(),
        }
    }

    /// Whether that project had more of the processors than others who want them can have.
    pub(super) fn is_passed_by(&mut self, share: &Share, now: Instant) -> bool {
        let own = &share.0;
        let known = self.known.entry(Arc::as_ptr(own).addr());
        known.or_insert_with(|| Arc::downgrade(own));
        if now.saturating_duration_since(self.looked) >= LOOK {
            self.looked = now;
            self.look(now);
        }
        share.used(now) > self.level
    }

    fn look(&mut self, now: Instant) {
        let mut used = Vec::with_capacity(self.known.len());
        self.known.retain(|_, own| {
            let lately = own.upgrade().map_or(0.0, |own| Share(own).used(now));
            let counts = lately > NOTHING;
            if counts {
                used.push(lately);
            }
            counts
        });
        self.level = level(&mut used, self.calm);
    }
}

/// What each may have so that all together have `all`: infinite, when they have less.
fn level(used: &mut [f64], all: f64) -> f64 {
    used.sort_unstable_by(f64::total_cmp);
    let mut left = all;
    for (n, &least) in used.iter().enumerate() {
        let each = left / (used.len() - n) as f64;
        if least > each {
            return each;
        }
        left -= least;
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_counts_half_after_a_while() {
        let share = Share::default();
        let now = Instant::now();
        share.charge(Duration::from_secs(1), now);
        assert!((share.used(now) - 1.0).abs() < 1e-9);
        assert!((share.used(now + HALF_LIFE) - 0.5).abs() < 1e-9);
        share.charge(Duration::from_secs(1), now + HALF_LIFE);
        assert!((share.used(now + HALF_LIFE) - 1.5).abs() < 1e-9);
    }

    #[test]
    fn the_level_is_what_those_who_want_more_can_each_have() {
        assert_eq!(level(&mut [0.1, 0.2, 0.3], 1.0), f64::INFINITY);
        assert_eq!(level(&mut [9.0, 0.5, 9.0], 2.5), 1.0);
        assert_eq!(level(&mut [9.0], 2.5), 2.5);
        assert_eq!(level(&mut [], 2.5), f64::INFINITY);
    }

    #[test]
    fn who_used_little_is_not_passed_by_many_who_used_much() {
        let now = Instant::now();
        let mut level = Level::of(2);
        let (little, much): (Share, Vec<Share>) = (
            Share::default(),
            (0..20).map(|_| Share::default()).collect(),
        );
        for share in &much {
            share.charge(Duration::from_millis(280), now);
            level.is_passed_by(share, now);
        }
        little.charge(Duration::from_millis(170), now);
        let later = now + LOOK * 2;
        assert!(!level.is_passed_by(&little, later));
        assert!(much.iter().all(|share| level.is_passed_by(share, later)));

        let alone = now + HALF_LIFE * 4;
        assert!(!level.is_passed_by(&much[0], alone), "it is calm again");
    }
}
