//! The wasmtime engine that all bots share, its settings and its clock.

use super::RunState;
use super::compiler::Compiler;
use super::limits::DEFAULT_MEMORY_BYTES;
use super::permits::{FOR_DEPLOYS, Permits};
use super::threads::Threads;
use crate::capabilities::Locales;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How the sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// How many instances may live at once; deploys have some of their own.
    pub instances: u32,
    /// The most linear memory that any budget gives an instance, in bytes.
    pub max_memory_bytes: usize,
    /// What the budgets of the instances that live may come to, in bytes.
    pub total_memory_bytes: u64,
    /// Where compiled engines are kept between starts; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Compiles what may take long; `None` has this process do it, for the author's own code.
    pub compiler: Option<Compiler>,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            instances: 1000,
            max_memory_bytes: 512 << 20,
            total_memory_bytes: 1000 * DEFAULT_MEMORY_BYTES as u64,
            cache: None,
            compiler: None,
        }
    }
}

/// Why the sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The kernel would not give what the settings ask for.
    #[error("the sandbox cannot start with {instances} instances")]
    Engine {
        /// What was asked for.
        instances: u32,
        /// What wasmtime said.
        #[source]
        source: wasmtime::Error,
    },
}

/// How often running bots look at their budgets.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The native stack of an instance. QuickJS may use 512 KiB of its own stack,
/// and its C code takes up to thirty times that of the native one: less than
/// this turns a deep `JSON.stringify` from an exception into a trap.
const STACK_BYTES: usize = 16 << 20;

/// Core instances of a bot. One of the SDK has six: its code, its image, and what the component model
/// puts around them. A toolchain that links libraries dynamically makes one of each, and Python has many.
const CORE_INSTANCES_PER_BOT: u32 = 128;

/// Linear memories of a bot. One, so that no bot takes the place of others, and a budget is of all that it has.
const MEMORIES_PER_BOT: u32 = 1;

/// Tables of a bot: its functions', and those of the adapters around them.
const TABLES_PER_BOT: u32 = 4;

/// The engine that all bots share.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) linker: Arc<Linker<RunState>>,
    pub(crate) settings: SandboxSettings,
    pub(crate) codes: super::bot::Codes,
    pub(crate) permits: Permits,
    /// How many instances live.
    pub(crate) live: Arc<AtomicUsize>,
    /// Where its instances run.
    pub(crate) threads: Threads,
    /// What bots are told of locales, once it is there.
    locales: Arc<OnceLock<Arc<Locales>>>,
    /// Ends the clock when the last sandbox is dropped.
    _clock: Arc<Clock>,
}

impl Sandbox {
    /// Starts the engine and its clock.
    pub fn new(settings: SandboxSettings) -> Result<Self, StartError> {
        let fail = |source| StartError::Engine {
            instances: settings.instances,
            source,
        };
        let engine = Engine::new(&config(&settings)).map_err(fail)?;
        let mut linker = Linker::new(&engine);
        crate::capabilities::link(&mut linker).map_err(fail)?;
        let clock = Arc::new(Clock::start(&engine));
        let threads = Threads::start().map_err(|error| fail(error.into()))?;
        Ok(Self {
            engine,
            linker: Arc::new(linker),
            permits: Permits::new(settings.instances, settings.total_memory_bytes),
            settings,
            codes: super::bot::Codes::default(),
            live: Arc::default(),
            threads,
            locales: Arc::default(),
            _clock: clock,
        })
    }

    /// The program that does what may take long, or may end its process; `None` for the author's own code.
    pub(crate) fn program(&self) -> Option<Compiler> {
        self.settings.compiler.clone()
    }

    /// Gives bots what the host knows of locales. The first time counts.
    pub(crate) fn set_locales(&self, locales: Arc<Locales>) {
        let _ = self.locales.set(locales);
    }

    /// What the host knows of locales; before it is set, that there is nothing.
    pub(crate) fn locales(&self) -> Arc<Locales> {
        self.locales.get().cloned().unwrap_or_default()
    }

    /// How many instances live now.
    pub fn instances(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// How many may live at once.
    pub fn max_instances(&self) -> u32 {
        self.settings.instances
    }

    /// What a project's bot may use, where it wants so much: no more than this host gives.
    pub fn memory_for(&self, wanted_bytes: Option<usize>) -> usize {
        wanted_bytes
            .unwrap_or(DEFAULT_MEMORY_BYTES)
            .min(self.settings.max_memory_bytes)
    }
}

/// Counts an instance for as long as it lives.
pub(crate) struct Living(Arc<AtomicUsize>);

impl Living {
    pub(crate) fn one(sandbox: &Sandbox) -> Self {
        sandbox.live.fetch_add(1, Ordering::Relaxed);
        Self(sandbox.live.clone())
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What compiling a bundle may use. Bundles of 25 MB need about 150.
pub(super) const COMPILING_BYTES: usize = 512 << 20;

fn config(settings: &SandboxSettings) -> Config {
    let n = settings.instances + FOR_DEPLOYS;
    // Only address space: memory is what an instance has written.
    let slot = settings.max_memory_bytes.max(COMPILING_BYTES);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(n)
        .total_core_instances(n * CORE_INSTANCES_PER_BOT)
        .total_memories(n * MEMORIES_PER_BOT)
        .total_tables(n * TABLES_PER_BOT)
        .max_core_instances_per_component(CORE_INSTANCES_PER_BOT)
        .max_memories_per_component(MEMORIES_PER_BOT)
        .max_tables_per_component(TABLES_PER_BOT)
        .total_stacks(n)
        .max_memory_size(slot)
        .max_component_instance_size(1 << 20)
        // The kernel takes all pages back, and so forgets what is in them. To wipe only what was written needs
        // PAGEMAP_SCAN, which does not see a page that the kernel is just moving (compaction) or has swapped out:
        // another bot could read it.
        .pagemap_scan(Enabled::No)
        .linear_memory_keep_resident(0)
        .table_keep_resident(0);
    let mut config = config_without_instances(settings);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What decides how code is compiled, without room for instances.
pub(super) fn config_without_instances(settings: &SandboxSettings) -> Config {
    let slot = settings.max_memory_bytes.max(COMPILING_BYTES);
    let mut config = Config::new();
    config
        // An interpreter loses nothing by explicit bounds checks, and small
        // reservations give room for many more instances.
        .memory_reservation(slot as u64)
        // All images are mapped: one that is copied instead costs each instance its size.
        .memory_guaranteed_dense_image_size(slot as u64)
        .memory_guard_size(0)
        .memory_may_move(false)
        // Its heap would take a second memory of the pool, and no toolchain makes components with it.
        .wasm_gc(false)
        .wasm_exceptions(false)
        .gc_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(STACK_BYTES + (2 << 20))
        .generate_address_map(true);
    config
}

/// The thread that makes running bots look at their budgets.
struct Clock {
    stopped: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Clock {
    fn start(engine: &Engine) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let (engine, stop) = (engine.weak(), stopped.clone());
        let thread = std::thread::Builder::new()
            .name("sandbox-clock".to_owned())
            .spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::park_timeout(TICK);
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => return,
                    }
                }
            })
            .ok();
        Self { stopped, thread }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread cannot panic: it only sleeps and counts.
            let _ = thread.join();
        }
    }
}
