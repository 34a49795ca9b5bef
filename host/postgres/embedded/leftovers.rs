//! Server processes that an earlier host left behind, and what they left.
//!
//! A process belongs to the cluster when it works in its folder: PostgreSQL changes into it. The ids in
//! `postmaster.pid` say less: after a restart of the machine they may be anybody's.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::time::{Instant, sleep};

use super::folders::Folders;
use super::{EmbeddedError, PORT};

/// Ends what still runs on the cluster, in order if it can, and removes its lock files. Must be called
/// with the folder's lock held.
pub(super) async fn end(folders: &Folders, patience: Duration) -> Result<(), EmbeddedError> {
    for (signal, patience) in [
        (Signal::INT, patience),
        (Signal::QUIT, Duration::from_secs(5)),
        (Signal::KILL, Duration::from_secs(5)),
    ] {
        let processes = processes_in(&folders.cluster);
        if processes.is_empty() {
            break;
        }
        tracing::warn!(
            "ending {} server processes of an earlier host",
            processes.len()
        );
        for process in postmaster_first(&folders.cluster, &processes, signal) {
            let _ = rustix::process::kill_process(process, signal);
        }
        let deadline = Instant::now() + patience;
        while !processes_in(&folders.cluster).is_empty() && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }
    }
    let left = processes_in(&folders.cluster);
    if !left.is_empty() {
        let processes = left
            .iter()
            .filter_map(|id| u32::try_from(id.as_raw_nonzero().get()).ok())
            .collect();
        return Err(EmbeddedError::LeftBehind {
            data_dir: folders.base.clone(),
            processes,
        });
    }
    let socket = folders.socket.join(format!(".s.PGSQL.{PORT}"));
    let socket_lock = folders.socket.join(format!(".s.PGSQL.{PORT}.lock"));
    for path in [folders.cluster.join("postmaster.pid"), socket, socket_lock] {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {}
            Err(err) => return Err(EmbeddedError::io("remove", &path)(err)),
        }
    }
    Ok(())
}

/// Whom to signal: the main process alone, which ends the others in order. When it is gone they end by
/// themselves, and a process that waits in vain can only be killed.
fn postmaster_first(cluster: &Path, processes: &[Pid], signal: Signal) -> Vec<Pid> {
    if signal == Signal::KILL {
        return processes.to_vec();
    }
    let file = fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
    let main = file
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
        .and_then(Pid::from_raw);
    processes
        .iter()
        .copied()
        .filter(|process| Some(*process) == main)
        .collect()
}

fn processes_in(cluster: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let id = entry
                .file_name()
                .to_str()?
                .parse()
                .ok()
                .and_then(Pid::from_raw)?;
            let folder = fs::read_link(entry.path().join("cwd")).ok()?;
            if folder != cluster {
                return None;
            }
            // Not the shell of somebody who looks around in there.
            let program = fs::read_link(entry.path().join("exe")).ok()?;
            program
                .file_name()?
                .to_str()?
                .starts_with("postgres")
                .then_some(id)
        })
        .collect()
}
