//! The WhatsApp Cloud API on one machine: a peer that behaves as Meta documents it.
//!
//! Two listeners share one [`platform`]: the Graph side ([`graph`]), which business software
//! talks to, and the [`control`] API, by which tests and people set the scene and act as
//! customers. What a customer does ([`inbound`]) and what becomes of messages ([`statuses`])
//! waits in [`outbox`] and goes out as [`webhooks`]; [`faults`] go wrong on request.

mod clock;
mod codes;
pub mod config;
pub mod control;
mod crypto;
mod faults;
mod graph;
mod ids;
mod inbound;
mod outbox;
mod outstanding;
mod platform;
mod running;
mod statuses;
mod webhooks;
pub mod wire;

pub use crate::config::Config;
pub use crate::control::ControlClient;
pub use crate::platform::store::StateError;
pub use crate::running::{Emulator, Running, StartError};
