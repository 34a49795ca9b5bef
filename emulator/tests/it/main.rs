//! What software and people see of a running emulator, over real loopback HTTP.
//!
//! Each test starts an emulator of its own on free ports. Nothing sleeps: whatever takes time is
//! waited for, with a deadline.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

/// Scenes, receivers of webhooks, businesses.
mod support;

/// Connecting a number: reading it, subscribing, registering, letting it go.
mod connecting;
/// The control API itself: its guard, its cursors, its errors, resets, the state file.
mod control;
/// What goes wrong on request.
mod faults;
/// What customers do, as webhooks tell it.
mod inbound;
/// Every limit of an interactive message at its edge, and the errors beyond it.
mod interactive_limits;
/// Every limit of a plain message at its edge, and the errors beyond it.
mod limits;
/// Reading and configuring nodes of the Graph API: numbers, media, subscriptions, tokens.
mod nodes;
/// Sends: encodings, answers, read marks, recipients, rate limits.
mod sends;
/// What becomes of messages: statuses, the window, customers that are away.
mod statuses;
/// Template messages.
mod templates;
/// Bytes, signatures, retries and order of webhooks.
mod webhooks;
