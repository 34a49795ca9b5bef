//! What all tests of a run share, though each is a process of its own.
//!
//! The first test that needs it starts another process of this same program, the keeper, which ends when no test has
//! used it for a while.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;
use tokio::time::{Instant, sleep};

const UNUSED_FOR: Duration = Duration::from_secs(10);
/// How long a keeper that did not start is no reason to try another.
const FAILED_FOR: Duration = Duration::from_secs(60);
/// Names the keeper's folder, for the keeper only.
const KEEPER: &str = "ROOST_TEST_KEEPER";

/// Says that this process uses what it asked for. The locks are held until the process ends.
static USED: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A keeper, whether it runs or not.
pub struct Keeper {
    /// Where its locks are, and what it says. It is there.
    pub folder: PathBuf,
    /// The test that is the keeper itself. Does nothing in a run of the tests.
    pub test: &'static str,
    /// How long it may take to start.
    pub patience: Duration,
}

/// The keeper's own life.
pub struct Kept {
    folder: PathBuf,
    _alive: File,
}

impl Keeper {
    /// What the keeper said when it was ready. Starts it if it is not there.
    pub async fn said(&self) -> String {
        let used = lock(open(&self.folder, "used"), FlockOperation::LockShared).await;
        USED.lock().unwrap().push(used);
        let _starting = lock(
            open(&self.folder, "starting"),
            FlockOperation::LockExclusive,
        )
        .await;
        let ready = self.folder.join("ready");
        let mut started: Option<Child> = None;
        let deadline = Instant::now() + self.patience;
        loop {
            // One that ends may hold its lock for a moment longer than what it keeps is there.
            if started.is_none() && !self.runs() {
                self.has_not_just_failed();
                let _ = fs::remove_file(&ready);
                started = Some(self.start());
            }
            if let Ok(said) = fs::read_to_string(&ready)
                && !said.is_empty()
            {
                if let Some(mut keeper) = started {
                    // Reaps it, if this process lives longer.
                    std::thread::spawn(move || keeper.wait());
                }
                return said;
            }
            let is_over = started
                .as_mut()
                .is_some_and(|keeper| keeper.try_wait().unwrap().is_some());
            if is_over || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.join("keeper.log")).unwrap_or_default();
                fs::write(self.folder.join("failed"), &log).unwrap();
                panic!("`{}` did not start: {log}", self.test);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The life of the keeper, if this process is it.
    pub async fn is_here(&self) -> Option<Kept> {
        let folder = std::env::var_os(KEEPER).map(PathBuf::from)?;
        if folder != self.folder {
            return None;
        }
        let alive = open(&folder, "alive");
        Some(Kept {
            _alive: lock(alive, FlockOperation::LockExclusive).await,
            folder,
        })
    }

    /// The keeper holds this lock as long as it lives.
    fn runs(&self) -> bool {
        let alive = open(&self.folder, "alive");
        rustix::fs::flock(&alive, FlockOperation::NonBlockingLockExclusive).is_err()
    }

    /// One that cannot start is not tried by each test.
    fn has_not_just_failed(&self) {
        let failed = self.folder.join("failed");
        let Ok(at) = fs::metadata(&failed).and_then(|file| file.modified()) else {
            return;
        };
        let age = SystemTime::now().duration_since(at).unwrap_or_default();
        let log = fs::read_to_string(&failed).unwrap_or_default();
        assert!(age > FAILED_FOR, "`{}` did not start: {log}", self.test);
    }

    fn start(&self) -> Child {
        let log = File::create(self.folder.join("keeper.log")).unwrap();
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", self.test, "--nocapture"])
            .env(KEEPER, &self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            // Outlives the test that started it, and is not ended with it.
            .process_group(0)
            .spawn()
            .unwrap()
    }
}

impl Kept {
    /// Tells the tests so much, and waits until none has used the keeper for a while.
    pub async fn serves(&self, said: &str) {
        let _ = fs::remove_file(self.folder.join("failed"));
        fs::write(self.folder.join("ready.new"), said).unwrap();
        fs::rename(self.folder.join("ready.new"), self.folder.join("ready")).unwrap();
        let used = open(&self.folder, "used");
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
        fs::remove_file(self.folder.join("ready")).unwrap();
        // Held until the process ends.
        USED.lock().unwrap().push(used);
    }
}

fn open(folder: &Path, name: &str) -> File {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(name))
        .unwrap()
}

async fn lock(file: File, operation: FlockOperation) -> File {
    let locked = tokio::task::spawn_blocking(move || {
        rustix::fs::flock(&file, operation).unwrap();
        file
    });
    locked.await.unwrap()
}
