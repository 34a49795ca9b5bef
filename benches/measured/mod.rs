//! What benches share that measure one host: what is around it, the load, and how figures are made of that.

pub mod latency;
pub mod load;
pub mod usage;
pub mod world;
