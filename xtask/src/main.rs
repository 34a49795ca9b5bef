//! `cargo xtask`: the project's chores.
//!
//! Every word installs what it needs first, pinned and without root, into
//! `.tools/` of the checkout; nothing is installed elsewhere.

mod bindings;
mod engine;
mod tools;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <word>

  setup        install the pinned tools and build the engine
  engine       build the engine again
";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("setup") => {
            let tools = tools::install()?;
            engine::build(&tools)
        }
        Some("engine") => engine::build(&tools::install()?),
        Some(word) => bail!("there is no word `{word}`\n\n{USAGE}"),
        None => {
            println!("{USAGE}");
            Ok(())
        }
    }
}
