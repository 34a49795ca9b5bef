//! A chat in the terminal: each line is a customer's message, each thing the bot sends is printed.
//!
//! ```text
//!  stdin ── session ── line ──▶ command ─▶ the emulator, as the customer
//!              ▲                              │ signed webhook, the bot, its sends
//!  stdout ◀── screen ◀── render ◀── feed ◀────┘
//! ```
//!
//! [`Style::Interactive`] is for a person: a prompt, and no line waits for another.
//! [`Style::Scripted`] is for a pipe: lines are echoed, and each waits until nothing is
//! outstanding after the one before it (`quiet`), so that the same input gives the same
//! transcript.
//!
//! A Flow is played in the chat, too: its screens are printed, and its inputs asked for one by one (`forms`).
//!
//! Not here: the emulator's scene (number, app, token), the host, and what happens on a save.

mod choices;
mod command;
mod feed;
mod files;
mod forms;
mod line;
mod quiet;
mod render;
mod screen;
mod session;
mod stdin;
#[cfg(test)]
mod tests;

use std::future::Future;

use roost_emulator::control::ClientError;
use tokio::time::Instant;

pub use screen::Style;
pub use session::{Chat, Verbosity};
pub use stdin::{StdinError, read_stdin};

/// The host's side of "nothing is outstanding".
pub trait Settled: Sync {
    /// Waits until no event is pending or running, and says whether that was before `deadline`.
    ///
    /// An event whose webhook was answered with 200 before the call must be seen by it, and a send
    /// of an event that ended must have been answered.
    fn settled(&self, deadline: Instant) -> impl Future<Output = bool> + Send;
}

/// Why a chat is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatEnd {
    /// There are no more lines.
    EndOfInput,
    /// The customer wrote `/quit`.
    Quit,
    /// The token was cancelled: Ctrl-C.
    Stopped,
}

/// Why a chat cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    #[error("the emulator does not do what the chat asks")]
    Emulator(#[from] ClientError),
    #[error("the chat's input cannot be read")]
    Input(#[source] std::io::Error),
    /// Its kind is `BrokenPipe` when whoever read the output has gone.
    #[error("the chat's output cannot be written")]
    Output(#[source] std::io::Error),
}
