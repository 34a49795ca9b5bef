//! What the admin API answers, as types that the API writes and the command line reads.
//!
//! A file for each resource. Conversions from the host's own types are in `api`, beside the handlers; how
//! people see them is in `cli`. Ids are strings. A word of a closed set is [`Told`](crate::words::Told): a host
//! may be newer than the command line that asks it, and a word that the one does not know is shown as it came.
//! For the same reason no view denies fields that it does not know.

pub mod accounts;
pub mod audit;
pub mod environment;
pub mod events;
pub mod flows;
pub mod keys;
pub mod logs;
pub mod media;
pub mod number;
mod page;
pub mod people;
pub mod profile;
pub mod projects;
pub mod queue;
pub mod secrets;
pub mod templates;
#[cfg(test)]
mod tests;
mod time;
pub mod tokens;
pub mod versions;

pub use page::Page;
pub use time::Time;
