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

/// What a statement takes before it counts as long: ordinary ones need a tenth of it, on a busy machine too.
const LONG: Duration = Duration::from_millis(100);

/// Who may run a statement. Clones share it.
#[derive(Clone)]
pub(crate) struct Statements(Arc<Mutex<Running>>);

struct Running {
    /// What projects may have had of the server.
    level: Level,
    /// Statements that run.
    all: usize,
    /// Those of projects that had more than others can have.
    busy: usize,
    most_busy: usize,
    waiting: Lines<(oneshot::Sender<Turn>, Account)>,
}

/// The right to run a statement, until this is dropped.
pub(crate) struct Turn {
    statements: Statements,
    account: Account,
    began: Instant,
    is_busy: bool,
}

impl Statements {
    pub(super) fn of(processors: usize) -> Self {
        Self(Arc::new(Mutex::new(Running {
            level: Level::of(processors),
            all: 0,
            busy: 0,
            most_busy: BUSY * processors,
            waiting: Lines::default(),
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
        let is_busy = running.level.standing(account, now) == Standing::Passed;
        if is_busy && running.busy >= running.most_busy {
            let (sender, waits) = oneshot::channel();
            let waiting = (sender, account.clone());
            running.waiting.push(waiting, account);
            return Err(waits);
        }
        running.all += 1;
        running.busy += usize::from(is_busy);
        Ok(self.begun(account.clone(), now, is_busy))
    }

    fn begun(&self, account: Account, began: Instant, is_busy: bool) -> Turn {
        Turn {
            statements: self.clone(),
            account,
            began,
            is_busy,
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = now - self.began;
        self.account.charge(took, now);
        self.account.note_length(took > LONG);
        let next = {
            let mut running = self.statements.running();
            let next = match self.is_busy {
                true => running.waiting.pop(now),
                false => None,
            };
            if next.is_none() {
                running.all -= 1;
                running.busy -= usize::from(self.is_busy);
            }
            next
        };
        if let Some((sender, account)) = next {
            // Who waited may have gone: then the turn that comes back is dropped, and goes on to the next.
            let _ = sender.send(self.statements.begun(account, now, true));
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
}
