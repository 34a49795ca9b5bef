//! WASI, as far as bots have it: what the world `roost:bot/bot` includes, and what the libraries of
//! other toolchains import, of 0.2 and 0.3, with no power beyond that world.
//!
//! | interfaces | what is behind them |
//! |---|---|
//! | clocks, random, io | the host's |
//! | http | the project's way out, as for `wasi:http/client` |
//! | cli: environment | the project's environment |
//! | cli: stdin; stdout, stderr | nothing to read; the project's log, line by line |
//! | cli: exit | the event fails |
//! | filesystem | no folder, so no file |
//! | sockets | none can be made |

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::bindings::cli::environment as environment_p2;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::p3::bindings::cli::environment as environment_p3;
use wasmtime_wasi::{WasiCtx, p2, p3};

use super::{Level, SharedLog};
use crate::sandbox::RunState;

/// Links both versions of WASI.
pub(super) fn link(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    p3::add_to_linker(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    // The environment is the event's, not the instance's: it comes of the grants.
    linker.allow_shadowing(true);
    environment_p3::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    environment_p2::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// What WASI knows of an instance: clocks, random numbers, and where its output goes.
pub(crate) fn context(stdio: &Stdio) -> WasiCtx {
    WasiCtx::builder()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .stdout(stdio.stream(Level::Info))
        .stderr(stdio.stream(Level::Error))
        .build()
}

impl RunState {
    fn environment(&self) -> Vec<(String, String)> {
        let variables = self.grants.secrets.iter();
        variables
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

impl environment_p2::Host for RunState {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.environment())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

impl environment_p3::Host for RunState {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.environment())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn get_initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

/// A line that grows longer than this goes to the log as it is.
const LINE_BYTES: usize = 8 << 10;

/// How much may be written to a stream at once.
const WRITE_BYTES: usize = 64 << 10;

/// An instance's standard output and error. They go to the log of the event that it handles.
pub(crate) struct Stdio(Arc<Mutex<Lines>>);

struct Lines {
    log: SharedLog,
    out: Vec<u8>,
    error: Vec<u8>,
}

impl Stdio {
    pub(crate) fn new(log: &SharedLog) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            log: log.clone(),
            out: Vec::new(),
            error: Vec::new(),
        })))
    }

    /// From now on it is another event's. A line that was not ended is the one's before.
    pub(crate) fn follow(&self, log: &SharedLog) {
        let mut lines = lock(&self.0);
        lines.end();
        lines.log = log.clone();
    }

    fn stream(&self, level: Level) -> Stream {
        Stream {
            lines: self.0.clone(),
            level,
        }
    }
}

impl Drop for Stdio {
    fn drop(&mut self) {
        lock(&self.0).end();
    }
}

fn lock(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines {
    fn write(&mut self, level: Level, bytes: &[u8]) {
        let line = match level {
            Level::Error => &mut self.error,
            _ => &mut self.out,
        };
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if part.ends_with(b"\n") || line.len() >= LINE_BYTES {
                entry(&self.log, level, line);
            }
        }
    }

    /// Lines that were begun are lines.
    fn end(&mut self) {
        entry(&self.log, Level::Info, &mut self.out);
        entry(&self.log, Level::Error, &mut self.error);
    }
}

fn entry(log: &SharedLog, level: Level, line: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\n', '\r']);
    // An empty line would be an entry that counts as nothing.
    if !text.is_empty() {
        log.write(level, text);
    }
    line.clear();
}

/// Standard output or error, as the guest holds it.
#[derive(Clone)]
struct Stream {
    lines: Arc<Mutex<Lines>>,
    level: Level,
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let now = &bytes[..bytes.len().min(WRITE_BYTES)];
        lock(&self.lines).write(self.level, now);
        Poll::Ready(Ok(now.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        lock(&self.lines).write(self.level, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}
