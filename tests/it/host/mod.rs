//! The host as a whole: what a customer says at one end, what their phone shows at the other.
//!
//! Everything between is real: the emulator of WhatsApp signs and posts, the host stores and
//! runs, bots are bundled, booted and sandboxed, PostgreSQL is a server. `support` has the actors.

mod api;
mod artifact;
mod budgets;
mod canary;
mod capacity;
mod clocks;
mod compression;
mod confined;
mod crashes;
mod delivery;
mod deploys;
mod derivations;
mod endings;
mod failures;
mod faults;
mod flows;
mod hostile;
mod isolation;
mod lifecycle;
mod lists;
mod long;
mod media;
mod messages;
mod number;
mod observed;
mod outbound;
mod packaged;
mod people;
mod private_files;
mod residents;
mod rotation;
mod starter;
mod starts;
mod statuses;
mod support;
mod templates;
mod traces;
mod two_hosts;
mod typed;
mod versions;
mod waits;
mod web;
