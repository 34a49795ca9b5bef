//! What a confined process may use, by the kernel's own count.

use std::thread::{Builder, JoinHandle};

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
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

/// How exactly it is found out how many the user has.
const STEP: u64 = 64;

/// More the kernel never has.
const MOST_THREADS: u64 = 4 << 20;

/// A thread that ends at once needs no more.
const SMALL_STACK_BYTES: usize = 64 << 10;

pub(super) fn set(limits: &Limits) -> Result<(), Errno> {
    is_first_to_go();
    at_most(Resource::Data, limits.memory_bytes)?;
    at_most(Resource::Fsize, limits.file_bytes)?;
    at_most(Resource::Nofile, limits.open_files)?;
    at_most(Resource::Cpu, limits.processor_seconds)?;
    at_most(Resource::Stack, STACK_BYTES)?;
    at_most(Resource::Core, 0)?;
    at_most(Resource::Memlock, 0)?;
    at_most(Resource::Msgqueue, 0)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // Root's rights go, for good: no program that is started from here on gets any.
    rustix::thread::set_no_new_privs(true)?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none)?;
    // Whoever has some of those rights may start any number of threads, so nothing could be found out before.
    at_most(Resource::Nproc, threads_of_user()? + THREADS)
}

/// When memory runs out, what is confined goes before the host.
fn is_first_to_go() {
    // Everybody may make themselves go earlier. Where there is no such file, the kernel goes by size alone.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// A limit that may have been set lower already stays as low.
fn at_most(resource: Resource, most: u64) -> Result<(), Errno> {
    let most = getrlimit(resource)
        .maximum
        .map_or(most, |least| least.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(resource, limit)
}

/// How many threads the user has, and up to `STEP` more. Other containers have some of the same user that nobody
/// sees from here, and the kernel counts them, too: so it is asked with which limit one more can be started.
fn threads_of_user() -> Result<u64, Errno> {
    let maximum = getrlimit(Resource::Nproc).maximum;
    let mut threads = 0;
    while threads < maximum.map_or(MOST_THREADS, |maximum| maximum.min(MOST_THREADS)) {
        let limit = Rlimit {
            current: Some(threads + 1),
            maximum,
        };
        setrlimit(Resource::Nproc, limit)?;
        let one_more = Builder::new().stack_size(SMALL_STACK_BYTES).spawn(|| {});
        if one_more.map(JoinHandle::join).is_ok() {
            break;
        }
        threads += STEP;
    }
    Ok(threads)
}
