//! The soak: a whole small world that fails all the time, and the accounts of it afterwards.
//!
//! ```text
//!  traffic ──signed POSTs, twice, out of order──▶ forwarder ──▶ host 1, host 2 (`roost serve`)
//!     ▲                                              ▲              │ killed, started again
//!     │ plan, from a seed                            │ statuses     ▼
//!     └── verdict ◀── events, sends ── Postgres ◀── emulator ◀── sends, of which some fail
//! ```
//!
//! `plan` decides what is posted and when a host dies, `world` has Postgres, the emulator and the
//! projects, `hosts` the processes and the forwarder before them, `traffic` posts as Meta does:
//! again and again until it has a 200. `verdict` compares what was posted with what the inbox has
//! and what the emulator took.
//!
//! What is held: a POST that was answered 200 is an event, and every event ends as done, or as dead
//! with its reason. A bot that sends the same for the same event gets each message out exactly once.
//! A bot that decides by chance gets each *content* out at most once for an event: what it says
//! differently in another run is another message, and goes out too. Messages of a conversation go
//! out in the order in which what they answer came in.

#[path = "../../common/mod.rs"]
mod common;
mod hosts;
mod plan;
mod traffic;
mod verdict;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::Instant;

use hosts::{Fleet, Forwarder};
use plan::Plan;
use traffic::Traffic;
pub use verdict::Verdict;
use world::World;

/// How often a long soak says how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

/// What a soak is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything that is planned follows from it.
    pub seed: u64,
    /// How long webhooks are sent; longer when the kills are not through by then.
    pub duration: Duration,
    /// How often a host is killed in that time.
    pub kills: u32,
    /// Projects, each with one of the four bots of `guests/soak`.
    pub projects: usize,
    /// Customers of each project.
    pub people: usize,
    /// Messages of customers, per second.
    pub rate: f64,
    /// `roost serve` processes.
    pub hosts: usize,
    /// How long a call to Meta may take, and how long a send of unknown outcome waits.
    pub graph: Duration,
    pub settle: Duration,
    pub lease: Duration,
    /// How long everything may take to come to rest once nothing is killed or sent any more.
    pub quiet: Duration,
    /// The folder with PostgreSQL's programs.
    pub postgres: PathBuf,
    /// The SDK's files.
    pub sdk: PathBuf,
    /// Whether to say how far it is.
    pub is_talkative: bool,
}

/// Builds the world, lets it fail, and accounts for it.
pub async fn run(options: Options) -> Result<Verdict> {
    let options = Arc::new(options);
    let plan = Plan::new(&options);
    let say = |text: String| {
        if options.is_talkative {
            println!("{text}");
        }
    };
    let began = Instant::now();
    let world = World::build(&options).await?;
    say(format!(
        "{} projects are there after {:.0} s; seed {}",
        options.projects,
        began.elapsed().as_secs_f64(),
        options.seed
    ));
    let fleet = Arc::new(Fleet::start(&options, &world).await?);
    let forwarder = Forwarder::start(fleet.clone()).await?;
    world.point_at(forwarder.address()).await?;
    world.begin_to_fail().await?;

    let began = Instant::now();
    let traffic = Traffic::new(&options, &world, forwarder.address())?;
    let killing = tokio::spawn(hosts::kill(fleet.clone(), plan.kills(), began));
    let restart = tokio::time::sleep_until(began + options.duration / 2);
    tokio::pin!(restart);
    let mut progress = tokio::time::interval(PROGRESS);
    progress.tick().await;
    let mut is_restarted = false;
    let mut posts = plan.posts().peekable();
    while !killing.is_finished() || began.elapsed() < options.duration {
        let Some(next) = posts.peek().map(|post| post.at) else {
            break;
        };
        tokio::select! {
            () = tokio::time::sleep_until(began + next) => {
                if let Some(post) = posts.next() {
                    traffic.post(post);
                }
            }
            () = &mut restart, if !is_restarted => {
                is_restarted = true;
                world.crash_postgres()?;
            }
            _ = progress.tick() => say(format!(
                "{:4.0} s: {}, {} kills", began.elapsed().as_secs_f64(), traffic.progress(),
                fleet.kills()
            )),
        }
    }
    killing.await.context("the kills")??;
    let traffic = traffic.end(options.quiet).await?;
    let lasted = began.elapsed();
    say(format!(
        "{:4.0} s: everything is posted; waiting for rest",
        lasted.as_secs_f64()
    ));
    let at_rest = world.rest(options.quiet).await?;
    let verdict = verdict::account(&options, &world, &traffic, &fleet, lasted, at_rest).await?;
    let (fleet_logs, has_failed) = (fleet.logs(), !verdict.is_clean());
    forwarder.stop();
    fleet.stop().await;
    world.end(has_failed.then_some(fleet_logs)).await?;
    Ok(verdict)
}
