//! An npm that a stranger took over: what it tries, and what stopped it. Once with the floor alone, once with all
//! that this machine has.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use roost::confinement::Usage;
use roost::deploys::BundlingSettings;
use roost::egress::EgressPolicy;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{post, refusal};
use crate::host::support::{Setup, TestHost, eventually};
use crate::host::versions::packed;
use crate::support::sdk;

const HOSTILE: &str = include_str!("hostile_npm.js");

/// What is tried, and a word of what is said of it, or one of several.
const TRIED: [(&str, &str); 50] = [
    ("environment-of-the-host", "EACCES"),
    ("memory-of-the-host", "EACCES"),
    ("files-open-at-the-host", "EACCES"),
    ("its-own-starter", "EACCES"),
    ("processes", "EACCES"),
    ("passwords", "EACCES"),
    ("users", "EACCES"),
    ("name-of-the-machine", "EACCES"),
    ("secrets-in-files", "EACCES"),
    ("data-of-the-host", "EACCES"),
    ("images-of-bots", "EACCES"),
    ("other-builds", "EACCES"),
    ("data-by-a-link", "EACCES"),
    ("data-by-a-hard-link", "REFUSED"),
    ("data-moved-here", "REFUSED"),
    ("data-removed", "EACCES"),
    ("data-cut-off", "EACCES"),
    ("writes-beside", "EACCES"),
    ("writes-temporary", "EACCES"),
    ("writes-the-sdk", "EACCES"),
    ("writes-npm", "EACCES"),
    ("writes-home", "REFUSED"),
    ("tcp", "REFUSED"),
    ("unix-socket", "REFUSED"),
    ("listens-tcp", "REFUSED"),
    ("listens-unix", "REFUSED"),
    ("udp", "REFUSED"),
    ("names", "REFUSED"),
    ("shell", "REFUSED"),
    ("node-again", "EPERM"),
    ("outlives-as-a-group", "EPERM"),
    ("forks-for-ever", "EPERM"),
    ("own-program", "EPERM"),
    ("ends-the-host", "ENOSYS"),
    ("ends-its-starter", "ENOSYS"),
    ("ends-all", "ENOSYS"),
    ("debugs-the-host", "REFUSED"),
    ("slows-the-host", "ENOSYS"),
    ("becomes-another", "REFUSED"),
    ("another-folder", "EPERM"),
    ("bytes-bomb", "wrote more than 64 MiB or 2000 files"),
    ("files-bomb", "wrote more than 64 MiB or 2000 files"),
    ("open-files-bomb", "EMFILE"),
    // A path comes to its most length with about as many folders.
    (
        "folders-bomb",
        "REFUSED|wrote more than 64 MiB or 2000 files",
    ),
    ("speaks-for-ever", "was ended"),
    ("variables", "nothing of the host"),
    ("rights-of-others-files", "nothing changed"),
    ("registry-is-asked-to-write", "403"),
    ("registry-leads-elsewhere", "403"),
    ("registry-is-given-nonsense", "REFUSED"),
];

/// What may go on until the host's patience ends.
const GOES_ON: [(&str, &str); 6] = [
    ("memory-bomb", "failed|took more than 4 s"),
    ("heap-bomb", "failed|took more than 4 s"),
    ("thread-bomb", "failed|took more than 4 s"),
    ("one-large-file", "failed|wrote more than"),
    ("never-ends", "installing packages took more than 4 s"),
    ("waits-for-ever", "installing packages took more than 4 s"),
];

/// What a build finds around it, and may not have.
struct Surroundings {
    folder: tempfile::TempDir,
    _tcp: TcpListener,
    _unix: UnixListener,
}

impl Surroundings {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let npm = folder.path().join("npm");
        std::fs::create_dir(&npm).unwrap();
        std::fs::write(npm.join("package.json"), "{}").unwrap();
        std::fs::write(npm.join("npm.js"), HOSTILE).unwrap();
        let secret = folder.path().join("secret.txt");
        std::fs::write(&secret, "of the host").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            _tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            _unix: UnixListener::bind(folder.path().join("socket")).unwrap(),
            folder,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn setup(&self, takes_namespaces: bool, patience: Duration) -> Setup {
        let settings = BundlingSettings::of_this_program(
            Some(["https://registry.npmjs.org".to_owned()].into()),
            EgressPolicy::default(),
        );
        Setup {
            bundling: BundlingSettings {
                npm: Some(self.path("npm/npm.js")),
                patience,
                most_on_disk: Usage {
                    bytes: 64 << 20,
                    files: 2_000,
                },
                takes_namespaces,
                ..settings
            },
            ..Setup::default()
        }
    }

    /// Tells the hostile npm what it is to reach for.
    fn are_known(&self, data: &Path) {
        let at = json!({
            "host": std::process::id(),
            "data": data,
            "secret": self.path("secret.txt"),
            "port": self._tcp.local_addr().unwrap().port(),
            "socket": self.path("socket"),
            "sdk": sdk(),
        });
        std::fs::write(self.path("npm/where.json"), at.to_string()).unwrap();
    }
}

fn asking_for(probe: &str) -> Vec<u8> {
    let package = json!({ "main": "app.js", "dependencies": { probe: "1" } });
    packed(&[
        ("package.json", &package.to_string()),
        ("app.js", "require('dep')"),
    ])
}

/// Each probe is answered as its row says, within a patience of so many seconds.
async fn nothing_is_reached(rows: &[(&str, &str)], takes_namespaces: bool, patience: u64) {
    let around = Surroundings::new();
    let setup = around.setup(takes_namespaces, Duration::from_secs(patience));
    let mut host = TestHost::start_with(setup).await;
    around.are_known(host.data());
    host.project("shop").await;
    let operator = host.operator();
    let mut wrong = Vec::new();
    for (probe, says) in rows {
        match refusal(&operator, "shop", asking_for(probe)).await {
            Some(error)
                if !error.contains("DID ") && says.split('|').any(|says| error.contains(says)) => {}
            Some(error) => wrong.push(format!("{probe}: no `{says}` in {error}")),
            None => wrong.push(format!("{probe}: the version is ready")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        std::fs::read_to_string(around.path("secret.txt")).unwrap(),
        "of the host"
    );
    eventually("no build leaves anything", async || {
        let left = std::fs::read_dir(host.data().join("builds")).unwrap();
        let names = left.map(|entry| entry.unwrap().file_name());
        let mut builds = names.filter(|name| name.to_string_lossy().starts_with("build-"));
        builds.next().is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_floor_alone_keeps_a_hostile_npm_to_its_folder() {
    nothing_is_reached(&TRIED, false, 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_layers_together_keep_a_hostile_npm_to_its_folder() {
    nothing_is_reached(&TRIED, true, 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_floor_alone_ends_an_npm_that_goes_on() {
    nothing_is_reached(&GOES_ON, false, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_layers_together_end_an_npm_that_goes_on() {
    nothing_is_reached(&GOES_ON, true, 4).await;
}

/// Processes whose working directory is below a folder, those that began first in front.
fn processes_below(folder: &Path) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let below = processes.filter_map(|process| {
        let cwd = std::fs::read_link(process.path().join("cwd")).ok()?;
        let id = process.file_name().to_str()?.parse().ok()?;
        cwd.starts_with(folder).then(|| Pid::from_raw(id))?
    });
    let mut below: Vec<Pid> = below.collect();
    below.sort_by_key(|id| id.as_raw_nonzero());
    below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_ends_with_its_host() {
    let around = Surroundings::new();
    let mut host = TestHost::start_with(around.setup(true, Duration::from_secs(600))).await;
    around.are_known(host.data());
    host.project("shop").await;
    let operator = host.operator();
    post(&operator, "shop", asking_for("waits-for-ever"))
        .await
        .ok();
    let builds = host.data().join("builds");
    eventually("npm runs", async || {
        (processes_below(&builds).len() == 2).then_some(())
    })
    .await;
    host.stops().await;
    eventually("npm has ended", async || {
        processes_below(&builds).is_empty().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_is_told_to_stop_is_no_fault_of_its_author() {
    let around = Surroundings::new();
    let mut host = TestHost::start_with(around.setup(true, Duration::from_secs(600))).await;
    around.are_known(host.data());
    host.project("shop").await;
    let operator = host.operator();
    let version = post(&operator, "shop", asking_for("waits-for-ever")).await;
    let version = version.ok()["name"].as_str().unwrap().to_owned();
    let builds = host.data().join("builds");
    let two = || Some(processes_below(&builds)).filter(|running| running.len() == 2);
    let first = eventually("npm runs", async || two()).await;
    // A service manager tells all of them, and the host.
    for process in &first {
        // Who has ended already is as good.
        let _ = kill_process(*process, Signal::TERM);
    }
    eventually("the build begins anew", async || {
        two().filter(|running| *running != first)
    })
    .await;
    let path = format!("/v1/projects/shop/versions/{version}");
    let version = operator.get(&path).await.ok();
    assert_eq!(version["state"], "building", "{version}");
    host.stops().await;
}
