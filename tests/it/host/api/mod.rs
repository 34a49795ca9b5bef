//! The admin API and the command line, over a running host.

mod access;
pub(super) mod cli;
mod conformance;
mod events;
mod idempotency;
mod openapi;
mod people;
mod projects;
mod queue;
mod session;
