//! Runs a program to its end, or to the end of what a confined build may take.

use std::io;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::Confined;

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
    let Some(confined) = confined else {
        return command.output();
    };
    for (name, _) in std::env::vars_os() {
        if !PASSED_ON.iter().any(|passed| name == *passed) {
            command.env_remove(name);
        }
    }
    // A group of its own: what it starts ends with it.
    std::os::unix::process::CommandExt::process_group(command, 0);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
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
    let output = child.wait_with_output();
    drop(ended);
    match watching.join() {
        Ok(true) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!(
                "it ran for {} s, which is too long",
                confined.patience.as_secs()
            ),
        )),
        _ => output,
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
