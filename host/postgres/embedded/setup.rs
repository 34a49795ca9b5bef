//! What has to be true before the server is started: its version, its cluster, its log.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::folders::Folders;
use super::{ADMIN, EmbeddedError, command};

/// The major version that everything here was tested with.
const VERSION: u32 = 18;
const MAX_LOG_BYTES: u64 = 8 << 20;
const LOG_TAIL_BYTES: u64 = 2_000;

/// Also shows that the server's account can run the programs at all.
pub(super) async fn check_version(folders: &Folders) -> Result<(), EmbeddedError> {
    let does_not_run = |reason| EmbeddedError::ProgramsDoNotRun {
        bin_dir: folders.bin.clone(),
        reason,
    };
    let output = command(folders, "postgres")
        .arg("--version")
        .output()
        .await
        .map_err(|err| does_not_run(err.to_string()))?;
    if !output.status.success() {
        return Err(does_not_run(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    // `postgres (PostgreSQL) 18.6`
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let number = found.rsplit(' ').next().unwrap_or_default();
    let major = number
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    if major.parse() == Ok(VERSION) {
        return Ok(());
    }
    Err(EmbeddedError::WrongPrograms {
        bin_dir: folders.bin.clone(),
        found,
        wanted: VERSION,
    })
}

/// Makes the cluster unless there is one; checks the one there is.
pub(super) async fn ensure_cluster(folders: &Folders) -> Result<(), EmbeddedError> {
    if folders.cluster.exists() {
        return check_cluster(folders);
    }
    // Made under another name, so that one that was cut short is never taken for whole.
    let fresh = folders.base.join("cluster.new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(EmbeddedError::io("remove", &fresh))?;
    }
    fs::create_dir(&fresh).map_err(EmbeddedError::io("make", &fresh))?;
    folders.give(&fresh)?;
    let output = command(folders, "initdb")
        .arg("-D")
        .arg(&fresh)
        .args([
            "-U",
            ADMIN,
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .args(["--no-sync", "--no-instructions"])
        .output()
        .await
        .map_err(EmbeddedError::io("run", &folders.bin.join("initdb")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said
            .lines()
            .filter(|line| line.contains("error"))
            .collect::<Vec<_>>()
            .join("; ");
        let reason = if reason.is_empty() {
            said.trim().to_owned()
        } else {
            reason
        };
        return Err(EmbeddedError::NoCluster {
            data_dir: folders.base.clone(),
            reason,
        });
    }
    fs::rename(&fresh, &folders.cluster).map_err(EmbeddedError::io("rename", &fresh))
}

fn check_cluster(folders: &Folders) -> Result<(), EmbeddedError> {
    let damaged = |what: String| EmbeddedError::Damaged {
        data_dir: folders.base.clone(),
        what,
    };
    let path = folders.cluster.join("PG_VERSION");
    let found = fs::read_to_string(&path).map_err(|err| damaged(format!("PG_VERSION: {err}")))?;
    let found = found.trim();
    match found.parse::<u32>() {
        Ok(VERSION) => {}
        Ok(_) => {
            return Err(EmbeddedError::WrongVersion {
                data_dir: folders.base.clone(),
                found: found.to_owned(),
                wanted: VERSION,
            });
        }
        Err(_) => return Err(damaged(format!("PG_VERSION holds `{found}`"))),
    }
    for part in ["global/pg_control", "postgresql.conf", "base", "pg_wal"] {
        if !folders.cluster.join(part).exists() {
            return Err(damaged(format!("`{part}` is missing")));
        }
    }
    Ok(())
}

/// Keeps one log of the past. Gives the length of the log as it is now.
pub(super) fn rotate_log(folders: &Folders) -> Result<u64, EmbeddedError> {
    let length = fs::metadata(&folders.log).map_or(0, |found| found.len());
    if length <= MAX_LOG_BYTES {
        return Ok(length);
    }
    let old = folders.log.with_extension("log.old");
    fs::rename(&folders.log, &old).map_err(EmbeddedError::io("rename", &folders.log))?;
    Ok(0)
}

/// What the server said since the log was `start` bytes long, its end only.
pub(super) fn log_tail(folders: &Folders, start: u64) -> String {
    read_tail(&folders.log, start).unwrap_or_else(|err| format!("(the log cannot be read: {err})"))
}

fn read_tail(log: &Path, start: u64) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(
        start.max(length.saturating_sub(LOG_TAIL_BYTES)).min(length),
    ))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}
