//! The state file: read once at the start, replaced as a whole whenever the world changed.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::platform::Platform;
use crate::platform::world::World;

/// Changes within this time of each other are written together.
const WRITE_DELAY: Duration = Duration::from_millis(100);

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the state file `{path}` cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the state file `{path}` is not one of the emulator's: delete it to start afresh")]
    Parse {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("the state file `{path}` cannot be written")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Reads the world; an absent file is an empty world.
pub(crate) fn load(path: &Path) -> Result<World, StateError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(World::default()),
        Err(source) => {
            let path = path.to_owned();
            return Err(StateError::Read { path, source });
        }
    };
    let mut world: World = serde_json::from_slice(&text).map_err(|source| StateError::Parse {
        path: path.to_owned(),
        source,
    })?;
    world.index();
    Ok(world)
}

/// Replaces the file, which is its user's alone: readers see the old state or the new one, never a part.
pub(crate) fn save(path: &Path, world: &[u8]) -> Result<(), StateError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let write = || -> std::io::Result<()> {
        // It holds tokens and the app's secret.
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(world)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    write().map_err(|source| StateError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Writes the world after every change until the platform stops. What changes during the stop is
/// written by [`save_now`].
pub(crate) async fn keep_saved(platform: Arc<Platform>, path: PathBuf) {
    loop {
        tokio::select! {
            () = platform.stopping.cancelled() => return,
            () = platform.unsaved.notified() => {}
        }
        tokio::time::sleep(WRITE_DELAY).await;
        save_now(&platform, &path).await;
    }
}

/// Writes the world as it is now; a failure is logged, since nobody waits for it.
pub(crate) async fn save_now(platform: &Arc<Platform>, path: &Path) {
    let snapshot = serde_json::to_vec(&*platform.world());
    let path = path.to_owned();
    let outcome = match snapshot {
        Ok(bytes) => tokio::task::spawn_blocking(move || save(&path, &bytes)).await,
        Err(error) => {
            tracing::error!("the state cannot be written as JSON: {error}");
            return;
        }
    };
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!("{error}: {}", source_of(&error)),
        Err(error) => tracing::error!("the state was not written: {error}"),
    }
}

fn source_of(error: &StateError) -> String {
    std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
}
