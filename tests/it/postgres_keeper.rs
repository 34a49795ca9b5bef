//! One PostgreSQL server for all tests of a run, also when each test is a process of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use roost::postgres::{Embedded, EmbeddedConfig};

use crate::postgres_support::bin_dir;
use crate::support::keeper::Keeper;

fn keeper() -> Keeper {
    let user = rustix::process::geteuid().as_raw();
    let folder = std::env::temp_dir().join(format!("roost-test-pg-{user}"));
    let _ = fs::create_dir(&folder);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    Keeper {
        folder,
        test: "postgres_keeper::keeps_a_server",
        patience: Duration::from_secs(90),
    }
}

/// The socket folder of the running server, started if it is not there.
pub(crate) async fn socket() -> PathBuf {
    PathBuf::from(keeper().said().await)
}

/// The keeper itself. Does nothing in a run of the tests.
#[tokio::test]
async fn keeps_a_server() {
    let keeper = keeper();
    let Some(kept) = keeper.is_here().await else {
        return;
    };
    let folder = keeper.folder;
    let [disk, memory] = places(&folder);
    for left in [&disk, &memory] {
        clear_away(left);
    }
    let place = if has_room(&memory) { memory } else { disk };
    fs::create_dir_all(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    let config = EmbeddedConfig {
        public_dir: folder.join("public"),
        ..EmbeddedConfig::new(bin_dir(), place.join("data"))
    };
    let embedded = Embedded::start(config)
        .await
        .unwrap_or_else(|err| panic!("{err}"));
    let socket = embedded.endpoint().to_string();
    let socket = Path::new(&socket).parent().unwrap().display().to_string();
    kept.serves(&socket).await;
    embedded.stop().await.unwrap();
    fs::remove_dir_all(place).unwrap();
}

/// Where the server's files may be: on the disk, and in memory. A run makes a hundred thousand of them, and a disk
/// that forgets so many keeps everybody waiting who writes to it.
fn places(folder: &Path) -> [PathBuf; 2] {
    let name = folder.file_name().unwrap();
    [folder.join("server"), Path::new("/dev/shm").join(name)]
}

/// Whether all of a run fits there, and leaves memory to the tests.
fn has_room(place: &Path) -> bool {
    let of_memory = rustix::fs::statvfs(place.parent().unwrap());
    of_memory.is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) >= 10 << 30)
}

/// Takes away what a keeper that was killed has left: nobody waits for it.
fn clear_away(place: &Path) {
    let away = place.with_extension(format!("left-{}", std::process::id()));
    if fs::rename(place, &away).is_ok() {
        std::thread::spawn(move || fs::remove_dir_all(away));
    }
}
