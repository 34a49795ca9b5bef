//! The sandbox: bots as WebAssembly components, one event at a time.
//!
//! A component is split at load into the *code* of its engine, compiled once
//! and shared by every bot of that engine, and its own *image*, the memory it
//! starts from ([`split`]). An event gets a fresh [`Instance`] of its bot,
//! which costs microseconds, or is given to a resident one. A [`Budget`]
//! bounds what it may use; whatever a bot does ends in a [`Report`] or a
//! [`RunError`] of its own event and of no other.
//!
//! Not here: what a bot may call (`capabilities`), and which event runs when
//! (`inbox`).

mod accessors;
mod bot;
mod bounds;
mod compiler;
mod effort;
mod engine;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod image;
mod instance;
mod limits;
mod outcome;
mod permits;
mod rehearsal;
mod service;
mod split;
mod state;
mod threads;

#[cfg(test)]
mod tests;

pub use bot::Bot;
pub(crate) use bounds::check as check_bounds;
pub use compiler::{CompileArgs, Compiler};
pub(crate) use effort::{Booking, Effort, SHORT, Shortage};
pub use engine::{Sandbox, SandboxSettings, StartError};
pub use image::{
    Boot, BootFailure, BootOptions, BootReport, BundleFormat, BundleParts, ImageError, ImageMaker,
    Listening, OutOfMemory, Route,
};
pub use instance::Instance;
pub use limits::{Budget, DEFAULT_MEMORY_BYTES};
pub use outcome::{Answer, Report, RunError};
pub use permits::{Permit, Purpose};
pub use split::{Split, split};
pub use state::RunState;
pub(crate) use threads::{Share, Turn};

/// The host that bots see their requests go to.
pub(crate) const BOT_HOST: &str = "bot.roost.local";

/// What Meta names itself as: what of the host's own looks like Meta's does, too.
pub(crate) const META_USER_AGENT: &str = "facebookexternalua";
