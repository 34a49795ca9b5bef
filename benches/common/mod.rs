//! What benches with hosts of their own share.

pub mod meta;
pub mod postgres;
pub mod serve;
