//! Components of other tools: what WASI gives them, and what `roost check` says of them.

mod bounds;
mod check;
mod costly;
mod long;
mod patches;
mod wasi;
pub mod wat;

use std::path::PathBuf;

use wasm_encoder::{Component, ComponentSectionId, RawSection};

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

/// Small components that come to a lot, and what is said of them.
pub fn bombs() -> [(Vec<u8>, &'static str); 3] {
    // Each level has two of the one before: 24 of them have millions of instances.
    let levels: String = (1..=24)
        .map(|level| {
            let twice = format!("(instance (instantiate $c{}))", level - 1).repeat(2);
            format!("(component $c{level} {twice})")
        })
        .collect();
    let instances = format!("(component (component $c0) {levels} (instance (instantiate $c24)))");
    // All different: what registers them is shared by all bots.
    let types: String = (0..6_000)
        .map(|n| {
            let params: String = (0..14)
                .map(|bit| if (n >> bit) & 1 == 0 { "i32 " } else { "i64 " })
                .collect();
            format!("(type (func (param {params})))")
        })
        .collect();
    let types = format!("(component (core module $m {types}) (core instance (instantiate $m)))");
    // The type of an instance that declares one that declares one: who reads it calls itself at each.
    let mut nested = vec![1_u8];
    nested.extend([0x42, 1, 1].repeat(150_000));
    nested.push(0x7f);
    let section = RawSection {
        id: ComponentSectionId::Type.into(),
        data: &nested,
    };
    let mut nested = Component::new();
    nested.section(&section);
    [
        (
            ::wat::parse_str(instances).unwrap(),
            "more than 1000 instances",
        ),
        (
            ::wat::parse_str(types).unwrap(),
            "different types of functions",
        ),
        (nested.finish(), "nested more than 16 deep"),
    ]
}
