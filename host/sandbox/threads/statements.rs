//! Statements of bots in Postgres: who asked for little lately does not wait for those who asked for much.
//!
//! Postgres gives each of its processes the same part of the processors. Were all statements of all bots let through, a
//! dozen projects with long ones would leave next to nothing of the server to others, and to the host itself.

use super::ready::Lines;
use super::share::{Account, Level, Share, Standing};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Statements of busy projects that run at once, for each processor.
const BUSY: usize = 2;

/// What a statement has of the server's processors before it counts as long: ordinary ones need a tenth of it.
const LONG: Duration = Duration::from_millis(10);

/// Who may run a statement. Clones share it.
#[derive(Clone)]
pub(crate) struct Statements(Arc<Mutex<Running>>);

struct Running {
    /// What projects may have had of the server.
    level: Level,
    processors: usize,
    /// Statements that run.
    all: usize,
    had: Had,
    /// Those of projects that had more than others can have.
    busy: usize,
    most_busy: usize,
    /// Of projects that had it by little at a time: they go first.
    by_little: Lines<Waiting>,
    by_much: Lines<Waiting>,
}

type Waiting = (oneshot::Sender<Turn>, Account);

/// What a statement that has run since the beginning had of the server's processors. How long one takes says little
/// when dozens run: each then has a part of a processor.
struct Had {
    each: Duration,
    until: Instant,
}

/// The right to run a statement, until this is dropped.
pub(crate) struct Turn {
    statements: Statements,
    account: Account,
    /// What statements had when it began.
    had: Duration,
    is_busy: bool,
}

impl Statements {
    pub(super) fn of(processors: usize) -> Self {
        Self(Arc::new(Mutex::new(Running {
            level: Level::of(processors),
            processors,
            all: 0,
            had: Had {
                each: Duration::ZERO,
                until: Instant::now(),
            },
            busy: 0,
            most_busy: BUSY * processors,
            by_little: Lines::default(),
            by_much: Lines::default(),
        })))
    }

    /// Waits until a statement of that project may run.
    pub(crate) async fn turn(&self, share: &Share) -> Turn {
        match self.ask(share.statements(), Instant::now()) {
            Ok(turn) => turn,
            Err(waits) => match waits.await {
                Ok(turn) => turn,
                // Senders are dropped with all of this alone.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The turn, or where it comes when it is there.
    fn ask(&self, account: &Account, now: Instant) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut running = self.running();
        if running.all >= running.most_busy {
            running.level.note_crowd(now);
        }
        let standing = running.level.standing(account, now);
        let is_busy = standing != Standing::Within;
        if is_busy && running.busy >= running.most_busy {
            let (sender, waits) = oneshot::channel();
            let line = match standing {
                Standing::Within | Standing::Over => &mut running.by_little,
                Standing::Passed => &mut running.by_much,
            };
            line.push((sender, account.clone()), account);
            return Err(waits);
        }
        let had = running.had(now);
        running.all += 1;
        running.busy += usize::from(is_busy);
        drop(running);
        Ok(self.begun(account.clone(), had, is_busy))
    }

    fn begun(&self, account: Account, had: Duration, is_busy: bool) -> Turn {
        Turn {
            statements: self.clone(),
            account,
            had,
            is_busy,
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// What each statement had so far. Called before their number changes.
    fn had(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.had.until);
        let sharing = self.all.max(self.processors) as f64;
        self.had.each += passed.mul_f64(self.processors as f64 / sharing);
        self.had.until = now;
        self.had.each
    }

    fn next(&mut self, now: Instant) -> Option<Waiting> {
        self.by_little.pop(now).or_else(|| self.by_much.pop(now))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        let (had, next) = {
            let mut running = self.statements.running();
            let had = running.had(now);
            let own = had.saturating_sub(self.had);
            self.account.charge(own, now);
            self.account.note_length(own > LONG);
            let next = match self.is_busy {
                true => running.next(now),
                false => None,
            };
            if next.is_none() {
                running.all -= 1;
                running.busy -= usize::from(self.is_busy);
            }
            (had, next)
        };
        if let Some((sender, account)) = next {
            // Who waited may have gone: then the turn that comes back is dropped, and goes on to the next.
            let _ = sender.send(self.statements.begun(account, had, true));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_for_little_passes_those_who_asked_for_much() {
        let statements = Statements::of(1);
        let begin = Instant::now();
        let project = |seconds| {
            let account = Account::default();
            account.charge(Duration::from_secs_f64(seconds), begin);
            for _ in 0..10 {
                account.note_length(seconds > 1.0);
            }
            account
        };
        let (one, other, quiet) = (project(9.0), project(8.0), project(0.1));
        // While there is room for all, nobody is asked what they had.
        let calm = [&one, &other, &quiet].map(|account| statements.ask(account, begin).ok());

        let crowded = begin + Duration::from_secs(1);
        drop(statements.ask(&one, crowded).ok());
        let later = crowded + Duration::from_millis(100);
        let first = statements.ask(&one, later).ok().unwrap();
        let second = statements.ask(&other, later).ok().unwrap();
        let mut third = statements.ask(&one, later).err().unwrap();
        let gone = statements.ask(&other, later).err().unwrap();
        assert!(statements.ask(&quiet, later).is_ok());

        assert!(third.try_recv().is_err());
        drop(gone);
        drop(first);
        let next = third.try_recv().unwrap();
        drop((second, next, calm));
        let running = statements.running();
        assert_eq!((running.all, running.busy), (0, 0));
    }

    #[test]
    fn of_busy_ones_who_asked_for_little_at_a_time_goes_first() {
        let statements = Statements::of(1);
        let begin = Instant::now();
        let project = |seconds, is_long| {
            let account = Account::default();
            account.charge(Duration::from_secs_f64(seconds), begin);
            for _ in 0..10 {
                account.note_length(is_long);
            }
            account
        };
        let (much, more) = (project(9.0, true), project(8.0, true));
        let little = project(2.0, false);
        let calm = [&much, &more, &little].map(|account| statements.ask(account, begin).ok());
        drop(statements.ask(&much, begin + Duration::from_secs(1)).ok());

        let crowded = begin + Duration::from_millis(1_100);
        let run = [&much, &more].map(|account| statements.ask(account, crowded).ok().unwrap());
        let mut waits_longer = statements.ask(&much, crowded).err().unwrap();
        let mut goes_first = statements.ask(&little, crowded).err().unwrap();
        let [first, second] = run;
        drop(first);
        let turn = goes_first.try_recv().unwrap();
        assert!(waits_longer.try_recv().is_err());
        drop(turn);
        drop((waits_longer.try_recv().unwrap(), second, calm));
    }

    #[test]
    fn of_many_statements_each_has_a_part_of_a_processor() {
        let statements = Statements::of(2);
        let mut running = statements.running();
        let begin = running.had.until;
        running.all = 1;
        let alone = running.had(begin + Duration::from_millis(10));
        running.all = 8;
        let among_eight = running.had(begin + Duration::from_millis(50)) - alone;
        assert_eq!(alone, Duration::from_millis(10));
        assert_eq!(among_eight, Duration::from_millis(10));
    }
}
