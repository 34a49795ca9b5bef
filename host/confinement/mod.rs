//! Holds a process to what it needs, for good: what strangers may have taken over reaches nothing else.
//!
//! ```text
//!  confine ─▶ namespaces   an empty network of its own, where the kernel gives one
//!             limits       memory, files, time on a processor
//!             files        landlock: one folder to write in, a few to read
//!             calls        seccomp: no sockets, no signals to others, no new groups
//!  alone ───▶ programs     for what a confined process starts: no process of its own
//! ```
//!
//! None of it needs root, and all but the namespaces is the floor: without it `confine` fails. A process confines
//! itself while it has one thread; its children are confined with it, and none can leave its group of processes, so
//! that ending the group ends them all.
//!
//! Not here: what runs confined (`deploys::bundling`, `sandbox::compiler`).

mod calls;
mod files;
mod group;
mod limits;
mod namespaces;
mod programs;
mod scratch;

use std::path::PathBuf;

pub use group::Group;
pub use limits::Limits;
pub use programs::alone;
pub use scratch::{Scratch, Usage, remove};

/// What a process may have from now on.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What is below it may be read and changed.
    pub folder: Option<PathBuf>,
    /// Files and folders to read.
    pub reads: Vec<PathBuf>,
    /// Programs to start.
    pub runs: Vec<PathBuf>,
    pub limits: Limits,
    /// Whether it leaves the host's network, too. It has to be known that the kernel allows it.
    pub leaves_network: bool,
}

/// What of the floor is not there.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    #[error("the kernel does not restrict files by landlock as Linux 5.19 does: {0}")]
    Landlock(#[from] landlock::RulesetError),
    #[error("the kernel does not filter system calls by seccomp: {0}")]
    Seccomp(#[from] seccompiler::Error),
    #[error("the filter of system calls is not for this machine: {0}")]
    Filter(#[from] seccompiler::BackendError),
    #[error("limits cannot be set: {0}")]
    Limits(rustix::io::Errno),
    #[error("namespaces cannot be made: {0}")]
    Namespaces(std::io::Error),
}

/// Holds this process, and all that it starts, to the rules. To be called while it has one thread.
pub fn confine(rules: &Rules) -> Result<(), Missing> {
    if rules.leaves_network {
        namespaces::leave().map_err(Missing::Namespaces)?;
    }
    limits::set(&rules.limits).map_err(Missing::Limits)?;
    files::restrict(rules)?;
    calls::restrict()
}
