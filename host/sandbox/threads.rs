//! The threads that bots run on.
//!
//! A bot computes for milliseconds at a stretch. On the threads of the host's own tasks each of them
//! would be waited for by every answer of the database that lies between a webhook and its reply. So
//! bots have threads of their own, as many as there are processors, and the kernel shares those out.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// Threads for bots. Clones share them; the last one ends them.
#[derive(Clone)]
pub(crate) struct Threads(Arc<Owned>);

struct Owned(Option<Runtime>);

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(processors)
            .thread_name("bots")
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(Owned(Some(runtime)))))
    }

    /// Runs something there. A panic is the caller's; when this future is dropped, the work is
    /// dropped at its next pause.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let Some(runtime) = &self.0.0 else {
            return std::future::pending().await;
        };
        let work = tracing::Instrument::in_current_span(work);
        match AbortOnDropHandle::new(runtime.spawn(work)).await {
            Ok(done) => done,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only this future cancels it, and the threads end with the last sandbox.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Waiting is not allowed where tasks run.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
