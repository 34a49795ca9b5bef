//! `roost-emulator`: the emulator as a program of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use roost_emulator::{Config, Emulator};
use tracing_subscriber::EnvFilter;

/// The WhatsApp Cloud API on this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where the Graph API listens; port 0 takes a free one
    #[arg(long, env = "EMULATOR_GRAPH_ADDR", default_value = "127.0.0.1:4100")]
    graph_addr: SocketAddr,

    /// Where the control API listens; port 0 takes a free one
    #[arg(long, env = "EMULATOR_CONTROL_ADDR", default_value = "127.0.0.1:4101")]
    control_addr: SocketAddr,

    /// The bearer token of the control API; made up and printed when absent
    #[arg(long, env = "EMULATOR_CONTROL_TOKEN", hide_env_values = true)]
    control_token: Option<String>,

    /// A file in which apps, numbers, customers and messages outlive the process
    #[arg(long, env = "EMULATOR_STATE_FILE")]
    state_file: Option<PathBuf>,

    /// The seed of random delays and faults
    #[arg(long, env = "EMULATOR_SEED", default_value_t = 0)]
    seed: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let mut config = Config {
        graph_addr: arguments.graph_addr,
        control_addr: arguments.control_addr,
        state_file: arguments.state_file,
        seed: arguments.seed,
        ..Config::default()
    };
    if let Some(token) = arguments.control_token {
        config.control_token = token;
    }
    let running = Emulator::start(config).await?;
    writeln!(
        std::io::stdout(),
        "graph    {}\ncontrol  {}\ntoken    {}",
        running.graph_url(),
        running.control_url(),
        running.control_token(),
    )
    .context("the addresses cannot be printed")?;
    wait_for_signal().await?;
    running.shutdown().await;
    Ok(())
}

/// Ctrl-C, or what a supervisor sends.
async fn wait_for_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome.context("Ctrl-C cannot be handled"),
        _ = terminate.recv() => Ok(()),
    }
}
