//! A component, made ready to run.

use super::compiler::{Kind, is_costly};
use super::service::DoorPre;
use super::split::split;
use super::{RunState, Sandbox};
use crate::kept::{Seal, mark_of};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Module, Result};

/// A bot that is ready to run. Cloning is cheap.
#[derive(Clone)]
pub struct Bot {
    pub(crate) door: DoorPre,
    pub(crate) sandbox: Sandbox,
    /// What the image was made with, where the engine holds a limit by itself.
    pub(super) memory_bytes: Option<usize>,
    code: Option<String>,
}

/// The section of an image that says what memory it was made with, as it ends the component: number
/// and length, name with its length, a number of 32 bits.
const MADE_WITH: &[u8] = b"\x00\x11\x0croost:memory";

/// Notes in an image what memory it was made with.
pub(super) fn note_memory(image: &mut Vec<u8>, bytes: usize) {
    image.extend_from_slice(MADE_WITH);
    image.extend_from_slice(&u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes());
}

fn noted_memory(image: &[u8]) -> Option<usize> {
    let (rest, bytes) = image.split_last_chunk::<4>()?;
    rest.ends_with(MADE_WITH)
        .then(|| u32::from_le_bytes(*bytes) as usize)
}

impl Bot {
    /// Compiles a component of the world `roost:bot/bot`, or of WASI 0.2's `wasi:http/proxy`.
    ///
    /// Fails when the bytes are no component, or import what a bot may not have.
    pub fn load(sandbox: &Sandbox, component: &[u8]) -> Result<Self> {
        let memory_bytes = noted_memory(component);
        let (component, code) = match split(component) {
            Some(parts) => {
                let code = sandbox.codes.get(sandbox, &parts.code)?;
                let component: Component = compiled(sandbox, &parts.bot)?;
                let mut linker: Linker<RunState> = (*sandbox.linker).clone();
                linker
                    .root()
                    .module(super::split::CODE_IMPORT, &code.module)?;
                (
                    linker.instantiate_pre(&component)?,
                    Some(code.digest.clone()),
                )
            }
            None => {
                let component = cached_bot(sandbox, component)?;
                (sandbox.linker.instantiate_pre(&component)?, None)
            }
        };
        Ok(Self {
            door: DoorPre::new(component)?,
            sandbox: sandbox.clone(),
            memory_bytes,
            code,
        })
    }

    /// Runs something on the threads of bots: whatever polls an instance of this one.
    pub async fn on_its_threads<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.sandbox.threads.run(work).await
    }

    /// The digest of the code that the bot shares with all bots of its engine;
    /// absent for a component that is not split and so has code of its own.
    pub fn shared_code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

/// Compiled engine code, by its digest.
#[derive(Clone, Default)]
pub(crate) struct Codes(Arc<Mutex<HashMap<String, Place>>>);

/// Where one engine's code is, once it is compiled.
type Place = Arc<Mutex<Option<Module>>>;

#[derive(Clone)]
pub(crate) struct Code {
    digest: String,
    module: Module,
}

impl Codes {
    fn get(&self, sandbox: &Sandbox, code: &[u8]) -> Result<Code> {
        let digest = hex::encode(Sha256::digest(code));
        let place = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(digest.clone()).or_default().clone()
        };
        // Held while compiling: two bots of one new engine compile it once, and keep up no others.
        let mut found = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = &*found {
            let module = module.clone();
            return Ok(Code { digest, module });
        }
        let module: Module = cached(sandbox, sandbox.settings.cache.as_deref(), code)?;
        *found = Some(module.clone());
        Ok(Code { digest, module })
    }
}

/// How many compiled bots of other toolchains are kept.
const BOTS_KEPT: usize = 32;

/// Compiles a component that shares its code with no other. That is as large as its toolchain's
/// runtime and takes seconds, so the last ones are kept.
fn cached_bot(sandbox: &Sandbox, component: &[u8]) -> Result<Component> {
    let folder = sandbox
        .settings
        .cache
        .as_deref()
        .map(|cache| cache.join("bots"));
    let made = cached(sandbox, folder.as_deref(), component)?;
    if let Some(folder) = folder
        && let Err(error) = keep_newest(&folder, BOTS_KEPT)
    {
        tracing::warn!(folder = %folder.display(), %error, "old compiled bots could not be removed");
    }
    Ok(made)
}

/// Removes all but the files of a folder that were used last.
fn keep_newest(folder: &Path, kept: usize) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|end| end == "cwasm") {
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    files.sort();
    for (_, file) in files.iter().rev().skip(kept) {
        std::fs::remove_file(file)?;
        let _ = std::fs::remove_file(mark_of(file));
    }
    Ok(())
}

/// What wasmtime compiles.
pub(crate) trait Compiled: Sized {
    const KIND: Kind;
    fn compile(engine: &Engine, code: &[u8]) -> Result<Self>;
    fn bytes(&self) -> Result<Vec<u8>>;
    /// # Safety
    ///
    /// Wasmtime must have made the bytes: it cannot check them.
    unsafe fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Self>;
    /// # Safety
    ///
    /// As above; and nobody may change the file while it is mapped.
    unsafe fn from_file(engine: &Engine, file: &Path) -> Result<Self>;
}

macro_rules! is_compiled {
    ($kind:ident) => {
        #[expect(unsafe_code, reason = "wasmtime cannot check compiled code")]
        impl Compiled for $kind {
            const KIND: Kind = Kind::$kind;

            fn compile(engine: &Engine, code: &[u8]) -> Result<Self> {
                Self::new(engine, code)
            }

            fn bytes(&self) -> Result<Vec<u8>> {
                self.serialize()
            }

            unsafe fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Self> {
                // SAFETY: it is the caller's to promise.
                unsafe { Self::deserialize(engine, bytes) }
            }

            unsafe fn from_file(engine: &Engine, file: &Path) -> Result<Self> {
                // SAFETY: it is the caller's to promise.
                unsafe { Self::deserialize_file(engine, file) }
            }
        }
    };
}
is_compiled!(Module);
is_compiled!(Component);

/// Compiles code, in a process of its own if it may take long.
fn compiled<T: Compiled>(sandbox: &Sandbox, code: &[u8]) -> Result<T> {
    match &sandbox.settings.compiler {
        Some(compiler) if is_costly(code) => {
            let bytes = compiler.compile(&sandbox.settings, T::KIND, code)?;
            #[expect(unsafe_code, reason = "wasmtime cannot check compiled code")]
            // SAFETY: the compiler is this program, and nobody stood between.
            unsafe {
                T::from_bytes(&sandbox.engine, &bytes)
            }
        }
        _ => T::compile(&sandbox.engine, code),
    }
}

/// The same, or takes it from a folder of what was compiled before.
pub(crate) fn cached<T: Compiled>(
    sandbox: &Sandbox,
    cache: Option<&Path>,
    code: &[u8],
) -> Result<T> {
    let Some(folder) = cache else {
        return compiled(sandbox, code);
    };
    let seal = match Seal::of_folder(folder) {
        Ok(seal) => seal,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "the folder of compiled code cannot be used");
            return compiled(sandbox, code);
        }
    };
    let engine = &sandbox.engine;
    let file = folder.join(format!("{}.cwasm", cache_key(engine, code)));
    #[expect(unsafe_code, reason = "wasmtime cannot check a compiled file")]
    // SAFETY: only this function writes these files, for this user only, under a name that holds
    // wasmtime's settings and the code's digest; what another wrote has no mark that fits.
    let mapped = || unsafe { T::from_file(engine, &file) };
    if seal.is_whole(&file)
        && let Ok(found) = mapped()
    {
        // What is used stays.
        if let Ok(file) = std::fs::File::options().append(true).open(&file) {
            let _ = file.set_modified(std::time::SystemTime::now());
        }
        return Ok(found);
    }
    let made: T = compiled(sandbox, code)?;
    if let Err(error) = seal.write_beside(&file, &made.bytes()?) {
        tracing::warn!(file = %file.display(), %error, "the compiled engine could not be kept: the next start compiles it again");
    }
    Ok(made)
}

/// Names the code, and everything of wasmtime and its settings that decides what it compiles to.
fn cache_key(engine: &Engine, bytes: &[u8]) -> String {
    use std::hash::{Hash, Hasher};
    let mut settings = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    format!(
        "{:016x}-{}",
        settings.finish(),
        &hex::encode(Sha256::digest(bytes))[..32]
    )
}
