//! Which contact some ids belong to, and which conversation that is.
//!
//! [`Book`] decides, in memory and without SQL; `store` reads what it needs and writes what it
//! decided.
//!
//! The user id is the person. A contact found by it takes the WhatsApp id that came along, from
//! whoever had it; a contact found by its WhatsApp id alone is taken over only while it has no user
//! id. When each id has a contact of its own, the two were one person all along and are merged.

mod book;
mod store;
#[cfg(test)]
mod tests;

pub use store::{Enrolled, Enrolment, enrol};
