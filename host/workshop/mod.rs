//! From a bot's folder to a bot that runs.
//!
//! ```text
//!  folder ─▶ build::bundle ─▶ Artifact ─▶ boot ─▶ image ─▶ Bot
//!                              │  the project's environment goes in here
//!                              └▶ `roost build`: booted without a project, the sections attached
//! ```
//!
//! Not here: which project a bot belongs to, and when its version serves.

mod difference;
mod error;
mod functions;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod imports;

use crate::build::artifact::{self, Artifact};
use crate::build::sourcemap::{SourceMap, author_names};
use crate::build::texts::FunctionTexts;
use crate::build::{BuildError, Bundle, Confined, Format, Tools};
use crate::capabilities::{BundleText, Grants, Locales, TextAt};
use crate::sandbox::{
    Boot, BootOptions, BootReport, Bot, Budget, BundleFormat, BundleParts, Compiler, ImageError,
    ImageMaker, Sandbox, Share,
};
use crate::sdk::{self, Sdk};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use difference::Difference;
pub use error::{TopLevel, WorkshopError};
pub use functions::ReadFunctionsArgs;
pub use imports::{ForeignImports, Import, Interfaces, Standing, check_imports};

/// What a bot's top level may use, beside the project's memory. Starting is not handling an event:
/// it may take longer, and happens once for each deploy. What waits is told so after [`BOOT_PATIENCE`], so the clock ends
/// only what computes: on a crowded machine that gets a small part of a processor, and fails for what it used of it.
const BOOT_BUDGET: Budget = Budget {
    wall: Duration::from_secs(150),
    cpu: Duration::from_secs(20),
    memory_bytes: 0,
    response_bytes: 0,
    host_calls: 10_000,
    requests: 500,
    sends: 0,
};

/// The seconds after which a top level that still waits says for what.
const BOOT_PATIENCE: u64 = 30;

/// Makes bots of folders and of artifacts, with one version of the SDK.
#[derive(Clone)]
pub struct Workshop {
    sandbox: Sandbox,
    sdk: Arc<Sdk>,
    maker: ImageMaker,
}

/// A booted bot.
pub struct Image {
    /// The component. It holds the environment: a secret.
    pub component: Vec<u8>,
    /// What its top level did.
    pub report: BootReport,
}

/// About how long an image takes to become a bot.
const LOADING: Duration = Duration::from_millis(30);

impl Workshop {
    /// Makes the engine ready; with the sandbox's cache this takes long only once.
    pub async fn start(sandbox: &Sandbox, sdk: Sdk) -> Result<Self, ImageError> {
        let locales = Arc::new(Locales::of(sdk.locales.clone()));
        sandbox.set_locales(locales.clone());
        // No bot's first call waits for what all locales need.
        tokio::task::spawn_blocking(move || locales.warm());
        let maker = ImageMaker::new(sandbox, &sdk.engine, &sdk.runtime).await?;
        Ok(Self {
            sandbox: sandbox.clone(),
            sdk: Arc::new(sdk),
            maker,
        })
    }

    /// Where its bots run.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The SDK that it works with.
    pub fn sdk(&self) -> Arc<Sdk> {
        self.sdk.clone()
    }

    /// Bundles a folder. `progress` is told of steps that may take long.
    pub async fn bundle(
        &self,
        folder: &Path,
        progress: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Bundle, BuildError> {
        self.bundle_as(folder, progress, None).await
    }

    /// Bundles a folder that somebody uploaded.
    pub async fn bundle_upload(
        &self,
        folder: &Path,
        progress: impl Fn(&str) + Send + Sync + 'static,
        confined: Confined,
    ) -> Result<Bundle, BuildError> {
        self.bundle_as(folder, progress, Some(confined)).await
    }

    async fn bundle_as(
        &self,
        folder: &Path,
        progress: impl Fn(&str) + Send + Sync + 'static,
        confined: Option<Confined>,
    ) -> Result<Bundle, BuildError> {
        let sdk = self.sdk.clone();
        let folder = folder.to_owned();
        apart(move || {
            let builtins: Vec<&str> = sdk.builtins.iter().map(String::as_str).collect();
            let npm = npm();
            let tools = Tools {
                esbuild: &sdk.esbuild,
                npm: npm.as_deref(),
                builtins: &builtins,
                progress: &progress,
                confined: confined.as_ref(),
            };
            crate::build::bundle(&folder, &tools)
        })
        .await
    }

    /// What is uploaded of a bundle, to be deployed: its source, without an engine.
    pub async fn upload(&self, bundle: Bundle) -> Result<Vec<u8>, WorkshopError> {
        let artifact = self.artifact(bundle);
        Ok(apart(move || artifact::alone(&artifact)).await?)
    }

    /// What the bundle becomes when it leaves this host: its source, in an artifact.
    pub fn artifact(&self, bundle: Bundle) -> Artifact {
        Artifact::new(bundle, sdk::VERSION)
    }

    /// Runs an artifact's top level and keeps the image it leaves.
    ///
    /// `database` says whether `grants` hold one: without it, what the top
    /// level asks of it waits for each instance's first event. `memory_bytes` is
    /// what instances may use, this one too.
    pub async fn boot(
        &self,
        artifact: &Artifact,
        env: BTreeMap<String, String>,
        grants: impl Fn() -> Grants + Send + Sync + 'static,
        database: bool,
        memory_bytes: usize,
    ) -> Result<Image, WorkshopError> {
        let options = BootOptions {
            env,
            format: match artifact.manifest.format {
                Format::CommonJs => BundleFormat::Cjs,
                Format::Module => BundleFormat::Esm,
            },
            file: artifact.manifest.file.clone(),
            database,
            patience: BOOT_PATIENCE,
        };
        let parts = Arc::new((artifact.code.clone(), artifact.source_map.clone()));
        let names = {
            let parts = parts.clone();
            apart(move || author_names(&parts.1, &parts.0)).await
        };
        let files = artifact.files.iter();
        let files: Vec<(String, Vec<u8>)> = files
            .map(|file| (file.path.clone(), file.bytes.clone()))
            .collect();
        let budget = Budget {
            memory_bytes,
            ..BOOT_BUDGET
        };
        let (program, of) = (self.sandbox.program(), parts.clone());
        let text = BundleText::new(move || Some(text_of(program.clone(), of.0.clone(), &of.1)));
        let grants = move || grants().with_source(Some(text.clone()));
        let (maker, of) = (self.maker.clone(), parts.clone());
        let booting = async move {
            let files = files.iter();
            let files: Vec<(&str, &[u8])> = files
                .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
                .collect();
            let bundle = BundleParts {
                code: &of.0,
                names: &names,
                files: &files,
            };
            maker.boot(&bundle, &options, grants, budget).await
        };
        // A share of its own: it waits for no event of its project, and no event for it.
        let booting = self.sandbox.on_threads(Share::default(), booting);
        let Boot { component, report } = booting.await?;
        match report.error {
            Some(failure) => {
                let file = artifact.manifest.file.clone();
                let positions = apart(move || Positions::read(&parts.1, &file)).await;
                Err(TopLevel::new(&positions, &failure).into())
            }
            None => Ok(Image { component, report }),
        }
    }

    /// Makes a bot of a component that somebody uploaded.
    pub async fn load(&self, component: &[u8]) -> wasmtime::Result<Bot> {
        let (sandbox, bytes) = (self.sandbox.clone(), component.to_vec());
        apart(move || Bot::load(&sandbox, &bytes)).await
    }

    /// Makes a bot of an image that [`boot`](Self::boot) made, and nobody changed since.
    pub async fn load_image(&self, image: &[u8]) -> wasmtime::Result<Bot> {
        let (sandbox, bytes) = (self.sandbox.clone(), image.to_vec());
        // Few at once: of many bots that wake together none is in the way of those that run.
        let loading = move || Bot::load_image(&sandbox, &bytes);
        self.sandbox.compute(LOADING, loading).await
    }

    /// `roost build`: a self-contained component that has seen no secret.
    pub async fn build(
        &self,
        artifact: &Artifact,
        env: BTreeMap<String, String>,
        grants: impl Fn() -> Grants + Send + Sync + 'static,
    ) -> Result<(Vec<u8>, BootReport), WorkshopError> {
        let memory = self.sandbox.memory_for(None);
        let image = self.boot(artifact, env, grants, false, memory).await?;
        let component = artifact::attach(&image.component, artifact)?;
        Ok((component, image.report))
    }
}

/// Rewrites positions of a bot's bundle, in what it logs and throws, to its author's files.
#[derive(Clone)]
pub struct Positions {
    map: Option<Arc<SourceMap>>,
    file: Arc<str>,
}

impl Positions {
    /// From an artifact; one without a usable map rewrites nothing.
    pub fn of(artifact: &Artifact) -> Self {
        Self::read(&artifact.source_map, &artifact.manifest.file)
    }

    fn read(source_map: &[u8], file: &str) -> Self {
        Self {
            map: SourceMap::parse(source_map).ok().map(Arc::new),
            file: file.into(),
        }
    }

    /// Rewrites nothing.
    pub fn none() -> Self {
        Self {
            map: None,
            file: "".into(),
        }
    }

    /// The text with positions of the author's files.
    pub fn rewrite(&self, text: &str) -> String {
        match &self.map {
            Some(map) => map.rewrite(&self.file, text),
            None => text.to_owned(),
        }
    }
}

/// How a bundle's functions are asked for their text, which may block for seconds. The program looks at strangers'
/// files.
pub(crate) fn text_of(program: Option<Compiler>, code: String, source_map: &[u8]) -> TextAt {
    let texts = FunctionTexts::new(code, source_map, functions::find(program));
    Box::new(move |start, end| texts.text(start, end))
}

/// Does what may take long on a thread that nobody else waits for.
pub(crate) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // The task is never aborted: it can only have panicked.
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// npm, where the PATH has it.
fn npm() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("npm"))
        .find(|file| file.is_file())
}
