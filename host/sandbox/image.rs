//! Makes images: runs a bot's top level once, and keeps the memory it leaves.
//!
//! Done in three steps. The engine with its runtime loaded (the Node layer) is
//! the *base*, made once for a version of the SDK. A bot's bundle is compiled in
//! one instance of the base, which is then dropped: parsing takes several times
//! the memory of what comes of it. Another instance boots that, within the
//! project's budget, and a snapshot of it is the bot's component: standard,
//! self-contained, the same bytes for the same input.

use super::accessors::Accessors;
use super::bot::{cached, note_memory};
use super::engine::COMPILING_BYTES;
use super::instance::set_limit;
use super::limits::hold;
use super::permits::{Permit, Purpose};
use super::rehearsal::Booted;
use super::{Budget, RunState, Sandbox};
use crate::capabilities::Grants;
use crate::kept::Seal;
use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::error::Context as _;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wizer::Wizer;

/// How a bundle is to be evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BundleFormat {
    /// A CommonJS module.
    #[default]
    Cjs,
    /// An ECMAScript module.
    Esm,
}

/// What the runtime is told about a bundle.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BootOptions {
    /// What `process.env` holds.
    pub env: BTreeMap<String, String>,
    /// How to evaluate the bundle.
    pub format: BundleFormat,
    /// The bundle's name in stack traces.
    pub file: String,
    /// Whether the top level may use the project's database now.
    pub database: bool,
    /// The seconds after which it says what it still waits for.
    pub patience: u64,
}

/// What an image is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct BundleParts<'a> {
    /// The text.
    pub code: &'a str,
    /// What the author calls what the bundler renamed: where in the text, in order.
    pub names: &'a [(u32, String)],
    /// Files that `fs` serves: path and content.
    pub files: &'a [(&'a str, &'a [u8])],
}

/// What compiling may take. It is the host's own work, and no bot's.
const COMPILING: Budget = Budget {
    wall: Duration::from_secs(180),
    cpu: Duration::from_secs(60),
    memory_bytes: COMPILING_BYTES,
    response_bytes: 0,
    host_calls: 0,
    requests: 0,
    sends: 0,
};

/// A route of one of the bot's servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// `GET`, or `ALL`.
    pub method: String,
    /// As the bot wrote it, mounts included: `/webhook`.
    pub path: String,
}

/// A server that the bot's top level started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// The port it was given; nothing is bound.
    pub port: u32,
    /// What its routers list, as far as they do.
    #[serde(default)]
    pub routes: Vec<Route>,
}

/// An exception at top level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootFailure {
    /// What it says.
    pub message: String,
    /// Where it was thrown, in positions of the bundle.
    #[serde(default)]
    pub stack: Option<String>,
    /// Node's code, such as `MODULE_NOT_FOUND`.
    #[serde(default)]
    pub code: Option<String>,
}

impl BootFailure {
    /// Whether it says that no memory was left.
    fn is_memory(&self) -> bool {
        self.code.as_deref() == Some("ERR_OUT_OF_MEMORY")
    }
}

/// What the top level did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootReport {
    /// Whether it ended without an exception.
    pub ok: bool,
    /// The exception.
    #[serde(default)]
    pub error: Option<BootFailure>,
    /// The servers that listen.
    #[serde(default)]
    pub listening: Vec<Listening>,
    /// Host calls that wait for the start of each instance.
    #[serde(default)]
    pub parked: u32,
    /// Whether an entry reads `listen` later: parked work decides it.
    #[serde(default, rename = "willListen")]
    pub will_listen: bool,
}

/// A booted bot.
pub struct Boot {
    /// The component.
    pub component: Vec<u8>,
    /// What its top level did.
    pub report: BootReport,
}

impl Boot {
    fn failed(error: BootFailure) -> Self {
        let report = BootReport {
            error: Some(error),
            ..BootReport::default()
        };
        Self {
            component: Vec::new(),
            report,
        }
    }
}

/// Why no image was made.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The SDK is broken: its runtime does not load.
    #[error("the SDK's runtime does not load: {0}")]
    Runtime(String),
    /// The top level passed its budget of processor time or memory, or crashed the engine.
    #[error("the bot's top level did not end well: {}", .0.root_cause())]
    Boot(wasmtime::Error),
    /// The top level was still waiting when its time was over.
    #[error("the bot's top level still ran after {0:?}")]
    Timeout(std::time::Duration),
    /// The engine's component is broken.
    #[error("the engine cannot be used")]
    Engine(#[source] wasmtime::Error),
    /// The top level passed its budget of memory.
    #[error("{0}")]
    Memory(OutOfMemory),
    /// The bundle is too much for the compiler.
    #[error(
        "the bot's bundle of {} MB is too large to compile\n  = leave out packages that it does not need",
        .0 / 1_000_000
    )]
    TooLarge(usize),
}

/// Memory that ran out, and what can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// What the project's bot may use.
    pub budget: usize,
    /// What its linear memory was.
    pub used: usize,
    /// The most that this host gives a bot.
    pub most: usize,
}

impl std::fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mib = |bytes: usize| bytes >> 20;
        write!(
            f,
            "the bot ran out of memory while it started: it may use {} MiB, {} MiB were taken, and it asked for more",
            mib(self.budget),
            mib(self.used),
        )?;
        let next = mib(self.budget)
            .next_power_of_two()
            .max(mib(self.budget) + 1);
        let next = if next == mib(self.budget) {
            next * 2
        } else {
            next
        };
        match self.budget < self.most {
            true => write!(
                f,
                "\n  = give it more: `roost projects set NAME memory={}` (up to {})",
                next.max(mib(self.budget) * 2).min(mib(self.most)),
                mib(self.most),
            ),
            false => write!(
                f,
                "\n  = that is all this host gives a bot: load less at its start, or have the operator raise `--bot-memory-max`"
            ),
        }
    }
}

/// Makes images of one version of the SDK.
#[derive(Clone)]
pub struct ImageMaker {
    sandbox: Sandbox,
    base: Arc<[u8]>,
    instrumented: InstancePre<RunState>,
    /// What was compiled last: a new version is booted more than once.
    compiled: Arc<Mutex<Option<Compiled>>>,
}

#[derive(Clone)]
struct Compiled {
    of: [u8; 32],
    code: Arc<[u8]>,
}

/// What compiling or booting came to when the author has to act.
enum Unbooted {
    Failed(BootFailure),
    Error(ImageError),
}

impl<E: Into<ImageError>> From<E> for Unbooted {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl BootReport {
    /// Whether the bot serves already, and nothing of its top level is to come.
    fn can_rehearse(&self) -> bool {
        self.ok && !self.listening.is_empty() && self.parked == 0
    }
}

impl ImageMaker {
    /// Loads the runtime into the engine, and makes the result ready for bots.
    ///
    /// With the sandbox's cache this is done once for each version of the SDK.
    pub async fn new(sandbox: &Sandbox, engine: &[u8], runtime: &str) -> Result<Self, ImageError> {
        let base = base(sandbox, engine, runtime).await?;
        let (_, instrumented) = wizer()
            .instrument_component(&base)
            .map_err(ImageError::Engine)?;
        let cache = sandbox.settings.cache.as_deref();
        let component = cached(sandbox, cache, &instrumented).map_err(ImageError::Engine)?;
        let instrumented = sandbox
            .linker
            .instantiate_pre(&component)
            .map_err(ImageError::Engine)?;
        Ok(Self {
            sandbox: sandbox.clone(),
            base: base.into(),
            instrumented,
            compiled: Arc::default(),
        })
    }

    /// Runs a bundle's top level and makes its component.
    ///
    /// `grants` makes what the top level may do, and is asked again when the
    /// bot has to be booted a second time. An exception at top level is not an
    /// error here: the report has it.
    pub async fn boot(
        &self,
        bundle: &BundleParts<'_>,
        options: &BootOptions,
        grants: impl Fn() -> Grants,
        budget: Budget,
    ) -> Result<Boot, ImageError> {
        let permit = self.sandbox.permits.get(Purpose::Deploy, 0).await;
        let code = match self.compile(bundle, options).await {
            Ok(code) => code,
            Err(Unbooted::Failed(failure)) => return Ok(Boot::failed(failure)),
            Err(Unbooted::Error(error)) => return Err(error),
        };
        let options = serde_json::to_string(options)
            .map_err(|error| ImageError::Runtime(error.to_string()))?;
        let files = bundle.files;
        let mut booted = self
            .run(permit, &code, files, &options, grants(), budget)
            .await?;
        if booted.report.can_rehearse() && !booted.rehearse().await {
            // What the rehearsal did must not be in the image.
            let Booted { store, permit, .. } = booted;
            drop(store);
            booted = self
                .run(permit, &code, files, &options, grants(), budget)
                .await?;
        }
        if !booted.report.ok {
            // Nobody will run it.
            return Ok(Boot {
                component: Vec::new(),
                report: booted.report,
            });
        }
        booted.seal().await.map_err(ImageError::Boot)?;
        let Booted {
            mut store,
            instance,
            report,
            permit: _permit,
        } = booted;
        let mut component = snapshot(&self.base, &mut store, instance)
            .await
            .map_err(ImageError::Engine)?;
        note_memory(&mut component, budget.memory_bytes);
        Ok(Boot { component, report })
    }

    /// Compiles a bundle, in an instance that sees nothing else.
    async fn compile(
        &self,
        bundle: &BundleParts<'_>,
        options: &BootOptions,
    ) -> Result<Arc<[u8]>, Unbooted> {
        let names: String = bundle
            .names
            .iter()
            .map(|(position, name)| format!("{position} {name}\n"))
            .collect();
        let how = serde_json::json!({ "format": options.format, "file": options.file }).to_string();
        let of = digest_of(&[bundle.code, &names, &how]);
        let known = self.last_compiled().clone();
        if let Some(known) = known.filter(|known| known.of == of) {
            return Ok(known.code);
        }
        let mut store = store(&self.sandbox, Grants::none(), COMPILING);
        let instance = self
            .instrumented
            .instantiate_async(&mut store)
            .await
            .map_err(ImageError::Engine)?;
        let compile = instance
            .get_typed_func::<(&str, &str, &str), (Result<Vec<u8>, String>,)>(&mut store, "compile")
            .map_err(ImageError::Engine)?;
        let cpu = store.data().cpu.clone();
        let compiling = cpu.measure(compile.call_async(&mut store, (bundle.code, &names, &how)));
        let compiled = tokio::time::timeout(COMPILING.wall, compiling).await;
        let too_large = || ImageError::TooLarge(bundle.code.len());
        let compiled = match compiled {
            Err(_) => return Err(too_large().into()),
            Ok(Err(_)) if store.data().memory.refused => return Err(too_large().into()),
            Ok(Err(trap)) => return Err(ImageError::Boot(trap).into()),
            Ok(Ok((compiled,))) => compiled,
        };
        let code: Arc<[u8]> = match compiled {
            Ok(code) => code.into(),
            Err(failure) => {
                let failure: BootFailure = serde_json::from_str(&failure)
                    .map_err(|error| ImageError::Runtime(error.to_string()))?;
                return Err(match failure.is_memory() {
                    true => too_large().into(),
                    false => Unbooted::Failed(failure),
                });
            }
        };
        *self.last_compiled() = Some(Compiled {
            of,
            code: code.clone(),
        });
        Ok(code)
    }

    fn last_compiled(&self) -> std::sync::MutexGuard<'_, Option<Compiled>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance whose top level is done.
    async fn run(
        &self,
        permit: Permit,
        code: &Arc<[u8]>,
        files: &[(&str, &[u8])],
        options: &str,
        grants: Grants,
        budget: Budget,
    ) -> Result<Booted, ImageError> {
        let mut store = store(&self.sandbox, grants, budget);
        let out_of_memory = |used| {
            ImageError::Memory(OutOfMemory {
                budget: budget.memory_bytes,
                used,
                most: self.sandbox.settings.max_memory_bytes,
            })
        };
        let instance = self
            .instrumented
            .instantiate_async(&mut store)
            .await
            .map_err(ImageError::Engine)?;
        set_limit(&mut store, &instance, &budget)
            .await
            .map_err(ImageError::Engine)?;
        let booting = call_boot(&mut store, &instance, code, files, options);
        let ended = tokio::time::timeout(budget.wall, booting).await;
        let memory = &store.data().memory;
        let report = match ended {
            Err(_) => return Err(ImageError::Timeout(budget.wall)),
            Ok(Err(_)) if memory.refused => return Err(out_of_memory(memory.peak)),
            Ok(Err(trap)) => return Err(ImageError::Boot(trap)),
            Ok(Ok(report)) => report,
        };
        let report: BootReport = serde_json::from_str(&report)
            .map_err(|error| ImageError::Runtime(format!("its report is malformed: {error}")))?;
        if report.error.as_ref().is_some_and(BootFailure::is_memory) {
            return Err(out_of_memory(memory.peak));
        }
        Ok(Booted {
            store,
            instance,
            report,
            permit,
        })
    }
}

fn digest_of(parts: &[&str]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

fn wizer() -> Wizer {
    let mut wizer = Wizer::new();
    // What runs inside is called by us; the exports stay for the next step.
    wizer.init_func("load").keep_init_func(true);
    wizer
}

fn store(sandbox: &Sandbox, grants: Grants, budget: Budget) -> Store<RunState> {
    let state = RunState::new(grants, &budget, sandbox.threads.clone(), sandbox.locales());
    let mut store = Store::new(&sandbox.engine, state);
    hold(&mut store);
    let cpu = budget.cpu;
    store.epoch_deadline_callback(move |context| {
        if context.data().cpu.used() > cpu {
            let seconds = cpu.as_secs();
            wasmtime::bail!("it used more than {seconds} s of processor time");
        }
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// The engine with its runtime loaded.
async fn base(sandbox: &Sandbox, engine: &[u8], runtime: &str) -> Result<Vec<u8>, ImageError> {
    let cached = sandbox.settings.cache.as_deref().and_then(|folder| {
        let seal = Seal::of_folder(folder).ok()?;
        Some((seal, base_file(folder, engine, runtime)))
    });
    if let Some((seal, file)) = &cached
        && let Some(base) = seal.read(file)
    {
        return Ok(base);
    }
    let wizer = wizer();
    let (_, instrumented) = wizer
        .instrument_component(engine)
        .map_err(ImageError::Engine)?;
    let component = Component::new(&sandbox.engine, &instrumented).map_err(ImageError::Engine)?;
    let mut store = store(sandbox, Grants::none(), COMPILING);
    let instance = sandbox
        .linker
        .instantiate_async(&mut store, &component)
        .await
        .map_err(ImageError::Engine)?;
    let load = instance
        .get_typed_func::<(&str,), (Result<(), String>,)>(&mut store, "load")
        .map_err(ImageError::Engine)?;
    let (loaded,) = load
        .call_async(&mut store, (runtime,))
        .await
        .map_err(ImageError::Engine)?;
    loaded.map_err(ImageError::Runtime)?;
    let base = snapshot(engine, &mut store, instance)
        .await
        .map_err(ImageError::Engine)?;
    if let Some((seal, file)) = &cached
        && let Err(error) = seal.write(file, &base)
    {
        tracing::warn!(file = %file.display(), %error, "the loaded runtime could not be kept");
    }
    Ok(base)
}

fn base_file(folder: &Path, engine: &[u8], runtime: &str) -> std::path::PathBuf {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    digest.update((engine.len() as u64).to_le_bytes());
    digest.update(engine);
    digest.update(runtime);
    folder.join(format!(
        "base-{}.image",
        &hex::encode(digest.finalize())[..32]
    ))
}

async fn call_boot(
    store: &mut Store<RunState>,
    instance: &Instance,
    code: &Arc<[u8]>,
    files: &[(&str, &[u8])],
    options: &str,
) -> wasmtime::Result<String> {
    type Files = Vec<(String, Arc<[u8]>)>;
    let boot =
        instance.get_typed_func::<(Arc<[u8]>, Files, String), (String,)>(&mut *store, "boot")?;
    let cpu = store.data().cpu.clone();
    let files = files.iter();
    let files: Files = files
        .map(|(path, bytes)| ((*path).to_owned(), Arc::from(*bytes)))
        .collect();
    let (code, options) = (code.clone(), options.to_owned());
    let running = store.run_concurrent(async |accessor| {
        let (report,) = boot
            .call_concurrent(accessor, (code, files, options))
            .await?;
        std::future::poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
        wasmtime::Result::Ok(report)
    });
    cpu.measure(running).await?
}

async fn snapshot(
    component: &[u8],
    store: &mut Store<RunState>,
    instance: Instance,
) -> wasmtime::Result<Vec<u8>> {
    let wizer = wizer();
    let (context, _) = wizer.instrument_component(component)?;
    // All of the memory crosses at once, and a budget may be larger than what may cross in a call.
    store.set_hostcall_fuel(usize::MAX);
    let mut state = Accessors { store, instance };
    // The library takes it for granted that the accessors run; in a memory that is full to the
    // brim they do not.
    let taken = AssertUnwindSafe(wizer.snapshot_component(&context, &mut state)).catch_unwind();
    match taken.await {
        Ok(snapshot) => snapshot.context("the snapshot failed"),
        Err(_) => wasmtime::bail!("the bot's top level left no memory to work with"),
    }
}
