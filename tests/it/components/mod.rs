//! Components of other tools: what WASI gives them, and what `roost check` says of them.

mod bounds;
mod check;
mod costly;
mod long;
mod wasi;
pub mod wat;

use std::path::PathBuf;

/// A component that `cargo xtask setup` makes of a bot in C.
pub fn path(name: &str) -> PathBuf {
    let sdk = crate::support::sdk();
    let tools = sdk.parent().unwrap();
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
