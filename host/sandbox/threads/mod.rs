//! The threads that bots run on, and who gets them.
//!
//! A bot computes for milliseconds at a stretch. On the threads of the host's own tasks each of them
//! would be waited for by every answer of the database that lies between a webhook and its reply. So
//! bots have threads of their own, as many as there are processors.
//!
//! Two kinds of them run bots. *Prompt* ones take the events that are short so far, of projects whose events usually
//! are and that had no more of the processors lately than they may (`share`). Everything else is for *patient* ones, which
//! the kernel prefers all others to, and there the project that had the least goes first (`ready`). So neither one bot
//! that loops, nor a hundred, nor a project with ten thousand short events, is what another's event waits for.
//!
//! What the host computes for bots at one stretch, such as a password's hash, has threads by how long it takes: what
//! takes little does not wait for what takes long.

mod ready;
mod share;
mod statements;

use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_task::{FallibleTask, Runnable};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use super::Sandbox;
use super::limits::of_this_thread;
use ready::{Lines, Short};
pub(crate) use share::Share;
use share::{Level, Standing};
pub(crate) use statements::{Statements, Turn};

/// What an event computes before it counts as long: ordinary ones need a tenth of it.
const LONG: Duration = Duration::from_millis(40);

/// Calculations that take no longer have threads of their own, and so have those that take no longer than the second.
const QUICK: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];

/// Threads for bots. Clones share them; the last one ends them.
#[derive(Clone)]
pub(crate) struct Threads(Arc<Owned>);

struct Owned {
    queues: Arc<Queues>,
    /// Drives the sockets and timers of what runs here.
    outward: Option<Runtime>,
    statements: Statements,
}

/// What waits for threads.
struct Queues {
    ready: Mutex<Ready>,
    processors: usize,
    wakes: [Condvar; KINDS.len()],
}

struct Ready {
    level: Level,
    short: Short<Runnable>,
    rest: Lines<Runnable>,
    calculations: [Lines<Calculation>; 3],
    is_over: bool,
}

/// What a thread takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prompt,
    Patient,
    /// Calculations, by how long they take.
    Computing(usize),
}

const KINDS: [Kind; 5] = [
    Kind::Prompt,
    Kind::Patient,
    Kind::Computing(0),
    Kind::Computing(1),
    Kind::Computing(2),
];

/// Something to compute at one stretch.
struct Calculation {
    share: Share,
    work: Box<dyn FnOnce() + Send>,
}

enum Work {
    Poll(Runnable),
    Compute(Calculation),
}

/// The work of one event.
struct Event<F> {
    work: Pin<Box<F>>,
    account: Arc<Account>,
}

/// Whose an event is, and what it has run so far.
struct Account {
    share: Share,
    /// In nanoseconds.
    ran: AtomicU64,
}

impl<F: Future> Future for Event<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let began = of_this_thread();
        let polled = self.work.as_mut().poll(context);
        let took = of_this_thread().saturating_sub(began);
        self.account.charge(took, polled.is_ready());
        polled
    }
}

impl Account {
    /// Adds nanoseconds that the event ran.
    fn charge(&self, took: u64, is_over: bool) {
        let before = Duration::from_nanos(self.ran.fetch_add(took, Ordering::Relaxed));
        let took = Duration::from_nanos(took);
        let processors = self.share.processors();
        processors.charge(took, Instant::now());
        match (before <= LONG, before + took <= LONG) {
            (true, false) => processors.note_length(true),
            (true, true) if is_over => processors.note_length(false),
            _ => {}
        }
    }
}

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let outward = Builder::new_multi_thread()
            .worker_threads(processors)
            .thread_name("bots-outward")
            .enable_all()
            .build()?;
        let owned = Owned {
            queues: Arc::new(Queues::new(processors)),
            outward: Some(outward),
            statements: Statements::of(processors),
        };
        for kind in KINDS {
            for _ in 0..processors {
                owned.start(kind)?;
            }
        }
        Ok(Self(Arc::new(owned)))
    }

    /// Computes something at one stretch, of about that length, when a thread is free. A panic is the caller's; when
    /// this future is dropped, what has not begun is dropped, and what has goes on to its end.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        share: Share,
        about: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let (sender, ended) = oneshot::channel();
        let work = move || {
            if !sender.is_closed() {
                let done = std::panic::catch_unwind(AssertUnwindSafe(work));
                // Nobody may wait for it any more.
                let _ = sender.send(done);
            }
        };
        let calculation = Calculation {
            share,
            work: Box::new(work),
        };
        self.0.queues.add_calculation(calculation, about);
        match ended.await {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            // The threads ended with the last sandbox.
            Err(_) => std::future::pending().await,
        }
    }

    /// Who may run a statement.
    pub(super) fn statements(&self) -> &Statements {
        &self.0.statements
    }

    /// Runs something there, for that project. A panic is the caller's; when this future is dropped, the work is
    /// dropped at its next pause.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        share: Share,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let account = Arc::new(Account {
            share,
            ran: AtomicU64::new(0),
        });
        let event = Event {
            work: Box::pin(tracing::Instrument::in_current_span(work)),
            account: account.clone(),
        };
        let queues = Arc::downgrade(&self.0.queues);
        let schedule = move |runnable| {
            // Without threads it is dropped.
            if let Some(queues) = queues.upgrade() {
                queues.add(runnable, &account);
            }
        };
        let (runnable, task) = async_task::Builder::new()
            .propagate_panic(true)
            .spawn(move |()| event, schedule);
        runnable.schedule();
        let task: FallibleTask<T> = task.fallible();
        match task.await {
            Some(done) => done,
            // Only this future cancels it, and the threads end with the last sandbox.
            None => std::future::pending().await,
        }
    }
}

impl Sandbox {
    /// Runs something on the threads of bots, as a part of that share.
    pub(crate) async fn on_threads<T: Send + 'static>(
        &self,
        share: Share,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.threads.run(share, work).await
    }

    /// Computes something of the host's own at one stretch, of about that length.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        about: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        self.threads.compute(Share::default(), about, work).await
    }
}

impl Queues {
    fn new(processors: usize) -> Self {
        Self {
            processors,
            ready: Mutex::new(Ready {
                level: Level::of(processors),
                short: Short::default(),
                rest: Lines::default(),
                calculations: Default::default(),
                is_over: false,
            }),
            wakes: Default::default(),
        }
    }

    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, runnable: Runnable, account: &Account) {
        let ran = Duration::from_nanos(account.ran.load(Ordering::Relaxed));
        let now = Instant::now();
        let mut ready = self.ready();
        if ready.is_over {
            // Dropping it may wake others.
            drop(ready);
            return;
        }
        if ready.short.len() + ready.rest.len() >= self.processors {
            ready.level.note_crowd(now);
        }
        let processors = account.share.processors();
        let standing = ready.level.standing(processors, now);
        let is_short = ran <= LONG && !processors.is_usually_long();
        let kind = match is_short && standing != Standing::Passed {
            true => {
                ready.short.push(runnable, standing, ran, now);
                Kind::Prompt
            }
            false => {
                ready.rest.push(runnable, processors);
                Kind::Patient
            }
        };
        drop(ready);
        self.wakes[kind.index()].notify_one();
    }

    fn add_calculation(&self, calculation: Calculation, about: Duration) {
        let length = QUICK.iter().filter(|&&quick| about > quick).count();
        let mut ready = self.ready();
        if ready.is_over {
            return;
        }
        let share = calculation.share.clone();
        ready.calculations[length].push(calculation, share.processors());
        drop(ready);
        self.wakes[Kind::Computing(length).index()].notify_one();
    }

    /// The next work for a thread of that kind; none when all is over.
    fn next(&self, kind: Kind) -> Option<Work> {
        let mut ready = self.ready();
        loop {
            if ready.is_over {
                return None;
            }
            let work = match kind {
                Kind::Prompt => ready.short.pop().map(Work::Poll),
                Kind::Patient => ready.rest.pop(Instant::now()).map(Work::Poll),
                Kind::Computing(length) => {
                    let next = ready.calculations[length].pop(Instant::now());
                    next.map(Work::Compute)
                }
            };
            if work.is_some() {
                return work;
            }
            let wake = &self.wakes[kind.index()];
            ready = wake.wait(ready).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the threads, and drops what waited for them.
    fn end(&self) {
        let mut ready = self.ready();
        ready.is_over = true;
        let waited = (
            std::mem::take(&mut ready.short),
            std::mem::take(&mut ready.rest),
            std::mem::take(&mut ready.calculations),
        );
        drop(ready);
        for wake in &self.wakes {
            wake.notify_all();
        }
        drop(waited);
    }
}

impl Kind {
    fn index(self) -> usize {
        match self {
            Self::Prompt => 0,
            Self::Patient => 1,
            Self::Computing(length) => 2 + length,
        }
    }

    /// How much nicer than the host's own threads and Postgres these are: an answer of the database, or a webhook, is not
    /// kept waiting by what bots compute. What nobody waits for gets a sixth of a prompt one's weight, so that it comes to
    /// its end beside whatever else the machine does.
    fn nice(self) -> i32 {
        match self {
            Self::Prompt => 4,
            Self::Patient | Self::Computing(_) => 12,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Prompt => "bots",
            Self::Patient => "bots-patient",
            Self::Computing(_) => "bots-computing",
        }
    }
}

impl Work {
    fn run(self) {
        match self {
            // A panic goes to whoever waits for the task.
            Self::Poll(runnable) => {
                runnable.run();
            }
            Self::Compute(Calculation { share, work }) => {
                let began = of_this_thread();
                work();
                let took = of_this_thread().saturating_sub(began);
                let took = Duration::from_nanos(took);
                share.processors().charge(took, Instant::now());
            }
        }
    }
}

impl Owned {
    fn start(&self, kind: Kind) -> io::Result<()> {
        let queues = self.queues.clone();
        let outward = self.outward.as_ref().map(Runtime::handle).cloned();
        std::thread::Builder::new()
            .name(kind.name().to_owned())
            .spawn(move || work(kind, &queues, outward.as_ref()))?;
        Ok(())
    }
}

/// Works until all is over.
fn work(kind: Kind, queues: &Queues, outward: Option<&Handle>) {
    be_nicer(kind.nice());
    let _entered = outward.map(Handle::enter);
    while let Some(work) = queues.next(kind) {
        work.run();
    }
}

/// Makes this thread nicer than its process. Where that fails, it is as quick as the others.
fn be_nicer(by: i32) {
    use rustix::process::{getpriority_process, setpriority_process};
    if let Ok(own) = getpriority_process(None) {
        let _ = setpriority_process(None, (own + by).min(19));
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.queues.end();
        // Waiting is not allowed where tasks run.
        if let Some(outward) = self.outward.take() {
            outward.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn here() -> String {
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    /// Uses the processor for so long, by the clock of this thread.
    fn spin(time: Duration) {
        let end = of_this_thread() + u64::try_from(time.as_nanos()).unwrap();
        while of_this_thread() < end {}
    }

    #[tokio::test]
    async fn what_has_computed_for_long_goes_on_among_its_like() {
        let threads = Threads::start().unwrap();
        let ran = threads.run(Share::default(), async move {
            let mut ran = vec![here()];
            tokio::task::yield_now().await;
            ran.push(here());
            spin(LONG);
            tokio::task::yield_now().await;
            ran.push(here());
            ran
        });
        assert_eq!(ran.await, ["bots", "bots", "bots-patient"]);
        let computed = threads.compute(Share::default(), LONG, here);
        assert_eq!(computed.await, "bots-computing");
    }

    #[tokio::test]
    async fn who_computes_little_does_not_wait_for_many_who_compute_much() {
        let threads = Threads::start().unwrap();
        let polls = Arc::new(AtomicU64::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let busy: Vec<_> = (0..20)
            .map(|_| {
                let (threads, polls, is_over) = (threads.clone(), polls.clone(), is_over.clone());
                let computing = async move {
                    while !is_over.load(Ordering::Relaxed) {
                        spin(Duration::from_millis(2));
                        polls.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                    }
                };
                tokio::spawn(async move { threads.run(Share::default(), computing).await })
            })
            .collect();
        // Each has computed for long by then.
        while polls.load(Ordering::Relaxed) < 20 * 25 {
            tokio::task::yield_now().await;
        }

        let before = polls.load(Ordering::Relaxed);
        let little = threads.run(Share::default(), async {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        });
        little.await;
        let meanwhile = polls.load(Ordering::Relaxed) - before;

        is_over.store(true, Ordering::Relaxed);
        for one in busy {
            one.await.unwrap();
        }
        assert!(
            meanwhile < 200,
            "in one queue it would be 400, and it was {meanwhile}"
        );
    }

    #[tokio::test]
    async fn timers_and_tasks_work_there_and_a_panic_is_the_callers() {
        let threads = Threads::start().unwrap();
        let slept = threads.run(Share::default(), async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            tokio::spawn(async { 7 }).await.unwrap()
        });
        assert_eq!(slept.await, 7);
        let panics = AssertUnwindSafe(threads.run(Share::default(), async { panic!("its own") }));
        let panicked: Result<(), _> = futures::FutureExt::catch_unwind(panics).await;
        assert!(panicked.is_err());
        let computing = threads.compute(Share::default(), LONG, || panic!("its own"));
        let panicked: Result<(), _> =
            futures::FutureExt::catch_unwind(AssertUnwindSafe(computing)).await;
        assert!(panicked.is_err());
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_dropped() {
        let threads = Threads::start().unwrap();
        let held = Arc::new(());
        let lives = Arc::downgrade(&held);
        let run = threads.run(Share::default(), async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        let mut run = Box::pin(run);
        assert!(futures::poll!(run.as_mut()).is_pending());
        drop(run);
        while lives.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
