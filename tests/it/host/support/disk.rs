//! A small disk that can be full.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres_support::Folder;
use crate::support::skip::skip;

/// A file system of its own, in memory; it is gone when the value is dropped.
pub(in crate::host) struct Disk {
    folder: Folder,
}

impl Disk {
    /// So many MiB. `None` where this process may not mount; then the test says that it does not run.
    pub(in crate::host) fn of(mebibytes: u32, test: &str) -> Option<Self> {
        let folder = Folder::new("disk");
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={mebibytes}m,mode=755"),
                "roost-test",
            ])
            .arg(&folder.0)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { folder }),
            _ => {
                skip(test, "only root can mount a disk that is full");
                None
            }
        }
    }

    pub(in crate::host) fn path(&self) -> &Path {
        &self.folder.0
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves no byte.
    pub(in crate::host) fn fills(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for piece in [1 << 20, 4096] {
            while file.write_all(&vec![1; piece]).is_ok() {}
        }
    }

    /// Somebody tidies up.
    pub(in crate::host) fn frees(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file open keeps it until he closes it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
