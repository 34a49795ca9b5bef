//! What one project's customers feel of twenty others that do their worst.
//!
//! One `roost serve` process on one embedded Postgres, with a victim and twenty attackers. The victim's webhooks come at
//! fixed times, first alone, then beside attackers of each class: bots that spin, that fill their memory, that keep the
//! database busy, that make hundreds of requests, that log without end, and whose customers write all at once. A latency
//! counts from the time a webhook was due to the bot's reply at Meta, which is the emulator, in this process.
//!
//! `cargo bench --bench neighbours`, and `-- --json` for one JSON object as the last line; `--rate`, `--seconds`,
//! `--attackers` and `--only CLASS` change the run. `cargo xtask setup` first.

mod neighbours {
    pub mod attack;
    pub mod host;
    pub mod load;
    pub mod report;
    #[path = "../pipeline/world.rs"]
    pub mod world;
}

use clap::Parser;
use neighbours::attack::{Attack, Service};
use neighbours::load::Load;
use neighbours::report::{self, Figures};
use neighbours::world::World;
use neighbours::{attack, host};

/// The load, and how it is reported.
#[derive(Parser)]
struct Options {
    /// The victim's webhooks in a second.
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// How long each class is measured, after three seconds that are not counted.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// How many attack.
    #[arg(long, default_value_t = 20)]
    attackers: u32,
    /// One class only, beside none.
    #[arg(long)]
    only: Option<Attack>,
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
        customers: 200,
    };
    let world = World::start(&load).await?;
    let service = Service::start().await?;
    let numbers = host::deploy(&world, options.attackers).await?;
    let alone = measure(&world, &load, &service, &numbers, None).await?;
    let mut rows: Vec<(Attack, Figures)> = Vec::new();
    for attack in attack::ALL {
        if options.only.is_none_or(|only| only == attack) {
            let figures = measure(&world, &load, &service, &numbers, Some(attack)).await?;
            rows.push((attack, figures));
        }
    }
    world.stop().await?;
    report::table(&load, options.attackers, &alone, &rows);
    if options.json {
        report::json(&alone, &rows);
    }
    Ok(())
}

/// The victim beside one class of attackers, on a host that has just started and an inbox that is empty.
async fn measure(
    world: &World,
    load: &Load,
    service: &Service,
    numbers: &[String],
    attack: Option<Attack>,
) -> anyhow::Result<Figures> {
    let mut side = host::start(world, service).await?;
    let attacking = attack.map(|attack| attack.begin(world, numbers, &side.webhook_url));
    let name = attack.map_or("alone", Attack::word);
    let figures = load.run(name, world, &side).await;
    drop(attacking);
    side.process.start_kill()?;
    side.process.wait().await?;
    host::forget_events(world).await?;
    figures
}
