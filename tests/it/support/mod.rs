//! What several test files use.

pub mod bench;
pub mod bot;
pub mod conversations;
pub mod db;
pub mod graph;
pub mod keeper;
pub mod modes;
pub mod skip;
pub mod source;
pub mod transcript;

use std::path::{Path, PathBuf};

/// The SDK's files.
pub fn sdk() -> PathBuf {
    match std::env::var_os("ROOST_SDK") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/sdk"),
    }
}
