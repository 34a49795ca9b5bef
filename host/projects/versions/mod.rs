//! The versions of a project: queued, built, checked, and switched between.
//!
//! `builds` has the queue of what is to be built and the log of each build; `store` what is kept,
//! and which version serves.

mod builds;
mod model;
mod store;

pub use builds::{BuildJob, Built, ClaimedBuild, LogLine, NewBuild};
pub use model::{Changes, SourceFiles, Switched, Version, VersionKind, VersionState};
