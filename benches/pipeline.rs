//! What a message takes: from Meta's webhook to the 200, and to the bot's reply at Meta.
//!
//! One `roost serve` process, then one Node process with Express and `pg` that does the same durable
//! work by hand, on one embedded Postgres, with the same bot, webhooks and rate, one after the other.
//! Webhooks come at fixed times whether or not earlier ones are done, and a latency counts from the
//! time a webhook was due. Meta is the emulator, in this process; it sends no statuses back.
//!
//! `cargo bench --bench pipeline`, and `-- --json` for one JSON object as the last line;
//! `--rate`, `--seconds` and `--customers` change the load. `cargo xtask setup` first.

mod pipeline {
    pub mod host;
    pub mod load;
    pub mod peer;
    pub mod report;
    pub mod world;
}

use clap::Parser;
use pipeline::load::Load;
use pipeline::report::{self, Figures};
use pipeline::world::World;
use pipeline::{host, peer};

/// The load, and how it is reported.
#[derive(Parser)]
struct Options {
    /// Webhooks in a second.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// How long each side is measured, after five seconds that are not counted.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Customers, who write in turn.
    #[arg(long, default_value_t = 500)]
    customers: u32,
    /// One JSON object as the last line.
    #[arg(long)]
    json: bool,
    /// Cargo says that it is a bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let load = Load {
        rate: options.rate,
        seconds: options.seconds,
        customers: options.customers,
    };
    let world = World::start(&load).await?;
    let roost = host::start(&world).await?;
    let roost: Figures = load.run("roost", &world, roost).await?;
    let node = peer::start(&world).await?;
    let node: Figures = load.run("node", &world, node).await?;
    world.stop().await?;
    report::table(&load, &roost, &node);
    if options.json {
        report::json(&roost, &node);
    }
    Ok(())
}
