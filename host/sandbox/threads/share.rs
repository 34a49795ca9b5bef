//! What a project has of the processors, and what it may have before others go first.
//!
//! A share knows what its project's runs have used lately. While processors are wanted by many, a level
//! follows from all of them: who had less than that lately does not wait for those who had more, and
//! those who had more go by what they had, the least first. Who asks for little at a time may come to some
//! times the level, behind those below it: a bot with many short events is not held to what one that computes
//! without end gets, or its events would wait ever longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After so long, what was used counts half.
const HALF_LIFE: Duration = Duration::from_secs(2);

/// How much of what there is is used before anybody has too much of it.
const CALM: f64 = 0.8;

/// So long after more was wanted than there is, it counts as still wanted.
const CROWD: Duration = Duration::from_secs(1);

/// How often the level is looked at anew.
const LOOK: Duration = Duration::from_millis(50);

/// Who has used less than so many seconds lately counts as one who has used nothing.
const NOTHING: f64 = 1e-4;

/// So many times the level may have been used by who asks for little at a time.
const BY_LITTLE: f64 = 3.0;

/// One long request counts as so many short ones.
const LONG_AS_SHORT: u8 = 2;

/// From so many on, a project's next request is taken for long.
const EXPECTED: u8 = 4;

/// More are not counted: so many short ones later it is forgotten.
const REMEMBERED: u8 = 8;

/// Calculations of a project that are under way at once.
const CALCULATIONS: usize = 2;

/// A project's part in what this host has. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Share(Arc<Own>);

struct Own {
    processors: Account,
    statements: Account,
    calculations: Arc<Semaphore>,
}

/// What a project has used lately of something, in seconds. Clones share it.
#[derive(Clone)]
pub(super) struct Account(Arc<Mutex<Used>>);

struct Used {
    /// Each of them counts half as much after [`HALF_LIFE`].
    seconds: f64,
    at: Instant,
    /// What was asked for at a time: [`LONG_AS_SHORT`] more for each that was long, one less for each that was short.
    long: u8,
}

/// How a project stands beside all others that want the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It had no more than others can have.
    Within,
    /// It had more, by little at a time.
    Over,
    /// It had more than that.
    Passed,
}

impl Used {
    fn at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.seconds * (-passed / HALF_LIFE.as_secs_f64()).exp2()
    }
}

impl Default for Own {
    fn default() -> Self {
        Self {
            processors: Account::default(),
            statements: Account::default(),
            calculations: Arc::new(Semaphore::new(CALCULATIONS)),
        }
    }
}

impl Share {
    /// Whether anybody else has it, or its project has used something lately.
    pub(crate) fn is_in_use(&self) -> bool {
        let now = Instant::now();
        let is_used = |account: &Account| account.used(now) > NOTHING;
        Arc::strong_count(&self.0) > 1 || is_used(self.processors()) || is_used(self.statements())
    }

    /// Waits for the right to one of the project's long calculations.
    pub(crate) async fn calculation(self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it: there always is one.
        self.0.calculations.clone().acquire_owned().await.ok()
    }

    /// Its time on processors.
    pub(super) fn processors(&self) -> &Account {
        &self.0.processors
    }

    /// The time of its statements.
    pub(super) fn statements(&self) -> &Account {
        &self.0.statements
    }
}

impl Default for Account {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Used {
            seconds: 0.0,
            at: Instant::now(),
            long: 0,
        })))
    }
}

impl Account {
    pub(super) fn charge(&self, time: Duration, now: Instant) {
        let mut used = self.own();
        used.seconds = used.at(now) + time.as_secs_f64();
        used.at = now;
    }

    /// What was used lately.
    pub(super) fn used(&self, now: Instant) -> f64 {
        self.own().at(now)
    }

    /// Notes that something of it was long, or ended short.
    pub(super) fn note_length(&self, is_long: bool) {
        let mut used = self.own();
        used.long = match is_long {
            true => (used.long + LONG_AS_SHORT).min(REMEMBERED),
            false => used.long.saturating_sub(1),
        };
    }

    /// Whether its next is likely to be long: of its last ones, more than one in three were.
    pub(super) fn is_usually_long(&self) -> bool {
        self.own().long >= EXPECTED
    }

    fn own(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The accounts of whoever used something lately, and what each may have had.
pub(super) struct Level {
    /// By their addresses.
    known: HashMap<usize, Weak<Mutex<Used>>>,
    /// What is used lately when bots have all processors.
    full: f64,
    level: f64,
    looked: Instant,
    /// For how long more has been wanted than there is, until when.
    crowd: Option<(Instant, Instant)>,
}

impl Level {
    pub(super) fn of(processors: usize) -> Self {
        // By one who never pauses as much is used lately as there is of `HALF_LIFE / ln 2`.
        let each = HALF_LIFE.as_secs_f64() / std::f64::consts::LN_2;
        Self {
            known: HashMap::new(),
            full: each * processors as f64,
            level: f64::INFINITY,
            looked: Instant::now(),
            crowd: None,
        }
    }

    /// Says that more wants a processor than there are.
    pub(super) fn note_crowd(&mut self, now: Instant) {
        let since = match self.crowd {
            Some((since, last)) if now.saturating_duration_since(last) < CROWD => since,
            _ => now,
        };
        self.crowd = Some((since, now));
    }

    /// How that project stands beside others who want the same.
    pub(super) fn standing(&mut self, account: &Account, now: Instant) -> Standing {
        let own = &account.0;
        let known = self.known.entry(Arc::as_ptr(own).addr());
        known.or_insert_with(|| Arc::downgrade(own));
        if now.saturating_duration_since(self.looked) >= LOOK {
            self.looked = now;
            self.look(now);
        }
        let (used, is_long) = (account.used(now), account.is_usually_long());
        match self.level {
            level if used <= level => Standing::Within,
            level if !is_long && used <= BY_LITTLE * level => Standing::Over,
            _ => Standing::Passed,
        }
    }

    fn look(&mut self, now: Instant) {
        let mut used = Vec::with_capacity(self.known.len());
        self.known.retain(|_, own| {
            let lately = own.upgrade().map_or(0.0, |own| Account(own).used(now));
            let counts = lately > NOTHING;
            if counts {
                used.push(lately);
            }
            counts
        });
        self.level = match self.crowd {
            Some((since, last)) if now.saturating_duration_since(last) < CROWD => {
                let is_old = last.saturating_duration_since(since) > HALF_LIFE * 2;
                // What else the machine does leaves less than all: what was used says how much.
                let there_is = match is_old {
                    true => used.iter().sum(),
                    false => self.full,
                };
                level(&mut used, CALM * there_is)
            }
            _ => f64::INFINITY,
        };
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
        let share = Account::default();
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
        let (little, much): (Account, Vec<Account>) = (
            Account::default(),
            (0..20).map(|_| Account::default()).collect(),
        );
        for share in &much {
            share.charge(Duration::from_millis(280), now);
            level.standing(share, now);
        }
        little.charge(Duration::from_millis(170), now);
        let calm = now + LOOK * 2;
        assert_eq!(level.standing(&much[0], calm), Standing::Within);

        level.note_crowd(now + LOOK * 4);
        let crowded = now + LOOK * 4;
        assert_eq!(level.standing(&little, crowded), Standing::Within);
        for share in &much {
            assert_eq!(level.standing(share, crowded), Standing::Over);
        }
        // Those are passed that ask for much at a time.
        for share in &much[1..] {
            share.note_length(true);
            share.note_length(true);
            assert_eq!(level.standing(share, crowded), Standing::Passed);
        }
        // Little at a time comes to much in the end, too.
        much[0].charge(Duration::from_secs(1), crowded);
        assert_eq!(level.standing(&much[0], crowded), Standing::Passed);

        let alone = crowded + CROWD;
        assert_eq!(level.standing(&much[1], alone), Standing::Within);
    }

    #[test]
    fn who_was_long_now_and_then_is_not_taken_for_long() {
        let share = Account::default();
        for n in 0..40 {
            share.note_length(n % 4 == 0);
            assert!(!share.is_usually_long());
        }
        share.note_length(true);
        share.note_length(true);
        assert!(share.is_usually_long());
        for _ in 0..100 {
            share.note_length(true);
        }
        for _ in 0..REMEMBERED - EXPECTED {
            assert!(share.is_usually_long());
            share.note_length(false);
        }
        share.note_length(false);
        assert!(!share.is_usually_long());
    }

    #[test]
    fn what_bots_get_of_a_busy_machine_is_what_is_shared_out() {
        let now = Instant::now();
        let mut level = Level::of(2);
        let (little, much): (Account, Vec<Account>) = (
            Account::default(),
            (0..20).map(|_| Account::default()).collect(),
        );
        let mut later = now;
        // They get half of one processor, for six seconds.
        for _ in 0..60 {
            later += Duration::from_millis(100);
            for share in &much {
                share.charge(Duration::from_micros(2_500), later);
                share.note_length(true);
                level.standing(share, later);
            }
            little.charge(Duration::from_millis(1), later);
            level.note_crowd(later);
            level.standing(&little, later);
        }
        assert_eq!(level.standing(&little, later), Standing::Within);
        for share in &much {
            assert_eq!(level.standing(share, later), Standing::Passed);
        }
    }
}
