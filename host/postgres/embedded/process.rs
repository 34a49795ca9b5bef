//! The server's main process, and a thread that lives exactly as long.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions};
use tokio::sync::Notify;

use super::folders::{self, Folders};
use super::{EmbeddedConfig, EmbeddedError, settings};

/// A handle on the process. Dropping it ends the process without waiting.
#[derive(Debug)]
pub(super) struct Postmaster {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// `None` once the process has ended. Signals are sent under this lock, and the process is reaped
    /// only after it was taken, so that no signal can reach a stranger with the same id.
    process: Mutex<Option<Pid>>,
    end: Condvar,
    notify: Notify,
}

impl State {
    fn process(&self) -> MutexGuard<'_, Option<Pid>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Postmaster {
    pub(super) fn id(&self) -> Option<u32> {
        let process = *self.state.process();
        process.and_then(|process| u32::try_from(process.as_raw_nonzero().get()).ok())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state.process().is_none()
    }

    pub(super) fn signal(&self, signal: Signal) {
        let process = self.state.process();
        if let Some(process) = *process {
            // Fails only for a process that has just ended.
            let _ = rustix::process::kill_process(process, signal);
        }
    }

    /// Cancel safety: may be dropped and called again.
    pub(super) async fn ended(&self) {
        loop {
            let notified = self.state.notify.notified();
            if self.has_ended() {
                return;
            }
            notified.await;
        }
    }

    /// Blocking.
    pub(super) fn wait_briefly(&self, patience: Duration) {
        let process = self.state.process();
        // A timeout is as good: the process has its signal.
        let _ = self
            .state
            .end
            .wait_timeout_while(process, patience, |process| process.is_some());
    }
}

/// Also when a start was given up half-way.
impl Drop for Postmaster {
    fn drop(&mut self) {
        self.signal(Signal::QUIT);
    }
}

/// Starts `postgres` itself: `pg_ctl` would put a process between, which ends.
pub(super) fn spawn(
    config: &EmbeddedConfig,
    folders: &Folders,
) -> Result<Postmaster, EmbeddedError> {
    let program = folders.bin.join("postgres");
    let failed = EmbeddedError::io("run", &program);
    let mut command = prepare(config, folders)?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    // The kernel sends the parent-death signal when the *thread* that made the process ends, so this
    // thread stays until the process is gone.
    let thread = std::thread::Builder::new()
        .name("postgres".to_owned())
        .spawn(move || {
            let child = match command.spawn() {
                Ok(child) => child,
                Err(err) => {
                    let _ = sender.send(Err(err));
                    return;
                }
            };
            let state = Arc::new(State {
                process: Mutex::new(Some(Pid::from_child(&child))),
                end: Condvar::new(),
                notify: Notify::new(),
            });
            let _ = sender.send(Ok(Arc::clone(&state)));
            wait(child, &state);
        });
    let answer = thread.and_then(|_| {
        receiver
            .recv()
            .unwrap_or_else(|err| Err(std::io::Error::other(err)))
    });
    answer.map(|state| Postmaster { state }).map_err(failed)
}

fn wait(mut child: Child, state: &State) {
    let id = WaitId::Pid(Pid::from_child(&child));
    // Leaves the process unreaped, so that its id is not given to another.
    while let Err(rustix::io::Errno::INTR) =
        rustix::process::waitid(id.clone(), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
    {}
    *state.process() = None;
    match child.wait() {
        Ok(status) => tracing::debug!("the embedded Postgres ended: {status}"),
        Err(err) => tracing::warn!("the embedded Postgres was not waited for: {err}"),
    }
    state.end.notify_all();
    state.notify.notify_waiters();
}

fn prepare(config: &EmbeddedConfig, folders: &Folders) -> Result<Command, EmbeddedError> {
    let log = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&folders.log)
        .map_err(EmbeddedError::io("open", &folders.log))?;
    // Statements that failed are in it, with what they were about; an older one may be open to others.
    folders::set_mode(&folders.log, 0o600)?;
    let output = log
        .try_clone()
        .map_err(EmbeddedError::io("open", &folders.log))?;
    let mut command = Command::new(folders.bin.join("postgres"));
    command
        .args(settings::arguments(config, folders))
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(log)
        // Ctrl-C in a terminal is for the host, which then stops the server in order.
        .process_group(0);
    if let Some(account) = folders.account {
        command.uid(account.uid).gid(account.gid);
    }
    let memory = u64::from(config.shared_buffers_mib) + u64::from(config.process_memory_mib);
    let memory = Some(memory << 20);
    let host = rustix::process::getpid();
    let in_child = move || {
        rustix::process::setrlimit(
            Resource::As,
            Rlimit {
                current: memory,
                maximum: memory,
            },
        )?;
        rustix::process::setrlimit(
            Resource::Core,
            Rlimit {
                current: Some(0),
                maximum: Some(0),
            },
        )?;
        // After the change of user, which would clear it.
        rustix::process::set_parent_process_death_signal(Some(Signal::INT))?;
        // The host may have ended before that.
        if rustix::process::getppid() != Some(host) {
            return Err(std::io::ErrorKind::NotConnected.into());
        }
        Ok(())
    };
    #[expect(
        unsafe_code,
        reason = "between fork and exec only calls that are safe after fork may be made: these are \
                  plain system calls, and nothing is allocated"
    )]
    unsafe {
        command.pre_exec(in_child);
    }
    Ok(command)
}
