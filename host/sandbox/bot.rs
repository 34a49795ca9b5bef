//! A component, made ready to run.

use super::RunState;
use super::Sandbox;
use super::bounds;
use super::compiler::Kind;
use super::service::DoorPre;
use super::split::{CODE_IMPORT, Split, split};
use super::threads::Share;
use crate::kept::{Seal, mark_of, private_folder};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Module, Result};

/// A bot that is ready to run. Cloning is cheap.
#[derive(Clone)]
pub struct Bot {
    pub(crate) door: DoorPre,
    pub(crate) sandbox: Sandbox,
    /// What the image was made with, where the engine holds a limit by itself.
    pub(super) memory_bytes: Option<usize>,
    code: Option<Arc<Code>>,
    /// Files that were kept because it was loaded.
    kept: Arc<[PathBuf]>,
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
    /// Compiles a component of the world `roost:bot/bot`, or of WASI 0.2's `wasi:http/proxy`, that a stranger made.
    ///
    /// Fails when the bytes are no component, come to too much, or import what a bot may not have. Nothing is kept of
    /// what fails.
    pub fn load(sandbox: &Sandbox, component: &[u8]) -> Result<Self> {
        bounds::check(component)?;
        let folder = sandbox.bots_folder();
        let Some(parts) = split(component) else {
            return Self::whole(sandbox, component);
        };
        let (code, unkept_code) = sandbox.codes.of_stranger(sandbox, &parts.code)?;
        let (bot, unkept) = found(sandbox, folder.as_deref(), &parts.bot)?;
        let made = Self::with_code(sandbox, component, &bot, code)?;
        Ok(made.keeping([unkept_code, unkept]))
    }

    /// The same, of an image that this host's [`ImageMaker`](super::ImageMaker) made, and nobody changed since. What the
    /// engine's code is not of it is little more than memory, so it is compiled here and now.
    pub fn load_image(sandbox: &Sandbox, image: &[u8]) -> Result<Self> {
        match split(image) {
            Some(Split { code, bot }) => {
                let code = sandbox.codes.of_host(sandbox, &code)?;
                let bot = Component::compile(&sandbox.engine, &bot)?;
                let bot = mapped(sandbox, &bot)?;
                Self::with_code(sandbox, image, &bot, code)
            }
            None => Self::whole(sandbox, image),
        }
    }

    /// A bot that brings its image to code that others may share.
    fn with_code(
        sandbox: &Sandbox,
        component: &[u8],
        bot: &Component,
        code: Arc<Code>,
    ) -> Result<Self> {
        let mut linker: Linker<RunState> = (*sandbox.linker).clone();
        linker.root().module(CODE_IMPORT, &code.module)?;
        let bot = linker.instantiate_pre(bot)?;
        Self::new(sandbox, component, bot, Some(code))
    }

    /// A bot that shares its code with no other. That is as large as its toolchain's runtime and takes seconds, so
    /// the last ones are kept.
    fn whole(sandbox: &Sandbox, component: &[u8]) -> Result<Self> {
        let folder = sandbox.bots_folder();
        let (made, unkept) = found(sandbox, folder.as_deref(), component)?;
        let made = sandbox.linker.instantiate_pre(&made)?;
        let made = Self::new(sandbox, component, made, None)?;
        Ok(made.keeping([unkept]))
    }

    /// The bot, with what was compiled for it kept for the next time.
    fn keeping<const N: usize>(self, unkept: [Option<Unkept>; N]) -> Self {
        let kept = unkept.into_iter().flatten().filter_map(Unkept::keep);
        let kept = kept.collect();
        self.sandbox.keep_newest_bots();
        Self { kept, ..self }
    }

    /// Removes what was kept because this one was loaded: it is refused. Whoever runs the same code has it mapped, and
    /// it is compiled again at need.
    pub fn forget(&self) {
        for file in self.kept.iter() {
            // It may be gone already, as the oldest of many.
            let _ = std::fs::remove_file(file);
            let _ = std::fs::remove_file(mark_of(file));
        }
    }

    fn new(
        sandbox: &Sandbox,
        component: &[u8],
        made: InstancePre<RunState>,
        code: Option<Arc<Code>>,
    ) -> Result<Self> {
        Ok(Self {
            door: DoorPre::new(made)?,
            sandbox: sandbox.clone(),
            memory_bytes: noted_memory(component),
            code,
            kept: Arc::default(),
        })
    }

    /// Runs something on the threads of bots, as a part of a project's share: whatever polls an instance of this one.
    pub(crate) async fn on_its_threads<T: Send + 'static>(
        &self,
        share: Share,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.sandbox.on_threads(share, work).await
    }

    /// The digest of the code that the bot shares with all bots of its engine;
    /// absent for a component that is not split and so has code of its own.
    pub fn shared_code(&self) -> Option<&str> {
        self.code.as_ref().map(|code| code.digest.as_str())
    }
}

/// Compiled code that bots share, by its digest. It is there for as long as one of them is; the host's own stays.
#[derive(Clone, Default)]
pub(crate) struct Codes(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    places: HashMap<String, Place>,
    own: Option<Arc<Code>>,
}

/// Where one code is, once it is compiled and while a bot has it.
type Place = Arc<Mutex<Weak<Code>>>;

pub(crate) struct Code {
    digest: String,
    module: Module,
}

impl Codes {
    /// The code of an image that the host made.
    fn of_host(&self, sandbox: &Sandbox, code: &[u8]) -> Result<Arc<Code>> {
        let folder = sandbox.settings.cache.as_deref();
        let (code, unkept) = self.get(sandbox, folder, code)?;
        if let Some(unkept) = unkept {
            unkept.keep();
        }
        self.known().own = Some(code.clone());
        Ok(code)
    }

    /// The code of a component that a stranger made, and what it takes to keep it.
    fn of_stranger(&self, sandbox: &Sandbox, code: &[u8]) -> Result<(Arc<Code>, Option<Unkept>)> {
        // It may be the host's own, in what `roost build` made.
        let own = sandbox.settings.cache.clone();
        let own = own.filter(|folder| compiled_file(&sandbox.engine, folder, code).exists());
        let folder = own.or_else(|| sandbox.bots_folder());
        self.get(sandbox, folder.as_deref(), code)
    }

    fn get(
        &self,
        sandbox: &Sandbox,
        folder: Option<&Path>,
        code: &[u8],
    ) -> Result<(Arc<Code>, Option<Unkept>)> {
        let digest = hex::encode(Sha256::digest(code));
        let place = {
            let mut known = self.known();
            if let Some(own) = known.own.as_ref().filter(|own| own.digest == digest) {
                return Ok((own.clone(), None));
            }
            known.places.retain(|_, place| is_used(place));
            known.places.entry(digest.clone()).or_default().clone()
        };
        // Held while compiling: two bots of one new engine compile it once, and keep up no others.
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = place.upgrade() {
            return Ok((code, None));
        }
        let (module, unkept) = found(sandbox, folder, code)?;
        let code = Arc::new(Code { digest, module });
        *place = Arc::downgrade(&code);
        Ok((code, unkept))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are there.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        let mut known = self.known();
        known.places.retain(|_, place| is_used(place));
        known.places.len()
    }
}

/// Whether a bot has the code, or somebody compiles it: who does has the place, too.
fn is_used(place: &Place) -> bool {
    let has_code = || place.try_lock().is_ok_and(|code| code.strong_count() > 0);
    Arc::strong_count(place) > 1 || has_code()
}

/// How many files of compiled code that strangers made are kept: a bot has one, or two if it was split.
const FILES_KEPT: usize = 64;

/// What they may come to.
const BYTES_KEPT: u64 = 2 << 30;

impl Sandbox {
    /// Where compiled code that strangers made is kept.
    fn bots_folder(&self) -> Option<PathBuf> {
        let cache = self.settings.cache.as_deref();
        cache.map(|cache| cache.join("bots"))
    }

    /// Removes of that what was not used for longest. A bot that runs has its code mapped, and it is made again at need.
    fn keep_newest_bots(&self) {
        if let Some(folder) = self.bots_folder()
            && let Err(error) = keep_newest(&folder, FILES_KEPT, BYTES_KEPT)
        {
            tracing::warn!(folder = %folder.display(), %error, "old compiled bots could not be removed");
        }
    }
}

/// Removes all but the files of a folder that were used last.
fn keep_newest(folder: &Path, most_files: usize, most_bytes: u64) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|end| end == "cwasm") {
            let about = entry.metadata()?;
            files.push((about.modified()?, entry.path(), about.len()));
        }
    }
    files.sort();
    let mut bytes = 0_u64;
    for (before, (_, file, length)) in files.iter().rev().enumerate() {
        bytes = bytes.saturating_add(*length);
        if before < most_files && bytes <= most_bytes {
            continue;
        }
        std::fs::remove_file(file)?;
        let _ = std::fs::remove_file(mark_of(file));
    }
    Ok(())
}

/// What wasmtime compiles.
pub(crate) trait Compiled: Sized {
    const KIND: Kind;
    fn compile(engine: &Engine, code: &[u8]) -> Result<Vec<u8>>;
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
    ($kind:ident, $precompile:ident) => {
        #[expect(unsafe_code, reason = "wasmtime cannot check compiled code")]
        impl Compiled for $kind {
            const KIND: Kind = Kind::$kind;

            fn compile(engine: &Engine, code: &[u8]) -> Result<Vec<u8>> {
                engine.$precompile(code)
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
is_compiled!(Module, precompile_module);
is_compiled!(Component, precompile_component);

/// Compiles code, in a process of its own where there is a compiler: whose code it is is not known here.
fn compiled<T: Compiled>(sandbox: &Sandbox, code: &[u8]) -> Result<Vec<u8>> {
    match &sandbox.settings.compiler {
        Some(compiler) => compiler.compile(&sandbox.settings, T::KIND, code),
        None => T::compile(&sandbox.engine, code),
    }
}

/// What was compiled just now, with its image as the kernel can drop it and read it again: mapped from a file without a
/// name. Of a bot that waits nothing has to be in memory so, and nobody can change what is mapped.
///
/// Where no such file can be had it is in memory for as long as the bot is ready.
fn mapped<T: Compiled>(sandbox: &Sandbox, compiled: &[u8]) -> Result<T> {
    let file = sandbox.settings.cache.as_deref();
    let file = file.and_then(|folder| match nameless(folder, compiled) {
        Ok(file) => Some(file),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "a bot is kept in memory, because what was compiled could not be written");
            None
        }
    });
    let engine = &sandbox.engine;
    #[expect(unsafe_code, reason = "wasmtime cannot check compiled code")]
    // SAFETY: this program compiled it, or its compiler, and nobody stood between. The file has no name, so nobody else
    // opens it.
    unsafe {
        let found = file.map(|file| {
            let open = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            T::from_file(engine, &open)
        });
        match found {
            Some(Ok(mapped)) => Ok(mapped),
            // A folder from which nothing may be executed, say.
            Some(Err(_)) | None => T::from_bytes(engine, compiled),
        }
    }
}

/// A file that nobody else finds and that is gone with its last user. Pages of zeros, as an image has many, take no room.
fn nameless(folder: &Path, content: &[u8]) -> std::io::Result<File> {
    private_folder(folder)?;
    let file = tempfile::tempfile_in(folder)?;
    file.set_len(content.len() as u64)?;
    for (number, page) in content.chunks(PAGE).enumerate() {
        if page.iter().any(|byte| *byte != 0) {
            file.write_all_at(page, (number * PAGE) as u64)?;
        }
    }
    Ok(file)
}

/// What a file is written in: as the kernel maps it.
const PAGE: usize = 4096;

/// What was compiled and can be kept, once it is known to be of use.
struct Unkept {
    seal: Seal,
    file: PathBuf,
    bytes: Vec<u8>,
}

impl Unkept {
    /// Gives the file, if it could be written.
    fn keep(self) -> Option<PathBuf> {
        let Self { seal, file, bytes } = self;
        match seal.write_beside(&file, &bytes) {
            Ok(()) => Some(file),
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "the compiled code could not be kept: the next start compiles it again");
                None
            }
        }
    }
}

/// Compiles code, or takes it from a folder of what was compiled before, and keeps it there.
pub(crate) fn cached<T: Compiled>(
    sandbox: &Sandbox,
    cache: Option<&Path>,
    code: &[u8],
) -> Result<T> {
    let (made, unkept) = found(sandbox, cache, code)?;
    if let Some(unkept) = unkept {
        unkept.keep();
    }
    Ok(made)
}

/// The same, and leaves it to the caller to keep what was compiled.
fn found<T: Compiled>(
    sandbox: &Sandbox,
    cache: Option<&Path>,
    code: &[u8],
) -> Result<(T, Option<Unkept>)> {
    let Some(folder) = cache else {
        let made = compiled::<T>(sandbox, code)?;
        return Ok((mapped(sandbox, &made)?, None));
    };
    let seal = match Seal::of_folder(folder) {
        Ok(seal) => seal,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "the folder of compiled code cannot be used");
            let made = compiled::<T>(sandbox, code)?;
            return Ok((mapped(sandbox, &made)?, None));
        }
    };
    let engine = &sandbox.engine;
    let file = compiled_file(engine, folder, code);
    #[expect(unsafe_code, reason = "wasmtime cannot check a compiled file")]
    // SAFETY: only `Unkept` writes these files, for this user only, under a name that holds
    // wasmtime's settings and the code's digest; what another wrote has no mark that fits.
    let kept = || unsafe { T::from_file(engine, &file) };
    if seal.is_whole(&file)
        && let Ok(found) = kept()
    {
        // What is used stays.
        if let Ok(file) = std::fs::File::options().append(true).open(&file) {
            let _ = file.set_modified(std::time::SystemTime::now());
        }
        return Ok((found, None));
    }
    let bytes = compiled::<T>(sandbox, code)?;
    let made = mapped(sandbox, &bytes)?;
    Ok((made, Some(Unkept { seal, file, bytes })))
}

/// Where compiled code is kept in a folder.
fn compiled_file(engine: &Engine, folder: &Path, code: &[u8]) -> PathBuf {
    folder.join(format!("{}.cwasm", cache_key(engine, code)))
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

#[cfg(test)]
mod tests {
    use super::keep_newest;
    use crate::sandbox::{Sandbox, SandboxSettings};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    #[test]
    fn code_is_there_for_as_long_as_a_bot_that_has_it_and_the_hosts_own_stays() {
        let settings = SandboxSettings {
            instances: 1,
            ..SandboxSettings::default()
        };
        let sandbox = Sandbox::new(settings).unwrap();
        let code = wat::parse_str("(module)").unwrap();
        let (one, _) = sandbox.codes.of_stranger(&sandbox, &code).unwrap();
        let (two, _) = sandbox.codes.of_stranger(&sandbox, &code).unwrap();
        assert!(Arc::ptr_eq(&one, &two));
        drop(one);
        assert_eq!(sandbox.codes.count(), 1);
        drop(two);
        assert_eq!(sandbox.codes.count(), 0);
        drop(sandbox.codes.of_host(&sandbox, &code).unwrap());
        assert_eq!(sandbox.codes.count(), 1);
    }

    #[test]
    fn what_was_used_last_is_kept_within_files_and_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(format!("{name}.cwasm"));
        for (age, name) in ["new", "middle", "old"].into_iter().enumerate() {
            std::fs::write(file(name), [0; 100]).unwrap();
            let opened = std::fs::File::options().append(true).open(file(name));
            let age = Duration::from_secs(60 * age as u64);
            opened
                .unwrap()
                .set_modified(SystemTime::now() - age)
                .unwrap();
        }
        let there = || ["new", "middle", "old"].map(|name| file(name).exists());
        keep_newest(folder.path(), 3, 300).unwrap();
        assert_eq!(there(), [true, true, true]);
        keep_newest(folder.path(), 2, 300).unwrap();
        assert_eq!(there(), [true, true, false]);
        keep_newest(folder.path(), 2, 150).unwrap();
        assert_eq!(there(), [true, false, false]);
    }
}
