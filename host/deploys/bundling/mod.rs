//! From an upload to an artifact, in a process that is confined: whatever takes it over reaches nothing.
//!
//! ```text
//!  host                                    roost bundle-upload                      npm, esbuild
//!  ────                                    ───────────────────                      ────────────
//!  request, descriptors, upload ─────────▶ confines itself, unpacks ──starts one──▶ each without a
//!  registry: what npm asks for ◀═════════════════ sockets it was given ════════════ process of its own
//!  the build's log, an artifact ◀───────── bundles, looks through
//! ```
//!
//! The host looks after time and disk, and ends all of it at once; memory and the rest are the kernel's to count
//! (`confinement`). Packages come by the host (`egress::Registries`), because no socket can be made in there.
//!
//! Not here: running the bundle, and builds of one's own folder, which are not confined.

mod npm;
mod registry;
mod wire;
mod word;

use std::fmt;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as BlockingStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Say;
use crate::confinement::{Group, Scratch, Usage};
use crate::egress::{EgressLimits, EgressPolicy, Registries};
use crate::sdk::{self, Sdk};
use wire::{Fault, Frame, GO, Request, Said};

pub use word::BundleUploadArgs;

/// How long each of unpacking, fetching packages and bundling may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long a trial may take.
const TRIAL: Duration = Duration::from_secs(20);

/// What a build may have on disk, with its packages and npm's own copies of them.
const MOST_ON_DISK: Usage = Usage {
    bytes: 3 << 30,
    files: 300_000,
};

/// How often it is looked, at least; a look never takes more than a part of the time.
const LOOK: Duration = Duration::from_millis(250);

/// How much of what a process says before it dies goes to the log.
const MAX_COMPLAINT_BYTES: u64 = 4 << 10;

/// How uploads become artifacts.
#[derive(Clone, Debug)]
pub struct BundlingSettings {
    /// A `roost` of the same version.
    pub program: PathBuf,
    /// Registries that uploads may name; `None` allows all.
    pub registries: Option<Arc<[String]>>,
    /// npm, if not the one on the PATH.
    pub npm: Option<PathBuf>,
    /// What the ways to registries go by, beside the list.
    pub egress: EgressPolicy,
    pub limits: EgressLimits,
    /// How long each step of a build may take.
    pub patience: Duration,
    /// What a build may have on disk.
    pub most_on_disk: Usage,
    /// Whether a network of its own is given to a build where the kernel lets anybody make one.
    pub takes_namespaces: bool,
}

impl BundlingSettings {
    /// With the running program itself.
    pub fn of_this_program(registries: Option<Arc<[String]>>, egress: EgressPolicy) -> Self {
        Self {
            program: "/proc/self/exe".into(),
            registries,
            npm: None,
            egress,
            limits: Registries::limits(),
            patience: PATIENCE,
            most_on_disk: MOST_ON_DISK,
            takes_namespaces: true,
        }
    }
}

/// Why nothing came of an upload.
#[derive(Debug, thiserror::Error)]
pub enum BundlingError {
    /// What was uploaded does not become a bot.
    #[error("{0}")]
    Refused(String),
    #[error("{what} took more than {} s, and was ended{advice}", .patience.as_secs())]
    TookTooLong {
        what: &'static str,
        patience: Duration,
        advice: &'static str,
    },
    #[error(
        "the build wrote more than {} MiB or {} files, and was ended: depend on fewer or smaller packages",
        .0.bytes >> 20,
        .0.files
    )]
    TooMuchOnDisk(Usage),
    /// It was the kernel that ended it, or it itself.
    #[error(
        "the build took more memory or processor time than it may, and was ended: depend on fewer or smaller packages, \
         or build elsewhere and deploy that: roost build DIR -o bot.wasm && roost deploy bot.wasm"
    )]
    Died,
    #[error(
        "this host takes no uploads: it cannot confine their builds, because {0}. Its operator finds what is needed in \
         packaging/README.md"
    )]
    NotConfined(String),
    #[error("the build could not go on: {0}")]
    Host(String),
    #[error("the build's process could not be started, or talked with")]
    Io(#[from] io::Error),
}

impl BundlingError {
    /// Whether the bot's author has to act.
    pub(super) fn is_authors(&self) -> bool {
        !matches!(self, Self::NotConfined(_) | Self::Host(_) | Self::Io(_))
    }
}

/// What this machine has of what a build is confined by.
#[derive(Clone, Copy, Debug)]
pub struct Layers {
    /// Beside the floor, a network of its own.
    pub namespaces: bool,
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.namespaces {
            true => "landlock, seccomp, limits and a network of their own",
            false => "landlock, seccomp and limits",
        })
    }
}

/// Finds out what this machine has of what builds are confined by.
pub async fn layers_here(sdk: Sdk) -> Result<Layers, BundlingError> {
    let folder = tempfile::tempdir()?;
    let settings = BundlingSettings::of_this_program(None, EgressPolicy::default());
    Bundling::new(settings, Arc::new(sdk))
        .layers(folder.path())
        .await
}

/// A build's turn at the processor, which it gives back while it waits for registries.
pub(super) struct Turn {
    processors: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Turn {
    pub(super) fn new(processors: Arc<Semaphore>, held: OwnedSemaphorePermit) -> Self {
        Self {
            processors,
            held: Some(held),
        }
    }

    fn give_back(&mut self) {
        self.held = None;
    }

    async fn take(&mut self) {
        if self.held.is_none() {
            // The semaphore is never closed.
            self.held = self.processors.clone().acquire_owned().await.ok();
        }
    }
}

/// Makes artifacts of uploads.
pub(super) struct Bundling {
    settings: BundlingSettings,
    sdk: Arc<Sdk>,
    layers: OnceCell<Result<Layers, String>>,
    registries: OnceCell<Arc<Registries>>,
}

impl Bundling {
    pub(super) fn new(settings: BundlingSettings, sdk: Arc<Sdk>) -> Self {
        Self {
            settings,
            sdk,
            layers: OnceCell::new(),
            registries: OnceCell::new(),
        }
    }

    /// What builds are confined by here; fails where the floor is missing. Found out once, in a folder of its own
    /// below `builds`.
    pub(super) async fn layers(&self, builds: &Path) -> Result<Layers, BundlingError> {
        let found = self.layers.get_or_init(|| async {
            let first = self.settings.takes_namespaces;
            let tried = self.trial(builds, first).await;
            match tried {
                Err(_) if first => self.trial(builds, false).await,
                tried => tried,
            }
        });
        found.await.clone().map_err(BundlingError::NotConfined)
    }

    async fn trial(&self, builds: &Path, namespaces: bool) -> Result<Layers, String> {
        let running = Running::start(&self.settings.program, scratch(builds)?);
        let mut running = running.map_err(|error| error.to_string())?;
        let request = self.request(running.folder(), namespaces, true);
        let confined = async {
            running.send(&request, Vec::new()).await?;
            Frame::read(&mut running.stream).await
        };
        match tokio::time::timeout(TRIAL, confined).await {
            Ok(Ok(Frame::Said(Said::Confined))) => Ok(Layers { namespaces }),
            Ok(Ok(Frame::Said(Said::Failed(_, why)))) => Err(why),
            Ok(Ok(other)) => Err(format!("the trial said {other:?}")),
            Ok(Err(_)) => Err(match running.end().await.said {
                said if said.is_empty() => "the trial ended before it was confined".to_owned(),
                said => said,
            }),
            Err(_) => Err("the trial took too long".to_owned()),
        }
    }

    fn request(&self, folder: &Path, leaves_network: bool, is_trial: bool) -> Request {
        let npm = match &self.settings.npm {
            Some(program) => Some(npm::of(program.clone())),
            None => npm::find(),
        };
        Request {
            version: sdk::VERSION.to_owned(),
            folder: folder.to_owned(),
            esbuild: self.sdk.esbuild.clone(),
            npm,
            builtins: self.sdk.builtins.clone(),
            registries: self.settings.registries.as_deref().map(<[String]>::to_vec),
            registry: std::env::var("npm_config_registry").ok(),
            leaves_network,
            is_trial,
        }
    }

    async fn registries(&self) -> Result<Arc<Registries>, BundlingError> {
        let settings = &self.settings;
        let made = self.registries.get_or_try_init(|| async {
            Registries::new(
                settings.registries.as_deref(),
                &settings.egress,
                &settings.limits,
            )
            .map(Arc::new)
        });
        let made = made.await.cloned();
        made.map_err(|error| {
            BundlingError::Host(format!("the client for registries cannot be made: {error}"))
        })
    }

    /// Makes an artifact of an upload, in a folder below `builds`.
    ///
    /// *Cancel safety*: dropping the call ends the process and all that it started.
    pub(super) async fn bundle(
        &self,
        upload: Vec<u8>,
        builds: &Path,
        say: &Say,
        turn: &mut Turn,
    ) -> Result<Vec<u8>, BundlingError> {
        let layers = self.layers(builds).await?;
        let registries = self.registries().await?;
        let scratch = scratch(builds).map_err(BundlingError::Host)?;
        let mut running = Running::start(&self.settings.program, scratch)?;
        let request = self.request(running.folder(), layers.namespaces, false);
        let (ways, ends) = pairs()?;
        let mut serving = JoinSet::new();
        let taken = Arc::new(AtomicU64::new(0));
        for way in ways {
            serving.spawn(registry::serve(way, registries.clone(), taken.clone()));
        }
        let too_much = watch_disk(running.scratch.clone(), self.settings.most_on_disk);
        let conversation = async {
            running.send(&request, ends).await?;
            running.stream.write_u32_le(upload.len() as u32).await?;
            running.stream.write_all(&upload).await?;
            drop(upload);
            converse(&mut running.stream, say, turn, self.settings.patience).await
        };
        let ended = tokio::select! {
            ended = conversation => ended,
            () = too_much => Err(BundlingError::TooMuchOnDisk(self.settings.most_on_disk)),
        };
        let end = running.end().await;
        if !matches!(ended, Err(BundlingError::Died)) {
            return ended;
        }
        if !end.said.is_empty() {
            tracing::warn!(complaint = end.said, "the process of a build died");
        }
        // So a service manager stops all that a host has started.
        match end.was_asked() {
            true => Err(BundlingError::Host(
                "its process was told to stop (SIGTERM)".to_owned(),
            )),
            false => ended,
        }
    }
}

/// Hears what the process says until it has said the last.
async fn converse(
    stream: &mut UnixStream,
    say: &Say,
    turn: &mut Turn,
    patience: Duration,
) -> Result<Vec<u8>, BundlingError> {
    let (mut what, mut advice) = ("bundling", "");
    let mut until = Instant::now() + patience;
    loop {
        let frame = match tokio::time::timeout_at(until, Frame::read(stream)).await {
            Ok(Ok(frame)) => frame,
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(error.into());
            }
            Ok(Err(_)) => return Err(BundlingError::Died),
            Err(_) => {
                return Err(BundlingError::TookTooLong {
                    what,
                    patience,
                    advice,
                });
            }
        };
        match frame {
            Frame::Said(Said::Confined) => {}
            Frame::Said(Said::Line(level, text)) => {
                say(level, &text);
            }
            Frame::Said(Said::Fetches) => {
                turn.give_back();
                what = "installing packages";
                advice = ": look whether the registry that they come from answers";
                until = Instant::now() + patience;
            }
            Frame::Said(Said::Fetched) => {
                turn.take().await;
                stream.write_u8(GO).await?;
                (what, advice) = ("bundling", "");
                until = Instant::now() + patience;
            }
            Frame::Said(Said::Failed(Fault::Author, text)) => {
                return Err(BundlingError::Refused(text));
            }
            Frame::Said(Said::Failed(Fault::Host, text)) => return Err(BundlingError::Host(text)),
            Frame::Artifact(bytes) => return Ok(bytes),
        }
    }
}

/// Ends when there is more on disk than a build may have.
async fn watch_disk(scratch: Arc<Scratch>, most: Usage) {
    let mut pause = LOOK;
    loop {
        tokio::time::sleep(pause).await;
        let (scratch, began) = (scratch.clone(), Instant::now());
        let look = tokio::task::spawn_blocking(move || scratch.usage(most));
        let within = |usage: Usage| usage.bytes <= most.bytes && usage.files <= most.files;
        // What cannot be counted is too deep.
        if !look.await.is_ok_and(|usage| usage.is_ok_and(within)) {
            return;
        }
        pause = LOOK.max(began.elapsed() * 10);
    }
}

fn scratch(builds: &Path) -> Result<Scratch, String> {
    let folder = builds.join(format!("build-{}", uuid::Uuid::new_v4().simple()));
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    Scratch::new(folder.clone())
        .map_err(|error| format!("`{}` could not be made: {error}", folder.display()))
}

/// The host's ends and the process's.
fn pairs() -> io::Result<(Vec<UnixStream>, Vec<OwnedFd>)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..wire::DESCRIPTORS {
        let (our, their) = BlockingStream::pair()?;
        our.set_nonblocking(true)?;
        ours.push(UnixStream::from_std(our)?);
        theirs.push(their.into());
    }
    Ok((ours, theirs))
}

/// How a process ended.
#[derive(Default)]
struct End {
    status: Option<ExitStatus>,
    /// What it said before.
    said: String,
}

impl End {
    /// Whether it was the signal by which programs are asked to stop. Neither the host nor the kernel sends it.
    fn was_asked(&self) -> bool {
        let signal = self.status.and_then(|status| status.signal());
        signal == Some(Signal::TERM.as_raw())
    }
}

/// The process, the folder it writes in, and the way to talk with it. Dropped, all of it goes.
struct Running {
    group: Option<Group>,
    stream: UnixStream,
    scratch: Arc<Scratch>,
}

impl Running {
    fn start(program: &Path, scratch: Scratch) -> io::Result<Self> {
        let (ours, theirs) = BlockingStream::pair()?;
        ours.set_nonblocking(true)?;
        let child = Command::new(program)
            .arg("bundle-upload")
            .env_clear()
            .env("TMPDIR", scratch.path().join(word::TEMPORARY))
            .current_dir(scratch.path())
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self {
            group: Some(Group::of(child)),
            stream: UnixStream::from_std(ours)?,
            scratch: Arc::new(scratch),
        })
    }

    fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// Gives the process its descriptors, with one byte to carry them, and the request.
    async fn send(&mut self, request: &Request, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        let stream = &self.stream;
        let sent = stream.async_io(tokio::io::Interest::WRITABLE, || {
            let borrowed: Vec<_> = descriptors.iter().map(|fd| fd.as_fd()).collect();
            let mut space =
                [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(wire::DESCRIPTORS))];
            let mut messages = SendAncillaryBuffer::new(&mut space);
            if !borrowed.is_empty() {
                messages.push(SendAncillaryMessage::ScmRights(&borrowed));
            }
            Ok(sendmsg(
                stream,
                &[IoSlice::new(b"d")],
                &mut messages,
                SendFlags::empty(),
            )?)
        });
        sent.await?;
        let mut message = Vec::new();
        wire::write_json(&mut message, request)?;
        self.stream.write_all(&message).await
    }

    /// Ends all processes, and tells how the first of them ended.
    async fn end(&mut self) -> End {
        let Some(mut group) = self.group.take() else {
            return End::default();
        };
        let ending = tokio::task::spawn_blocking(move || {
            let errors = group.leader().stderr.take();
            let status = group.end();
            let mut said = String::new();
            if let Some(errors) = errors {
                // What is no text says nothing.
                let _ = io::Read::read_to_string(
                    &mut io::Read::take(errors, MAX_COMPLAINT_BYTES),
                    &mut said,
                );
            }
            let said = said.trim().to_owned();
            End { status, said }
        });
        ending.await.unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (group, scratch) = (self.group.take(), self.scratch.clone());
        // Ending and removing may take a while, and this may be dropped anywhere.
        std::thread::spawn(move || drop((group, scratch)));
    }
}
