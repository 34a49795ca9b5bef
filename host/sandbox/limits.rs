//! What one event may use, and how each bound is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wasmtime::ResourceLimiter;

/// What one event may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// From the start of the instance to the end of the work it started.
    pub wall: Duration,
    /// Time on a processor: time inside the instance's poll.
    pub cpu: Duration,
    /// The instance's linear memory, in bytes. The engine gives JavaScript
    /// somewhat less, so that it sees the error before the instance does.
    pub memory_bytes: usize,
    /// The body of a response, in bytes.
    pub response_bytes: usize,
    /// Calls of the host's functions, requests included.
    pub host_calls: u32,
    /// Requests to the outside, those to Meta included.
    pub requests: u32,
    /// Messages, those that a run before has sent included.
    pub sends: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(60),
            cpu: Duration::from_secs(5),
            memory_bytes: 64 << 20,
            response_bytes: 16 << 20,
            host_calls: 10_000,
            requests: 500,
            sends: 100,
        }
    }
}

/// Bounds the growth of an instance's memory and tables.
pub(crate) struct MemoryLimit {
    bytes: usize,
    /// What the memory is now: it never shrinks.
    pub(crate) now: usize,
    /// The most the memory has been.
    pub(crate) peak: usize,
    /// Whether growth was refused.
    pub(crate) refused: bool,
}

impl MemoryLimit {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            now: 0,
            peak: 0,
            refused: false,
        }
    }

    /// For the next event of an instance that lives on.
    pub(crate) fn rearm(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.peak = self.now;
        self.refused = false;
    }
}

/// The engine's function table has some hundred entries.
const TABLE_ELEMENTS: usize = 20_000;

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= self.bytes;
        if allowed {
            self.now = desired;
            self.peak = self.peak.max(desired);
        } else {
            self.refused = true;
        }
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// Counts the time that a future is being polled.
///
/// Epoch ticks are wall time, and a machine's other work passes during them, so
/// they only prompt a look at this meter.
#[derive(Clone)]
pub(crate) struct CpuMeter(Arc<CpuTime>);

struct CpuTime {
    origin: Instant,
    /// Nanoseconds of the polls that have ended.
    ended: AtomicU64,
    /// When the running poll began, in nanoseconds since `origin`; 0 for none.
    began: AtomicU64,
}

impl CpuMeter {
    pub(crate) fn new() -> Self {
        Self(Arc::new(CpuTime {
            origin: Instant::now(),
            ended: AtomicU64::new(0),
            began: AtomicU64::new(0),
        }))
    }

    fn since_origin(&self) -> u64 {
        u64::try_from(self.0.origin.elapsed().as_nanos())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// What has been used so far, the running poll included.
    pub(crate) fn used(&self) -> Duration {
        let began = self.0.began.load(Ordering::Relaxed);
        let running = if began == 0 {
            0
        } else {
            self.since_origin().saturating_sub(began)
        };
        Duration::from_nanos(self.0.ended.load(Ordering::Relaxed) + running)
    }

    /// Runs a future and counts its polls.
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|context| {
            let began = self.since_origin();
            self.0.began.store(began, Ordering::Relaxed);
            let polled = future.as_mut().poll(context);
            let used = self.since_origin().saturating_sub(began);
            self.0.began.store(0, Ordering::Relaxed);
            self.0.ended.fetch_add(used, Ordering::Relaxed);
            polled
        })
        .await
    }
}
