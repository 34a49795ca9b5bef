//! What software and people see of a running emulator, over real loopback HTTP.
//!
//! Each test starts an emulator of its own on free ports. Nothing sleeps: whatever takes time is
//! waited for, with a deadline.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

/// Scenes, receivers of webhooks, businesses.
mod support;

/// Clients that others wrote, unmodified.
mod clients;
/// Connecting a number: reading it, subscribing, registering, letting it go.
mod connecting;
/// The control API itself: its guard, its cursors, its errors, resets, the state file.
mod control;
/// Every type of message, out and in.
mod every_type;
/// What goes wrong on request.
mod faults;
/// A customer in a Flow: screens, the endpoint behind them, and the answer.
mod flow_play;
/// Flows over the Graph API: drafts, validation, publishing, migration, keys, health.
mod flows;
/// What all calls of the Graph API have in common: fields, pages, batches, proofs, versions.
mod graph_api;
/// What customers do, as webhooks tell it.
mod inbound;
/// Every limit of an interactive message at its edge, and the errors beyond it.
mod interactive_limits;
/// Every limit of a plain message at its edge, and the errors beyond it.
mod limits;
/// Media: types and sizes, lives of ids and URLs, uploads in pieces.
mod media;
/// Reading and configuring nodes of the Graph API: numbers, media, subscriptions, tokens.
mod nodes;
/// Numbers: onboarding, names, profiles, settings, codes, limits, health.
mod numbers;
/// The emulator as a program of its own.
mod program;
/// Sends: encodings, answers, read marks, recipients, rate limits.
mod sends;
/// What becomes of messages: statuses, the window, customers that are away.
mod statuses;
/// Templates over the Graph API: what may be created, how they live, what webhooks tell.
mod template_management;
/// Template messages.
mod templates;
/// Bytes, signatures, retries and order of webhooks.
mod webhooks;
