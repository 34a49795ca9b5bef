//! How an event can end.

use bytes::Bytes;
use std::time::Duration;

/// What a bot answered.
#[derive(Debug)]
pub struct Answer {
    /// Status and headers, and the whole body.
    pub response: http::Response<Bytes>,
    /// What `roost:bot/event.fail` said, if it was called.
    pub failure: Option<String>,
}

/// What an event used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// From the start of the instance to the end of its work.
    pub wall: Duration,
    /// Time on a processor.
    pub cpu: Duration,
    /// The instance's linear memory at its largest, in bytes.
    pub memory_bytes: usize,
}

/// Why an event ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The wall clock passed the budget.
    #[error(
        "the bot's work took longer than {0:?}; what it waits for must come sooner, or be left to a later event"
    )]
    Timeout(Duration),
    /// The processor time passed the budget: a loop, or a regular expression that backtracks.
    #[error("the bot used more than {0:?} of processor time without ending")]
    Cpu(Duration),
    /// The memory passed the budget.
    #[error(
        "the bot ran out of memory: it may use {} MiB, and needed more. `roost projects set NAME memory=…` gives it more",
        .0 >> 20
    )]
    Memory(usize),
    /// The bot ended without an answer, or answered with something else than HTTP.
    #[error("the bot did not answer: {0}")]
    NoAnswer(String),
    /// The response was larger than the budget.
    #[error("the bot's response has more than {0} bytes")]
    ResponseTooLarge(usize),
    /// The instance trapped.
    #[error("the bot crashed")]
    Trap(#[source] wasmtime::Error),
    /// No instance could be made: the machine's limit of instances, or a broken image.
    #[error("the bot could not be started")]
    Start(#[source] wasmtime::Error),
}

impl RunError {
    /// The error and its causes in one line.
    pub fn chain(&self) -> String {
        match self {
            Self::Trap(error) | Self::Start(error) => format!("{self}: {error:#}"),
            _ => self.to_string(),
        }
    }
}
