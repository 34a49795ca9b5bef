//! Programs that a confined process starts, which start none themselves.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::Missing;
use super::calls;

/// Has the program run without any process of its own, in the folder that it begins in.
pub fn alone(command: &mut Command) -> Result<(), Missing> {
    let filter = calls::starts_nothing()?;
    let restrict = move || {
        seccompiler::apply_filter(&filter).map_err(|_| io::ErrorKind::PermissionDenied.into())
    };
    #[expect(
        unsafe_code,
        reason = "between fork and exec only calls that are safe after fork may be made: these are \
                  plain system calls, and nothing is allocated"
    )]
    unsafe {
        command.pre_exec(restrict);
    }
    Ok(())
}
