//! Components of other tools: what WASI gives them, and what `roost check` says of them.

mod check;
mod costly;
mod long;
mod wasi;

use std::path::{Path, PathBuf};

/// A component that `cargo xtask setup` makes of a bot in C.
pub fn path(name: &str) -> PathBuf {
    let sdk = std::env::var_os("ROOST_SDK").map(PathBuf::from);
    let tools = match &sdk {
        Some(sdk) => sdk.parent().unwrap().to_owned(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools"),
    };
    tools.join("components").join(name).with_extension("wasm")
}

/// Its bytes.
pub fn read(name: &str) -> Vec<u8> {
    let path = path(name);
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "`{}`: {error}; `cargo xtask setup` makes it",
            path.display()
        )
    })
}
