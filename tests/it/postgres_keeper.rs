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
    kept.serves(&socket).await;
    embedded.stop().await.unwrap();
    fs::remove_dir_all(folder.join("data")).unwrap();
}
