//! The tests of the host over its real parts.
//!
//! `support` has what they share: databases on the one server of a run. Tests
//! of one feature are in the module of its name; `host` has those of the whole,
//! from a signed webhook to what the bot sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    unreachable_pub,
    reason = "tests may fail loudly, and tell why"
)]

mod build;
mod chat;
mod components;
mod confinement;
mod conversations;
mod dev;
mod egress;
mod events;
mod host;
mod inbox;
mod leases;
mod listener;
mod logs;
mod merges;
mod news;
mod oracle;
mod postgres_account;
mod postgres_attacks;
mod postgres_cell;
mod postgres_client;
mod postgres_embedded;
mod postgres_export;
mod postgres_faults;
mod postgres_functions;
mod postgres_hardening;
mod postgres_keeper;
mod postgres_numbers;
mod postgres_older;
mod postgres_pool;
mod postgres_quotas;
mod postgres_scram;
mod postgres_support;
mod postgres_transactions;
mod postgres_types;
mod postgres_upkeep;
mod projects;
mod queue;
mod retention;
mod sends;
mod settings;
mod soak;
mod statements;
mod support;
mod tables;
mod tidy;
mod webhook;
mod yardstick;
