//! What a message takes: from Meta's webhook to the 200, and to the bot's reply at Meta.
//!
//! One `roost serve` process, then one Node process with Express and `pg` that does the same durable
//! work by hand, on one embedded Postgres, with the same bot, webhooks and rate, one after the other.
//! Webhooks come at fixed times whether or not earlier ones are done, and a latency counts from the
//! time a webhook was due. Meta is the emulator, in this process; it sends no statuses back.
//!
//! `cargo bench --bench pipeline`, and `-- --json` for one JSON object as the last line;
//! `--rate`, `--seconds` and `--customers` change the load. `cargo xtask setup` first.

#[path = "../common/mod.rs"]
mod common;
#[path = "../measured/mod.rs"]
#[allow(dead_code, reason = "others measure Postgres, too")]
mod measured;
mod report;
mod sides;

use anyhow::Result;
use clap::Parser;
use measured::load::Load;
use measured::world::World;
use report::{Figures, Used};
use sides::Side;
use std::time::Instant;

/// Seconds of the load that are not counted, before those that are.
const WARM_UP: u32 = 5;

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
async fn main() -> Result<()> {
    let options = Options::parse();
    let world = World::start(options.customers, 1).await?;
    let load = Load::new(options.rate, options.customers)?;
    let roost = sides::roost(&world).await?;
    let roost = measure(&world, &load, options.seconds, roost).await?;
    let node = sides::node(&world).await?;
    let node = measure(&world, &load, options.seconds, node).await?;
    world.stop().await?;
    println!(
        "{} webhooks a second for {} s, {} customers; ms",
        options.rate, options.seconds, options.customers
    );
    report::table(&roost, &node);
    if options.json {
        report::json(&roost, &node);
    }
    Ok(())
}

/// One side under the load, which is the end of it.
async fn measure(world: &World, load: &Load, seconds: u32, mut side: Side) -> Result<Figures> {
    let (name, url) = (side.name, side.webhook_url.as_str());
    load.run(world, &format!("{name} warm"), url, WARM_UP)
        .await?;
    let (used, began) = (Used::of(&side.process)?, Instant::now());
    let messages = load
        .run(world, &format!("{name} run"), url, seconds)
        .await?;
    let took = began.elapsed();
    let used = Used::of(&side.process)?.since(used);
    side.process.kill().await?;
    Figures::of(name, &messages, took, used)
}
