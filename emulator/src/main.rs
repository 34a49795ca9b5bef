//! `roost-emulator`: the emulator as a program of its own.

use clap::Parser;
use roost_emulator::program;
use tracing_subscriber::EnvFilter;

/// The WhatsApp Cloud API on this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    #[command(flatten)]
    arguments: program::Arguments,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    program::run(Flags::parse().arguments).await
}
