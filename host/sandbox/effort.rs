//! Long calculations of the host's for a bot, such as a password's hash.
//!
//! What one takes follows from its parameters, so it is judged before it starts: it has to fit into what
//! the event has left of its processor time, and the instance of its memory. It is computed away from
//! the threads that bots run on, and a project has two under way at once.

use super::RunState;
use super::limits::Booked;
use super::threads::{Share, Threads};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// What takes no longer is computed where the bot runs.
pub(crate) const SHORT: Duration = Duration::from_millis(3);

/// What a calculation takes, about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Of a processor.
    pub(crate) time: Duration,
    /// Of memory, while it goes on.
    pub(crate) bytes: usize,
}

/// What there is too little of for a calculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// The event's processor time.
    Time { needs: Duration, left: Duration },
    /// The instance's memory.
    Memory { needs: usize, left: usize },
}

/// Memory of the host's that counts as an instance's. Clones share it.
#[derive(Clone)]
pub(super) struct Lent(Arc<Lending>);

struct Lending {
    bytes: AtomicUsize,
    /// What the instance's own memory leaves of its budget.
    room: AtomicUsize,
    returned: Notify,
}

/// A part of what is lent, until it is dropped.
struct Loan {
    lent: Lent,
    bytes: usize,
}

impl Lent {
    pub(super) fn of(room: usize) -> Self {
        Self(Arc::new(Lending {
            bytes: AtomicUsize::new(0),
            room: AtomicUsize::new(room),
            returned: Notify::new(),
        }))
    }

    /// Says what the instance's own memory leaves.
    pub(super) fn leave(&self, room: usize) {
        self.0.room.store(room, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Whether so much can be had at all.
    fn check(&self, bytes: usize) -> Result<(), Shortage> {
        let left = self.0.room.load(Ordering::Relaxed);
        match bytes <= left {
            true => Ok(()),
            false => Err(Shortage::Memory { needs: bytes, left }),
        }
    }

    /// Waits until others have given back enough. Only the instance's own calls take, one after the other.
    async fn take(&self, bytes: usize) -> Result<Loan, Shortage> {
        loop {
            let returned = self.0.returned.notified();
            self.check(bytes)?;
            if self.check(bytes.saturating_add(self.now())).is_ok() {
                self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
                return Ok(Loan {
                    lent: self.clone(),
                    bytes,
                });
            }
            returned.await;
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.lent.0.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.lent.0.returned.notify_waiters();
    }
}

/// A calculation that fits.
pub(crate) struct Booking {
    effort: Effort,
    time: Booked,
    lent: Lent,
    share: Share,
    threads: Threads,
}

impl RunState {
    /// Sets aside what a calculation takes. Refused, when the event has not so much left.
    pub(crate) fn book(&self, effort: Effort) -> Result<Booking, Shortage> {
        self.memory.lent.check(effort.bytes)?;
        let time = self.cpu.book(effort.time, self.cpu_budget);
        let time = time.map_err(|left| Shortage::Time {
            needs: effort.time,
            left,
        })?;
        Ok(Booking {
            effort,
            time,
            lent: self.memory.lent.clone(),
            share: self.grants.share.clone(),
            threads: self.threads.clone(),
        })
    }
}

impl Booking {
    /// Computes it, when it is its turn. What it took is the event's.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Shortage> {
        self.search(move |_| work()).await
    }

    /// The same for what goes by luck. It may ask for more time than was set aside, and hears whether the event has so
    /// much left: who does not get it gives up.
    pub(crate) async fn search<T: Send + 'static>(
        self,
        work: impl FnOnce(&dyn Fn(Duration) -> bool) -> T + Send + 'static,
    ) -> Result<T, Shortage> {
        if self.effort.time <= SHORT {
            let _loan = self.lent.take(self.effort.bytes).await?;
            return Ok(work(&|more| self.time.extend(more)));
        }
        let turn = self.share.clone().calculation().await;
        let loan = self.lent.take(self.effort.bytes).await?;
        let time = self.time;
        let about = self.effort.time;
        let computing = self.threads.compute(self.share, about, move || {
            let done = time.spend(|| work(&|more| time.extend(more)));
            // Not before: it goes on when nobody waits for it any more.
            drop((time, loan, turn));
            done
        });
        Ok(computing.await)
    }
}

#[cfg(test)]
impl RunState {
    /// That of an event without grants, which may calculate for so long.
    pub(crate) fn with_room(cpu: Duration, memory_bytes: usize) -> Self {
        let budget = super::Budget {
            cpu,
            memory_bytes,
            ..super::Budget::default()
        };
        Self::new(
            crate::capabilities::Grants::none(),
            &budget,
            Threads::start().unwrap(),
            Arc::default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const MIB: usize = 1 << 20;

    fn state() -> RunState {
        RunState::with_room(Duration::from_secs(1), 100 * MIB)
    }

    fn effort(millis: u64, mib: usize) -> Effort {
        Effort {
            time: Duration::from_millis(millis),
            bytes: mib * MIB,
        }
    }

    #[tokio::test]
    async fn who_takes_longer_has_what_the_event_has_left() {
        let state = state();
        let other = state.book(effort(300, 0)).ok().unwrap();
        let booking = state.book(effort(100, 0)).ok().unwrap();
        let given = booking.search(|more| {
            let slice = Duration::from_millis(100);
            (0..20).take_while(|_| more(slice)).count()
        });
        // Of a second there are 600 ms left, less a tick and what was used.
        let given = given.await.unwrap();
        assert!((3..6).contains(&given), "{given}");
        drop(other);
        // All of it is given back.
        assert!(state.book(effort(800, 0)).is_ok());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_refused_before_it_starts() {
        let state = state();
        let needs = Duration::from_millis(1500);
        match state.book(effort(1500, 0)).err().unwrap() {
            Shortage::Time { needs: told, left } => {
                assert_eq!(told, needs);
                assert!(left < Duration::from_secs(1));
            }
            Shortage::Memory { .. } => panic!("there is memory enough"),
        }
        let memory = Shortage::Memory {
            needs: 101 * MIB,
            left: 100 * MIB,
        };
        assert_eq!(state.book(effort(1, 101)).err(), Some(memory));
    }

    #[tokio::test]
    async fn what_is_booked_is_not_booked_again() {
        let state = state();
        let first = state.book(effort(600, 0)).ok().unwrap();
        assert!(state.book(effort(600, 0)).is_err());
        drop(first);
        assert!(state.book(effort(600, 0)).is_ok());
    }

    #[tokio::test]
    async fn what_was_computed_is_charged_and_its_memory_given_back() {
        let state = state();
        let booking = state.book(effort(500, 90)).ok().unwrap();
        let lent = state.memory.lent.clone();
        let seen = booking.run(move || {
            // A loop that the clock of this thread sees.
            let began = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
            while rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime) == began {}
            lent.now()
        });
        assert_eq!(seen.await.ok(), Some(90 * MIB));
        assert!(state.cpu.used() > Duration::ZERO);
        assert_eq!(state.memory.lent.now(), 0);
    }

    #[tokio::test]
    async fn the_third_waits_for_one_of_two() {
        let share = Share::default();
        let first = share.clone().calculation().await;
        let second = share.clone().calculation().await;
        let held = [first, second];
        let third = share.calculation();
        tokio::pin!(third);
        assert!(futures::poll!(third.as_mut()).is_pending());
        drop(held);
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn who_finds_no_memory_waits_until_it_is_given_back() {
        let state = state();
        let (started, starts) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let gone = Arc::new(std::sync::Mutex::new(gone));
        let calculation = |name: &'static str, mib| {
            let (started, gone) = (started.clone(), gone.clone());
            let booking = state.book(effort(100, mib)).ok().unwrap();
            tokio::spawn(booking.run(move || {
                started.send(name).unwrap();
                gone.lock().unwrap().recv().unwrap();
            }))
        };
        let first = calculation("first", 60);
        tokio::task::yield_now().await;
        assert_eq!(starts.recv().unwrap(), "first");

        let second = calculation("second", 60);
        tokio::task::yield_now().await;
        assert!(
            starts.try_recv().is_err(),
            "both would be more than there is"
        );

        go.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        go.send(()).unwrap();
        assert!(second.await.unwrap().is_ok());
        assert_eq!(starts.recv().unwrap(), "second");
    }
}
