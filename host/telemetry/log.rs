//! The host's own log, for people or as JSON.
//!
//! Fields are dotted and grouped by noun, the same name everywhere. Never in
//! it: message text, phone numbers, tokens, signatures, bodies, parameters.
//! What bots log comes under the target `bot`.

use clap::ValueEnum;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log on standard error. `filter` is what `ROOST_LOG` says, as in `info,bot=debug`.
///
/// A filter that cannot be read is said, and `info` taken in its place.
pub fn start(format: LogFormat, filter: &str) {
    let (parsed, broken) = match EnvFilter::try_new(filter) {
        Ok(parsed) => (parsed, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_ansi(std::io::stderr().is_terminal())
        // It would be said on standard error, which is what could not be written, and whoever logged would panic.
        .log_internal_errors(false)
        .with_writer(BoxMakeWriter::new(std::io::stderr));
    // A second start in one process keeps the first.
    let _ = match format {
        LogFormat::Text => builder.with_target(true).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Some(error) = broken {
        tracing::warn!(%error, "ROOST_LOG cannot be read; logging at `info`");
    }
}
