//! A network and System V's queues of its own: on top of the floor, where the kernel gives them to everybody.

use std::io;

use rustix::process::{getgid, getuid};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Leaves those of the host for empty ones. Half done it is of no use: then this process has to end.
pub(super) fn leave() -> io::Result<()> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let flags = UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC;
    #[expect(
        unsafe_code,
        reason = "only leaving the table of open files could break what others rely on, and it is kept"
    )]
    unsafe {
        unshare_unsafe(flags)?;
    }
    // The same ids inside as outside: without them nothing could be written.
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}
