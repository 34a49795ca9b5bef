//! `roost bundle-upload`: what a host starts to unpack an upload and bundle it. It confines itself before it
//! looks at anything that a stranger made.

use std::io::{self, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Signal, kill_current_process_group};

use super::wire::{self, Fault, Frame, GO, Npm, Request, Said};
use crate::build::artifact::{self, Artifact};
use crate::build::{BuildError, Confined, Tools, Way, bundle};
use crate::causes::with_causes;
use crate::confinement::{self, Limits, Rules};
use crate::deploys::upload::{self, MAX_UPLOAD_BYTES, UploadError};
use crate::sdk;
use crate::words::LogLevel;

/// Below the folder of a build: what was uploaded, npm's own files, and all else that is written.
pub(super) const UPLOAD: &str = "upload";
const HOME: &str = "home";
pub(super) const TEMPORARY: &str = "temporary";
const WAY: &str = "way.cjs";

/// Loaded before npm.
const WAY_CODE: &str = include_str!("way.cjs");

/// What the host tells is in the request.
#[derive(Args, Debug)]
pub struct BundleUploadArgs {}

impl BundleUploadArgs {
    /// Takes one request from standard input, and answers there.
    pub fn run(&self) -> anyhow::Result<()> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let mut host = UnixStream::from(input);
        let descriptors = descriptors(&host).context("the descriptors did not come")?;
        let request: Request = wire::read_json(&mut host).context("the request did not come")?;
        if request.version != sdk::VERSION {
            anyhow::bail!("the host is another version: {}", request.version);
        }
        let talk = Talk(Mutex::new(host.try_clone()?));
        if let Err(missing) = confinement::confine(&rules(&request)) {
            talk.say(Said::Failed(Fault::Host, missing.to_string()));
            return Ok(());
        }
        talk.say(Said::Confined);
        if request.is_trial {
            return Ok(());
        }
        let upload =
            wire::read_bytes(&mut host, MAX_UPLOAD_BYTES).context("the upload did not come")?;
        let talk = Arc::new(talk);
        let way = HostsWay {
            talk: talk.clone(),
            go: Mutex::new(life_line(host)),
            descriptors,
            runs: AtomicUsize::new(0),
            npm: request.npm.clone(),
            registry: request.registry.clone(),
            folder: request.folder.clone(),
        };
        let last = match made(&request, &upload, &talk, Arc::new(way)) {
            Ok(artifact) => Frame::Artifact(artifact),
            Err(Failed(fault, text)) => Frame::Said(Said::Failed(fault, text)),
        };
        talk.send(&last);
        Ok(())
    }
}

fn rules(request: &Request) -> Rules {
    let npm = request.npm.iter();
    let mut runs = vec![request.esbuild.clone()];
    let mut reads = Vec::new();
    for npm in npm {
        reads.extend(npm.reads.iter().cloned());
        runs.push(npm.node.clone().unwrap_or_else(|| npm.program.clone()));
    }
    Rules {
        folder: Some(request.folder.clone()),
        reads,
        runs,
        limits: Limits::default(),
        leaves_network: request.leaves_network,
    }
}

/// The sockets that lead to registries. Programs that are started have them, too.
fn descriptors(host: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut byte = [0; 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(wire::DESCRIPTORS))];
    let mut messages = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(&mut byte)];
    let received = recvmsg(host, &mut into, &mut messages, RecvFlags::empty())?;
    if received.bytes != 1 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut descriptors = Vec::new();
    for message in messages.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    Ok(descriptors)
}

/// Ends everything with the host, and passes on when it says that the build may go on.
fn life_line(mut host: UnixStream) -> mpsc::Receiver<()> {
    let (says, hears) = mpsc::channel();
    std::thread::spawn(move || {
        let mut word = [0];
        while matches!(host.read(&mut word), Ok(1)) {
            if word == [GO] && says.send(()).is_err() {
                break;
            }
        }
        // This process, too.
        let _ = kill_current_process_group(Signal::KILL);
    });
    hears
}

/// What is said to the host, a frame at a time.
#[derive(Debug)]
struct Talk(Mutex<UnixStream>);

impl Talk {
    fn say(&self, said: Said) {
        self.send(&Frame::Said(said));
    }

    fn line(&self, level: LogLevel, text: &str) {
        self.say(Said::Line(level, text.to_owned()));
    }

    fn send(&self, frame: &Frame) {
        let mut host = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A host that has gone hears nothing, and ends this process.
        let _ = frame.write(&mut *host).and_then(|()| host.flush());
    }
}

/// Why nothing came of an upload.
struct Failed(Fault, String);

impl From<UploadError> for Failed {
    fn from(error: UploadError) -> Self {
        let fault = match error {
            UploadError::Write { .. } => Fault::Host,
            _ => Fault::Author,
        };
        Self(fault, with_causes(&error))
    }
}

impl From<BuildError> for Failed {
    fn from(error: BuildError) -> Self {
        Self(Fault::Author, with_causes(&error))
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(
            Fault::Host,
            format!("the build's folder cannot be used: {error}"),
        )
    }
}

/// Unpacks the upload and makes an artifact of it.
fn made(
    request: &Request,
    upload: &[u8],
    talk: &Talk,
    way: Arc<HostsWay>,
) -> Result<Vec<u8>, Failed> {
    let folder = request.folder.join(UPLOAD);
    for name in [UPLOAD, HOME, TEMPORARY] {
        std::fs::create_dir_all(request.folder.join(name))?;
    }
    std::fs::write(request.folder.join(WAY), WAY_CODE)?;
    let source = upload::unpack(upload, &folder)?;
    let files = format!(
        "a folder of {} files, {} KiB",
        source.files.len(),
        source.bytes.div_ceil(1024)
    );
    talk.line(LogLevel::Info, &files);
    for (what, count) in &source.left_out {
        let advice = match *what {
            ".env" => ": its variables are set with `roost secrets import`",
            "node_modules" => ": packages are installed here",
            _ => "",
        };
        talk.line(
            LogLevel::Info,
            &format!("left out {count} files of `{what}`{advice}"),
        );
    }
    let confined = Confined {
        // Whoever started this looks after both.
        patience: Duration::MAX,
        stop: Arc::new(AtomicBool::new(false)),
        registries: request.registries.clone().map(Into::into),
        way: Some(way),
    };
    let builtins: Vec<&str> = request.builtins.iter().map(String::as_str).collect();
    let tools = Tools {
        esbuild: &request.esbuild,
        npm: request.npm.as_ref().map(|npm| npm.program.as_path()),
        builtins: &builtins,
        progress: &|step: &str| talk.line(LogLevel::Info, step),
        confined: Some(&confined),
    };
    let bundle = bundle(&folder, &tools).map_err(|error| error.below(&folder))?;
    let entry = &bundle.entry;
    talk.line(
        LogLevel::Info,
        &format!("entry {} ({})", entry.path, entry.chosen_because),
    );
    for warning in &bundle.warnings {
        talk.line(LogLevel::Warn, &warning.to_string());
    }
    let artifact = Artifact::new(bundle, sdk::VERSION);
    artifact::alone(&artifact).map_err(|error| Failed(Fault::Host, with_causes(&error)))
}

/// The way out: sockets with the host at their other end.
#[derive(Debug)]
struct HostsWay {
    talk: Arc<Talk>,
    go: Mutex<mpsc::Receiver<()>>,
    descriptors: Vec<OwnedFd>,
    runs: AtomicUsize,
    npm: Option<Npm>,
    registry: Option<String>,
    folder: PathBuf,
}

impl HostsWay {
    /// Those of one run: what another left half said is not heard by the next.
    fn next_descriptors(&self) -> String {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let own = self
            .descriptors
            .iter()
            .skip(run * wire::DESCRIPTORS_OF_A_RUN);
        let own = own.take(wire::DESCRIPTORS_OF_A_RUN);
        let numbers: Vec<String> = own.map(|fd| fd.as_raw_fd().to_string()).collect();
        numbers.join(",")
    }
}

impl Way for HostsWay {
    fn npm(&self, npm: &Path) -> Command {
        let node = self.npm.as_ref().and_then(|npm| npm.node.as_ref());
        let mut command = match node {
            Some(node) => {
                let mut command = Command::new(node);
                command.arg("--require").arg(self.folder.join(WAY)).arg(npm);
                command
            }
            None => Command::new(npm),
        };
        let home = self.folder.join(HOME);
        command
            .env_clear()
            .env("HOME", &home)
            .env("TMPDIR", self.folder.join(TEMPORARY))
            .env("ROOST_WAY", self.next_descriptors())
            .env("npm_config_cache", home.join("cache"))
            .env("npm_config_userconfig", home.join("npmrc"))
            .env("npm_config_globalconfig", home.join("npmrc-of-all"))
            .env("npm_config_maxsockets", wire::SOCKETS_AT_ONCE.to_string())
            .env("npm_config_update_notifier", "false")
            .env("npm_config_logs_max", "0")
            // The host has its own patience with a registry, and one more try is enough.
            .env("npm_config_fetch_retries", "1")
            .env("npm_config_fetch_retry_mintimeout", "1000")
            .env("npm_config_fetch_retry_maxtimeout", "2000");
        if let Some(registry) = &self.registry {
            command.env("npm_config_registry", registry);
        }
        command
    }

    fn begins(&self) {
        self.talk.say(Said::Fetches);
    }

    fn ends(&self) {
        self.talk.say(Said::Fetched);
        let go = self.go.lock().unwrap_or_else(PoisonError::into_inner);
        // Without an answer there is no host, and this process ends.
        let _ = go.recv();
    }
}
