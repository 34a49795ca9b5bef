//! One PostgreSQL server for all tests of a run, also when each test is a process of its own.
//!
//! The first test that needs the server starts another process of this same program, the keeper, which
//! holds the server and ends it when no test has used it for a while.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use roost::postgres::{Embedded, EmbeddedConfig};
use rustix::fs::FlockOperation;
use tokio::time::{Instant, sleep};

use crate::postgres_support::bin_dir;

const UNUSED_FOR: Duration = Duration::from_secs(10);
const START_DEADLINE: Duration = Duration::from_secs(90);
/// Names the folder of the server, for the keeper only.
const KEEPER: &str = "ROOST_TEST_PG_KEEPER";

/// Says that this process uses the server. The lock is held until the process ends.
static USED: OnceLock<File> = OnceLock::new();

fn folder() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    std::env::temp_dir().join(format!("roost-test-pg-{user}"))
}

fn open(folder: &Path, name: &str) -> File {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(name))
        .unwrap()
}

/// The socket folder of the running server, started if it is not there.
pub(crate) async fn socket() -> PathBuf {
    let folder = folder();
    let _ = fs::create_dir(&folder);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let used = lock(open(&folder, "used"), FlockOperation::LockShared).await;
    let _ = USED.set(used);
    let _starting = lock(open(&folder, "starting"), FlockOperation::LockExclusive).await;
    let ready = folder.join("ready");
    let mut is_started = false;
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        // One that ends may hold its lock for a moment longer than its server is there.
        if !is_started && !keeper_runs(&folder) {
            let _ = fs::remove_file(&ready);
            start_keeper(&folder);
            is_started = true;
        }
        if let Ok(socket) = fs::read_to_string(&ready)
            && !socket.is_empty()
        {
            return PathBuf::from(socket);
        }
        if Instant::now() > deadline {
            let said = fs::read_to_string(folder.join("keeper.log")).unwrap_or_default();
            panic!("no server for the tests within {START_DEADLINE:?}: {said}");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn lock(file: File, operation: FlockOperation) -> File {
    let locked = tokio::task::spawn_blocking(move || {
        rustix::fs::flock(&file, operation).unwrap();
        file
    });
    locked.await.unwrap()
}

/// The keeper holds this lock as long as it lives.
fn keeper_runs(folder: &Path) -> bool {
    let alive = open(folder, "alive");
    rustix::fs::flock(&alive, FlockOperation::NonBlockingLockExclusive).is_err()
}

fn start_keeper(folder: &Path) {
    let log = File::create(folder.join("keeper.log")).unwrap();
    let mut keeper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "postgres_keeper::keeps_a_server", "--nocapture"])
        .env(KEEPER, folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        // Outlives the test that started it, and is not ended with it.
        .process_group(0)
        .spawn()
        .unwrap();
    // Reaps it, if this process lives longer.
    std::thread::spawn(move || keeper.wait());
}

/// The keeper itself. Does nothing in a run of the tests.
#[tokio::test]
async fn keeps_a_server() {
    let Some(folder) = std::env::var_os(KEEPER).map(PathBuf::from) else {
        return;
    };
    let _alive = lock(open(&folder, "alive"), FlockOperation::LockExclusive).await;
    let data = folder.join("data");
    let _ = fs::remove_dir_all(&data);
    let config = EmbeddedConfig {
        public_dir: folder.join("public"),
        ..EmbeddedConfig::new(bin_dir(), data)
    };
    let embedded = Embedded::start(config)
        .await
        .unwrap_or_else(|err| panic!("{err}"));
    let socket = embedded.endpoint().to_string();
    let socket = Path::new(&socket).parent().unwrap().display().to_string();
    fs::write(folder.join("ready.new"), socket).unwrap();
    fs::rename(folder.join("ready.new"), folder.join("ready")).unwrap();
    let used = open(&folder, "used");
    let mut last_used = Instant::now();
    while last_used.elapsed() < UNUSED_FOR {
        sleep(Duration::from_millis(500)).await;
        if rustix::fs::flock(&used, FlockOperation::NonBlockingLockExclusive).is_err() {
            last_used = Instant::now();
        } else if last_used.elapsed() < UNUSED_FOR {
            rustix::fs::flock(&used, FlockOperation::Unlock).unwrap();
        }
    }
    // With the lock held: a test that comes now waits, and starts another keeper.
    fs::remove_file(folder.join("ready")).unwrap();
    embedded.stop().await.unwrap();
    fs::remove_dir_all(folder.join("data")).unwrap();
}
