//! What one event may use, and how each bound is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::{ResourceLimiter, Store};

use super::RunState;
use super::effort::Lent;
use super::engine::TICK;

/// What one event may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// From the start of the instance to the end of the work it started.
    pub wall: Duration,
    /// Time on a processor: time inside the instance's poll.
    pub cpu: Duration,
    /// The instance's linear memory, in bytes. JavaScript gets somewhat less,
    /// so that it sees the error before the instance does.
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

/// What a project's bots may use of memory where nobody said otherwise.
pub const DEFAULT_MEMORY_BYTES: usize = 128 << 20;

impl Budget {
    /// What JavaScript may use of the memory: the heap rounds sizes up by at most an eighth, and
    /// stack, glue and tables have their part.
    pub(crate) fn javascript_bytes(&self) -> u32 {
        let rest = self.memory_bytes / 8 + (6 << 20);
        u32::try_from(self.memory_bytes.saturating_sub(rest)).unwrap_or(u32::MAX)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(60),
            cpu: Duration::from_secs(5),
            memory_bytes: DEFAULT_MEMORY_BYTES,
            response_bytes: 16 << 20,
            host_calls: 10_000,
            requests: 500,
            sends: 100,
        }
    }
}

/// The open handles of an instance: resources, streams, and calls that have not ended. An event may
/// have all of its calls and requests under way at once.
pub(super) const HANDLES: usize = 12_000;

/// What one `fields` of `wasi:http`, which is the host's memory, may hold: as much as Node takes of headers.
pub(super) const FIELDS_BYTES: usize = 16 << 10;

/// Holds an instance to its budget, and to what no instance may have more of.
pub(super) fn hold(store: &mut Store<RunState>) {
    store.limiter(|state| &mut state.memory);
    store.set_max_component_handles(HANDLES);
    store.set_epoch_deadline(1);
}

/// Bounds the growth of an instance's memories, all together, and of its tables.
pub(crate) struct MemoryLimit {
    bytes: usize,
    /// What the memories are now: they never shrink.
    pub(crate) now: usize,
    /// The most they have been.
    pub(crate) peak: usize,
    /// Whether growth was refused.
    pub(crate) refused: bool,
    /// What the host holds for calculations of the instance.
    pub(super) lent: Lent,
}

impl MemoryLimit {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            now: 0,
            peak: 0,
            refused: false,
            lent: Lent::of(bytes),
        }
    }

    /// For the next event of an instance that lives on.
    pub(crate) fn rearm(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.peak = self.now;
        self.refused = false;
        self.lent.leave(bytes.saturating_sub(self.now));
    }
}

/// The engine's function table has some hundred entries.
const TABLE_ELEMENTS: usize = 20_000;

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let all = self.now.saturating_sub(current).saturating_add(desired);
        let allowed = all.saturating_add(self.lent.now()) <= self.bytes;
        if allowed {
            self.now = all;
            self.peak = self.peak.max(all);
            self.lent.leave(self.bytes - all);
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

/// Counts the processor time that a future takes, by the clock of the thread that polls it.
///
/// Epoch ticks are wall time, and a machine's other work passes during them, so
/// they only prompt a look at this meter.
#[derive(Clone)]
pub(crate) struct CpuMeter(Arc<CpuTime>);

struct CpuTime {
    /// Nanoseconds of the polls that have ended.
    ended: AtomicU64,
    /// What the thread had used when the running poll began; 0 for none.
    began: AtomicU64,
    /// Nanoseconds set aside for what is computed elsewhere.
    booked: AtomicU64,
}

/// Time set aside for what is computed elsewhere, until this is dropped.
pub(super) struct Booked {
    meter: CpuMeter,
    budget: Duration,
    nanos: AtomicU64,
}

impl CpuMeter {
    pub(crate) fn new() -> Self {
        Self(Arc::new(CpuTime {
            ended: AtomicU64::new(0),
            began: AtomicU64::new(0),
            booked: AtomicU64::new(0),
        }))
    }

    /// Sets time of a budget aside; what is left of it, when that is less. To be asked within the
    /// future, as `used`.
    pub(super) fn book(&self, time: Duration, budget: Duration) -> Result<Booked, Duration> {
        let booked = Duration::from_nanos(self.0.booked.load(Ordering::Relaxed));
        let left = budget.saturating_sub(self.used() + booked + TICK);
        if time > left {
            return Err(left);
        }
        let nanos = nanos(time);
        self.0.booked.fetch_add(nanos, Ordering::Relaxed);
        Ok(Booked {
            meter: self.clone(),
            budget,
            nanos: AtomicU64::new(nanos),
        })
    }

    /// What has been used so far. To be asked within the future, or while nobody polls it: a running
    /// poll is counted by this thread's clock.
    pub(crate) fn used(&self) -> Duration {
        let running = match self.0.began.load(Ordering::Relaxed) {
            0 => 0,
            began => of_this_thread().saturating_sub(began),
        };
        Duration::from_nanos(self.0.ended.load(Ordering::Relaxed) + running)
    }

    /// Runs a future and counts its polls.
    pub(crate) async fn measure<F: Future>(&self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|context| {
            let began = of_this_thread();
            self.0.began.store(began, Ordering::Relaxed);
            let polled = future.as_mut().poll(context);
            let used = of_this_thread().saturating_sub(began);
            self.0.began.store(0, Ordering::Relaxed);
            self.0.ended.fetch_add(used, Ordering::Relaxed);
            polled
        })
        .await
    }
}

impl Booked {
    /// Sets more aside, for what goes on for longer than was reckoned. Says whether there is so much left. To be asked on
    /// any thread: what a poll takes that runs meanwhile is not counted, which is a tick or so.
    pub(super) fn extend(&self, time: Duration) -> bool {
        let more = nanos(time);
        let most = nanos(self.budget.saturating_sub(TICK))
            .saturating_sub(self.meter.0.ended.load(Ordering::Relaxed));
        let booked = &self.meter.0.booked;
        let extended = booked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |booked| {
            booked.checked_add(more).filter(|all| *all <= most)
        });
        if extended.is_ok() {
            self.nanos.fetch_add(more, Ordering::Relaxed);
        }
        extended.is_ok()
    }

    /// Computes something on a thread that polls nobody, and counts what it took.
    pub(super) fn spend<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = of_this_thread();
        let done = work();
        let used = of_this_thread().saturating_sub(began);
        self.meter.0.ended.fetch_add(used, Ordering::Relaxed);
        done
    }
}

impl Drop for Booked {
    fn drop(&mut self) {
        let nanos = *self.nanos.get_mut();
        self.meter.0.booked.fetch_sub(nanos, Ordering::Relaxed);
    }
}

/// The processor time of this thread in nanoseconds; never 0.
pub(super) fn of_this_thread() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    nanos(Duration::try_from(used).unwrap_or_default()).max(1)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
