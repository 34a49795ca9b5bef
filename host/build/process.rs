//! Runs a program to its end, or to the end of what a confined build may take.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Confined;
use crate::confinement;

/// How often a running program's build is asked whether it still matters.
const LOOK: Duration = Duration::from_millis(100);

/// Variables that npm needs, and that say nothing which a bot must not learn.
const PASSED_ON: [&str; 14] = [
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "PATH",
    "SSL_CERT_FILE",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "npm_config_cache",
    "npm_config_registry",
];

/// Runs the program and gives what it printed.
///
/// Confined it sees a few variables only, and is killed when its time is over; then the error is of
/// the kind [`io::ErrorKind::TimedOut`].
pub(super) fn output(command: &mut Command, confined: Option<&Confined>) -> io::Result<Output> {
    command.stdin(Stdio::null());
    let child = spawn(command, confined)?;
    let watch = watch(&child, confined);
    let output = child.wait_with_output();
    end(watch)?;
    output
}

/// Runs a program that is talked with over its standard streams, until the talk is over.
pub(super) fn talk<T>(
    command: &mut Command,
    confined: Option<&Confined>,
    conversation: impl FnOnce(&mut dyn Write, &mut dyn Read) -> io::Result<T>,
) -> io::Result<T> {
    command.stdin(Stdio::piped());
    let mut child = spawn(command, confined)?;
    let watch = watch(&child, confined);
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut to), Some(mut from), Some(mut errors)) = streams else {
        return Err(io::Error::other("it has no standard streams"));
    };
    let reading = std::thread::spawn(move || {
        let mut said = String::new();
        // What is no text says nothing.
        let _ = errors.read_to_string(&mut said);
        said
    });
    let result = conversation(&mut to, &mut from);
    // Without a partner it ends.
    drop((to, from));
    let _ = child.wait();
    end(watch)?;
    let said = reading.join().unwrap_or_default();
    result.map_err(|error| match said.trim() {
        "" => error,
        said => io::Error::new(error.kind(), format!("{error}: {said}")),
    })
}

fn spawn(command: &mut Command, confined: Option<&Confined>) -> io::Result<Child> {
    if is_held(confined) {
        confinement::alone(command).map_err(io::Error::other)?;
    } else if confined.is_some() {
        for (name, _) in std::env::vars_os() {
            if !PASSED_ON.iter().any(|passed| name == *passed) {
                command.env_remove(name);
            }
        }
        // A group of its own: what it starts ends with it.
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Whether this process itself is confined, and whoever started it looks after it.
fn is_held(confined: Option<&Confined>) -> bool {
    confined.is_some_and(|confined| confined.way.is_some())
}

fn watch(child: &Child, confined: Option<&Confined>) -> Option<Watch> {
    let confined = confined.filter(|_| !is_held(confined))?;
    Some(Watch::begin(child, confined))
}

/// Looks after a program that may not run for ever.
struct Watch {
    patience: Duration,
    ended: mpsc::Sender<()>,
    /// Gives whether it had to end the program.
    watching: JoinHandle<bool>,
}

impl Watch {
    fn begin(child: &Child, confined: &Confined) -> Self {
        let id = child.id();
        let (ended, waits) = mpsc::channel::<()>();
        let guard = confined.clone();
        let watching = std::thread::spawn(move || {
            let begin = Instant::now();
            while waits.recv_timeout(LOOK) == Err(mpsc::RecvTimeoutError::Timeout) {
                if begin.elapsed() > guard.patience || guard.stop.load(Ordering::Relaxed) {
                    kill_group(id);
                    return true;
                }
            }
            false
        });
        Self {
            patience: confined.patience,
            ended,
            watching,
        }
    }
}

fn end(watch: Option<Watch>) -> io::Result<()> {
    let Some(Watch {
        patience,
        ended,
        watching,
    }) = watch
    else {
        return Ok(());
    };
    drop(ended);
    match watching.join() {
        Ok(true) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("it ran for {} s, which is too long", patience.as_secs()),
        )),
        _ => Ok(()),
    }
}

fn kill_group(id: u32) {
    let group = i32::try_from(id)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It may have ended just now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}
