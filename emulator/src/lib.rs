//! The WhatsApp Cloud API on one machine: a peer that behaves as Meta documents it.
//!
//! Two listeners share one [`platform`]: the Graph side ([`graph`]), which business software
//! talks to, and the [`control`] API, by which tests and people set the scene and act as
//! customers. What a customer does ([`inbound`], and in Flows [`flow_player`]), what becomes of
//! messages ([`statuses`]) and of [`templates`] waits in [`outbox`] and goes out as [`webhooks`];
//! [`agenda`] has what happens by itself later, [`faults`] go wrong on request.

mod agenda;
mod clock;
mod codes;
pub mod config;
pub mod control;
mod crypto;
mod error;
mod faults;
mod flow_endpoint;
mod flow_json;
mod flow_player;
mod graph;
mod ids;
mod inbound;
mod naming;
mod outbox;
mod outstanding;
mod platform;
pub mod program;
mod running;
mod statuses;
mod templates;
mod urls;
mod webhooks;
pub mod wire;

pub use crate::config::Config;
pub use crate::control::ControlClient;
pub use crate::graph::routes::calls;
pub use crate::platform::store::StateError;
pub use crate::running::{Emulator, Running, StartError};
