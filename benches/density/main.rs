//! A thousand projects on one host, each with code of its own: what each costs, and how fast any is woken.
//!
//! One `roost serve` process after the other on one embedded Postgres; Meta is the emulator, in this process. Projects
//! are made as operators make them, by the admin API: the project, its number, an upload that the host builds. Then
//! the host is started again, and of the page cache is dropped what a program may drop; a customer writes to each
//! project in turn, and then many to all of them. On a last host with room for thousands of instances events are added
//! that last, until something refuses.
//!
//! `cargo bench --bench density`, and `-- --json` for one JSON object as the last line; `--projects`, `--seconds`,
//! `--clients` and `--hold` change the run. `cargo xtask setup` first.

mod admin;
#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "others deploy within their own process")]
mod common;
mod customers;
mod disk;
mod express;
mod hold;
mod host;
mod load;
#[path = "../measured/mod.rs"]
#[allow(dead_code, reason = "others have one project with a steady load")]
mod measured;
mod memory;
mod projects;
mod report;

use std::sync::Arc;
use std::time::Duration;

use admin::Admin;
use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use common::serve::Settings;
use customers::{Customers, Replies};
use hold::Holding;
use host::Host;
use measured::world::World;
use projects::{Common, Project};
use report::Figures;
use tempfile::TempDir;

/// Before memory is looked at, so that what belongs to a start or to single messages is gone.
const REST: Duration = Duration::from_secs(5);

/// How many projects, and how they are used.
#[derive(Parser)]
struct Options {
    /// Projects, each with its own code, number and schema.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=9_999))]
    projects: u32,
    /// How long customers write to all projects at once.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Customers who do so.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// Events that are to last at once, if nothing refuses before.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    hold: u32,
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
    let figures = tokio::select! {
        figures = measure(&options) => figures?,
        // What was started ends with what holds it.
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    figures.table();
    if options.json {
        figures.json();
    }
    let (lost, failed) = (figures.flow.lost, figures.failed());
    ensure!(lost == 0, "{lost} webhooks were taken and not answered");
    ensure!(
        failed == 0,
        "{failed} messages, one at a time, were not answered"
    );
    Ok(())
}

/// What all hosts of the bench share.
struct Bench {
    world: World,
    settings: Settings,
    replies: Replies,
    data: TempDir,
}

async fn measure(options: &Options) -> Result<Figures> {
    let bench = Bench::start(options).await?;
    let figures = bench.measure(options).await?;
    // The emulator waits for those who wait for it.
    drop(bench.replies);
    bench.world.stop().await?;
    Ok(figures)
}

impl Bench {
    async fn start(options: &Options) -> Result<Self> {
        let holders = u32::try_from(hold::rounds(
            options.hold as usize,
            options.projects as usize,
        ))?;
        let world = World::start(options.clients + holders, options.projects).await?;
        let below = env!("CARGO_TARGET_TMPDIR");
        std::fs::create_dir_all(below)?;
        // With a cache of its own, to see what belongs in it, and beside the build: `/tmp` may be in memory.
        let data = tempfile::Builder::new()
            .prefix("density-")
            .tempdir_in(below)?;
        let folder = data.path().display().to_string();
        Ok(Self {
            settings: world.settings.clone().with("ROOST_DATA", folder),
            replies: Replies::read(world.control.clone()),
            world,
            data,
        })
    }

    async fn measure(&self, options: &Options) -> Result<Figures> {
        // Compiles the engine, which is no project's.
        let first = Host::start(&self.settings, "first").await?;
        first.stop().await?;

        let host = Host::start(&self.settings, "making").await?;
        let without = self.memory(&host).await?;
        let disk_before = disk::now(self.data.path(), &self.world).await?;
        let (projects, made_in) = self.projects(&host).await?;
        let made = self.memory(&host).await?;
        host.stop().await?;
        let disk = disk::now(self.data.path(), &self.world).await?;

        let cached = memory::page_cache()?;
        disk::drop_pages(self.data.path())?;
        let dropped = cached - memory::page_cache()?;
        let host = Host::start(&self.settings, "woken").await?;
        let customers = Customers::new(host.address, &self.replies)?;
        let idle = self.memory(&host).await?;
        let from_disk = load::each_in_turn(&customers, &projects, "woken from disk", 0).await?;
        let woken = self.memory(&host).await?;
        let awake = load::each_in_turn(&customers, &projects, "told again", 0).await?;
        let flow = load::all_at_once(&customers, &projects, options.clients, options.seconds).await;
        println!("  {:.1} webhooks a second", flow.rate());
        host.stop().await?;

        let hold = options.hold as usize;
        let settings = hold::settings(&self.settings, hold, projects.len());
        let mut host = Host::start(&settings, "holding").await?;
        let customers = Customers::new(host.address, &self.replies)?;
        let from_cache =
            load::each_in_turn(&customers, &projects, "woken from the page cache", 0).await?;
        let admin = Admin::new(host.admin)?;
        let holding = Holding {
            world: &self.world,
            host: &mut host,
            admin: &admin,
            customers: &customers,
            projects: &projects,
            first_customer: options.clients,
        };
        let held = holding.grow(hold).await.context("events that last")?;
        host.kill().await?;
        Ok(Figures {
            projects: projects.len(),
            made_in,
            disk,
            disk_before,
            without,
            made,
            idle,
            woken,
            dropped,
            from_disk,
            awake,
            from_cache,
            flow,
            held,
        })
    }

    /// What a host takes, once it is at rest.
    async fn memory(&self, host: &Host) -> Result<memory::Memory> {
        tokio::time::sleep(REST).await;
        memory::now(host.id()?, &self.world)
    }

    async fn projects(&self, host: &Host) -> Result<(Arc<[Project]>, Duration)> {
        let common = Common::read()?;
        let admin = Admin::new(host.admin)?;
        let (made, took) = projects::make(&admin, &common, &self.world.numbers).await?;
        println!(
            "{} projects made in {:.0} s",
            made.len(),
            took.as_secs_f64()
        );
        Ok((made.into(), took))
    }
}
