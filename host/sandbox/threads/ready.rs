//! What is ready to run, and what of it goes first.

use super::share::Share;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

/// What has run goes behind what comes so many times as long afterwards.
const HANDICAP: u32 = 4;

/// Work of events that are short so far. Who has run the least goes first, and nobody waits for ever.
pub(super) struct Short<T> {
    waiting: BinaryHeap<Reverse<Turn<T>>>,
    count: u64,
}

struct Turn<T> {
    due: Instant,
    /// Which came first, of those that are due at once.
    count: u64,
    work: T,
}

impl<T> Default for Short<T> {
    fn default() -> Self {
        Self {
            waiting: BinaryHeap::new(),
            count: 0,
        }
    }
}

impl<T> Short<T> {
    /// Adds work of an event that has run for so long.
    pub(super) fn push(&mut self, work: T, ran: Duration, now: Instant) {
        self.count += 1;
        self.waiting.push(Reverse(Turn {
            due: now + ran * HANDICAP,
            count: self.count,
            work,
        }));
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.waiting.pop().map(|Reverse(turn)| turn.work)
    }
}

impl<T> Turn<T> {
    fn key(&self) -> (Instant, u64) {
        (self.due, self.count)
    }
}

impl<T> PartialEq for Turn<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Turn<T> {}

impl<T> PartialOrd for Turn<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Turn<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// Work in lines, one for each project: whose project has used the least lately goes first.
pub(super) struct Lines<T>(Vec<Line<T>>);

struct Line<T> {
    share: Share,
    waiting: VecDeque<T>,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Lines<T> {
    pub(super) fn push(&mut self, work: T, share: &Share) {
        match self.0.iter_mut().find(|line| line.share.is(share)) {
            Some(line) => line.waiting.push_back(work),
            None => self.0.push(Line {
                share: share.clone(),
                waiting: VecDeque::from([work]),
            }),
        }
    }

    pub(super) fn pop(&mut self, now: Instant) -> Option<T> {
        let used = self.0.iter().map(|line| line.share.used(now)).enumerate();
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
        short.push("ran 10 ms", ms(10), now);
        short.push("first", ms(0), now);
        short.push("second", ms(0), now);
        short.push("much later", ms(0), now + ms(41));
        let order: Vec<_> = std::iter::from_fn(|| short.pop()).collect();
        assert_eq!(order, ["first", "second", "ran 10 ms", "much later"]);
    }

    #[test]
    fn the_project_that_used_the_least_goes_first() {
        let now = Instant::now();
        let (busy, quiet) = (Share::default(), Share::default());
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
