//! What one project's customers feel of twenty others that do their worst.
//!
//! One `roost serve` process on one embedded Postgres, with a victim and twenty attackers. The victim's customers write
//! at fixed times: alone, and then beside attackers of one class, on a host that has just started. The classes are bots
//! that spin, that fill their memory, that keep the database busy, that make hundreds of requests, that log without end,
//! and whose customers write all at once. A latency counts from the time a message was due to the bot's reply at Meta,
//! which is the emulator, in this process.
//!
//! The figures of a class are only worth something if its attackers attacked: what was seen of them stands beside the
//! figures, and the bench fails when it is too little.
//!
//! `cargo bench --bench neighbours`, and `-- --json` for one JSON object as the last line; `--rate`, `--seconds`,
//! `--attackers` and `--only CLASS` change the run. `cargo xtask setup` first.

mod attack;
#[path = "../common/mod.rs"]
mod common;
mod figures;
mod host;
#[path = "../measured/mod.rs"]
mod measured;
mod report;
mod seen;
mod service;

use anyhow::{Context, Result, ensure};
use attack::{Attack, Attackers};
use clap::Parser;
use common::meta;
use figures::{Processors, Stretch};
use host::Host;
use measured::load::{Load, Message};
use measured::world::World;
use report::Row;
use seen::{Records, Samples, Seen, watch};
use service::Service;
use std::time::Instant;

/// Who writes to the victim, in turn.
const CUSTOMERS: u32 = 200;

/// Seconds for which the victim is alone on each new host before anything is measured.
const WARM_UP: u32 = 3;

/// Seconds for which the victim is measured alone: in all, in equal parts before the classes.
const ALONE: u32 = 60;

/// The load, and how it is reported.
#[derive(Parser)]
struct Options {
    /// The victim's messages in a second.
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// How long the victim is measured beside each class; longer where an attacker's event lasts a minute.
    #[arg(long, default_value_t = 45)]
    seconds: u32,
    /// How many attack.
    #[arg(long, default_value_t = 20)]
    attackers: u32,
    /// One class only.
    #[arg(long)]
    only: Option<Attack>,
    /// One JSON object as the last line.
    #[arg(long)]
    json: bool,
    /// Cargo says that it is a bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What all classes share.
struct Bench {
    world: World,
    load: Load,
    service: Service,
    records: Records,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let files = host::take_all_files()?;
    let world = World::start(CUSTOMERS, 1 + options.attackers).await?;
    host::deploy(&world).await?;
    let mut bench = Bench {
        load: Load::new(options.rate, CUSTOMERS)?,
        service: Service::start(files / 2).await?,
        records: Records::open(&world).await?,
        world,
    };
    let classes = options.only.map_or(attack::ALL.to_vec(), |only| vec![only]);
    let alone = ALONE / u32::try_from(classes.len())?;
    let mut rows = Vec::new();
    for class in classes {
        let beside = class.seconds(options.seconds);
        let row = bench.measure(class, alone, beside).await;
        let row = row.with_context(|| format!("beside {}", class.word()))?;
        report::progress(&row);
        rows.push(row);
    }
    bench.world.stop().await?;
    println!(
        "\na victim with {} messages a second, alone and beside {} attackers; ms",
        options.rate, options.attackers
    );
    report::table(&rows);
    if options.json {
        report::json(&rows);
    }
    let doubtful = rows.iter().filter(|row| row.doubt.is_some());
    let doubtful: Vec<&str> = doubtful.map(|row| row.attack.word()).collect();
    ensure!(
        doubtful.is_empty(),
        "no attack worth the name: {doubtful:?}"
    );
    Ok(())
}

impl Bench {
    /// The victim alone and beside attackers of one class, on a host that has just started and an inbox that is empty.
    async fn measure(&mut self, attack: Attack, alone: u32, beside: u32) -> Result<Row> {
        let class = attack.word();
        self.records.begin_anew().await?;
        let host = Host::start(&self.world, &self.service, class).await?;
        let warm = self.stretch(&host, class, "warm", WARM_UP).await?;
        let is_well = warm.messages.iter().all(|one| one.answered().is_some());
        ensure!(is_well, "the victim is not answered when it is alone");

        let mut alone = self.stretch(&host, class, "alone", alone).await?;
        alone.failed_runs = self.records.failed_runs().await?;
        let url = meta::webhook_url(host.address);
        let attackers = Attackers::begin(attack, &self.world.numbers[1..], &url)?;
        let mut beside = self.stretch(&host, class, "beside", beside).await?;
        let posts = attackers.end();
        host.end().await?;

        beside.failed_runs = self.records.failed_runs().await? - alone.failed_runs;
        let seen = Seen {
            runs: self.records.attackers_runs().await?,
            lines_left_out: self.records.lines_left_out().await?,
            statements: beside.samples.statements(),
            requests: beside.samples.requests(),
            posts,
        };
        Ok(Row {
            attack,
            alone,
            beside,
            doubt: seen.doubt(attack, self.world.numbers.len() - 1),
            seen,
        })
    }

    /// The victim's messages for so many seconds, and what went on meanwhile.
    async fn stretch(
        &mut self,
        host: &Host,
        class: &str,
        part: &str,
        seconds: u32,
    ) -> Result<Stretch> {
        let (name, url) = (format!("{class} {part}"), meta::webhook_url(host.address));
        let mut samples = Samples::default();
        let (before, began) = (Processors::so_far(host, &self.world)?, Instant::now());
        let messages: Vec<Message> = tokio::select! {
            messages = self.load.run(&self.world, &name, &url, seconds) => messages?,
            failed = watch(&self.world, &self.service, &mut samples) => match failed? {},
        };
        let used = Processors::so_far(host, &self.world)?.since(before, began.elapsed());
        Ok(Stretch {
            seconds: seconds.into(),
            messages,
            processors: used,
            samples,
            failed_runs: 0,
        })
    }
}
