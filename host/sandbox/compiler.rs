//! Compiling code that strangers made, in a process of its own.
//!
//! What cranelift needs for a function grows faster than the function: one of a megabyte can take minutes and
//! gigabytes, and so can whatever links many of them. A thread that compiles cannot be ended, a process can. So whatever
//! a stranger made is compiled by `roost compile`, however small it looks: it is confined to its limits and its standard
//! streams, and sees no file and no environment. That costs a small component some hundredths of a second.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, nice, setrlimit};
use wasmtime::{Engine, Result, bail};

use super::engine::{SandboxSettings, config_without_instances};
use crate::confinement::{Limits, Rules, confine};

/// How long a compilation may take on the clock.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long it may take on processors.
const PROCESSOR_SECONDS: u64 = 300;

/// What it may have in memory. Python's interpreter needs about one.
const ADDRESS_SPACE: u64 = 6 << 30;

/// What may come of it, which this process takes in. Python's interpreter comes to a tenth.
const MAX_COMPILED_BYTES: u64 = 512 << 20;

/// What it may say of an error.
const MAX_SAID_BYTES: u64 = 64 << 10;

/// Who compiles gets what those leave who serve.
const NICENESS: i32 = 5;

/// The program that compiles.
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    patience: Duration,
}

/// What is compiled.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    Module,
    Component,
}

/// What came of a word.
pub(crate) struct Answered {
    pub(crate) made: Vec<u8>,
    said: Vec<u8>,
    pub(crate) status: ExitStatus,
    is_late: bool,
}

impl Compiler {
    /// With a `roost` of the same version.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            patience: PATIENCE,
        }
    }

    /// The same, with less patience.
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The running program itself.
    pub fn of_this_program() -> Self {
        Self::new("/proc/self/exe")
    }

    /// Compiles for an engine of these settings. Blocks.
    ///
    /// Fails when it takes too long or too much memory, and as wasmtime does.
    pub(super) fn compile(
        &self,
        settings: &SandboxSettings,
        kind: Kind,
        code: &[u8],
    ) -> Result<Vec<u8>> {
        let kind = match kind {
            Kind::Module => "module",
            Kind::Component => "component",
        };
        let most = settings.max_memory_bytes.to_string();
        let words = ["compile", kind, "--max-memory-bytes", most.as_str()];
        let Answered {
            made,
            said,
            status,
            is_late,
        } = self.ask(&words, code, self.patience, MAX_COMPILED_BYTES + 1)?;
        if made.len() as u64 > MAX_COMPILED_BYTES {
            bail!(
                "the component's code comes to more than {} MiB when it is compiled: make it smaller",
                MAX_COMPILED_BYTES >> 20
            );
        }
        if status.success() {
            return Ok(made);
        }
        if is_late {
            bail!(
                "the component's code takes more than {} s to compile: make its functions smaller",
                self.patience.as_secs()
            );
        }
        match status.code() {
            Some(_) => bail!("{}", String::from_utf8_lossy(&said).trim()),
            None => bail!(
                "the component's code takes too much memory or processor time to compile ({} MiB, {PROCESSOR_SECONDS} s): \
                 make its functions smaller",
                ADDRESS_SPACE >> 20
            ),
        }
    }

    /// Has a process of the program's do a word with these bytes, and takes up to `most` from it. Blocks.
    pub(crate) fn ask(
        &self,
        words: &[&str],
        bytes: &[u8],
        patience: Duration,
        most: u64,
    ) -> io::Result<Answered> {
        let mut child = Command::new(&self.program)
            .args(words)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (ended, waits) = mpsc::channel::<()>();
        let (mut input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (made, said, is_late) = std::thread::scope(|scope| {
            let watch = scope.spawn(move || {
                let is_late = waits.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout);
                if is_late && let Some(group) = group {
                    // It may have ended just now.
                    let _ = kill_process_group(group, Signal::KILL);
                }
                is_late
            });
            scope.spawn(move || {
                // One that ended early says why.
                let _ = input.as_mut().map(|input| input.write_all(bytes));
                drop(input);
            });
            let said = scope.spawn(move || all_of(errors, MAX_SAID_BYTES));
            let made = all_of(output, most);
            drop(ended);
            let said = said.join().unwrap_or_default();
            (made, said, watch.join().unwrap_or_default())
        });
        Ok(Answered {
            made,
            said,
            status: child.wait()?,
            is_late,
        })
    }
}

/// What a stream gives, up to so many bytes. Who writes more is told that nobody reads it.
fn all_of(stream: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(stream) = stream {
        // What did not come is missed by who reads it.
        let _ = stream.take(most).read_to_end(&mut all);
    }
    all
}

/// `roost compile`: started by a host, for what strangers made.
#[derive(Args, Debug)]
pub struct CompileArgs {
    kind: Kind,
    /// The most memory that any bot of the host has.
    #[arg(long)]
    max_memory_bytes: usize,
}

impl CompileArgs {
    /// Reads code from standard input, and writes what it is compiled to.
    pub fn run(&self) -> anyhow::Result<()> {
        // It compiles as well where it may not.
        let _ = nice(NICENESS);
        let most = Some(ADDRESS_SPACE);
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        setrlimit(Resource::As, limit)?;
        let rules = Rules {
            limits: Limits {
                memory_bytes: ADDRESS_SPACE,
                file_bytes: 0,
                processor_seconds: PROCESSOR_SECONDS,
                ..Limits::default()
            },
            ..Rules::default()
        };
        // What serves already is compiled on every machine; one that cannot confine takes no uploads.
        let _ = confine(&rules);
        let mut code = Vec::new();
        std::io::stdin()
            .read_to_end(&mut code)
            .context("the code did not come")?;
        let settings = SandboxSettings {
            max_memory_bytes: self.max_memory_bytes,
            ..SandboxSettings::default()
        };
        let engine = Engine::new(&config_without_instances(&settings))?;
        let made = match self.kind {
            Kind::Module => engine.precompile_module(&code)?,
            Kind::Component => engine.precompile_component(&code)?,
        };
        std::io::stdout()
            .write_all(&made)
            .context("nobody takes what was compiled")
    }
}
