//! `cargo xtask`: the project's chores.
//!
//! Every word installs what it needs first, pinned and without root, into
//! `.tools/` of the checkout; nothing is installed elsewhere.

mod bindings;
mod commands;
mod component;
mod engine;
#[cfg(test)]
mod frozen;
mod messages;
mod package;
mod schemathesis;
mod sdk;
mod testing;
mod tools;
mod yardstick;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <word>

  dev [DIR]    run a bot on your machine and chat with it (default: guests/starter)
  test [ARGS]  run the tests; with --all those that take minutes too, and a sum at the end
  cases [NAME…]
               run guests/cases on Node and in the `roost` binary, and say where they differ
  packages [--fast] [NAME…]
               call npm packages on Node and in the `roost` binary, check by check
  intl [--seed N] [--count N]
               make calls of Intl on Node and in the `roost` binary, and list what differs
  conformance SUITE --from DIR [--only NAME]
               run tests that others wrote on Node and in the `roost` binary: node-crypto, node-webcrypto, node-zlib,
               jose, jsonwebtoken or test262-intl, from a checkout of theirs
  flows --from DIR
               ask Meta's sample endpoints for Flows on Node and in the `roost` binary
  speed        measure cryptography and compression beside Node, and write docs/speed.md
  soak         kill hosts for a while, and account for every event (--minutes N --kills K --seed S)
  fuzz TARGET [--seconds N] [--keep] [FILE…]
               read inputs that nobody wrote, led by coverage (fuzz/README.md)
  setup        install the pinned tools and build the SDK
  engine       build the engine
  messages     write what follows from wit/messages.json: WIT, the host's functions, the npm package's types, docs
  component DIR [OUT]
               make a component of a bot in C (guests/components/c)
  package      pack `roost` for npm into target/package; --try installs and runs it
  schemathesis [ARGS]
               ask a host's admin API everything, and look for answers that are not documented

What each word needs is installed first, into .tools/ of the checkout.
";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("dev") => commands::dev(&args.collect::<Vec<_>>()),
        Some("test") => testing::test(&args.collect::<Vec<_>>()),
        Some("fuzz") => commands::fuzz(&args.collect::<Vec<_>>()),
        Some("soak") => commands::soak(&args.collect::<Vec<_>>()),
        Some(word @ ("cases" | "packages" | "intl")) => {
            yardstick::compare(word, &args.collect::<Vec<_>>())
        }
        Some(word @ ("conformance" | "flows" | "speed")) => {
            yardstick::measure(word, &args.collect::<Vec<_>>())
        }
        Some("setup") => setup().map(|_| ()),
        Some("schemathesis") => schemathesis::schemathesis(&args.collect::<Vec<_>>()),
        Some("component") => component::component(&tools::install()?, &args.collect::<Vec<_>>()),
        Some("messages") => messages::write(&tools::checkout()?),
        Some("engine") => engine::build(&tools::install()?),
        Some("package") => package::package(&setup()?, &args.collect::<Vec<_>>()),
        Some("help" | "--help" | "-h") | None => {
            println!("{USAGE}");
            Ok(())
        }
        Some(word) => bail!("there is no word `{word}`\n\n{USAGE}"),
    }
}

fn setup() -> Result<tools::Tools> {
    let tools = tools::install()?;
    engine::build(&tools)?;
    sdk::build(&tools)?;
    component::make_tested(&tools)?;
    Ok(tools)
}
