//! A PostgreSQL server that belongs to this host: zero setup for development and small machines.
//!
//! The server listens on a socket in a private folder only. It trusts the host's OS user to log in as
//! any tenant, as the provisioner and as the administrator, and nobody else: there are no passwords.
//!
//! PostgreSQL refuses to run as root. A host that does runs the server as `nobody`, or as the owner of
//! a cluster that exists already. `nobody` must be able to reach what it works with; when a parent
//! folder is closed to it (a checkout in `/root`), the data goes to a folder of its own below
//! `EmbeddedConfig::public_dir`, `data_dir` becomes a link to it, and the programs are copied there.
//!
//! What ends the server: `stop`, dropping `Embedded`, and the end of the host's process, however it
//! comes. When the server ends by itself it is started again.

mod error;
mod folders;
mod leftovers;
mod process;
mod programs;
mod settings;
mod setup;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

pub use error::EmbeddedError;

use super::address::Endpoint;
use super::client::Client;
use super::login::Login;
use super::server::Server;
use folders::{FolderLock, Folders};
use process::Postmaster;

/// The role that owns the cluster.
const ADMIN: &str = "roost_admin";
/// Part of the socket's name; nothing listens on it.
const PORT: u16 = 5432;

/// What an embedded server is made from.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// Holds `initdb` and `postgres` of PostgreSQL 18; `lib` and `share` lie beside it.
    pub bin_dir: PathBuf,
    /// Holds the cluster, its log and, if the path is short, its socket. Made when missing.
    pub data_dir: PathBuf,
    /// Only used by root, for what `nobody` could not reach elsewhere.
    pub public_dir: PathBuf,
    /// Where a folder for the socket is made when `data_dir` is too long for one.
    pub runtime_dir: PathBuf,
    pub max_connections: u16,
    pub shared_buffers_mib: u32,
    /// Address space of each server process besides the shared buffers. A statement that needs more
    /// fails alone, with `out of memory`.
    pub process_memory_mib: u32,
    /// Recovery after a crash is part of starting.
    pub start_deadline: Duration,
    /// How long an orderly stop may take before the server is ended without one.
    pub stop_deadline: Duration,
}

impl EmbeddedConfig {
    pub fn new(bin_dir: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            bin_dir: bin_dir.into(),
            data_dir: data_dir.into(),
            public_dir: PathBuf::from("/var/lib/roost"),
            runtime_dir: PathBuf::from("/tmp"),
            max_connections: 130,
            shared_buffers_mib: 64,
            process_memory_mib: 1024,
            start_deadline: Duration::from_secs(60),
            stop_deadline: Duration::from_secs(10),
        }
    }
}

/// A running server. Dropping it ends the server at once; the next start then recovers its data.
pub struct Embedded {
    shared: Arc<Shared>,
}

/// What the watching task shares with the handle.
struct Shared {
    config: EmbeddedConfig,
    folders: Folders,
    postmaster: Mutex<Arc<Postmaster>>,
    /// The same process, for `Drop`, which cannot wait for an async lock.
    current: std::sync::Mutex<Arc<Postmaster>>,
    is_stopping: AtomicBool,
    /// Held as long as the server may run.
    lock: std::sync::Mutex<Option<FolderLock>>,
}

impl Embedded {
    /// Starts the server on `data_dir`, making the cluster first if there is none. Takes over from a
    /// server that a host left behind.
    pub async fn start(config: EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let for_folders = config.clone();
        let (folders, lock) = tokio::task::spawn_blocking(move || folders::prepare(&for_folders))
            .await
            .map_err(|err| EmbeddedError::Task(err.to_string()))??;
        setup::check_version(&folders).await?;
        leftovers::end(&folders, config.stop_deadline).await?;
        setup::ensure_cluster(&folders).await?;
        settings::write_access_rules(&folders)?;
        let postmaster = Arc::new(launch(&config, &folders).await?);
        let shared = Arc::new(Shared {
            config,
            folders,
            current: std::sync::Mutex::new(Arc::clone(&postmaster)),
            postmaster: Mutex::new(postmaster),
            is_stopping: AtomicBool::new(false),
            lock: std::sync::Mutex::new(Some(lock)),
        });
        tokio::spawn(watch(Arc::clone(&shared)));
        Ok(Self { shared })
    }

    /// The server for `Cell::ensure` and for the control plane.
    pub fn server(&self) -> Server {
        Server::embedded(self.admin_options(), self.endpoint())
    }

    /// The administrator in the control database, which `Server::ensure` makes.
    pub fn admin_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.shared.folders.socket)
            .port(PORT)
            .username(ADMIN)
            .database(super::server::CONTROL_DATABASE)
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging()
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Unix {
            folder: self.shared.folders.socket.clone(),
            port: PORT,
        }
    }

    /// Where the data really lies: `data_dir`, or what that links to.
    pub fn data_dir(&self) -> PathBuf {
        self.shared.folders.base.clone()
    }

    /// The server's main process; another one after it was started again.
    pub fn process_id(&self) -> Option<u32> {
        self.current().id()
    }

    /// Ends all sessions and stops the server in order, so that the next start needs no recovery.
    /// Past `stop_deadline` it is ended as it is; nothing that was committed is lost either way.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        // Waits for a start that is under way.
        let postmaster = Arc::clone(&*self.shared.postmaster.lock().await);
        let deadline = self.shared.config.stop_deadline;
        for (signal, patience) in [
            (Signal::INT, deadline),
            (Signal::QUIT, Duration::from_secs(5)),
            (Signal::KILL, Duration::from_secs(5)),
        ] {
            postmaster.signal(signal);
            if tokio::time::timeout(patience, postmaster.ended())
                .await
                .is_ok()
            {
                return Ok(());
            }
            tracing::warn!(db.signal = ?signal, "the embedded Postgres did not stop in {patience:?}");
        }
        Err(EmbeddedError::DoesNotStop {
            data_dir: self.data_dir(),
        })
    }

    fn current(&self) -> Arc<Postmaster> {
        self.shared.current()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        let postmaster = self.current();
        // Not the orderly stop: that takes a second, and nobody waits for it here.
        postmaster.signal(Signal::QUIT);
        postmaster.wait_briefly(Duration::from_secs(1));
        // Now, and not when the watching task has noticed: the folder may be used again at once.
        drop(
            self.shared
                .lock
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .take(),
        );
    }
}

impl Shared {
    fn current(&self) -> Arc<Postmaster> {
        let current = self
            .current
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&current)
    }

    fn replace_current(&self, postmaster: &Arc<Postmaster>) {
        let mut current = self
            .current
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *current = Arc::clone(postmaster);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }
}

/// Starts the server again when it ended by itself: the kernel was out of memory, or somebody ended it.
async fn watch(shared: Arc<Shared>) {
    let mut pause = Duration::from_millis(100);
    loop {
        shared.current().ended().await;
        let mut postmaster = shared.postmaster.lock().await;
        if shared.is_stopping() {
            return;
        }
        tracing::error!("the embedded Postgres ended by itself; starting it again");
        sleep(pause).await;
        let started = async {
            leftovers::end(&shared.folders, shared.config.stop_deadline).await?;
            launch(&shared.config, &shared.folders).await
        };
        match started.await {
            Ok(again) => {
                let again = Arc::new(again);
                shared.replace_current(&again);
                // Dropped meanwhile: that ended the process before this one.
                if shared.is_stopping() {
                    again.signal(Signal::QUIT);
                }
                *postmaster = again;
                pause = Duration::from_millis(100);
            }
            Err(err) => {
                tracing::error!("the embedded Postgres could not be started again: {err}");
                pause = (pause * 2).min(Duration::from_secs(30));
            }
        }
    }
}

/// Starts the server's process and waits until it takes connections.
async fn launch(config: &EmbeddedConfig, folders: &Folders) -> Result<Postmaster, EmbeddedError> {
    let log_start = setup::rotate_log(folders)?;
    let postmaster = process::spawn(config, folders)?;
    let login = Login {
        endpoint: Endpoint::Unix {
            folder: folders.socket.clone(),
            port: PORT,
        },
        database: "postgres".to_owned(),
        role: ADMIN.to_owned(),
        password: None,
    };
    let deadline = Instant::now() + config.start_deadline;
    loop {
        let attempt = tokio::time::timeout(Duration::from_secs(5), Client::connect(&login)).await;
        if let Ok(Ok(client)) = attempt {
            client.close().await;
            return Ok(postmaster);
        }
        if postmaster.has_ended() {
            return Err(EmbeddedError::DoesNotStart {
                data_dir: folders.base.clone(),
                log: setup::log_tail(folders, log_start),
            });
        }
        if Instant::now() > deadline {
            postmaster.signal(Signal::QUIT);
            return Err(EmbeddedError::NotReady {
                data_dir: folders.base.clone(),
                waited: config.start_deadline,
                log: setup::log_tail(folders, log_start),
            });
        }
        sleep(Duration::from_millis(15)).await;
    }
}

/// One of PostgreSQL's programs, run as the server's account and with nothing of the host's environment.
fn command(folders: &Folders, program: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(folders.bin.join(program));
    if let Some(account) = folders.account {
        command.uid(account.uid).gid(account.gid);
    }
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    command
}
