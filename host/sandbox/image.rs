//! Makes images: runs a bot's top level once, and keeps the memory it leaves.
//!
//! Done in two steps. The engine with its runtime loaded (the Node layer) is
//! the *base*, made once for a version of the SDK. A bot's bundle then boots in
//! an instance of the base, and a snapshot of that is the bot's component:
//! standard, self-contained, the same bytes for the same input.

use super::bot::cached_component;
use super::permits::{Permit, Purpose};
use super::rehearsal::Booted;
use super::{Budget, RunState, Sandbox};
use crate::capabilities::Grants;
use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::error::Context as _;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wizer::{WasmtimeWizerComponent, Wizer};

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
    /// Files that `fs` serves, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

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

/// Why no image was made.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The SDK is broken: its runtime does not load.
    #[error("the SDK's runtime does not load: {0}")]
    Runtime(String),
    /// The top level passed its budget of processor time or memory, or crashed the engine.
    #[error("the bot's top level did not end well")]
    Boot(#[source] wasmtime::Error),
    /// The top level was still waiting when its time was over.
    #[error("the bot's top level still ran after {0:?}")]
    Timeout(std::time::Duration),
    /// The engine's component is broken.
    #[error("the engine cannot be used")]
    Engine(#[source] wasmtime::Error),
}

/// Makes images of one version of the SDK.
#[derive(Clone)]
pub struct ImageMaker {
    sandbox: Sandbox,
    base: Arc<[u8]>,
    instrumented: InstancePre<RunState>,
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
        let component =
            cached_component(&sandbox.engine, cache, &instrumented).map_err(ImageError::Engine)?;
        let instrumented = sandbox
            .linker
            .instantiate_pre(&component)
            .map_err(ImageError::Engine)?;
        Ok(Self {
            sandbox: sandbox.clone(),
            base: base.into(),
            instrumented,
        })
    }

    /// Runs a bundle's top level and makes its component.
    ///
    /// `grants` makes what the top level may do, and is asked again when the
    /// bot has to be booted a second time. An exception at top level is not an
    /// error here: the report has it.
    pub async fn boot(
        &self,
        bundle: &str,
        options: &BootOptions,
        grants: impl Fn() -> Grants,
        budget: Budget,
    ) -> Result<Boot, ImageError> {
        let options = serde_json::to_string(options)
            .map_err(|error| ImageError::Runtime(error.to_string()))?;
        let permit = self.sandbox.permits.get(Purpose::Deploy).await;
        let mut booted = self.run(permit, bundle, &options, grants(), budget).await?;
        if booted.report.can_rehearse() && !booted.rehearse().await {
            // What the rehearsal did must not be in the image.
            let Booted { store, permit, .. } = booted;
            drop(store);
            booted = self.run(permit, bundle, &options, grants(), budget).await?;
        }
        booted.seal().await.map_err(ImageError::Boot)?;
        let Booted {
            mut store,
            instance,
            report,
            permit: _permit,
        } = booted;
        let component = snapshot(&self.base, &mut store, instance)
            .await
            .map_err(ImageError::Engine)?;
        Ok(Boot { component, report })
    }

    /// An instance whose top level is done.
    async fn run(
        &self,
        permit: Permit,
        bundle: &str,
        options: &str,
        grants: Grants,
        budget: Budget,
    ) -> Result<Booted, ImageError> {
        let mut store = store(&self.sandbox, grants, budget);
        let instance = self
            .instrumented
            .instantiate_async(&mut store)
            .await
            .map_err(ImageError::Engine)?;
        let booting = call_boot(&mut store, &instance, bundle, options);
        let report = tokio::time::timeout(budget.wall, booting)
            .await
            .map_err(|_| ImageError::Timeout(budget.wall))?
            .map_err(ImageError::Boot)?;
        let report = serde_json::from_str(&report)
            .map_err(|error| ImageError::Runtime(format!("its report is malformed: {error}")))?;
        Ok(Booted {
            store,
            instance,
            report,
            permit,
        })
    }
}

fn wizer() -> Wizer {
    let mut wizer = Wizer::new();
    // What runs inside is called by us; the exports stay for the next step.
    wizer.init_func("load").keep_init_func(true);
    wizer
}

fn store(sandbox: &Sandbox, grants: Grants, budget: Budget) -> Store<RunState> {
    let mut store = Store::new(&sandbox.engine, RunState::new(grants, &budget));
    store.limiter(|state| &mut state.memory);
    store.set_epoch_deadline(1);
    let cpu = budget.cpu;
    store.epoch_deadline_callback(move |context| {
        if context.data().cpu.used() > cpu {
            wasmtime::bail!("the bot's top level used more than {cpu:?} of processor time");
        }
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// The engine with its runtime loaded.
async fn base(sandbox: &Sandbox, engine: &[u8], runtime: &str) -> Result<Vec<u8>, ImageError> {
    let cached = sandbox
        .settings
        .cache
        .as_deref()
        .map(|folder| base_file(folder, engine, runtime));
    if let Some(file) = &cached
        && let Ok(base) = std::fs::read(file)
    {
        return Ok(base);
    }
    let wizer = wizer();
    let (_, instrumented) = wizer
        .instrument_component(engine)
        .map_err(ImageError::Engine)?;
    let component = Component::new(&sandbox.engine, &instrumented).map_err(ImageError::Engine)?;
    let mut store = store(sandbox, Grants::none(), Budget::default());
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
    if let Some(file) = &cached
        && let Err(error) = super::bot::write_private(file, &base)
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
        "base-{}.wasm",
        &hex::encode(digest.finalize())[..32]
    ))
}

async fn call_boot(
    store: &mut Store<RunState>,
    instance: &Instance,
    bundle: &str,
    options: &str,
) -> wasmtime::Result<String> {
    let boot = instance.get_typed_func::<(String, String), (String,)>(&mut *store, "boot")?;
    let cpu = store.data().cpu.clone();
    let (bundle, options) = (bundle.to_owned(), options.to_owned());
    let running = store.run_concurrent(async |accessor| {
        let (report,) = boot.call_concurrent(accessor, (bundle, options)).await?;
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
    let mut state = WasmtimeWizerComponent { store, instance };
    // The library takes it for granted that the bot's accessors run; in a memory
    // that is full to the brim they do not.
    let taken = AssertUnwindSafe(wizer.snapshot_component(&context, &mut state)).catch_unwind();
    match taken.await {
        Ok(snapshot) => snapshot.context("the snapshot failed"),
        Err(_) => wasmtime::bail!("the bot's top level left no memory to work with"),
    }
}
