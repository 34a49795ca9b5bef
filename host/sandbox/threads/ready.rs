//! What is ready to run, and what of it goes first.

use super::share::{Account, Standing};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long events have run that are alike: who has run less goes first.
const STEPS: [Duration; 4] = [
    Duration::from_millis(3),
    Duration::from_millis(8),
    Duration::from_millis(16),
    Duration::from_millis(28),
];

/// Of so many turns one is for whoever has waited the longest, so that nobody waits for ever.
const TURNS_TO_LONGEST: u8 = 4;

/// Work of events that are short so far. Who has run the least goes first, and whose project had more than others can
/// have goes behind those who came a step further.
pub(super) struct Short<T> {
    /// By rank, in the order of their coming.
    waiting: [VecDeque<(Instant, T)>; RANKS],
    turn: u8,
}

const RANKS: usize = 2 * STEPS.len() + 4;

/// Which of those who wait go first: by how far they came on [`STEPS`], and how their projects stand.
fn rank(step: usize, standing: Standing) -> usize {
    match standing {
        Standing::Within => 2 * step,
        Standing::Over | Standing::Passed => 2 * step + 3,
    }
}

impl<T> Default for Short<T> {
    fn default() -> Self {
        Self {
            waiting: std::array::from_fn(|_| VecDeque::new()),
            turn: 0,
        }
    }
}

impl<T> Short<T> {
    /// Adds work of an event that has run for so long.
    pub(super) fn push(&mut self, work: T, standing: Standing, ran: Duration, now: Instant) {
        let step = STEPS.iter().filter(|&&step| ran > step).count();
        if let Some(alike) = self.waiting.get_mut(rank(step, standing)) {
            alike.push_back((now, work));
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.turn = (self.turn + 1) % TURNS_TO_LONGEST;
        let heads = self.waiting.iter_mut().filter(|alike| !alike.is_empty());
        let next = match self.turn {
            0 => heads.min_by_key(|alike| alike.front().map(|(since, _)| *since)),
            _ => heads.into_iter().next(),
        };
        next?.pop_front().map(|(_, work)| work)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }
}

/// Work in lines, one for each project: whose project has used the least lately goes first.
pub(super) struct Lines<T>(Vec<Line<T>>);

struct Line<T> {
    account: Account,
    waiting: VecDeque<T>,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Lines<T> {
    pub(super) fn push(&mut self, work: T, account: &Account) {
        match self.0.iter_mut().find(|line| line.account.is(account)) {
            Some(line) => line.waiting.push_back(work),
            None => self.0.push(Line {
                account: account.clone(),
                waiting: VecDeque::from([work]),
            }),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|line| line.waiting.len()).sum()
    }

    pub(super) fn pop(&mut self, now: Instant) -> Option<T> {
        let used = self.0.iter().map(|line| line.account.used(now)).enumerate();
        let (least, _) = used.min_by(|(_, one), (_, other)| one.total_cmp(other))?;
        let line = self.0.get_mut(least)?;
        let work = line.waiting.pop_front();
        if line.waiting.is_empty() {
            self.0.swap_remove(least);
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_short_ones_who_has_run_the_least_goes_first_but_not_for_ever() {
        let now = Instant::now();
        let ms = Duration::from_millis;
        let mut short = Short::default();
        short.push("ran 30 ms", Standing::Within, ms(30), now);
        short.push("ran 10 ms", Standing::Within, ms(10), now + ms(1));
        for name in ["first", "second", "third", "fourth"] {
            short.push(name, Standing::Within, ms(1), now + ms(2));
        }
        short.push("had more", Standing::Over, ms(0), now + ms(3));
        short.push("ran 5 ms", Standing::Within, ms(5), now + ms(4));
        assert_eq!(short.len(), 8);
        let order: Vec<_> = std::iter::from_fn(|| short.pop()).collect();
        assert_eq!(
            order,
            [
                "first",
                "second",
                "third",
                "ran 30 ms",
                "fourth",
                "ran 5 ms",
                "had more",
                "ran 10 ms"
            ]
        );
    }

    #[test]
    fn the_project_that_used_the_least_goes_first() {
        let now = Instant::now();
        let (busy, quiet) = (Account::default(), Account::default());
        busy.charge(Duration::from_secs(1), now);
        quiet.charge(Duration::from_millis(10), now);
        let mut lines = Lines::default();
        lines.push("busy 1", &busy);
        lines.push("busy 2", &busy);
        lines.push("quiet 1", &quiet);
        lines.push("quiet 2", &quiet);
        assert_eq!(lines.pop(now), Some("quiet 1"));
        quiet.charge(Duration::from_secs(2), now);
        assert_eq!(lines.pop(now), Some("busy 1"));
        assert_eq!(lines.pop(now), Some("busy 2"));
        assert_eq!(lines.pop(now), Some("quiet 2"));
        assert_eq!(lines.pop(now), None);
    }
}
