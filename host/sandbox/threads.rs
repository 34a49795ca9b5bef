//! The threads that bots run on.
//!
//! A bot computes for milliseconds at a stretch. On the threads of the host's own tasks each of them
//! would be waited for by every answer of the database that lies between a webhook and its reply. So
//! bots have threads of their own, as many as there are processors, and the kernel shares those out.
//!
//! What has computed for long goes on among others of its kind, on threads that the kernel prefers
//! all others to: one bot that loops, or a hundred, is not what an ordinary event waits for. What the
//! host computes for bots at one stretch, such as a password's hash, has such threads too.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

/// What an event computes before it counts as long: ordinary ones need a tenth of it.
pub(super) const LONG: Duration = Duration::from_millis(40);

/// How much the long ones are nicer than others: half as much weight, so that they come to their end beside whatever
/// else the machine does.
const NICE: i32 = 3;

/// Threads for bots. Clones share them; the last one ends them.
#[derive(Clone)]
pub(crate) struct Threads(Arc<Owned>);

struct Owned {
    prompt: Option<Runtime>,
    long: Option<Runtime>,
    /// Its pool of threads that may block is all that is used of it.
    computing: Option<Runtime>,
}

thread_local! {
    /// Whether what this thread polls just now has computed for long.
    static IS_LONG: Cell<bool> = const { Cell::new(false) };
}

/// Says that what this thread polls just now has computed for long.
pub(super) fn note_long() {
    IS_LONG.set(true);
}

/// How far some work came on the prompt threads.
enum Came<F: Future> {
    ToItsEnd(F::Output),
    ThisFar(Pin<Box<F>>),
}

/// Work, for as long as it is not long.
struct Promptly<F>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Promptly<F> {
    type Output = Came<F>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Came<F>> {
        let Some(work) = &mut self.0 else {
            return Poll::Pending;
        };
        IS_LONG.set(false);
        let polled = work.as_mut().poll(context);
        match polled {
            Poll::Ready(done) => Poll::Ready(Came::ToItsEnd(done)),
            Poll::Pending if IS_LONG.get() => match self.0.take() {
                Some(work) => Poll::Ready(Came::ThisFar(work)),
                None => Poll::Pending,
            },
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = |name: &str, nice: i32| {
            Builder::new_multi_thread()
                .worker_threads(processors)
                .thread_name(name)
                .on_thread_start(move || be_nicer(nice))
                .enable_all()
                .build()
        };
        let computing = Builder::new_current_thread()
            .max_blocking_threads(processors)
            .thread_name("bots-computing")
            .on_thread_start(|| be_nicer(NICE))
            .build()?;
        Ok(Self(Arc::new(Owned {
            prompt: Some(threads("bots", 0)?),
            long: Some(threads("bots-long", NICE)?),
            computing: Some(computing),
        })))
    }

    /// Computes something at one stretch, when a thread is free. A panic is the caller's; when this
    /// future is dropped, what has not begun is dropped, and what has goes on to its end.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        match &self.0.computing {
            Some(threads) => ended(threads.spawn_blocking(work)).await,
            None => std::future::pending().await,
        }
    }

    /// Runs something there. A panic is the caller's; when this future is dropped, the work is
    /// dropped at its next pause.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let work = tracing::Instrument::in_current_span(work);
        let promptly = Promptly(Some(Box::pin(work)));
        match on(self.0.prompt.as_ref(), promptly).await {
            Came::ToItsEnd(done) => done,
            Came::ThisFar(work) => on(self.0.long.as_ref(), work).await,
        }
    }
}

/// Makes this thread nicer than its process. Where that fails, it is as quick as the others.
fn be_nicer(by: i32) {
    use rustix::process::{getpriority_process, setpriority_process};
    if by > 0
        && let Ok(own) = getpriority_process(None)
    {
        let _ = setpriority_process(None, (own + by).min(19));
    }
}

async fn on<T: Send + 'static>(
    threads: Option<&Runtime>,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let Some(threads) = threads else {
        return std::future::pending().await;
    };
    ended(threads.spawn(work)).await
}

async fn ended<T>(work: JoinHandle<T>) -> T {
    match AbortOnDropHandle::new(work).await {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only this future cancels it, and the threads end with the last sandbox.
            Err(_) => std::future::pending().await,
        },
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Waiting is not allowed where tasks run.
        let all = [self.prompt.take(), self.long.take(), self.computing.take()];
        for threads in all.into_iter().flatten() {
            threads.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_computed_for_long_goes_on_among_its_like() {
        let here = || std::thread::current().name().unwrap_or_default().to_owned();
        let threads = Threads::start().unwrap();
        let ran = threads.run(async move {
            let mut ran = vec![here()];
            tokio::task::yield_now().await;
            ran.push(here());
            note_long();
            tokio::task::yield_now().await;
            ran.push(here());
            ran
        });
        assert_eq!(ran.await, ["bots", "bots", "bots-long"]);
        assert_eq!(threads.compute(here).await, "bots-computing");
    }
}
