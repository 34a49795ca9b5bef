//! What a confined process may use, by the kernel's own count.

use std::os::unix::fs::MetadataExt as _;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

/// What each confined process may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory that only it can write. V8 reserves far more addresses than it uses, so addresses do not count.
    pub memory_bytes: u64,
    pub file_bytes: u64,
    pub open_files: u64,
    pub processor_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            file_bytes: 256 << 20,
            open_files: 1024,
            processor_seconds: 300,
        }
    }
}

/// A thread's stack.
const STACK_BYTES: u64 = 8 << 20;

/// Threads beyond those that the user has: the kernel counts them for each user, and not root's.
const THREADS: u64 = 512;

pub(super) fn set(limits: &Limits) -> Result<(), Errno> {
    let set = |resource, most| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)
    };
    set(Resource::Data, limits.memory_bytes)?;
    set(Resource::Fsize, limits.file_bytes)?;
    set(Resource::Nofile, limits.open_files)?;
    set(Resource::Cpu, limits.processor_seconds)?;
    set(Resource::Stack, STACK_BYTES)?;
    set(Resource::Core, 0)?;
    set(Resource::Memlock, 0)?;
    set(Resource::Msgqueue, 0)?;
    set(Resource::Nproc, threads_of_user() + THREADS)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // Root's rights go, for good: no program that is started from here on gets any.
    rustix::thread::set_no_new_privs(true)?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none)
}

fn threads_of_user() -> u64 {
    let user = rustix::process::getuid().as_raw();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let threads = processes.filter_map(|process| {
        let tasks = process.path().join("task").metadata().ok()?;
        // A folder has a link for itself, one for its name, and one for each folder in it.
        (tasks.uid() == user).then(|| tasks.nlink().saturating_sub(2))
    });
    threads.sum()
}
