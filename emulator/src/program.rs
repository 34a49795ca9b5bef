//! The emulator as a program: its flags, what it prints, and how it ends.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::{Config, Emulator};

/// The flags of the program.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Where the Graph API listens; port 0 takes a free one
    #[arg(long, env = "EMULATOR_GRAPH_ADDR", default_value = "127.0.0.1:4100")]
    pub graph_addr: SocketAddr,

    /// Where the control API listens; port 0 takes a free one
    #[arg(long, env = "EMULATOR_CONTROL_ADDR", default_value = "127.0.0.1:4101")]
    pub control_addr: SocketAddr,

    /// The bearer token of the control API; made up and printed when absent
    #[arg(long, env = "EMULATOR_CONTROL_TOKEN", hide_env_values = true)]
    pub control_token: Option<String>,

    /// A file in which everything but settings, faults and deliveries outlives the process
    #[arg(long, env = "EMULATOR_STATE_FILE")]
    pub state_file: Option<PathBuf>,

    /// The seed of random delays and faults
    #[arg(long, env = "EMULATOR_SEED", default_value_t = 0)]
    pub seed: u64,
}

/// Runs an emulator until a signal. Once it listens, it prints where, and its control token.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
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
